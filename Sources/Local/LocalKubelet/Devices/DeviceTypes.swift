// The words of the device manager: what a plugin announces, what a container holds, and why one cannot be
// served. The sentences are the kubelet's own: people search for them.

/// A device as a plugin's list has it.
struct PluginDevice: Equatable, Sendable {
    /// The identifier, unique over all resources of a node.
    var id: String
    /// Whether the health was the very word "Healthy"; every other word means unhealthy.
    var isHealthy: Bool
    /// The NUMA nodes it is near to; empty where the plugin said none.
    var nodes: [Int64]

    init(_ id: String, isHealthy: Bool = true, nodes: [Int64] = []) {
        self.id = id
        self.isHealthy = isHealthy
        self.nodes = nodes
    }
}

/// What a plugin said in GetDevicePluginOptions; the options in Register are ignored.
struct PluginFeatures: Equatable, Sendable {
    var preStartRequired = false
    var preferredAllocationAvailable = false
}

/// A container of a pod.
struct ContainerKey: Hashable, Sendable {
    /// The pod's uid.
    var pod: String
    /// The container's name.
    var container: String
}

/// How much of which extended resource a container asks for, and how its devices are shared within the pod.
struct ContainerRequest: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        /// Runs before the others; they may take over its devices.
        case initial
        /// An init container with restartPolicy Always: keeps its devices.
        case sidecar
        case regular
    }

    var name: String
    var kind: Kind
    /// Resource name to count, from the container's limits.
    var limits: [String: Int]
}

/// Why the devices of a container cannot be had; the texts are the kubelet's.
enum DeviceAllocationError: Error, Equatable, CustomStringConvertible {
    case unregistered(resource: String)
    case noHealthyDevices(resource: String)
    case previousUnhealthy(resource: String)
    case unavailable(resource: String, requested: Int, available: Int)
    case changedRequest(pod: String, container: String, resource: String, from: Int, to: Int)
    case short(requested: Int, got: Int)
    case unknownPlugin(resource: String)
    case stopped(endpoint: String)
    case emptyResponse
    case preferredFailed(String)
    /// The plugin's own error, as a Go client prints it: `rpc error: code = X desc = Y`.
    case remote(String)

    var description: String {
        switch self {
        case .unregistered(let resource): "cannot allocate unregistered device \(resource)"
        case .noHealthyDevices(let resource):
            "no healthy devices present; cannot allocate unhealthy devices \(resource)"
        case .previousUnhealthy(let resource):
            "previously allocated devices are no longer healthy; cannot allocate unhealthy devices \(resource)"
        case .unavailable(let resource, let requested, let available):
            "requested number of devices unavailable for \(resource). "
                + "Requested: \(requested), Available: \(available)"
        case .changedRequest(let pod, let container, let resource, let from, let to):
            "pod \"\(pod)\" container \"\(container)\" changed request for resource \"\(resource)\" "
                + "from \(from) to \(to)"
        case .short(let requested, let got):
            "unexpectedly allocated less resources than required. Requested: \(requested), Got: \(got)"
        case .unknownPlugin(let resource): "unknown Device Plugin \(resource)"
        case .stopped(let endpoint): "endpoint \(endpoint) has been stopped"
        case .emptyResponse: "no containers return in allocation response"
        case .preferredFailed(let error): "device plugin GetPreferredAllocation rpc failed with err: \(error)"
        case .remote(let error): error
        }
    }
}
