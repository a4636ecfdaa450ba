// What the operator knows of a node: the Node says whether pods may go there, the NeuronNode what is in it. Where the node
// agent has not spoken yet, the instance type's table stands in.

internal import GanglionAPI
internal import KubernetesAPI
internal import Neuron
internal import Placement

/// A node, with its chips.
struct CandidateNode: Sendable {
    /// The Node.
    let node: Node
    /// Its labels, with the instance type that the agent has found where the cloud has set none.
    let labels: [String: String]
    /// The chips as placement sees them; nil where nothing is known of them.
    let topology: CoreTopology?
    /// The cores of healthy chips.
    let healthy: CoreSet
    /// What the kubelet has handed out.
    let account: KubeletAccount
    /// NeuronCores that the kubelet says it can hand out in all.
    let allocatableCores: Int

    /// Works it out.
    ///
    /// - Parameters:
    ///   - neuronNode: the NeuronNode of the same name, if there is one.
    ///   - isCurrent: whether the NeuronNode's agent is there.
    ///   - resource: the extended resource of NeuronCores.
    init(
        _ node: Node, neuronNode: NeuronNode?, isCurrent: Bool = true, resource: String = WellKnown.neuronCore
    ) {
        self.node = node
        let status = neuronNode?.status ?? NeuronNodeStatus()
        var labels = node.metadata.labels
        if let type = status.instanceType, !type.isEmpty, labels[WellKnown.instanceTypeLabel] == nil {
            labels[WellKnown.instanceTypeLabel] = type
        }
        self.labels = labels
        allocatableCores = Int(node.status.allocatable[resource]?.value ?? 0)
        let topology = CoreTopology(
            of: status.instanceType ?? labels[WellKnown.instanceTypeLabel] ?? "",
            logicalCoreSize: status.logicalCoreSize,
            reported: status.chips.map {
                ReportedChip(index: $0.index, cores: $0.cores, connected: $0.connected)
            })
        self.topology = topology
        healthy =
            status.chips.isEmpty
            ? topology?.allCores ?? []
            : status.chips.filter { $0.health == .healthy }
                .reduce(CoreSet()) { $0.union(topology?.cores(ofChip: $1.index) ?? []) }
        account = KubeletAccount(status.allocations ?? [], isCurrent: isCurrent)
    }

    /// The node's name.
    var name: String { node.metadata.name }
}
