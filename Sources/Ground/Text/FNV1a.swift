// A hash that is the same in every process and every version, unlike Swift's own: for names and tables that outlive a
// process. Nobody is kept out by it.

/// The 64-bit hash FNV-1a (draft-eastlake-fnv).
public struct FNV1a: Hashable, Sendable {
    /// The hash of what was added.
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// The hash of nothing.
    public init() {}

    /// The hash of some octets.
    public init(_ octets: some Sequence<UInt8>) {
        for octet in octets { add(octet) }
    }

    /// Adds an octet.
    public mutating func add(_ octet: UInt8) { value = (value ^ UInt64(octet)) &* 0x100_0000_01b3 }
}
