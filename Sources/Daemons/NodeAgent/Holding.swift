// Who holds what, as the kubelet says. Its account is by name: it knows no uids.

internal import GanglionAPI
internal import KubeletAPI
internal import KubernetesAPI
internal import Placement

/// The cores of one container.
struct Holding: Equatable, Sendable {
    /// The pod.
    var pod: ObjectKey
    /// The container's name.
    var container: String
    /// By the numbers that they have on the node; never empty.
    var cores: CoreSet
    /// The pod's uid; nil where it is not certain which pod of that name it is.
    var uid: String?

    /// A holding.
    init(pod: ObjectKey, container: String, cores: CoreSet, uid: String? = nil) {
        self.pod = pod
        self.container = container
        self.cores = cores
        self.uid = uid
    }

    /// What the kubelet's list says of the plugin's resources, by pod and container, each once.
    ///
    /// - Parameter pods: those of the node when the kubelet was asked.
    static func read(
        _ list: [PodResourcesAPI.PodResources], on layout: NodeLayout, pods: KnownPods = KnownPods()
    ) -> [Holding] {
        var found: [ObjectKey: [String: CoreSet]] = [:]
        for pod in list {
            let key = ObjectKey(namespace: pod.namespace, name: pod.name)
            // Kubelets before 1.34 list pods that have ended until they are deleted (kubernetes #119423).
            guard !pods.stopped.contains(key) else { continue }
            for container in pod.containers {
                for devices in container.devices {
                    let cores = layout.cores(of: devices.deviceIDs, resource: devices.resourceName)
                    guard !cores.isEmpty else { continue }
                    found[key, default: [:]][container.name, default: []].formUnion(cores)
                }
            }
        }
        return found.sorted { $0.key < $1.key }.flatMap { key, containers in
            containers.sorted { $0.key < $1.key }
                .map { Holding(pod: key, container: $0.key, cores: $0.value, uid: pods.admitted[key]) }
        }
    }

    /// What was published before: nil where the entry cannot be read.
    init?(published entry: NeuronNodeStatus.Allocation) {
        guard let cores = try? CoreSet(parsing: entry.cores), !cores.isEmpty else { return nil }
        self.init(
            pod: ObjectKey(namespace: entry.namespace, name: entry.pod), container: entry.container,
            cores: cores, uid: entry.uid)
    }

    /// As it stands in `status.allocations`.
    var allocation: NeuronNodeStatus.Allocation {
        .init(
            namespace: pod.namespace, pod: pod.name, container: container, cores: cores.list, uid: uid)
    }
}

extension CoreSet {
    fileprivate mutating func formUnion(_ other: CoreSet) { self = union(other) }
}
