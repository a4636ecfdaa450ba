// The topologies of the instance types, written out by hand: the tests must not trust the table they check.

import Placement

/// Topologies by shape.
enum Shape {
    /// Chips in a line, links between neighbours (inf2.24xlarge has six).
    static func line(_ chips: Int, coresPerChip: Int = 2, groups: ChipGroups = .anyRun) -> CoreTopology {
        CoreTopology(
            chipCount: chips, coresPerChip: coresPerChip,
            adjacency: (0..<chips).map { chip in [chip - 1, chip + 1].filter { (0..<chips).contains($0) } },
            groups: groups)
    }

    /// Chips in a ring (inf2.48xlarge has twelve).
    static func ring(_ chips: Int, coresPerChip: Int = 2) -> CoreTopology {
        CoreTopology(
            chipCount: chips, coresPerChip: coresPerChip,
            adjacency: (0..<chips).map { [($0 + chips - 1) % chips, ($0 + 1) % chips] })
    }

    /// Sixteen chips, a torus of four by four, in rows (trn1.32xlarge, trn2.48xlarge).
    static func torus(coresPerChip: Int, numa: [Int]? = nil) -> CoreTopology {
        CoreTopology(
            chipCount: 16, coresPerChip: coresPerChip,
            adjacency: (0..<16).map { chip in
                let (row, column) = (chip / 4, chip % 4)
                return [
                    (row + 3) % 4 * 4 + column, row * 4 + (column + 3) % 4,
                    (row + 1) % 4 * 4 + column, row * 4 + (column + 1) % 4,
                ]
            },
            groups: .trainium, numaNodes: numa)
    }

    static let inf2Line = line(6)
    static let inf2Ring = ring(12)
    static let trn1 = torus(coresPerChip: 2)
    static let trn2 = torus(coresPerChip: 4)
    static let trn2LNC1 = torus(coresPerChip: 8)
}

/// A small generator with a seed, so that a failing case can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
