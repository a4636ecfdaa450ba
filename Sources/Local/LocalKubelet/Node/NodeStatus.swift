// The Node object and its status, made from the machine and the device manager.

internal import JSON
internal import KubeletAPI
internal import SystemIO

/// Makes what the API server is told of this node.
struct NodeStatus {
    /// Kept free for the system, KiB: a kubelet's default eviction threshold.
    private static let reservedMemory = 102_400

    var name: String
    var labels: [String: String]
    var facts: NodeFacts
    /// Such as `v1.36.2`.
    var kubeletVersion: String
    var images: [String]
    var devices: DeviceManagerState.Capacity
    /// Resources that the node showed before and that nobody serves: shown as 0.
    var zeroed: Set<String> = []
    /// When the node became ready, RFC 3339.
    var readySince: String
    /// RFC 3339.
    var now = WallClock.timestamp()

    /// The object for the first registration.
    var object: JSON {
        [
            "apiVersion": "v1", "kind": "Node",
            "metadata": ["name": .string(name), "labels": JSON(labels)],
            "spec": [:], "status": status,
        ]
    }

    /// The status as a strategic merge patch has it.
    var status: JSON {
        [
            "capacity": .object(resources(devices.capacity, reserve: 0)),
            "allocatable": .object(resources(devices.allocatable, reserve: Self.reservedMemory)),
            "conditions": .array(conditions),
            "addresses": [
                ["type": "InternalIP", "address": "127.0.0.1"],
                ["type": "Hostname", "address": .string(name)],
            ],
            "nodeInfo": [
                "machineID": .string(facts.machineID), "systemUUID": .string(facts.machineID),
                "bootID": .string(facts.bootID), "kernelVersion": .string(facts.kernel),
                "osImage": .string(facts.osImage), "containerRuntimeVersion": "ganglion://1",
                "kubeletVersion": .string(kubeletVersion), "kubeProxyVersion": "", "operatingSystem": "linux",
                "architecture": .string(facts.architecture),
            ],
            "images": .array(images.sorted().map { ["names": [.string($0)], "sizeBytes": 0] }),
        ]
    }

    private func resources(_ extended: [String: Int], reserve: Int) -> [String: JSON] {
        var list: [String: JSON] = [
            "cpu": .string("\(facts.cpus)"), "memory": .string("\(max(0, facts.memory - reserve))Ki"),
            "pods": .string("\(NodeFacts.pods)"), "ephemeral-storage": .string("\(facts.storage)"),
        ]
        for name in zeroed.union(devices.removed).union(devices.capacity.keys) { list[name] = "0" }
        for (name, count) in extended { list[name] = .string("\(count)") }
        return list
    }

    private var conditions: [JSON] {
        let pressures = [
            ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ]
        let all =
            pressures.map { ($0.0, "False", $0.1, $0.2) }
            + [("Ready", "True", "KubeletReady", "kubelet is posting ready status")]
        return all.map { type, status, reason, message in
            [
                "type": .string(type), "status": .string(status), "reason": .string(reason),
                "message": .string(message), "lastHeartbeatTime": .string(now),
                "lastTransitionTime": .string(readySince),
            ]
        }
    }

    /// The extended resources of a node's status.
    static func extendedResources(_ status: JSON) -> Set<String> {
        let names = (status.capacity?.object ?? [:]).keys.filter { resourceNameFault($0) == nil }
        return Set(names)
    }
}
