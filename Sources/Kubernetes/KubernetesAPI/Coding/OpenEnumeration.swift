// Kubernetes adds values to its enumerations: a client that refused an object for a word that it does not know would go
// blind after the next release. Known words have names, all others are kept as they are.

/// A word out of a list that may grow.
public protocol OpenEnumeration: RawRepresentable, Codable, Hashable, Sendable, ExpressibleByStringLiteral,
    CustomStringConvertible
where RawValue == String {
    /// Any word.
    init(rawValue: String)
}

extension OpenEnumeration {
    /// Any word.
    public init(stringLiteral value: String) { self.init(rawValue: value) }
    /// The word.
    public var description: String { rawValue }
}
