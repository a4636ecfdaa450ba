// The rule again, as naively as it can be said: every subset of the free cores, with a cost worked out from the
// words of the rule over plain sets. What takes the shortcut must agree with it.

import Testing

@testable import Placement

/// The rule by definition.
private struct Reference {
    var topology: CoreTopology
    var free: Set<Int>

    /// The lexicographic cost of `group`; the last entries are the cores, so that no two groups cost the same.
    func cost(_ group: [Int]) -> [Int] {
        let perChip = topology.coresPerChip
        guard let first = group.first, let last = group.last else { return [] }
        let consecutive = last - first + 1 == group.count
        let chips = Set(group.map { $0 / perChip })
        let whole = (0..<topology.chipCount).filter { chip in
            (0..<perChip).allSatisfy { free.contains(chip * perChip + $0) }
        }
        let broken = whole.filter { chip in
            let used = group.filter { $0 / perChip == chip }.count
            return used > 0 && used < perChip
        }
        var kind = 3
        if connected(chips) { kind = 2 }
        if consecutive { kind = validGroup(group, chips: chips) ? 0 : 1 }
        var key = [kind, chips.count, broken.count]
        for size in [16, 8, 4, 2] {
            key.append(
                groups(of: size).filter { $0.isSubset(of: whole) && !$0.isDisjoint(with: chips) }.count)
        }
        var low = first
        var high = last
        while free.contains(low - 1) { low -= 1 }
        while free.contains(high + 1) { high += 1 }
        var cut = high - low + 1
        if group.count < perChip && chips.count == 1 {
            let chip = group[0] / perChip
            low = max(low, chip * perChip)
            high = min(high, chip * perChip + perChip - 1)
            cut = (0..<perChip).filter { free.contains(chip * perChip + $0) }.count
        }
        if consecutive {
            key += [cut, low < first && last < high ? 1 : 0]
        } else {
            key += [0, 0]
        }
        return key + [topology.numaNodes.map { nodes in Set(chips.map { nodes[$0] }).count } ?? 0] + group
    }

    private func groups(of size: Int) -> [Set<Int>] {
        guard size <= topology.chipCount else { return [] }
        let starts = 0...(topology.chipCount - size)
        switch topology.groups {
        case .anyRun: return starts.map { Set($0..<$0 + size) }
        case .aligned(let sizes):
            return sizes.contains(size) ? starts.filter { $0 % size == 0 }.map { Set($0..<$0 + size) } : []
        }
    }

    private func validGroup(_ group: [Int], chips: Set<Int>) -> Bool {
        guard case .aligned(let sizes) = topology.groups else { return true }
        if group.count <= topology.coresPerChip { return chips.count == 1 }
        guard group.count == chips.count * topology.coresPerChip else { return false }
        return chips.count == topology.chipCount
            || (sizes.contains(chips.count) && (chips.min() ?? 0) % chips.count == 0)
    }

    private func connected(_ chips: Set<Int>) -> Bool {
        var seen = Set(chips.sorted().prefix(1))
        while true {
            let next = seen.union(seen.flatMap { topology.adjacency[$0] }.filter { chips.contains($0) })
            if next == seen { return seen == chips }
            seen = next
        }
    }

    /// The best subset with `must` in it, by trying them all.
    func best(size: Int, must: Set<Int>) -> [Int]? {
        let cores = free.sorted()
        guard must.isSubset(of: free) else { return nil }
        var best: (group: [Int], cost: [Int])?
        for bits in 0..<(1 << cores.count) where bits.nonzeroBitCount == size {
            let group = cores.indices.filter { bits & (1 << $0) != 0 }.map { cores[$0] }
            guard must.isSubset(of: group) else { continue }
            let cost = cost(group)
            if let found = best, !cost.lexicographicallyPrecedes(found.cost) { continue }
            best = (group, cost)
        }
        return best?.group
    }
}

@Suite("Preferred cores against exhaustive search")
struct ExhaustiveSearchTests {
    static let shapes: [CoreTopology] = [
        Shape.line(5), Shape.ring(5), Shape.line(3, coresPerChip: 4), Shape.ring(10, coresPerChip: 1),
        Shape.line(4, groups: .aligned(sizes: [1, 2, 4])),
        Shape.line(8, coresPerChip: 1, groups: .aligned(sizes: [1, 4, 8])),
        CoreTopology(chipCount: 5, coresPerChip: 2, groups: .trainium, numaNodes: [0, 0, 1, 1, 1]),
    ]

