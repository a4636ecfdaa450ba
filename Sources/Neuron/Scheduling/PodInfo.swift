// What the operator works out about a pod, once for each version of it.

internal import GanglionAPI
package import KubernetesAPI
package import Placement

/// A pod, with what it takes of a node. It is one pointer: a decision hands it on many times.
package struct PodInfo: Equatable, Sendable {
    private final class Facts: Sendable {
        let pod: Pod
        let demand: ResourceAmounts
        let cores: Int
        let chips: Int
        let isAssigned: Bool
        let hostPorts: [HostPort]
        let relations: PodRelations?
        let gang: GangKey?
        let claims: PodClaims?

        init(_ pod: Pod, _ names: PlacementNames) {
            self.pod = pod
            let requests = PodRequirements(pod).requests
            demand = ResourceAmounts(requests, without: names.resource)
            cores = Int(clamping: requests[names.resource]?.value ?? 0)
            chips = Int(clamping: requests[names.chipResource]?.value ?? 0)
            let scheduler = pod.spec.schedulerName ?? ""
            isAssigned = scheduler == WellKnown.scheduler || names.assigners.contains(scheduler)
            hostPorts = HostPort.taken(by: pod.spec)
            relations = PodRelations(pod)
            gang = GangKey(pod)
            claims = PodClaims(pod)
        }
    }

    private let facts: Facts

    /// Works it out.
    package init(_ pod: Pod, names: PlacementNames = PlacementNames()) {
        facts = Facts(pod, names)
    }

    /// Whether both are the same version of a pod, or equal ones.
    package static func == (left: PodInfo, right: PodInfo) -> Bool {
        left.facts === right.facts || left.pod == right.pod && left.cores == right.cores
    }

    /// The pod.
    package var pod: Pod { facts.pod }
    /// What the scheduler counts for it, without NeuronCores.
    package var demand: ResourceAmounts { facts.demand }
    /// NeuronCores that the pod holds once it runs.
    package var cores: Int { facts.cores }
    /// Whole chips that the pod holds once it runs.
    package var chips: Int { facts.chips }
    /// NeuronCores that it holds on a node whose chips have so many each.
    package func coreCount(perChip: Int) -> Int {
        cores > 0 ? cores : chips.multipliedReportingOverflow(by: perChip).partialValue
    }
    /// Whether its binding brings cores.
    var isAssigned: Bool { facts.isAssigned }
    /// Ports of the node that it takes.
    package var hostPorts: [HostPort] { facts.hostPorts }
    /// What it asks of other pods' places; nil for the pods, most of them, that ask for nothing.
    package var relations: PodRelations? { facts.relations }
    /// The pods that it is placed together with; nil for most.
    package var gang: GangKey? { facts.gang }
    /// The claims on storage that it uses; nil for most.
    package var claims: PodClaims? { facts.claims }

    /// Namespace and name.
    package var key: ObjectKey { pod.key }
    /// Of this pod and no later one of the name.
    package var uid: String { pod.metadata.uid }
    /// The node, empty while the pod is pending.
    package var node: String { pod.spec.nodeName ?? "" }
    /// Whether it holds what it asked for on its node.
    package var isBound: Bool { pod.isBound && !pod.isTerminal }
    /// Whether it serves and stays.
    package var isReady: Bool { pod.isReady && !isTerminating && !pod.isTerminal }
    /// Whether it is being deleted.
    package var isTerminating: Bool { pod.metadata.isTerminating }
    /// Whether it has ended for good: it holds nothing any more.
    package var isTerminal: Bool { pod.isTerminal }
    /// Whether it is on a node and holds nothing there any more.
    package var hasStopped: Bool { pod.isBound && pod.hasStopped }
    /// Whether it waits for this operator to find a node.
    package var needsPlacement: Bool { pod.needsPlacement }
    /// Whether this operator is the one that binds it.
    package var isOurs: Bool { pod.isOurs }
    /// Higher ones are placed first.
    package var priority: Int { pod.spec.priority ?? 0 }
    /// Which replica of its server it is; nil for other pods.
    package var replica: Int? { pod.metadata.labels[WellKnown.replicaLabel].flatMap { Int($0) } }
    /// What it was made from; nil for other pods.
    package var hash: String? { pod.metadata.labels[WellKnown.hashLabel] }

    /// The cores that its binding assigned; nil where there are none.
    ///
    /// Anybody can write an annotation. It is believed only of a pod that is this operator's or an extender's to bind, and
    /// only where it has as many cores as the pod asks for, as every binding has: a word by others can then take no more of a
    /// node than the pod takes anyway.
    package var assignedCores: CoreSet? {
        guard isAssigned, cores > 0 || chips > 0,
            let text = pod.metadata.annotations[WellKnown.coresAnnotation],
            let set = try? CoreSet(parsing: text),
            cores > 0 ? set.count == cores : !set.isEmpty && set.count % chips == 0
        else { return nil }
        return set
    }

    /// Whether what it takes of its node, and what others see of it there, is the same as of an earlier version of it.
    func takesTheSame(as other: PodInfo) -> Bool {
        cores == other.cores && chips == other.chips && demand == other.demand && hostPorts == other.hostPorts
            && isTerminating == other.isTerminating && relations == other.relations
            && priority == other.priority
            && pod.metadata.labels == other.pod.metadata.labels && assignedCores == other.assignedCores
    }
}

extension Pod {
    /// Whether it waits for this operator to find a node.
    package var needsPlacement: Bool {
        isOurs && !isBound && !isTerminal && !metadata.isTerminating && spec.schedulingGates.isEmpty
    }

    /// Whether this operator is the one that binds it.
    fileprivate var isOurs: Bool { spec.schedulerName == WellKnown.scheduler }
}
