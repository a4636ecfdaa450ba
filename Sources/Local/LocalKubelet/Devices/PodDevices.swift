// Who holds what. The kubelet keeps this by pod uid, container and resource, with the plugin's answer beside
// it, so that a container that restarts gets the same devices with no new Allocate.

/// The devices of one resource that one container holds.
struct DeviceAllocation: Equatable, Sendable {
    /// The NUMA node that stands for "none" in the checkpoint.
    static let withoutNode: Int64 = -1

    /// Device ids by NUMA node; a device near two nodes is in both lists.
    var devices: [Int64: [String]]
    /// The ContainerAllocateResponse as the plugin sent it.
    var response: [UInt8]

    /// All device ids, once each.
    var ids: Set<String> { Set(devices.values.joined()) }
}

/// The allocations of all pods.
struct PodDevices: Equatable, Sendable {
    private(set) var pods: [String: [String: [String: DeviceAllocation]]] = [:]

    /// Records what a container got.
    mutating func insert(_ key: ContainerKey, resource: String, _ allocation: DeviceAllocation) {
        pods[key.pod, default: [:]][key.container, default: [:]][resource] = allocation
    }

    /// Forgets pods.
    mutating func remove(pods gone: some Sequence<String>) { for pod in gone { pods[pod] = nil } }

    /// What a container holds, by resource.
    func allocations(_ key: ContainerKey) -> [String: DeviceAllocation] {
        pods[key.pod]?[key.container] ?? [:]
    }

    /// The ids a container holds of a resource; nil where it was never given any.
    func ids(_ key: ContainerKey, resource: String) -> Set<String>? {
        pods[key.pod]?[key.container]?[resource]?.ids
    }

    /// All ids in use, by resource.
    func inUse() -> [String: Set<String>] {
        var result: [String: Set<String>] = [:]
        for containers in pods.values {
            for (resource, allocation) in containers.values.joined() {
                result[resource, default: []].formUnion(allocation.ids)
            }
        }
        return result
    }

    /// The pods that hold one of these devices of `resource`.
    func holders(of ids: Set<String>, resource: String) -> Set<String> {
        var result: Set<String> = []
        for (pod, containers) in pods
        where containers.values.contains(where: { !($0[resource]?.ids.isDisjoint(with: ids) ?? true) }) {
            result.insert(pod)
        }
        return result
    }
}
