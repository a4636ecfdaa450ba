// What the operator works out about a pod, once for each version of it.

internal import GanglionAPI
internal import KubernetesAPI
internal import Placement

/// A pod, with what it takes of a node.
struct PodInfo: Equatable, Sendable {
    /// The pod.
    let pod: Pod
    /// What the scheduler counts for it, by resource.
    let requests: [String: Quantity]
    /// The extended resource of NeuronCores.
    let resource: String
    /// NeuronCores that the pod holds once it runs.
    let cores: Int
    /// Ports of the node that it takes.
    let hostPorts: [HostPort]

    /// Works it out.
    ///
    /// - Parameter resource: the extended resource of NeuronCores.
    init(_ pod: Pod, resource: String = WellKnown.neuronCore) {
        self.pod = pod
        self.resource = resource
        requests = PodRequirements(pod).requests
        cores = Int(requests[resource]?.value ?? 0)
        hostPorts = HostPort.taken(by: pod.spec)
    }

    /// Namespace and name.
    var key: ObjectKey { pod.key }
    /// Of this pod and no later one of the name.
    var uid: String { pod.metadata.uid }
    /// The node, empty while the pod is pending.
    var node: String { pod.spec.nodeName ?? "" }
    /// Whether it holds what it asked for on its node.
    var isBound: Bool { pod.isBound && !pod.isTerminal }
    /// Whether it serves and stays.
    var isReady: Bool { pod.isReady && !isTerminating && !pod.isTerminal }
    /// Whether it is being deleted.
    var isTerminating: Bool { pod.metadata.isTerminating }
    /// Whether it has ended for good: it holds nothing any more.
    var isTerminal: Bool { pod.isTerminal }
    /// Whether it is on a node and holds nothing there any more.
    var hasStopped: Bool { pod.isBound && pod.hasStopped }
    /// Whether it waits for this operator to find a node.
    var needsPlacement: Bool {
        isOurs && !pod.isBound && !isTerminal && !isTerminating && pod.spec.schedulingGates.isEmpty
    }
    /// Whether this operator is the one that binds it.
    var isOurs: Bool { pod.spec.schedulerName == WellKnown.scheduler }
    /// Which replica of its server it is; nil for other pods.
    var replica: Int? { pod.metadata.labels[WellKnown.replicaLabel].flatMap { Int($0) } }
    /// What it was made from; nil for other pods.
    var hash: String? { pod.metadata.labels[WellKnown.hashLabel] }

    /// The cores that its binding assigned; nil where there are none.
    ///
    /// Anybody can write an annotation. It is believed only of a pod that is this operator's to bind, and only where it has
    /// as many cores as the pod asks for, as every binding has: a word by others can then take no more of a node than the
    /// pod takes anyway.
    var assignedCores: CoreSet? {
        guard cores > 0, isOurs, let text = pod.metadata.annotations[WellKnown.coresAnnotation],
            let set = try? CoreSet(parsing: text), set.count == cores
        else { return nil }
        return set
    }
}
