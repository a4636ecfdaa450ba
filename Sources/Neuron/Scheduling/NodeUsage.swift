// Which cores of a node are free. It follows from the pods bound to the node, from what their bindings assigned, from what the
// kubelet says it handed out, and from bindings of our own that no watch has shown yet; it is worked out anew for a node of
// which one of these has changed.

internal import KubernetesAPI
package import Placement

/// A binding that was sent and not seen yet.
package struct AssumedBinding: Equatable, Sendable {
    /// The pod that is bound.
    package var pod: PodInfo
    /// The node's name.
    package var node: String
    /// The cores that the binding assigns.
    package var cores: CoreSet

    /// A binding.
    package init(pod: PodInfo, node: String, cores: CoreSet) {
        self.pod = pod
        self.node = node
        self.cores = cores
    }
}

/// What is taken on one node.
package struct NodeUsage: Sendable {
    /// The node.
    package let node: CandidateNode
    /// Cores that somebody holds.
    package private(set) var taken = CoreSet()
    /// NeuronCores that its pods ask for.
    private(set) var requestedCores = 0
    /// What its pods ask for besides.
    private(set) var requested = ResourceAmounts()
    private(set) var podCount = 0
    private(set) var hostPorts: [HostPort] = []

    /// Counts what the pods bound to the node hold.
    ///
    /// - Parameters:
    ///   - pods: those bound to the node that have not ended.
    ///   - stopped: those bound to the node that hold nothing any more.
    ///   - assumed: bindings to the node that the pods do not show yet.
    package init(
        node: CandidateNode, pods: [PodInfo], stopped: [PodInfo] = [], assumed: [AssumedBinding] = []
    ) {
        self.node = node
        let perChip = node.topology?.coresPerChip ?? 0
        // Which cores these hold is not known, only how many.
        var unknown: [(pod: PodInfo, count: Int)] = []
        var unreported: [PodInfo] = []
        for pod in pods {
            guard let cores = Self.reported(pod, on: node) else {
                unreported.append(pod)
                continue
            }
            add(pod, cores: cores)
            // Devices of init containers belong to the pod until it ends, and no list has them.
            let count = pod.coreCount(perChip: perChip)
            if cores.count < count { unknown.append((pod, count - cores.count)) }
        }
        taken = taken.union(node.account.cores(beyond: pods, stopped: stopped))
        for pod in unreported.sorted(by: { $0.key < $1.key }) {
            if let cores = pod.assignedCores, cores.isDisjoint(with: taken) {
                add(pod, cores: cores)
            } else {
                add(pod, cores: [])
                // Also one whose group the kubelet has given to another of the same size: it gets cores all the same.
                let count = pod.coreCount(perChip: perChip)
                if count > 0 { unknown.append((pod, count)) }
            }
        }
        for binding in assumed { add(binding.pod, cores: binding.cores) }
        // Bound by another scheduler, or to a group that is gone, and not reported yet: the plugin will choose by the same rule.
        for (_, count) in unknown.sorted(by: { $0.pod.key < $1.pod.key }) {
            let guess = node.topology.flatMap {
                preferredCores(available: free, size: count, topology: $0)
            }
            taken = taken.union(CoreSet(guess ?? []))
        }
    }

    /// The healthy cores that nobody holds.
    package var free: CoreSet { node.healthy.subtracting(taken) }

    /// Counts a pod more.
    mutating func add(_ pod: PodInfo, cores: CoreSet) {
        taken = taken.union(cores)
        requestedCores += pod.cores
        requested += pod.demand
        podCount += 1
        hostPorts += pod.hostPorts
    }

    /// The cores of a bound pod as far as the kubelet has spoken of it, nil where it has not.
    ///
    /// A current report of all that the pod asked for, under its uid, is the truth. What is older, or knows the name alone,
    /// or has less, counts beside what the binding assigned: one of the two is right.
    private static func reported(_ pod: PodInfo, on node: CandidateNode?) -> CoreSet? {
        guard let account = node?.account else { return nil }
        let own = account.cores(of: pod)
        let count = pod.coreCount(perChip: node?.topology?.coresPerChip ?? 0)
        if account.isCurrent, !own.isEmpty, own.count >= count { return own }
        let said = own.union(account.cores(perhapsOf: pod))
        return said.isEmpty ? nil : said.union(pod.assignedCores ?? [])
    }

    /// The cores that a bound pod holds, nil where nobody has said yet.
    package static func cores(of pod: PodInfo, on node: CandidateNode?) -> CoreSet? {
        reported(pod, on: node) ?? pod.assignedCores
    }

    /// Whether a pod fits apart from its group of cores; `shortage` says why not.
    func fits(_ pod: PodInfo) -> Bool {
        podCount < node.podLimit && (pod.cores == 0 || hasCores(for: pod))
            && pod.demand.shortage(in: node.allocatable, beside: requested) == nil
            && pod.hostPorts.allSatisfy { port in !hostPorts.contains(where: port.collides(with:)) }
    }

    private func hasCores(for pod: PodInfo) -> Bool {
        node.topology != nil && node.allocatableCores > 0
            && requestedCores + pod.cores <= node.allocatableCores
    }

    /// Why a pod does not fit apart from its group of cores: what follows "NODE ", nil where it does. The rules are those of
    /// kube-scheduler's NodeResourcesFit and NodePorts.
    func shortage(for pod: PodInfo) -> String? {
        if podCount >= node.podLimit { return "has no room for another pod" }
        for port in pod.hostPorts where hostPorts.contains(where: port.collides(with:)) {
            return "has no host port \(port.number)/\(port.transport) left"
        }
        if let resource = pod.demand.shortage(in: node.allocatable, beside: requested) {
            return "has too little \(resource == "cpu" ? "CPU" : resource) left"
        }
        guard pod.cores > 0 else { return nil }
        guard node.allocatableCores > 0 else { return "advertises no NeuronCores" }
        guard node.topology != nil else { return "has chips of an unknown kind and no NeuronNode" }
        if requestedCores + pod.cores > node.allocatableCores {
            return
                "has only \(max(0, node.allocatableCores - requestedCores)) of \(node.allocatableCores) NeuronCores left"
        }
        return nil
    }
}
