// What to answer when no run of consecutive cores is left. The kubelet has already counted the cores, so an answer
// is owed: chips that are linked if there are such, else the fewest chips. It grows greedily, for the exact answer
// is a Steiner tree and nobody can use the difference.

extension FreeSpace {
    /// A group on linked chips; nil when none is found.
    func bestConnected(mustInclude: CoreSet, size: Int) -> CoreGroup? {
        var best: (cores: CoreSet, cost: PlacementCost)?
        let required = chips(of: mustInclude)
        let starts = required == 0 ? (0..<topology.chipCount).filter { freeByChip[$0] > 0 } : [-1]
        for start in starts {
            let order = start < 0 ? joined(required) : [start]
            guard let order, let cores = grow(from: order, mustInclude: mustInclude, size: size) else {
                continue
            }
            let cost = cost(of: cores, kind: .connected)
            if let found = best, !(cost < found.cost) { continue }
            best = (cores, cost)
        }
        return best.map { CoreGroup(cores: $0.cores, kind: .connected) }
    }

    /// The fewest chips that hold `size` cores, linked or not. The caller has checked that there are enough.
    func anything(mustInclude: CoreSet, size: Int) -> CoreGroup {
        var order = list(chips(of: mustInclude))
        var taken = order.reduce(0) { $0 + freeByChip[$1] }
        var used = chips(of: mustInclude)
        while taken < size, let next = bestNext(among: ~used, remaining: size - taken) {
            order.append(next)
            used |= 1 << UInt64(next)
            taken += freeByChip[next]
        }
        return CoreGroup(cores: fill(order, mustInclude: mustInclude, size: size), kind: .scattered)
    }

    /// Adds linked chips to `start` until they hold `size` cores; nil when they cannot, or when there would be more
    /// chips than cores.
    private func grow(from start: [Int], mustInclude: CoreSet, size: Int) -> CoreSet? {
        var order = start
        var used: UInt64 = 0
        var border: UInt64 = 0
        var taken = 0
        for chip in start {
            used |= 1 << UInt64(chip)
            border |= topology.links[chip]
            taken += freeByChip[chip]
        }
        while taken < size {
            guard let next = bestNext(among: border & ~used, remaining: size - taken) else { return nil }
            order.append(next)
            used |= 1 << UInt64(next)
            border |= topology.links[next]
            taken += freeByChip[next]
        }
        // Each chip must give a core, or the group is not what links it.
        let bare = used & ~chips(of: mustInclude)
        guard bare.nonzeroBitCount + mustInclude.count <= size else { return nil }
        return fill(order, mustInclude: mustInclude, size: size)
    }

    /// The chip to add: the tightest that is enough, else the one with most; then a broken one, then the lowest.
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

    /// The required cores, one core of every chip of `order`, then the rest in that order, lowest first.
    private func fill(_ order: [Int], mustInclude: CoreSet, size: Int) -> CoreSet {
        var group = mustInclude
        var left = size - mustInclude.count
        for chip in order where left > 0 {
            let own = topology.cores(ofChip: chip)
            guard own.isDisjoint(with: group), let core = own.intersection(cores).first else { continue }
            group.insert(core)
            left -= 1
        }
        for chip in order {
            for core in topology.cores(ofChip: chip).intersection(cores).subtracting(group) {
                guard left > 0 else { return group }
                group.insert(core)
                left -= 1
            }
        }
        return group
    }

    /// The chips of `required`, joined over shortest paths of chips with free cores; nil when they are apart.
    private func joined(_ required: UInt64) -> [Int]? {
        let targets = list(required)
        guard let first = targets.first else { return nil }
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

    /// The chips that `cores` are on.
    private func chips(of cores: CoreSet) -> UInt64 {
        var chips: UInt64 = 0
        for core in cores { chips |= 1 << UInt64(core / topology.coresPerChip) }
        return chips
    }

    private func list(_ chips: UInt64) -> [Int] {
        (0..<topology.chipCount).filter { chips & (1 << UInt64($0)) != 0 }
    }
}
