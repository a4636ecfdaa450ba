// Which node: a trace of arrivals and departures over a cluster, placed by the operator's rule and by kube-scheduler's
// scoring, which counts cores and leaves it to the node's plugin which ones they are.

internal import Neuron
package import Placement

/// Chooses a node, and on it the plugin's own group of cores.
package enum NodeRule: String, CaseIterable, Sendable {
    /// The operator's: a node on which a group that the runtime can use is free, where it does least harm.
    case ganglion = "Ganglion"
    /// kube-scheduler, NodeResourcesFit with MostAllocated: the fullest node that has enough cores.
    case mostAllocated = "kube-scheduler, MostAllocated"
    /// kube-scheduler, NodeResourcesFit with LeastAllocated, its default: the emptiest.
    case leastAllocated = "kube-scheduler, LeastAllocated"
}

/// What of a load a rule has placed on cores that the runtime can use.
package struct ClusterShare: Equatable, Sendable {
    /// Of the requests.
    package var requests: Double
    /// Of the cores that were asked for, times how long.
    package var load: Double

    /// Shares, 0 to 1.
    package init(requests: Double, load: Double) {
        self.requests = requests
        self.load = load
    }
}

/// A cluster and what is asked of it.
package struct ClusterStudy: Sendable {
    /// The nodes.
    package let nodes: [CoreTopology]
    /// Cores asked for, each as often as it stands here.
    package let sizes: [Int]

    /// 100 nodes: 40 inf2.48xlarge, 30 trn1.32xlarge and 30 trn2.48xlarge with a logical core for each physical one; groups of
    /// 1 to 128 cores. Small ones are many, as models are, and large ones ask for most of the cores.
    package static let mixed: ClusterStudy = {
        let types: [(name: String, count: Int, logicalCoreSize: Int?)] = [
            ("inf2.48xlarge", 40, nil), ("trn1.32xlarge", 30, 1), ("trn2.48xlarge", 30, 1),
        ]
        let nodes = types.flatMap { type -> [CoreTopology] in
            guard let known = try? InstanceType.named(type.name) else { return [] }
            let topology = known.topology(logicalCoreSize: type.logicalCoreSize)
            return Array(repeating: topology, count: type.count)
        }
        let often = [
            (1, 24), (2, 24), (4, 18), (8, 18), (12, 4), (16, 4), (24, 3), (32, 8), (64, 3), (128, 1),
        ]
        return ClusterStudy(nodes: nodes, sizes: often.flatMap { Array(repeating: $0, count: $1) })
    }()

    /// A cluster.
    package init(nodes: [CoreTopology], sizes: [Int]) {
        self.nodes = nodes
        self.sizes = sizes
    }

    /// Cores in all.
    package var cores: Int { nodes.reduce(0) { $0 + $1.coreCount } }

    /// Plays a trace.
    ///
    /// - Parameters:
    ///   - load: cores asked for at a time on average, as a share of the cluster's. Requests come whatever is free.
    ///   - count: requests; those that come before the cluster is as full as it gets do not count.
    package func share(
        _ rule: NodeRule, load: Double, count: Int, seed: UInt64
    ) -> ClusterShare {
        var random = StudyGenerator(seed: seed)
        var ties = StudyGenerator(seed: seed &+ 1)
        let demand = StudyDemand(sizes: sizes, cores: cores, load: load)
        var free = nodes.map(\.allCores)
        var held: [(departure: Double, node: Int, cores: CoreSet)] = []
        var groups = GroupMemory()
        var now = 0.0
        var (asked, placed, askedLoad, placedLoad) = (0, 0, 0.0, 0.0)
        for _ in 0..<count {
            now += demand.pause(&random)
            let size = demand.size(&random)
            let lifetime = demand.lifetime(&random)
            for entry in held where entry.departure <= now {
                free[entry.node] = free[entry.node].union(entry.cores)
            }
            held.removeAll { $0.departure <= now }
            let choice = choose(rule, size, free, &groups, &ties)
            // Three mean lifetimes after the start nothing of it is left.
            let counts = now > 3
            if counts {
                asked += 1
                askedLoad += Double(size) * lifetime
            }
            guard let (node, cores) = choice, nodes[node].isUsableByRuntime(cores) else { continue }
            if counts {
                placed += 1
                placedLoad += Double(size) * lifetime
            }
            free[node] = free[node].subtracting(cores)
            held.append((now + lifetime, node, cores))
        }
        return ClusterShare(
            requests: Double(placed) / Double(max(1, asked)), load: askedLoad > 0 ? placedLoad / askedLoad : 0
        )
    }

    /// Groups that were found for a node's free cores: nodes are alike far more often than not.
    struct GroupMemory {
        struct Question: Hashable {
            var topology: Int
            var free: CoreSet
            var size: Int
        }
        var best: [Question: RankedGroup?] = [:]
        /// For each node, which of the topologies it has.
        var kinds: [CoreTopology: Int] = [:]
        var kindOf: [Int] = []
    }

    private func choose(
        _ rule: NodeRule, _ size: Int, _ free: [CoreSet], _ groups: inout GroupMemory,
        _ ties: inout StudyGenerator
    ) -> (node: Int, cores: CoreSet)? {
        if groups.kindOf.isEmpty {
            for topology in nodes {
                let kind = groups.kinds[topology] ?? groups.kinds.count
                groups.kinds[topology] = kind
                groups.kindOf.append(kind)
            }
        }
        switch rule {
        case .ganglion:
            var best: (node: Int, group: RankedGroup)?
            for (node, topology) in nodes.enumerated() {
                let question = GroupMemory.Question(
                    topology: groups.kindOf[node], free: free[node], size: size)
                let group: RankedGroup?
                if let known = groups.best[question] {
                    group = known
                } else {
                    group = bestGroup(of: size, free: free[node], topology: topology)
                    groups.best[question] = .some(group)
                }
                guard let group else { continue }
                if let best, !(group.rank < best.group.rank) { continue }
                best = (node, group)
            }
            return best.map { ($0.node, CoreSet($0.group.start..<$0.group.start + size)) }
        case .mostAllocated, .leastAllocated:
            var best: [Int] = []
            var bestScore = -1
            // The user has named the instance types that take such a group at all.
            for (node, topology) in nodes.enumerated() where topology.isValid(count: size) {
                let count = free[node].count
                guard count >= size else { continue }
                // least_allocated.go and most_allocated.go, the pod's own request counted.
                let left = (count - size) * 100 / topology.coreCount
                let score =
                    rule == .leastAllocated
                    ? left : (topology.coreCount - count + size) * 100 / topology.coreCount
                if score > bestScore {
                    (best, bestScore) = ([node], score)
                } else if score == bestScore {
                    best.append(node)
                }
            }
            // Of the nodes with the best score it takes any.
            guard let node = best.randomElement(using: &ties) else { return nil }
            return preferredGroup(available: free[node], size: size, topology: nodes[node])
                .map { (node, $0.cores) }
        }
    }
}
