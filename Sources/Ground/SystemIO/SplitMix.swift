// Numbers that look random and that a seed repeats on every machine: for what is tried again with the same outcome.

/// SplitMix64 (Steele, Lea and Flood, 2014). Not for secrets.
public struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The numbers of a seed.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number from 0 up to but not 1.
    public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
