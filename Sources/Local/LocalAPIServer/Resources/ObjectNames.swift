// The rules for names, with the real server's sentences (apimachinery validation).

internal import APIMachinery
internal import JSON

/// Checks and makes object names.
enum ObjectNames {
    /// A DNS subdomain (RFC 1123): most object names.
    static func isSubdomain(_ name: String) -> Bool {
        name.utf8.count <= 253 && !name.isEmpty
            && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy {
                isLabel(String($0), 253)
            }
    }

    /// A DNS label (RFC 1123): container names, namespaces.
    static func isLabel(_ name: String, _ maximum: Int = 63) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= maximum else { return false }
        func alphanumeric(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
        return alphanumeric(first) && alphanumeric(last) && bytes.allSatisfy { alphanumeric($0) || $0 == 45 }
    }

    static let subdomainFault =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start"
        + " and end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
        + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    static let labelFault =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end"
        + " with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is"
        + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    static let serviceFault =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic"
        + " character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for"
        + " validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
    static let labelValueFault =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start"
        + " and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for"
        + " validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    static let qualifiedFault =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
        + " alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"
        + " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

    /// The value of a label: up to 63 of `[A-Za-z0-9_.-]` with alphanumeric ends, or empty.
    static func isLabelValue(_ value: String) -> Bool {
        let bytes = Array(value.utf8)
        guard let first = bytes.first, let last = bytes.last else { return true }
        func alphanumeric(_ byte: UInt8) -> Bool {
            (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
        }
        return bytes.count <= 63 && alphanumeric(first) && alphanumeric(last)
            && bytes.allSatisfy { alphanumeric($0) || $0 == 45 || $0 == 95 || $0 == 46 }
    }

    /// The key of a label or annotation: an optional subdomain and slash, then a label value that is not empty.
    static func isQualified(_ key: String) -> Bool {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let name = parts.last, !name.isEmpty, isLabelValue(name) else { return false }
        return parts.count == 1 || isSubdomain(parts[0].lowercased())
    }

    /// Five characters without vowels and without what looks alike, for generateName.
    static func suffix() -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        return String((0..<5).map { _ in alphabet[Int.random(in: alphabet.indices)] })
    }

    /// A random UUID (version 4).
    static func uid() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
        }
        return text
    }

    private static func isRole(_ kind: String) -> Bool {
        ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"].contains(kind)
    }

    /// The faults of an object's metadata.
    static func metadataFaults(_ metadata: JSON, kind: String, custom: Bool) -> [FieldError] {
        var faults: [FieldError] = []
        let name = metadata.name?.string ?? ""
        if name.isEmpty {
            faults.append(.required("metadata.name", "name or generateName is required"))
        } else if kind == "Service" {
            if !isLabel(name) || name.utf8.first.map({ $0 <= 57 }) ?? true {
                faults.append(.invalid("metadata.name", .string(name), serviceFault))
            }
        } else if kind == "Namespace" {
            if !isLabel(name) { faults.append(.invalid("metadata.name", .string(name), labelFault)) }
        } else if isRole(kind) {
            // Roles may have any name that can stand in a path, such as `system:node`.
            if [".", ".."].contains(name) || name.contains("/") || name.contains("%") {
                faults.append(.invalid("metadata.name", .string(name), "may not contain '/' or '%'"))
            }
        } else if !isSubdomain(name) {
            faults.append(.invalid("metadata.name", .string(name), subdomainFault))
        }
        for (key, value) in (metadata.labels?.strings ?? [:]).sorted(by: { $0.key < $1.key }) {
            if !isQualified(key) {
                faults.append(.invalid("metadata.labels", .string(key), qualifiedFault))
            }
            if !isLabelValue(value) {
                faults.append(.invalid("metadata.labels", .string(value), labelValueFault))
            }
        }
        var size = 0
        for (key, value) in (metadata.annotations?.strings ?? [:]).sorted(by: { $0.key < $1.key }) {
            size += key.utf8.count + value.utf8.count
            if !isQualified(key) {
                faults.append(.invalid("metadata.annotations", .string(key), qualifiedFault))
            }
        }
        if size > 256 << 10 { faults.append(.tooLong("metadata.annotations", 256 << 10)) }
        return faults
    }
}