    @Test("agree on every kind, and on the very cores of every run", arguments: shapes.indices)
    func agrees(shape: Int) {
        let topology = Self.shapes[shape]
        var generator = SeededGenerator(seed: UInt64(shape))
        for _ in 0..<40 {
            let free = Set(
                (0..<topology.coreCount).filter { _ in Int.random(in: 0..<4, using: &generator) > 0 })
            guard !free.isEmpty else { continue }
            let size = Int.random(in: 1...free.count, using: &generator)
            let must = Set(
                free.sorted().prefix(size).filter { _ in Int.random(in: 0..<6, using: &generator) == 0 })
            let reference = Reference(topology: topology, free: free)
            let found = preferredGroup(
                available: CoreSet(free), mustInclude: CoreSet(must), size: size, topology: topology)
            let cores = found.map { Array($0.cores) } ?? []
            let best = reference.best(size: size, must: must) ?? []
            let what: Comment = "free \(CoreSet(free)), size \(size), must \(CoreSet(must))"
            #expect(cores.count == size, what)
            #expect(must.isSubset(of: cores), what)
            #expect(CoreSet(cores).isSubset(of: CoreSet(free)), what)
            guard let kind = found?.kind, !cores.isEmpty, !best.isEmpty else {
                Issue.record("no group, \(what)")
                continue
            }
            #expect(kind.rawValue == reference.cost(cores)[0], what)
            if kind <= .contiguous || reference.cost(best)[0] <= 1 {
                #expect(cores == best, what)
            } else if must.isEmpty {
                #expect(kind.rawValue == reference.cost(best)[0], what)
            }
        }
    }
}

@Suite("Preferred cores, properties")
struct PreferredCoresProperties {
    @Test(
        "are the same however the cores are listed, exact, and hold what is required",
        arguments: [Shape.inf2Line, Shape.inf2Ring, Shape.trn1, Shape.trn2, Shape.trn2LNC1])
    func shuffled(topology: CoreTopology) throws {
        var generator = SeededGenerator(seed: UInt64(topology.coreCount))
        for _ in 0..<60 {
            var ids = (0..<topology.coreCount).filter { _ in Int.random(in: 0..<3, using: &generator) > 0 }
            guard !ids.isEmpty else { continue }
            let size = Int.random(in: 1...ids.count, using: &generator)
            let must = Array(
                ids.shuffled(using: &generator).prefix(Int.random(in: 0...min(3, size), using: &generator)))
            let cores = try #require(
                preferredCores(
                    available: CoreSet(ids), mustInclude: CoreSet(must), size: size, topology: topology))
            ids.shuffle(using: &generator)
            let again = preferredCores(
                available: CoreSet(ids), mustInclude: CoreSet(must.reversed()), size: size, topology: topology
            )
            #expect(cores == again)
            #expect(cores.count == size)
            #expect(cores == Set(cores).sorted())
            #expect(Set(must).isSubset(of: cores))
            #expect(Set(cores).isSubset(of: ids))
        }
    }

    @Test(
        "keep every valid count placeable while a node fills and empties",
        arguments: [Shape.inf2Ring, Shape.trn1])
    func churn(topology: CoreTopology) {
        var generator = SeededGenerator(seed: 7)
        var free = topology.allCores
        var held: [CoreSet] = []
        for _ in 0..<300 {
            if Bool.random(using: &generator), let index = held.indices.randomElement(using: &generator) {
                free = free.union(held.remove(at: index))
            }
            let size = topology.validCoreCounts.randomElement(using: &generator) ?? 1
            guard size <= topology.largestFreeGroup(free) else { continue }
            let group = preferredGroup(available: free, size: size, topology: topology)
            if case .anyRun = topology.groups { #expect(group?.kind == .valid) }
            guard let group else { continue }
            #expect(topology.isUsableByRuntime(group.cores) == (group.kind == .valid))
            held.append(group.cores)
            free = free.subtracting(group.cores)
        }
        #expect(held.reduce(free) { $0.union($1) } == topology.allCores)
    }
}
