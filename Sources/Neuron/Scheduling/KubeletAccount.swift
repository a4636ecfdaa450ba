// Who holds which cores of a node, as its agent has published it. It is hearsay: the kubelet says names, which are used
// again, the agent adds the uid where it is certain, and an agent that has ended goes on saying what was true before.

package import GanglionAPI
internal import KubernetesAPI
package import Placement

/// What a node's kubelet has handed out.
package struct KubeletAccount: Equatable, Sendable {
    /// Of pods that are certain, by uid.
    private var certain: [String: CoreSet] = [:]
    /// Of those that may be any pod of the name.
    private var uncertain: [ObjectKey: CoreSet] = [:]
    /// Whether the agent is there and hears its kubelet. What it has published earlier still says what pods that are there
    /// hold, but no longer that anything beyond them is held.
    package let isCurrent: Bool

    /// Takes what is published; entries that cannot be read are left out.
    package init(_ allocations: [NeuronNodeStatus.Allocation], isCurrent: Bool) {
        self.isCurrent = isCurrent
        for allocation in allocations {
            guard let cores = try? CoreSet(parsing: allocation.cores), !cores.isEmpty else { continue }
            if let uid = allocation.uid {
                certain[uid] = cores.union(certain[uid] ?? [])
            } else {
                let key = ObjectKey(namespace: allocation.namespace, name: allocation.pod)
                uncertain[key] = cores.union(uncertain[key] ?? [])
            }
        }
    }

    /// What a pod holds for certain.
    package func cores(of pod: PodInfo) -> CoreSet { certain[pod.uid] ?? [] }

    /// What a pod holds, or an earlier one of its name did.
    package func cores(perhapsOf pod: PodInfo) -> CoreSet { uncertain[pod.key] ?? [] }

    /// What is held by pods that the API server does not have any more, or not on this node: a process outlives its pod
    /// when that is deleted by force.
    ///
    /// - Parameters:
    ///   - pods: those of the node that count anyway.
    ///   - stopped: those of the node that hold nothing any more. Kubelets before 1.34 list them until they are deleted.
    package func cores(beyond pods: [PodInfo], stopped: [PodInfo]) -> CoreSet {
        guard isCurrent else { return [] }
        var (certain, uncertain) = (certain, uncertain)
        for pod in pods + stopped {
            certain[pod.uid] = nil
            uncertain[pod.key] = nil
        }
        return certain.values.reduce(uncertain.values.reduce(CoreSet()) { $0.union($1) }) { $0.union($1) }
    }
}
