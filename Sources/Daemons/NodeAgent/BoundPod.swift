// What the agent works out about a pod of its node.

internal import GanglionAPI
internal import KubernetesAPI
internal import Placement

/// A pod that is bound to the node.
struct BoundPod: Equatable, Sendable {
    /// What one container asks for.
    struct Request: Equatable, Sendable {
        /// How long it holds what it asks for.
        enum Role: Equatable, Sendable {
            /// As long as the pod.
            case app
            /// As long as the pod: an init container that is restarted.
            case sidecar
            /// Until it ends: later containers take its devices over.
            case initializer
        }

        var name: String
        var role: Role
        /// Devices asked for; at least 1.
        var count: Int
    }

    /// The pod.
    let pod: Pod
    /// Of the pod's first resource that the plugin advertises; empty where it asks for none.
    let resource: String
    /// In the order in which the kubelet admits them: init containers first, each list as written.
    let requests: [Request]
    /// Devices that the scheduler counts for the pod.
    let count: Int

    /// Works it out.
    ///
    /// - Parameter resources: what the plugin advertises.
    init(_ pod: Pod, resources: some Sequence<String>) {
        self.pod = pod
        let wanted = PodRequirements(pod).requests
        resource = resources.sorted().first { wanted[$0].map { $0 > 0 } == true } ?? ""
        self.requests = Self.requests(pod.spec, resource)
        count = Int(wanted[resource]?.value ?? 0)
    }

    /// Namespace and name.
    var key: ObjectKey { pod.key }
    /// Of this pod and no later one of the name.
    var uid: String { pod.metadata.uid }
    /// Whether the kubelet has taken it in, and so has chosen its devices.
    var isAdmitted: Bool { pod.status.startTime != nil }
    /// The annotation with the cores; nil where there is none.
    var assigned: String? {
        let text = pod.metadata.annotations[WellKnown.coresAnnotation] ?? ""
        return text.isEmpty ? nil : text
    }
    /// Who bound it; only `WellKnown.scheduler` and extenders assign cores.
    var scheduler: String { pod.spec.schedulerName ?? "" }
    /// Containers that ask for devices and are privileged.
    var privilegedRequests: [String] {
        let names = Set(requests.map(\.name))
        return (pod.spec.initContainers + pod.spec.containers)
            .filter { names.contains($0.name) && $0.securityContext?.privileged == true }.map(\.name)
    }
    /// Milliseconds since 1970; whole seconds, for the API server knows no finer.
    var boundAt: Int64 {
        let scheduled = pod.status.conditions["PodScheduled"]?.lastTransitionTime
        return ((scheduled ?? pod.metadata.creationTimestamp)?.microseconds ?? 0) / 1000
    }

    private static func requests(_ spec: PodSpec, _ resource: String) -> [Request] {
        func read(_ container: Container, _ role: Request.Role) -> Request? {
            let resources = container.resources
            guard let amount = resources.requests[resource] ?? resources.limits[resource], amount > 0 else {
                return nil
            }
            return Request(name: container.name, role: role, count: Int(amount.value))
        }
        return spec.initContainers.compactMap { read($0, $0.isSidecar ? .sidecar : .initializer) }
            + spec.containers.compactMap { read($0, .app) }
    }
}
