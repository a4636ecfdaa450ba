// Field selectors: `metadata.name=a,status.phase!=Running` (apimachinery fields.ParseSelector).

/// Which objects are meant, by their fields. All terms must hold.
public struct FieldSelector: Hashable, Sendable {
    /// One comparison.
    public struct Term: Hashable, Sendable {
        /// The field's path.
        public var field: String
        /// The value, without escapes.
        public var value: String
        /// Whether the field must have the value, or must not.
        public var isEqual: Bool

        /// A term made of its parts.
        public init(_ field: String, _ value: String, isEqual: Bool = true) {
            self.field = field
            self.value = value
            self.isEqual = isEqual
        }
    }

    /// The terms.
    public var terms: [Term]

    /// What fulfils these terms; everything without any.
    public init(_ terms: [Term] = []) { self.terms = terms }

    /// Reads a selector; the empty text means everything. `\`, `=` and `,` in values are escaped with `\`.
    ///
    /// - Throws: `SelectorError` that names the part that cannot be read.
    public init(parsing text: String) throws(SelectorError) {
        terms = []
        for part in Self.parts(text) where !part.isEmpty {
            guard let (field, mark, value) = Self.split(part) else {
                throw SelectorError(description: "invalid selector: '\(text)'; can't understand '\(part)'")
            }
            guard let value = Self.unescaped(value) else {
                throw SelectorError(description: "invalid field selector: \(value)")
            }
            terms.append(Term(String(field), value, isEqual: mark != "!="))
        }
    }

    /// Whether an object is meant.
    ///
    /// - Parameter value: the object's field; empty where it has none.
    public func matches(_ value: (String) -> String) -> Bool {
        terms.allSatisfy { (value($0.field) == $0.value) == $0.isEqual }
    }

    /// As a query carries it.
    public var text: String {
        terms.map { term in
            let value = term.value.reduce(into: "") { text, character in
                if "\\=,".contains(character) { text.append("\\") }
                text.append(character)
            }
            return "\(term.field)\(term.isEqual ? "=" : "!=")\(value)"
        }.joined(separator: ",")
    }

    /// Cuts at commas that are not escaped.
    private static func parts(_ text: String) -> [Substring] {
        var parts: [Substring] = []
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            if text[index] == "\\" {
                index = text.index(after: index)
                if index == text.endIndex { break }
            } else if text[index] == "," {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
            index = text.index(after: index)
        }
        return parts + [text[start...]]
    }

    /// Cuts at the first mark.
    private static func split(_ part: Substring) -> (Substring, String, Substring)? {
        for index in part.indices {
            for mark in ["!=", "==", "="] where part[index...].hasPrefix(mark) {
                return (part[..<index], mark, part[index...].dropFirst(mark.count))
            }
        }
        return nil
    }

    /// nil for an escape of anything else, or for `=` without one.
    private static func unescaped(_ text: Substring) -> String? {
        var result = ""
        var isEscaped = false
        for character in text {
            switch (isEscaped, character) {
            case (false, "\\"): isEscaped = true
            case (false, "="), (false, ","): return nil
            case (true, let other) where !"\\=,".contains(other): return nil
            default:
                result.append(character)
                isEscaped = false
            }
        }
        return isEscaped ? nil : result
    }
}
