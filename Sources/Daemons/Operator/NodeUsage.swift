// Which cores of a node are free. Nothing is stored: it follows, each time, from the pods bound to the node, from what their
// bindings assigned, from what the kubelet says it handed out, and from bindings of our own that no watch has shown yet.

internal import KubernetesAPI
internal import Placement

/// A binding that was sent and not seen yet.
struct AssumedBinding: Equatable, Sendable {
    var pod: PodInfo
    var node: String
    var cores: CoreSet
}

/// What is taken on one node.
struct NodeUsage: Sendable {
    let node: CandidateNode
    private(set) var taken = CoreSet()
    private(set) var requestedCores = 0
    private(set) var cpu = Quantity.zero
    private(set) var memory = Quantity.zero
    private(set) var podCount = 0

    /// Counts what the pods bound to the node hold.
    ///
    /// - Parameters:
    ///   - pods: those bound to the node that have not ended.
    ///   - assumed: bindings to the node that the pods do not show yet.
    init(node: CandidateNode, pods: [PodInfo], assumed: [AssumedBinding]) {
        self.node = node
        var held = CoreSet()
        for pod in pods { held = held.union(Self.settled(pod, on: node) ?? []) }
        var unknown: [PodInfo] = []
        for pod in pods {
            if let cores = Self.settled(pod, on: node) {
                add(pod, cores: cores)
            } else if let cores = Self.cores(of: pod, on: node),
                node.allocations[pod.key] != nil || cores.isDisjoint(with: held)
            {
                add(pod, cores: cores)
            } else if pod.cores > 0 {
                // Also one whose group the kubelet has given to another of the same size: it gets cores all the same.
                unknown.append(pod)
            } else {
                add(pod, cores: [])
            }
        }
        for binding in assumed { add(binding.pod, cores: binding.cores) }
        // Bound by another scheduler, or to a group that is gone, and not reported yet: the plugin will choose by the same rule.
        for pod in unknown.sorted(by: { $0.key < $1.key }) {
            let guess = node.topology.flatMap {
                preferredCores(available: free, size: pod.cores, topology: $0)
            }
            add(pod, cores: CoreSet(guess ?? []))
        }
    }

    /// The healthy cores that nobody holds.
    var free: CoreSet { node.healthy.subtracting(taken) }

    /// Counts a pod more.
    mutating func add(_ pod: PodInfo, cores: CoreSet) {
        taken = taken.union(cores)
        requestedCores += pod.cores
        cpu += pod.requests["cpu"] ?? 0
        memory += pod.requests["memory"] ?? 0
        podCount += 1
    }

    /// The cores of a running pod as the kubelet says, nil where it does not run or nobody has said.
    private static func settled(_ pod: PodInfo, on node: CandidateNode?) -> CoreSet? {
        guard let reported = node?.allocations[pod.key], pod.pod.phase == .running, !reported.isEmpty,
            reported.count == pod.cores
        else { return nil }
        return reported
    }

    /// The cores that a bound pod holds, nil where nobody has said yet.
    ///
    /// A running pod has what the kubelet says. Until it runs, the report may be that of an earlier pod of the same name,
    /// so both count.
    static func cores(of pod: PodInfo, on node: CandidateNode?) -> CoreSet? {
        if let cores = settled(pod, on: node) { return cores }
        guard let reported = node?.allocations[pod.key], !reported.isEmpty else { return pod.assignedCores }
        return reported.union(pod.assignedCores ?? [])
    }

    /// Why a pod does not fit apart from its group of cores: what follows "NODE ", nil where it does.
    func shortage(for pod: PodInfo) -> String? {
        let allocatable = node.node.status.allocatable
        if let limit = allocatable["pods"], Quantity(podCount + 1) > limit {
            return "has no room for another pod"
        }
        if let limit = allocatable["cpu"], cpu + (pod.requests["cpu"] ?? 0) > limit {
            return "has too little CPU left"
        }
        if let limit = allocatable["memory"], memory + (pod.requests["memory"] ?? 0) > limit {
            return "has too little memory left"
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
