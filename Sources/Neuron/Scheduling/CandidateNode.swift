// What the operator knows of a node: the Node says whether pods may go there, the NeuronNode what is in it. Where the node
// agent has not spoken yet, the instance type's table stands in.

package import GanglionAPI
package import KubernetesAPI
internal import Neuron
package import Placement

/// A node, with its chips. It is one pointer: every place and every usage of it has one.
package struct CandidateNode: Sendable {
    private final class Facts: Sendable {
        let node: Node
        let labels: [String: String]
        let topology: CoreTopology?
        let healthy: CoreSet
        let account: KubeletAccount
        let allocatableCores: Int
        let allocatable: ResourceAmounts
        let podLimit: Int

        init(_ node: Node, _ neuronNode: NeuronNode?, isCurrent: Bool, resource: String) {
            self.node = node
            let status = neuronNode?.status ?? NeuronNodeStatus()
            var labels = node.metadata.labels
            if let type = status.instanceType, !type.isEmpty, labels[WellKnown.instanceTypeLabel] == nil {
                labels[WellKnown.instanceTypeLabel] = type
            }
            self.labels = labels
            allocatableCores = Int(clamping: node.status.allocatable[resource]?.value ?? 0)
            allocatable = ResourceAmounts(node.status.allocatable, without: resource)
            podLimit = node.status.allocatable["pods"].map { Int(clamping: $0.value) } ?? .max
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
    }

    private let facts: Facts

    /// Works it out.
    ///
    /// - Parameters:
    ///   - neuronNode: the NeuronNode of the same name, if there is one.
    ///   - isCurrent: whether the NeuronNode's agent is there.
    ///   - resource: the extended resource of NeuronCores.
    package init(
        _ node: Node, neuronNode: NeuronNode?, isCurrent: Bool = true, resource: String = WellKnown.neuronCore
    ) {
        facts = Facts(node, neuronNode, isCurrent: isCurrent, resource: resource)
    }

    /// The Node.
    package var node: Node { facts.node }
    /// Its labels, with the instance type that the agent has found where the cloud has set none.
    package var labels: [String: String] { facts.labels }
    /// The chips as placement sees them; nil where nothing is known of them.
    package var topology: CoreTopology? { facts.topology }
    /// The cores of healthy chips.
    package var healthy: CoreSet { facts.healthy }
    /// What the kubelet has handed out.
    package var account: KubeletAccount { facts.account }
    /// NeuronCores that the kubelet says it can hand out in all.
    package var allocatableCores: Int { facts.allocatableCores }
    /// What pods may have of everything else.
    package var allocatable: ResourceAmounts { facts.allocatable }
    /// How many pods it takes.
    package var podLimit: Int { facts.podLimit }
    /// The node's name.
    package var name: String { facts.node.metadata.name }
}
