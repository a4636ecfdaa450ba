// The operator asks the same rule across nodes: the group of the best kind that does least damage wins, wherever it
// is. Where none fits, the answer says for each node why, because that sentence ends in the pod's events.

/// A node that could take a pod.
package struct NodeCandidate: Hashable, Sendable {
    /// The node's name.
    package var name: String
    /// Its chips.
    package var topology: CoreTopology
    /// Its healthy cores that nobody holds.
    package var free: CoreSet

    /// A candidate.
    package init(name: String, topology: CoreTopology, free: CoreSet) {
        self.name = name
        self.topology = topology
        self.free = free
    }
}

/// The node and the cores that were chosen.
package struct NodeChoice: Hashable, Sendable {
    /// The node's name.
    package let node: String
    /// The cores, node-wide numbers, ascending and consecutive.
    package let cores: [Int]
}

/// Why no node can take the group.
package struct NoPlacement: Error, Hashable, Sendable {
    /// Why one node cannot.
    package enum Reason: Hashable, Sendable {
        /// The family takes no such count; the valid ones are named.
        case countNotAllowed(valid: [Int])
        /// The whole node is smaller than the group.
        case nodeTooSmall(cores: Int)
        /// Fewer cores are free.
        case tooFewFree(free: Int)
        /// Enough are free, but no valid run of them.
        case noneContiguous(free: Int, largestFreeGroup: Int)
    }

    /// A node and its reason.
    package struct Refusal: Hashable, Sendable {
        /// The node's name.
        package let node: String
        /// Why not.
        package let reason: Reason
    }

    /// Cores asked for.
    package let size: Int
    /// One entry per node, by name.
    package let refusals: [Refusal]
}

extension NoPlacement.Reason: CustomStringConvertible {
    /// What follows "node X".
    package var description: String {
        switch self {
        case .countNotAllowed(let valid): "takes groups of \(list(counts: valid)) cores only"
        case .nodeTooSmall(let cores): "has only \(cores) cores"
        case .tooFewFree(let free): "has only \(free) free cores"
        case .noneContiguous(let free, let largest):
            "has \(free) free cores, but the largest free group is \(largest)"
        }
    }
}

extension NoPlacement: CustomStringConvertible {
    /// One sentence for an event: how many nodes, and why not; nodes with one reason are drawn together.
    package var description: String {
        guard !refusals.isEmpty else { return "no node has NeuronCores: \(size) asked for" }
        return "0/\(refusals.count) nodes can hold a group of \(size) NeuronCores: "
            + grouped(byReason: refusals.map { ($0.node, $0.reason.description) })
    }
}

/// Nodes and why each was refused, as the end of a sentence: nodes with one reason are drawn together.
package func grouped(byReason refusals: [(node: String, reason: String)]) -> String {
    var reasons: [(text: String, nodes: [String])] = []
    for refusal in refusals {
        if let index = reasons.firstIndex(where: { $0.text == refusal.reason }) {
            reasons[index].nodes.append(refusal.node)
        } else {
            reasons.append((refusal.reason, [refusal.node]))
        }
    }
    return reasons.map {
        $0.nodes.count == 1 ? "\($0.nodes[0]) \($0.text)" : "\($0.nodes.count) nodes: each \($0.text)"
    }.joined(separator: "; ")
}

/// Chooses the node and the group that the runtime can use and that does least damage.
///
/// Between equal groups the node with fewer free cores wins, then the one whose name sorts first; the order of
/// `nodes` never matters.
///
/// - Throws: `NoPlacement` with every node's reason.
package func chooseNode(among nodes: [NodeCandidate], size: Int) throws(NoPlacement) -> NodeChoice {
    var best: (choice: NodeChoice, cost: PlacementCost, free: Int)?
    var refusals: [NoPlacement.Refusal] = []
    for node in nodes.sorted(by: { $0.name < $1.name }) {
        let free = FreeSpace(node.free, topology: node.topology)
        guard node.topology.isValid(count: size), size <= free.cores.count,
            let found = bestRun(in: free, mustInclude: [], size: size), found.cost.kind == .valid
        else {
            refusals.append(.init(node: node.name, reason: refusal(node, free: free.cores, size: size)))
            continue
        }
        if let best, !(found.cost < best.cost || (found.cost == best.cost && free.cores.count < best.free)) {
            continue
        }
        let choice = NodeChoice(node: node.name, cores: Array(found.start..<found.start + size))
        best = (choice, found.cost, free.cores.count)
    }
    guard let best else { throw NoPlacement(size: size, refusals: refusals) }
    return best.choice
}

private func refusal(_ node: NodeCandidate, free: CoreSet, size: Int) -> NoPlacement.Reason {
    let topology = node.topology
    if size > topology.coreCount { return .nodeTooSmall(cores: topology.coreCount) }
    if !topology.isValid(count: size) { return .countNotAllowed(valid: topology.validCoreCounts) }
    if size > free.count { return .tooFewFree(free: free.count) }
    return .noneContiguous(free: free.count, largestFreeGroup: topology.largestFreeGroup(free))
}
