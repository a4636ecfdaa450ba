// What to answer when no run of consecutive cores is left. The kubelet has already counted the cores, so an answer
// is owed: chips that are linked if there are such, else the fewest chips. It grows greedily, for the exact answer
// is a Steiner tree and nobody can use the difference.

extension FreeSpace {
    /// A group on linked chips; nil when none is found.
    func bestConnected(mustInclude: CoreSet, size: Int) -> CoreGroup? {
        var best: (order: [Int], cost: PlacementCost)?
        let required = usage(of: mustInclude)
        var starts: [[Int]] = []
        if mustInclude.isEmpty {
            starts = (0..<topology.chipCount).filter { freeByChip[$0] > 0 }.map { [$0] }
        } else if let order = joined(mask(of: required)) {
            starts = [order]
        }
        for start in starts {
            guard let order = grow(from: start, required: required, size: size) else { continue }
            let cost = cost(used: fill(order, required: required, size: size), kind: .connected)
            if let found = best, !(cost < found.cost) { continue }
            best = (order, cost)
        }
        guard let best else { return nil }
        return group(best.order, mustInclude: mustInclude, size: size, kind: .connected)
    }

    /// The fewest chips that hold `size` cores, linked or not. The caller has checked that there are enough.
    func anything(mustInclude: CoreSet, size: Int) -> CoreGroup {
        var used = mask(of: usage(of: mustInclude))
        var order = list(used)
        var held = order.reduce(0) { $0 + freeByChip[$1] }
        while held < size, let next = bestNext(among: ~used, remaining: size - held) {
            order.append(next)
            used |= 1 << UInt64(next)
            held += freeByChip[next]
        }
        return group(order, mustInclude: mustInclude, size: size, kind: .scattered)
    }

    /// Adds linked chips to `start` until they hold `size` cores; nil when they cannot, or when there would be more
    /// chips than cores.
    private func grow(from start: [Int], required: [Int], size: Int) -> [Int]? {
        var order = start
        var used: UInt64 = 0
        var border: UInt64 = 0
        var held = 0
        for chip in start {
            used |= 1 << UInt64(chip)
            border |= topology.links[chip]
            held += freeByChip[chip]
        }
        while held < size {
            guard let next = bestNext(among: border & ~used, remaining: size - held) else { return nil }
            order.append(next)
            used |= 1 << UInt64(next)
            border |= topology.links[next]
            held += freeByChip[next]
        }
        // Each chip must give a core, or it does not link the others.
        let least = order.reduce(0) { $0 + Swift.max(required[$1], 1) }
        return least <= size ? order : nil
    }

    /// The chip to add: the tightest that is enough, else the one with most; then the lowest.
    private func bestNext(among candidates: UInt64, remaining: Int) -> Int? {
        var best: Int?
        for chip in 0..<topology.chipCount
        where candidates & (1 << UInt64(chip)) != 0 && freeByChip[chip] > 0 {
            guard let current = best else {
                best = chip
                continue
            }
            let (mine, its) = (freeByChip[chip], freeByChip[current])
            let better =
                switch (mine >= remaining, its >= remaining) {
                case (true, true): mine < its
                case (true, false): true
                case (false, true): false
                case (false, false): mine > its
                }
            if better { best = chip }
        }
        return best
    }

    /// Cores taken of each chip: the required ones, at least one of every chip of `order`, the rest in that order.
    private func fill(_ order: [Int], required: [Int], size: Int) -> [Int] {
        var used = required
        var left = size - required.reduce(0, +)
        for chip in order where used[chip] == 0 && left > 0 {
            used[chip] = 1
            left -= 1
        }
        for chip in order {
            let more = Swift.min(freeByChip[chip] - used[chip], left)
            used[chip] += more
            left -= more
        }
        return used
    }

    /// The cores themselves: on each chip the required ones, then the lowest.
    private func group(_ order: [Int], mustInclude: CoreSet, size: Int, kind: GroupKind) -> CoreGroup {
        let required = usage(of: mustInclude)
        let used = fill(order, required: required, size: size)
        var group = mustInclude
        for chip in order {
            let free = topology.cores(ofChip: chip).intersection(cores).subtracting(mustInclude)
            for core in free.prefix(used[chip] - required[chip]) { group.insert(core) }
        }
        return CoreGroup(cores: group, kind: kind)
    }

    /// The chips of `required`, joined over shortest paths of chips with free cores; nil when they are apart.
    private func joined(_ required: UInt64) -> [Int]? {
        guard let first = list(required).first else { return nil }
        var order = [first]
        var used: UInt64 = 1 << UInt64(first)
        while let path = shortestPath(from: used, to: required & ~used) {
            for chip in path where used & (1 << UInt64(chip)) == 0 {
                used |= 1 << UInt64(chip)
                order.append(chip)
            }
        }
        return required & ~used == 0 ? order : nil
    }

    /// The chips on a shortest path from `sources` to the nearest of `targets`, breadth first, lowest chips first.
    private func shortestPath(from sources: UInt64, to targets: UInt64) -> [Int]? {
        guard targets != 0 else { return nil }
        var queue = list(sources)
        var seen = sources
        var previous = [Int](repeating: -1, count: topology.chipCount)
        var head = 0
        while head < queue.count {
            let chip = queue[head]
            head += 1
            if targets & (1 << UInt64(chip)) != 0 {
                var path: [Int] = []
                var step = chip
                while step >= 0 {
                    path.append(step)
                    step = previous[step]
                }
                return path.reversed()
            }
            for next in list(topology.links[chip] & ~seen) where freeByChip[next] > 0 {
                seen |= 1 << UInt64(next)
                previous[next] = chip
                queue.append(next)
            }
        }
        return nil
    }

    /// How many of `cores` are on each chip.
    private func usage(of cores: CoreSet) -> [Int] {
        var used = [Int](repeating: 0, count: topology.chipCount)
        for core in cores { used[core / topology.coresPerChip] += 1 }
        return used
    }

    private func mask(of used: [Int]) -> UInt64 {
        var chips: UInt64 = 0
        for chip in used.indices where used[chip] > 0 { chips |= 1 << UInt64(chip) }
        return chips
    }

    private func list(_ chips: UInt64) -> [Int] {
        (0..<topology.chipCount).filter { chips & (1 << UInt64($0)) != 0 }
    }
}
