// The few forms that strings of our resources have. The API server knows them as regular expressions; the operator, which
// checks again what it builds on, as code. A test compares the two.

/// The form of a string.
package enum SchemaPattern: String, CaseIterable, Sendable {
    /// The path of a URL.
    case path = "^/"
    /// A name that stands in URLs and on command lines.
    case name = "^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$"
    /// A count of octets, in Kubernetes' units.
    case octets = "^[1-9][0-9]*(k|M|G|T|Ki|Mi|Gi|Ti)?$"
    /// A time in milliseconds or seconds.
    case time = "^[1-9][0-9]*(ms|s)$"

    /// What it has to be, for "it must be ...".
    package var meaning: String {
        switch self {
        case .path: "a path that begins with /"
        case .name: "letters and digits, with - . _ only between them"
        case .octets: "a number of octets, such as 2Gi"
        case .time: "a time, such as 5ms or 30s"
        }
    }

    /// Whether a string has the form.
    package func matches(_ text: String) -> Bool {
        switch self {
        case .path:
            return text.utf8.first == UInt8(ascii: "/")
        case .octets: return Self.isNumber(text, units: ["", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"])
        case .time: return Self.isNumber(text, units: ["ms", "s"])
        case .name:
            guard let first = text.utf8.first, let last = text.utf8.last else { return false }
            return Self.isAlphanumeric(first) && Self.isAlphanumeric(last)
                && text.utf8.allSatisfy { Self.isAlphanumeric($0) || "-._".utf8.contains($0) }
        }
    }

    /// A number that does not begin with 0, and one of these units.
    private static func isNumber(_ text: String, units: [String]) -> Bool {
        guard let first = text.utf8.first, UInt8(ascii: "1")...UInt8(ascii: "9") ~= first else {
            return false
        }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return units.contains(String(text.dropFirst(digits.count)))
    }

    private static func isAlphanumeric(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
