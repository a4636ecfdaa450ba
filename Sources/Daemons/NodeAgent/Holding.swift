// Who holds what, as the kubelet says. Its account is by name: it knows no uids.

internal import JSON
internal import KubeletAPI
internal import KubernetesAPI
internal import KubernetesClient
internal import Placement

/// The cores of one container.
struct Holding: Equatable, Sendable {
    /// The pod.
    var pod: ObjectKey
    /// The container's name.
    var container: String
    /// By the numbers that they have on the node; never empty.
    var cores: CoreSet

    /// What the kubelet's list says of the plugin's resources, by pod and container, each once.
    static func read(_ list: [PodResourcesAPI.PodResources], on layout: NodeLayout) -> [Holding] {
        var found: [ObjectKey: [String: CoreSet]] = [:]
        for pod in list {
            let key = ObjectKey(namespace: pod.namespace, name: pod.name)
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
                .map { Holding(pod: key, container: $0.key, cores: $0.value) }
        }
    }

    /// What was published before: `status.allocations`; entries that cannot be read are left out.
    static func read(published allocations: [JSON]) -> [Holding] {
        allocations.compactMap { entry in
            guard let text = entry["cores"]?.string, let cores = try? CoreSet(parsing: text), !cores.isEmpty,
                let name = entry["pod"]?.string, let container = entry["container"]?.string
            else { return nil }
            let key = ObjectKey(namespace: entry["namespace"]?.string ?? "", name: name)
            return Holding(pod: key, container: container, cores: cores)
        }
    }

    /// As it stands in `status.allocations`.
    var json: JSON {
        [
            "namespace": .string(pod.namespace), "pod": .string(pod.name), "container": .string(container),
            "cores": .string(cores.list),
        ]
    }
}

extension CoreSet {
    /// The cores one by one, as the annotation has them: `4,5,6,7`.
    var list: String { map { String($0) }.joined(separator: ",") }

    fileprivate mutating func formUnion(_ other: CoreSet) { self = union(other) }
}
