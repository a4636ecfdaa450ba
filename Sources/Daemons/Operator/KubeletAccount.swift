// Who holds which cores of a node, as its agent has published it. It is hearsay: the kubelet says names, which are used
// again, the agent adds the uid where it is certain, and an agent that has ended goes on saying what was true before.

internal import GanglionAPI
internal import KubernetesAPI
internal import Placement

/// What a node's kubelet has handed out.
struct KubeletAccount: Equatable, Sendable {
    /// The cores of one pod.
    struct Entry: Equatable, Sendable {
        /// The pod's name.
        var key: ObjectKey
        /// nil where it is not certain which pod of that name it is.
        var uid: String?
        var cores: CoreSet
    }

    /// Each pod once.
    private(set) var entries: [Entry] = []
    /// Whether the agent is there and hears its kubelet. What it has published earlier still says what pods that are there
    /// hold, but no longer that anything beyond them is held.
    let isCurrent: Bool

    /// Takes what is published; entries that cannot be read are left out.
    init(_ allocations: [NeuronNodeStatus.Allocation], isCurrent: Bool) {
        self.isCurrent = isCurrent
        var places: [[String]: Int] = [:]
        for allocation in allocations {
            guard let cores = try? CoreSet(parsing: allocation.cores), !cores.isEmpty else { continue }
            let place = [allocation.namespace, allocation.pod, allocation.uid ?? ""]
            if let index = places[place] {
                entries[index].cores = entries[index].cores.union(cores)
            } else {
                places[place] = entries.count
                let key = ObjectKey(namespace: allocation.namespace, name: allocation.pod)
                entries.append(Entry(key: key, uid: allocation.uid, cores: cores))
            }
        }
    }

    /// What a pod holds for certain.
    func cores(of pod: PodInfo) -> CoreSet {
        entries.first { $0.uid == pod.uid }?.cores ?? []
    }

    /// What a pod holds, or an earlier one of its name did.
    func cores(perhapsOf pod: PodInfo) -> CoreSet {
        entries.first { $0.uid == nil && $0.key == pod.key }?.cores ?? []
    }

    /// What is held by pods that the API server does not have any more, or not on this node: a process outlives its pod
    /// when that is deleted by force.
    ///
    /// - Parameters:
    ///   - pods: those of the node that count anyway.
    ///   - stopped: those of the node that hold nothing any more. Kubelets before 1.34 list them until they are deleted.
    func cores(beyond pods: [PodInfo], stopped: [PodInfo]) -> CoreSet {
        guard isCurrent, !entries.isEmpty else { return [] }
        let uids = Set((pods + stopped).map(\.uid))
        let keys = Set((pods + stopped).map(\.key))
        return entries.reduce(into: CoreSet()) { cores, entry in
            let isCounted = entry.uid.map(uids.contains) ?? keys.contains(entry.key)
            if !isCounted { cores = cores.union(entry.cores) }
        }
    }
}
