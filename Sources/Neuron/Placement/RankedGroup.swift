// The best group of one node, in a form in which groups of different nodes are compared. It follows from the free cores, the
// topology and the size alone, so whoever asks about thousands of nodes asks once for those that are alike.

/// How good a group is beside those of other nodes: less is better.
package struct GroupRank: Comparable, Hashable, Sendable {
    let cost: PlacementCost
    /// Free cores of the node.
    let free: Int

    /// Whether `left` is the better group; equal ones are told apart by the names of their nodes.
    package static func < (left: GroupRank, right: GroupRank) -> Bool {
        left.cost == right.cost ? left.free < right.free : left.cost < right.cost
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
    return RankedGroup(start: best.start, rank: GroupRank(cost: best.cost, free: space.cores.count))
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
