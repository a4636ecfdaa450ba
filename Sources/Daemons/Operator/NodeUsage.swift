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
    /// By resource, what its pods ask for.
    private(set) var requested: [String: Quantity] = [:]
    private(set) var podCount = 0
    private(set) var hostPorts: [HostPort] = []

    /// Counts what the pods bound to the node hold.
    ///
    /// - Parameters:
    ///   - pods: those bound to the node that have not ended.
    ///   - stopped: those bound to the node that hold nothing any more.
    ///   - assumed: bindings to the node that the pods do not show yet.
    init(node: CandidateNode, pods: [PodInfo], stopped: [PodInfo] = [], assumed: [AssumedBinding]) {
        self.node = node
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
            if cores.count < pod.cores { unknown.append((pod, pod.cores - cores.count)) }
        }
        taken = taken.union(node.account.cores(beyond: pods, stopped: stopped))
        for pod in unreported.sorted(by: { $0.key < $1.key }) {
            if let cores = pod.assignedCores, cores.isDisjoint(with: taken) {
                add(pod, cores: cores)
            } else {
                add(pod, cores: [])
                // Also one whose group the kubelet has given to another of the same size: it gets cores all the same.
                if pod.cores > 0 { unknown.append((pod, pod.cores)) }
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
    var free: CoreSet { node.healthy.subtracting(taken) }

    /// Counts a pod more.
    mutating func add(_ pod: PodInfo, cores: CoreSet) {
        taken = taken.union(cores)
        requestedCores += pod.cores
        for (resource, amount) in pod.requests { requested[resource, default: .zero] += amount }
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
        if account.isCurrent, !own.isEmpty, own.count >= pod.cores { return own }
        let said = own.union(account.cores(perhapsOf: pod))
        return said.isEmpty ? nil : said.union(pod.assignedCores ?? [])
    }

    /// The cores that a bound pod holds, nil where nobody has said yet.
    static func cores(of pod: PodInfo, on node: CandidateNode?) -> CoreSet? {
        reported(pod, on: node) ?? pod.assignedCores
    }

    /// Why a pod does not fit apart from its group of cores: what follows "NODE ", nil where it does. The rules are those of
    /// kube-scheduler's NodeResourcesFit.
    func shortage(for pod: PodInfo) -> String? {
        let allocatable = node.node.status.allocatable
        if let limit = allocatable["pods"], Quantity(podCount + 1) > limit {
            return "has no room for another pod"
        }
        for port in pod.hostPorts where hostPorts.contains(where: port.collides(with:)) {
            return "has no host port \(port.number)/\(port.transport) left"
        }
        let short = pod.requests.filter { resource, amount in
            // Cores are counted below, one by one.
            guard amount > .zero, resource != pod.resource else { return false }
            return (requested[resource] ?? .zero) + amount > allocatable[resource] ?? .zero
        }
        if let resource = short.keys.min() { return "has too little \(Self.name(of: resource)) left" }
        guard pod.cores > 0 else { return nil }
        guard node.allocatableCores > 0 else { return "advertises no NeuronCores" }
        guard node.topology != nil else { return "has chips of an unknown kind and no NeuronNode" }
        if requestedCores + pod.cores > node.allocatableCores {
            return
                "has only \(max(0, node.allocatableCores - requestedCores)) of \(node.allocatableCores) NeuronCores left"
        }
        return nil
    }

    private static func name(of resource: String) -> String { resource == "cpu" ? "CPU" : resource }
}
