// A solve is the same for the same seed, on every machine: so the numbers come from here and not from the system.

/// SplitMix64 (Steele, Lea and Flood, 2014): fast, and good enough to choose among moves.
package struct PackingRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A sequence of its own for each seed.
    package init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1 }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound - 1`; 0 when `bound` is less than 2.
    mutating func below(_ bound: Int) -> Int {
        guard bound > 1 else { return 0 }
        return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number from 0 up to, and without, 1.
    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}
