import Testing

@testable import Placement

/// One row of a table of placements.
struct PlacementCase: Sendable, CustomTestStringConvertible {
    var what: String
    var topology: CoreTopology
    var free: CoreSet
    var must: CoreSet = []
    var size: Int
    var expected: CoreSet?
    var kind: GroupKind = .valid

    var testDescription: String { what }
}

@Suite("Preferred cores")
struct PreferredCoresTests {
    static let ring = Shape.inf2Ring
    static let inferentia: [PlacementCase] = [
        .init(
            what: "an empty node gives its lowest cores", topology: ring, free: ring.allCores, size: 4,
            expected: [0, 1, 2, 3]),
        .init(
            what: "one core breaks no further chip", topology: ring, free: ring.allCores.subtracting([13]),
            size: 1, expected: [12]),
        .init(
            what: "four cores take two whole chips at an end of the run", topology: ring,
            free: ring.allCores.subtracting([0]),
            size: 4, expected: [20, 21, 22, 23]),
        .init(
            what: "two cores never straddle chips", topology: ring, free: [1, 2, 3], size: 2,
            expected: [2, 3]),
        .init(
            what: "two cores straddle chips when nothing else is left", topology: ring, free: [1, 2, 5],
            size: 2, expected: [1, 2]),
        .init(
            what: "the tightest run is cut", topology: ring, free: CoreSet(0..<10).union(CoreSet(16..<20)),
            size: 2, expected: [16, 17]),
        .init(
            what: "the end of a run is cut, not its middle", topology: ring, free: CoreSet(4..<14), size: 2,
            expected: [4, 5]),
        .init(
            what: "no group wraps around the ring", topology: ring, free: [0, 1, 22, 23], size: 4,
            expected: [0, 1, 22, 23], kind: .connected),
        .init(what: "all of a node", topology: ring, free: ring.allCores, size: 24, expected: ring.allCores),
        .init(
            what: "the same on a line is not connected", topology: Shape.inf2Line, free: [0, 1, 10, 11],
            size: 4, expected: [0, 1, 10, 11], kind: .scattered),
        .init(
            what: "linked chips before strange ones", topology: ring, free: [0, 4, 6, 9, 12], size: 2,
            expected: [4, 6], kind: .connected),
        .init(
            what: "odd counts take the fewest chips", topology: ring, free: ring.allCores, size: 3,
            expected: [0, 1, 2]),
        .init(
            what: "odd counts finish a broken chip", topology: ring, free: ring.allCores.subtracting([10]),
            size: 3, expected: [11, 12, 13]),
    ]
    static let trainium: [PlacementCase] = [
        .init(
            what: "trn1: a row", topology: Shape.trn1, free: Shape.trn1.allCores, size: 8,
            expected: CoreSet(0..<8)),
        .init(
            what: "trn1: the row that leaves the free half whole", topology: Shape.trn1,
            free: Shape.trn1.allCores.subtracting([0]), size: 8, expected: CoreSet(8..<16)),
        .init(
            what: "trn1: rows only, however tight a run is", topology: Shape.trn1,
            free: CoreSet(2..<10).union(CoreSet(16..<32)), size: 8, expected: CoreSet(16..<24)),
        .init(
            what: "trn1: a half", topology: Shape.trn1, free: CoreSet(8..<32), size: 16,
            expected: CoreSet(16..<32)),
        .init(
            what: "trn1: one chip from the broken row of the broken half", topology: Shape.trn1,
            free: Shape.trn1.allCores.subtracting([16, 17]), size: 2, expected: [18, 19]),
        .init(
            what: "trn1: one core of the broken chip", topology: Shape.trn1,
            free: Shape.trn1.allCores.subtracting([16]), size: 1, expected: [17]),
        .init(
            what: "trn1: an unaligned run is contiguous only", topology: Shape.trn1, free: CoreSet(2..<14),
            size: 8, expected: CoreSet(2..<10), kind: .contiguous),
        .init(
            what: "trn1: three chips are no group", topology: Shape.trn1, free: Shape.trn1.allCores, size: 6,
            expected: CoreSet(0..<6), kind: .contiguous),
        .init(
            what: "trn1: a column is linked", topology: Shape.trn1, free: [0, 1, 8, 9, 16, 17, 24, 25],
            size: 8, expected: [0, 1, 8, 9, 16, 17, 24, 25], kind: .connected),
        .init(
            what: "trn2: four cores are a chip", topology: Shape.trn2,
            free: Shape.trn2.allCores.subtracting([0]), size: 4, expected: CoreSet(4..<8)),
        .init(
            what: "trn2: sixteen cores are a row", topology: Shape.trn2,
            free: Shape.trn2.allCores.subtracting([20]), size: 16, expected: CoreSet(0..<16)),
        .init(
            what: "trn2: the chip with fewest free cores that fits", topology: Shape.trn2,
            free: CoreSet([1, 2, 3, 6, 7]).union(CoreSet(12..<64)), size: 2, expected: [6, 7]),
        .init(
            what: "trn2 LNC 1: eight cores are a chip", topology: Shape.trn2LNC1, free: CoreSet(4..<128),
            size: 8, expected: CoreSet(8..<16)),
        .init(
            what: "trn2 LNC 1: a half", topology: Shape.trn2LNC1, free: Shape.trn2LNC1.allCores, size: 64,
            expected: CoreSet(0..<64)),
        .init(
            what: "trn2 LNC 1: everything", topology: Shape.trn2LNC1, free: Shape.trn2LNC1.allCores,
            size: 128, expected: CoreSet(0..<128)),
    ]
    static let required: [PlacementCase] = [
        .init(
            what: "a required core draws its chip", topology: ring, free: ring.allCores, must: [9], size: 2,
            expected: [8, 9]),
        .init(
            what: "required cores far apart, linked through free chips", topology: ring, free: ring.allCores,
            must: [0, 8], size: 5, expected: [0, 2, 4, 6, 8], kind: .connected),
        .init(
            what: "required cores far apart and too few to link", topology: ring, free: ring.allCores,
            must: [0, 12], size: 2, expected: [0, 12], kind: .scattered),
        .init(
            what: "required cores on two rows take the half", topology: Shape.trn1, free: Shape.trn1.allCores,
            must: [1, 14], size: 16, expected: CoreSet(0..<16)),
        .init(
            what: "required cores are all that is asked for", topology: ring, free: ring.allCores,
            must: [3, 4], size: 2, expected: [3, 4]),
        .init(
            what: "a required core that is taken", topology: ring, free: [0, 1], must: [2], size: 2,
            expected: nil),
        .init(
            what: "more required than asked for", topology: ring, free: ring.allCores, must: [0, 1, 2],
            size: 2, expected: nil),
        .init(what: "too few free", topology: ring, free: [0, 1], size: 3, expected: nil),
        .init(what: "nothing asked for", topology: ring, free: ring.allCores, size: 0, expected: nil),
        .init(what: "less than nothing", topology: ring, free: ring.allCores, size: -1, expected: nil),
        .init(
            what: "more than any node has", topology: ring, free: ring.allCores, size: Int.max, expected: nil),
        .init(
            what: "cores that the node has not do not count", topology: ring, free: [0, 24, 25], size: 2,
            expected: nil),
        .init(
            what: "a node without chips", topology: CoreTopology(chipCount: 0, coresPerChip: 2), free: [0],
            size: 1, expected: nil),
        .init(
            what: "no links known: the fewest chips", topology: CoreTopology(chipCount: 4, coresPerChip: 2),
            free: [0, 2, 3, 5, 7], size: 2, expected: [2, 3]),
        .init(
            what: "no links known, gaps: the fewest chips",
            topology: CoreTopology(chipCount: 4, coresPerChip: 4), free: [0, 4, 6, 9, 12, 14, 15], size: 3,
            expected: [12, 14, 15], kind: .connected),
    ]

