// The Node object and its status, made from the machine and the device manager.

internal import KubeletAPI
internal import KubernetesAPI

/// Makes what the API server is told of this node.
struct NodeStatusBuilder {
    /// Kept free for the system, KiB: a kubelet's default eviction threshold.
    private static let reservedMemory = 102_400

    var name: String
    var labels: [String: String]
    var annotations: [String: String] = [:]
    var facts: NodeFacts
    /// Such as `v1.36.2`.
    var kubeletVersion: String
    var images: [String]
    var devices: DeviceManagerState.Capacity
    /// Resources that the node showed before and that nobody serves: shown as 0.
    var zeroed: Set<String> = []
    /// When the node became ready.
    var readySince: Timestamp
    var now = Timestamp.now

    /// The object for the first registration.
    var node: Node {
        Node(ObjectMetadata(name: name, labels: labels, annotations: annotations), status: status)
    }

    /// The status as a strategic merge patch has it.
    var status: NodeStatus {
        var status = NodeStatus()
        status.capacity = resources(devices.capacity, reserve: 0)
        status.allocatable = resources(devices.allocatable, reserve: Self.reservedMemory)
        status.conditions = conditions
        status.addresses = [
            NodeAddress(type: "InternalIP", address: "127.0.0.1"),
            NodeAddress(type: "Hostname", address: name),
        ]
        var info = NodeSystemInfo()
        info.machineID = facts.machineID
        info.systemUUID = facts.machineID
        info.bootID = facts.bootID
        info.kernelVersion = facts.kernel
        info.osImage = facts.osImage
        info.containerRuntimeVersion = "ganglion://1"
        info.kubeletVersion = kubeletVersion
        info.operatingSystem = "linux"
        info.architecture = facts.architecture
        status.nodeInfo = info
        status.images = images.sorted().map { ContainerImage(names: [$0], sizeBytes: 0) }
        return status
    }

    private func resources(_ extended: [String: Int], reserve: Int) -> [String: Quantity] {
        var list: [String: Quantity] = [
            "cpu": Quantity(facts.cpus), "pods": Quantity(NodeFacts.pods),
            "memory": Quantity(max(0, facts.memory - reserve) * 1024, format: .binary),
            "ephemeral-storage": Quantity(Int(clamping: facts.storage), format: .binary),
        ]
        for name in zeroed.union(devices.removed).union(devices.capacity.keys) { list[name] = .zero }
        for (name, count) in extended { list[name] = Quantity(count) }
        return list
    }

    private var conditions: [Condition] {
        [
            (
                "MemoryPressure", false, "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available"
            ),
            ("DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            ("PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            ("Ready", true, "KubeletReady", "kubelet is posting ready status"),
        ].map { type, status, reason, message in
            var condition = Condition(
                type: type, status: ConditionStatus(status), reason: reason, message: message,
                lastTransitionTime: readySince)
            condition.lastHeartbeatTime = now
            return condition
        }
    }

    /// The extended resources of a node's status.
    static func extendedResources(_ status: NodeStatus) -> Set<String> {
        Set(status.capacity.keys.filter { resourceNameFault($0) == nil })
    }
}
