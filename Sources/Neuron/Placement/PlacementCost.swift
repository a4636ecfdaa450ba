// The order of preference between two groups, as one comparable value. The fields stand in the order of the rule:
// the first that differs decides.

/// What kind of group was found, best first.
package enum GroupKind: Int, Comparable, Hashable, Sendable {
    /// Consecutive cores that form a group the runtime accepts.
    case valid
    /// Consecutive cores, but not a group of the family's table.
    case contiguous
    /// Chips that are linked, core numbers with gaps: the runtime does not take it by default.
    case connected
    /// Whatever was free.
    case scattered

    /// Whether `a` is the better kind.
    package static func < (a: GroupKind, b: GroupKind) -> Bool { a.rawValue < b.rawValue }
}

/// What a group costs: less is better.
struct PlacementCost: Comparable, Hashable, Sendable {
    var kind: GroupKind
    /// Chips touched.
    var chips: Int
    /// Chips wholly free before and partly used after.
    var broken: Int
    /// Free larger groups lost, eight bits per size, the largest size in the highest bits.
    var damage: UInt64
    /// Cores of the free space that is cut: the chip's free cores for less than a chip, else the run.
    var cut: Int
    /// Whether the group lies inside its run, leaving a piece on both sides.
    var middle: Bool
    /// NUMA nodes spanned; 0 when not known.
    var numa: Int

    static func < (a: PlacementCost, b: PlacementCost) -> Bool {
        if a.kind != b.kind { return a.kind < b.kind }
        if a.chips != b.chips { return a.chips < b.chips }
        if a.broken != b.broken { return a.broken < b.broken }
        if a.damage != b.damage { return a.damage < b.damage }
        if a.cut != b.cut { return a.cut < b.cut }
        if a.middle != b.middle { return b.middle }
        return a.numa < b.numa
    }
}

/// What is free on a node, in the forms that the costs are read from.
struct FreeSpace {
    let topology: CoreTopology
    /// Free cores that the node really has.
    let cores: CoreSet
    /// Chips with every core free.
    let wholeChips: UInt64
    /// Free cores by chip.
    let freeByChip: [Int]
    /// The larger groups that are wholly free.
    let larger: [CoreTopology.LargerGroup]

    init(_ available: CoreSet, topology: CoreTopology) {
        self.topology = topology
        var free = [Int](repeating: 0, count: topology.chipCount)
        var whole: UInt64 = 0
        var known = CoreSet()
        for core in available {
            guard core < topology.coreCount else { break }
            known.insert(core)
            free[core / topology.coresPerChip] += 1
        }
        for chip in 0..<topology.chipCount where free[chip] == topology.coresPerChip {
            whole |= 1 << UInt64(chip)
        }
        cores = known
        wholeChips = whole
        freeByChip = free
        larger = topology.larger.filter { $0.chips & ~whole == 0 }
    }

    /// The larger free groups that using any of `chips` loses.
    func damage(using chips: UInt64) -> UInt64 {
        var damage: UInt64 = 0
        for group in larger where group.chips & chips != 0 { damage += group.weight }
        return damage
    }

    /// NUMA nodes that `chips` span; 0 when not known.
    func numaNodes(of chips: UInt64) -> Int {
        var count = 0
        for mask in topology.numaMasks where mask & chips != 0 { count += 1 }
        return count
    }

    /// The cost of the run of `size` free cores from `start`, which lies in the maximal free run `run`.
    func cost(start: Int, size: Int, run: Range<Int>) -> PlacementCost {
        let perChip = topology.coresPerChip
        let end = start + size
        let firstChip = start / perChip
        let lastChip = (end - 1) / perChip
        let count = lastChip - firstChip + 1
        let chips: UInt64 = (count >= 64 ? .max : (1 << UInt64(count)) - 1) << UInt64(firstChip)
        // Only the first and the last chip can be used in part.
        var partly: UInt64 = 0
        if start > firstChip * perChip { partly |= 1 << UInt64(firstChip) }
        if end < (lastChip + 1) * perChip { partly |= 1 << UInt64(lastChip) }
        var space = run
        var cut = run.count
        if size < perChip && count == 1 {
            space = run.clamped(to: firstChip * perChip..<(firstChip + 1) * perChip)
            cut = freeByChip[firstChip]
        }
        return PlacementCost(
            kind: topology.isValidGroup(start: start, size: size) ? .valid : .contiguous,
            chips: count, broken: (partly & wholeChips).nonzeroBitCount, damage: damage(using: chips),
            cut: cut,
            middle: start > space.lowerBound && end < space.upperBound, numa: numaNodes(of: chips))
    }

    /// The cost of cores that are not consecutive: `used` of them on each chip.
    func cost(used: [Int], kind: GroupKind) -> PlacementCost {
        var chips: UInt64 = 0
        var partly: UInt64 = 0
        for chip in used.indices where used[chip] > 0 {
            chips |= 1 << UInt64(chip)
            if used[chip] < topology.coresPerChip { partly |= 1 << UInt64(chip) }
        }
        return PlacementCost(
            kind: kind, chips: chips.nonzeroBitCount, broken: (partly & wholeChips).nonzeroBitCount,
            damage: damage(using: chips), cut: 0, middle: false, numa: numaNodes(of: chips))
    }
}
