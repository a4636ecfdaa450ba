// What a label may look like (apimachinery util/validation IsQualifiedName, IsValidLabelValue).

/// The syntax of labels.
public enum LabelSyntax {
    /// Why a text is no key of a label or an annotation; nil where it is one: `[DOMAIN/]NAME`.
    public static func keyFault(_ key: String) -> String? {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.last else {
            return "a qualified name must consist of alphanumeric characters, '-', '_' or '.'"
        }
        if parts.count == 2, !isDomain(parts[0]) { return "the prefix part must be a DNS subdomain" }
        guard !name.isEmpty else { return "the name part must be non-empty" }
        guard name.utf8.count <= 63 else { return "the name part must be no more than 63 bytes" }
        return isWord(name, inside: "-_.")
            ? nil
            : "the name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    }

    /// Why a text is no value of a label; nil where it is one. The empty text is one.
    public static func valueFault(_ value: String) -> String? {
        guard value.utf8.count <= 63 else { return "must be no more than 63 bytes" }
        return value.isEmpty || isWord(value[...], inside: "-_.")
            ? nil
            : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    }

    /// RFC 1123 §2.1: labels of lower-case letters, digits and hyphens, with points between them; 253 octets at most.
    private static func isDomain(_ text: Substring) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                isWord(label, inside: "-")
                    && label.utf8.allSatisfy { !(UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0) }
            }
    }

    /// Letters and digits, at its ends too; more characters between them.
    private static func isWord(_ text: Substring, inside: StaticString) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, isAlphanumeric(first),
            isAlphanumeric(last)
        else { return false }
        return inside.withUTF8Buffer { others in
            text.utf8.allSatisfy { isAlphanumeric($0) || others.contains($0) }
        }
    }

    private static func isAlphanumeric(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

extension SelectorRequirement {
    /// Why the requirement cannot be understood; nil where it can (labels.NewRequirement).
    public var fault: String? {
        if let fault = LabelSyntax.keyFault(key) { return "key: Invalid value: \"\(key)\": \(fault)" }
        switch `operator` {
        case .in, .notIn:
            if values.isEmpty { return "values: for 'in', 'notin' operators, values set can't be empty" }
        case .exists, .doesNotExist:
            if !values.isEmpty { return "values: values set must be empty for exists and does not exist" }
        case .greaterThan, .lessThan:
            guard values.count == 1, Int64(values[0]) != nil else {
                return "values: for 'Gt', 'Lt' operators, exactly one value is required, an integer"
            }
        default:
            return "operator: Unsupported value: \"\(`operator`)\""
        }
        for value in values {
            if let fault = LabelSyntax.valueFault(value) {
                return "values[0][\(key)]: Invalid value: \"\(value)\": \(fault)"
            }
        }
        return nil
    }
}
