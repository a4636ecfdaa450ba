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

        /// A node and its reason.
        package init(node: String, reason: Reason) {
            self.node = node
            self.reason = reason
        }
    }

    /// Cores asked for.
    package let size: Int
    /// One entry per node, by name.
    package let refusals: [Refusal]

    /// Why none of these nodes can.
    package init(size: Int, refusals: [Refusal]) {
        self.size = size
        self.refusals = refusals
    }
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
            + grouped(byReason: refusals)
    }
}

/// Nodes and why each was refused, as the end of a sentence: nodes with one reason are drawn together, in the order of their
/// first.
package func grouped(byReason refusals: [(node: String, reason: String)]) -> String {
    drawnTogether(refusals.lazy.map { (node: $0.node, reason: $0.reason) }) { $0 }
}

private func grouped(byReason refusals: [NoPlacement.Refusal]) -> String {
    drawnTogether(refusals.lazy.map { (node: $0.node, reason: $0.reason) }, words: \.description)
}

/// Each reason is put into words once: there are thousands of nodes and a handful of reasons.
private func drawnTogether<Reason: Hashable>(
    _ refusals: some Sequence<(node: String, reason: Reason)>, words: (Reason) -> String
) -> String {
    var reasons: [(reason: Reason, first: String, count: Int)] = []
    var places: [Reason: Int] = [:]
    for refusal in refusals {
        if let index = places[refusal.reason] {
            reasons[index].count += 1
        } else {
            places[refusal.reason] = reasons.count
            reasons.append((refusal.reason, refusal.node, 1))
        }
    }
    return reasons.map {
        $0.count == 1
            ? "\($0.first) \(words($0.reason))" : "\($0.count) nodes: each \(words($0.reason))"
    }.joined(separator: "; ")
}

/// Chooses the node and the group that the runtime can use and that does least damage.
///
/// Between equal groups the node with fewer free cores wins, then the one whose name sorts first; the order of
/// `nodes` never matters.
///
/// - Throws: `NoPlacement` with every node's reason.
package func chooseNode(among nodes: [NodeCandidate], size: Int) throws(NoPlacement) -> NodeChoice {
    var best: (node: String, group: RankedGroup)?
    for node in nodes.sorted(by: { $0.name < $1.name }) {
        guard let group = bestGroup(of: size, free: node.free, topology: node.topology) else { continue }
        if let best, !(group.rank < best.group.rank) { continue }
        best = (node.name, group)
    }
    guard let best else {
        let refusals = nodes.sorted { $0.name < $1.name }.map {
            NoPlacement.Refusal(
                node: $0.name, reason: .init(size: size, free: $0.free, topology: $0.topology))
        }
        throw NoPlacement(size: size, refusals: refusals)
    }
    return NodeChoice(node: best.node, cores: Array(best.group.start..<best.group.start + size))
}

extension NoPlacement.Reason {
    /// Why a node cannot hold a group.
    ///
    /// - Parameter free: its cores that nobody holds.
    package init(size: Int, free: CoreSet, topology: CoreTopology) {
        let free = free.intersection(topology.allCores)
        if size > topology.coreCount {
            self = .nodeTooSmall(cores: topology.coreCount)
        } else if !topology.isValid(count: size) {
            self = .countNotAllowed(valid: topology.validCoreCounts)
        } else if size > free.count {
            self = .tooFewFree(free: free.count)
        } else {
            self = .noneContiguous(free: free.count, largestFreeGroup: topology.largestFreeGroup(free))
        }
    }
}
