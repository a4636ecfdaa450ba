// Which cores to hand out. One pure function answers for the device plugin, the operator and the planner, so that
// they agree without talking to each other. The rule, best first: a valid aligned group, consecutive cores, fewest
// chips, fewest newly broken chips, least damage to larger free groups, best fit, one NUMA node, lowest number.

/// A group of cores that was found.
package struct CoreGroup: Hashable, Sendable {
    /// The cores, exactly as many as asked for.
    package let cores: CoreSet
    /// How good a group it is.
    package let kind: GroupKind
}

/// The cores to prefer, ascending; nil when `available` cannot give them.
///
/// - Parameters:
///   - available: free cores; numbers that the node has not are ignored.
///   - mustInclude: cores that the answer must hold.
///   - size: how many cores, exactly.
///   - topology: the node.
/// - Returns: nil when `size` is not positive, fewer cores are available, or `mustInclude` is larger than `size` or
///   not available. The order in which the cores were listed never matters.
package func preferredCores(
    available: CoreSet, mustInclude: CoreSet = [], size: Int, topology: CoreTopology
) -> [Int]? {
    preferredGroup(available: available, mustInclude: mustInclude, size: size, topology: topology)
        .map { Array($0.cores) }
}

/// As `preferredCores`, with the kind of group.
package func preferredGroup(
    available: CoreSet, mustInclude: CoreSet = [], size: Int, topology: CoreTopology
) -> CoreGroup? {
    let free = FreeSpace(available, topology: topology)
    guard size > 0, size <= free.cores.count, mustInclude.count <= size, mustInclude.isSubset(of: free.cores)
    else { return nil }
    if let best = bestRun(in: free, mustInclude: mustInclude, size: size) {
        return CoreGroup(cores: CoreSet(best.start..<best.start + size), kind: best.cost.kind)
    }
    return free.bestConnected(mustInclude: mustInclude, size: size)
        ?? free.anything(mustInclude: mustInclude, size: size)
}

/// The best run of consecutive free cores; nil when there is none.
func bestRun(
    in free: FreeSpace, mustInclude: CoreSet, size: Int
) -> (start: Int, cost: PlacementCost)? {
    var best: (start: Int, cost: PlacementCost)?
    // A run that holds the required cores starts no later than the first and ends no earlier than the last.
    let latest = mustInclude.first ?? Int.max
    let earliest = mustInclude.last.map { $0 - size + 1 } ?? 0
    for run in free.cores.runs() where run.count >= size {
        let first = Swift.max(run.lowerBound, earliest)
        let last = Swift.min(run.upperBound - size, latest)
        guard first <= last else { continue }
        for start in first...last {
            let cost = free.cost(start: start, size: size, run: run)
            // Starts ascend, so on equal cost the lowest number stays.
            if let found = best, !(cost < found.cost) { continue }
            best = (start, cost)
        }
    }
    return best
}
