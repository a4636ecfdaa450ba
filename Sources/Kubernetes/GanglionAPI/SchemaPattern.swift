// The few forms that strings of our resources have. The API server knows them as regular expressions; the operator, which
// checks again what it builds on, as code. A test compares the two.

/// The form of a string.
package enum SchemaPattern: String, CaseIterable, Sendable {
    /// The path of a URL.
    case path = "^/"
    /// A name that stands in URLs and on command lines.
    case name = "^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$"

    /// What it has to be, for "it must be ...".
    package var meaning: String {
        switch self {
        case .path: "a path that begins with /"
        case .name: "letters and digits, with - . _ only between them"
        }
    }

    /// Whether a string has the form.
    package func matches(_ text: String) -> Bool {
        switch self {
        case .path:
            return text.utf8.first == UInt8(ascii: "/")
        case .name:
            guard let first = text.utf8.first, let last = text.utf8.last else { return false }
            return Self.isAlphanumeric(first) && Self.isAlphanumeric(last)
                && text.utf8.allSatisfy { Self.isAlphanumeric($0) || "-._".utf8.contains($0) }
        }
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
