// What placement needs to know of a node: how many chips, how many cores on each, which chips are linked and which
// groups of chips are valid. Masks are worked out once here, so that an answer costs only bit operations.

/// The chips of one node and how they hang together.
///
/// Cores are numbered across the node: core `k` of chip `c` is `c * coresPerChip + k`, in logical cores. A chip that
/// the node should have and lacks keeps its number; its cores are simply never available.
package struct CoreTopology: Hashable, Sendable {
    /// Chips, 0 to 64: the highest chip number plus one.
    package let chipCount: Int
    /// Logical cores on each chip, at least 1.
    package let coresPerChip: Int
    /// For each chip the chips it is linked to; empty lists when the links are not known.
    package let adjacency: [[Int]]
    /// Which chip groups are valid.
    package let groups: ChipGroups
    /// The NUMA node of each chip; nil when not known.
    package let numaNodes: [Int]?

    /// The chip group sizes that this node can hold, ascending; one chip and all chips are always valid.
    package let validChipCounts: [Int]

    /// `adjacency` as masks, made symmetric.
    let links: [UInt64]
    /// Every valid group of two chips or more, for counting what a placement spoils.
    let larger: [LargerGroup]
    /// The chips of each NUMA node as a mask; empty when not known.
    let numaMasks: [UInt64]

    /// A group of chips whose loss costs.
    struct LargerGroup: Hashable, Sendable {
        var chips: UInt64
        /// Where its size counts in the packed damage: larger groups in higher bits.
        var weight: UInt64
    }

    /// The most chips that a node can have (the driver's own table).
    package static let maximumChips = 64

    /// A node's topology.
    ///
    /// - Parameters:
    ///   - chipCount: chips; more than 64, or more than 512 cores in all, are cut off.
    ///   - coresPerChip: logical cores on each chip, at least 1.
    ///   - adjacency: links by chip; numbers outside the chips are dropped. Empty when not known.
    ///   - groups: the family's rule.
    ///   - numaNodes: one per chip, or nil; a list of another length counts as nil.
    package init(
        chipCount: Int, coresPerChip: Int, adjacency: [[Int]] = [], groups: ChipGroups = .anyRun,
        numaNodes: [Int]? = nil
    ) {
        let cores = Swift.min(Swift.max(coresPerChip, 1), CoreSet.capacity)
        let chips = Swift.min(Swift.max(chipCount, 0), Self.maximumChips, CoreSet.capacity / cores)
        self.chipCount = chips
        self.coresPerChip = cores
        self.groups = groups
        self.numaNodes = numaNodes?.count == chips ? numaNodes : nil
        var links = [UInt64](repeating: 0, count: chips)
        for (chip, neighbours) in adjacency.prefix(chips).enumerated() {
            for neighbour in neighbours where neighbour >= 0 && neighbour < chips && neighbour != chip {
                links[chip] |= 1 << UInt64(neighbour)
                links[neighbour] |= 1 << UInt64(chip)
            }
        }
        self.links = links
        self.adjacency = (0..<chips).map { chip in
            guard chip < adjacency.count else { return [] }
            return adjacency[chip].filter { $0 >= 0 && $0 < chips && $0 != chip }
        }
        switch groups {
        case .anyRun: validChipCounts = chips > 0 ? Array(1...chips) : []
        case .aligned(let sizes):
            validChipCounts =
                chips > 0 ? Set(sizes.filter { $0 > 0 && $0 <= chips } + [1, chips]).sorted() : []
        }
        larger = Self.largerGroups(groups, chips: chips)
        var masks: [Int: UInt64] = [:]
        for (chip, node) in (self.numaNodes ?? []).enumerated() {
            masks[node, default: 0] |= 1 << UInt64(chip)
        }
        numaMasks = masks.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Logical cores in all.
    package var coreCount: Int { chipCount * coresPerChip }

    /// Every core of the node.
    package var allCores: CoreSet { CoreSet(0..<coreCount) }

    /// The cores of one chip; empty for a chip the node has not.
    package func cores(ofChip chip: Int) -> CoreSet {
        guard chip >= 0, chip < chipCount else { return [] }
        return CoreSet(chip * coresPerChip..<(chip + 1) * coresPerChip)
    }

    /// The chip that `core` is on; nil for a core the node has not.
    package func chip(ofCore core: Int) -> Int? {
        guard core >= 0, core < coreCount else { return nil }
        return core / coresPerChip
    }

    /// The core counts that the runtime accepts here, ascending: any within one chip, then whole valid groups; every
    /// count where any run is valid.
    package var validCoreCounts: [Int] {
        guard chipCount > 0 else { return [] }
        switch groups {
        case .anyRun: return Array(1...coreCount)
        case .aligned:
            return Array(1...coresPerChip) + validChipCounts.filter { $0 > 1 }.map { $0 * coresPerChip }
        }
    }

    /// Whether `size` cores can form a valid group here at all, whatever is free.
    package func isValid(count size: Int) -> Bool {
        guard size > 0, size <= coreCount else { return false }
        switch groups {
        case .anyRun: return true
        case .aligned:
            if size <= coresPerChip { return true }
            return size % coresPerChip == 0 && validChipCounts.contains(size / coresPerChip)
        }
    }

    /// Whether the run of `size` cores from `start` is a valid group.
    package func isValidGroup(start: Int, size: Int) -> Bool {
        guard isValid(count: size) else { return false }
        switch groups {
        case .anyRun: return true
        case .aligned:
            if size <= coresPerChip { return start / coresPerChip == (start + size - 1) / coresPerChip }
            return start % size == 0
        }
    }

    /// The sizes a buddy rule guards: the family's own, or powers of two where any run is valid.
    private static func largerGroups(_ groups: ChipGroups, chips: Int) -> [LargerGroup] {
        var found: [LargerGroup] = []
        func add(size: Int, step: Int) {
            guard size >= 2, size <= chips else { return }
            let mask: UInt64 = size == 64 ? .max : (1 << UInt64(size)) - 1
            let slot = UInt64(Int.bitWidth - 1 - size.leadingZeroBitCount)
            for start in stride(from: 0, through: chips - size, by: step) {
                // 64 chips have at most 63 groups of a size, and sizes of one power of two share a slot of 8 bits.
                found.append(LargerGroup(chips: mask << UInt64(start), weight: 1 << (8 * slot)))
            }
        }
        switch groups {
        case .anyRun: for size in [64, 32, 16, 8, 4, 2] { add(size: size, step: 1) }
        case .aligned(let sizes):
            for size in Set(sizes).sorted() { add(size: size, step: Swift.max(size, 1)) }
        }
        return found
    }
}