    @Test("follow the rule", arguments: inferentia + trainium + required)
    func table(row: PlacementCase) {
        let group = preferredGroup(
            available: row.free, mustInclude: row.must, size: row.size, topology: row.topology)
        #expect(group?.cores == row.expected)
        if row.expected != nil { #expect(group?.kind == row.kind) }
    }

    @Test("on one NUMA node before two, everything else being equal")
    func numa() {
        let topology = CoreTopology(
            chipCount: 4, coresPerChip: 2, groups: .anyRun, numaNodes: [0, 1, 1, 1])
        #expect(preferredCores(available: topology.allCores, size: 4, topology: topology) == [4, 5, 6, 7])
    }

    @Test("fill a trn1 node without spoiling rows: a chip, a row, a half")
    func buddy() throws {
        var free = Shape.trn1.allCores
        var given: [CoreSet] = []
        for size in [2, 8, 16, 2, 2, 2] {
            let cores = CoreSet(
                try #require(preferredCores(available: free, size: size, topology: Shape.trn1)))
            given.append(cores)
            free = free.subtracting(cores)
        }
        #expect(
            given == [
                CoreSet(0..<2), CoreSet(8..<16), CoreSet(16..<32), CoreSet(2..<4), CoreSet(4..<6),
                CoreSet(6..<8),
            ])
        #expect(free.isEmpty)
    }

    @Test("strange topologies are cut to size, not trapped on")
    func strange() {
        let huge = CoreTopology(
            chipCount: Int.max, coresPerChip: 8, adjacency: [[1, -1, 99, 0]],
            groups: .aligned(sizes: [0, -4, 70, 4]),
            numaNodes: [1])
        #expect(huge.chipCount == 64)
        #expect(huge.adjacency[0] == [1])
        #expect(huge.numaNodes == nil)
        #expect(huge.validChipCounts == [1, 4, 64])
        #expect(preferredCores(available: huge.allCores, size: 512, topology: huge)?.count == 512)
        let tiny = CoreTopology(chipCount: -1, coresPerChip: 0)
        #expect(tiny.coreCount == 0)
        #expect(tiny.validCoreCounts == [])
    }
}
