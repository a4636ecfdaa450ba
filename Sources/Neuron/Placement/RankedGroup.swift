// The best group of one node, in a form in which groups of different nodes are compared. It follows from the free cores, the
// topology and the size alone, so whoever asks about thousands of nodes asks once for those that are alike.

/// How good a group is beside those of other nodes: less is better.
package struct GroupRank: Comparable, Hashable, Sendable {
    /// The free groups that the cluster loses by it, larger ones in higher bits.
    let loss: UInt64
    let cost: PlacementCost
    /// Free cores of the node.
    let free: Int

    /// Whether `left` is the better group; equal ones are told apart by the names of their nodes.
    package static func < (left: GroupRank, right: GroupRank) -> Bool {
        if left.loss != right.loss { return left.loss < right.loss }
        return left.cost == right.cost ? left.free < right.free : left.cost < right.cost
    }
}

/// The best group of a node.
package struct RankedGroup: Hashable, Sendable {
    /// The first core; the others follow it.
    package let start: Int
    /// How good it is beside those of other nodes.
    package let rank: GroupRank
}

/// The best group of free cores that the runtime can use; nil where there is none.
///
/// It is the one that `preferredCores` answers with.
package func bestGroup(of size: Int, free: CoreSet, topology: CoreTopology) -> RankedGroup? {
    guard topology.isValid(count: size) else { return nil }
    let space = FreeSpace(free, topology: topology)
    guard size <= space.cores.count else { return nil }
    let step = topology.validStep(of: size)
    var best: (start: Int, cost: PlacementCost)?
    for run in space.cores.runs() where run.count >= size {
        // Only places where a valid group can begin are looked at.
        var start = (run.lowerBound + step - 1) / step * step
        while start + size <= run.upperBound {
            if topology.isValidGroup(start: start, size: size) {
                let cost = space.cost(start: start, size: size, run: run)
                if best == nil || cost < best?.cost ?? cost { best = (start, cost) }
            }
            start += step
        }
    }
    guard let best else { return nil }
    let rank = GroupRank(
        loss: space.loss(start: best.start, size: size), cost: best.cost, free: space.cores.count)
    return RankedGroup(start: best.start, rank: rank)
}

extension FreeSpace {
    /// How many groups of each size can no longer be had when a group is taken: counts of seven bits, for sizes of 2 to 512
    /// cores by their highest bit, the largest in the highest bits.
    ///
    /// Between nodes it is cores that count, not chips: four cores of a chip with eight are worth less than a free chip, and
    /// the row of a large node is worth more than all of a small one.
    fileprivate func loss(start: Int, size: Int) -> UInt64 {
        let perChip = topology.coresPerChip
        var lost = [Int](repeating: 0, count: 10)
        func lose(_ count: Int, of cores: Int) {
            guard count > 0, cores > 1 else { return }
            lost[Swift.min(Int.bitWidth - 1 - cores.leadingZeroBitCount, 9)] += count
        }
        switch topology.groups {
        case .aligned:
            let (first, last) = (start / perChip, (start + size - 1) / perChip)
            let count = last - first + 1
            let chips: UInt64 = (count >= 64 ? .max : (1 << UInt64(count)) - 1) << UInt64(first)
            lose((chips & wholeChips).nonzeroBitCount, of: perChip)
            for group in larger where group.chips & chips != 0 {
                lose(1, of: group.chips.nonzeroBitCount * perChip)
            }
        case .anyRun:
            guard let run = cores.runs().first(where: { $0.contains(start) }) else { break }
            let (before, after) = (start - run.lowerBound, run.upperBound - start - size)
            var sizes = Array(sequence(first: 2) { $0 * 2 < topology.coreCount ? $0 * 2 : nil })
            sizes.append(topology.coreCount)
            for wanted in sizes {
                lose(run.count / wanted - before / wanted - after / wanted, of: wanted)
            }
        }
        return lost.indices.dropFirst().reduce(0) { packed, slot in
            packed | UInt64(Swift.min(lost[slot], 127)) << UInt64(7 * (slot - 1))
        }
    }
}

extension CoreTopology {
    /// Valid groups of a size begin at multiples of this.
    fileprivate func validStep(of size: Int) -> Int {
        switch groups {
        case .anyRun: 1
        case .aligned: size <= coresPerChip ? 1 : size
        }
    }
}
