// What the agent reads from a pod of its node, once and with names.

internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import SystemIO

/// A pod that is bound to the node.
struct BoundPod: Equatable, Sendable {
    /// A container that asks for devices.
    struct Container: Equatable, Sendable {
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

    let key: ObjectKey
    let uid: String
    /// Whether it has ended for good and holds nothing any more.
    let isTerminal: Bool
    /// Whether the kubelet has taken it in, and so has chosen its devices.
    let isAdmitted: Bool
    /// The annotation with the cores; nil where there is none.
    let assigned: String?
    /// Who bound it; only `AgentNames.scheduler` assigns cores.
    let scheduler: String
    /// Milliseconds since 1970; whole seconds, for the API server knows no finer.
    let boundAt: Int64
    /// Of the pod's first resource that the plugin advertises; empty where it asks for none.
    let resource: String
    /// In the order in which the kubelet admits them: init containers first, each list as written.
    let containers: [Container]
    /// What an event needs of the pod.
    let reference: JSON

    /// Reads a pod.
    ///
    /// - Parameter resources: what the plugin advertises.
    init(_ pod: JSON, resources: some Sequence<String>) {
        let meta = pod.meta
        let spec = pod["spec"] ?? .null
        let status = pod["status"] ?? .null
        key = pod.objectKey
        uid = meta.uid
        isTerminal = ["Succeeded", "Failed"].contains(status["phase"]?.string ?? "")
        isAdmitted = !(status["startTime"]?.string ?? "").isEmpty
        let text = meta.annotations[AgentNames.coresAnnotation] ?? ""
        assigned = text.isEmpty ? nil : text
        scheduler = spec["schedulerName"]?.string ?? ""
        let scheduled = (status["conditions"]?.array ?? []).first { $0["type"]?.string == "PodScheduled" }
        let times = [scheduled?["lastTransitionTime"]?.string, meta.creationTimestamp].compactMap { $0 }
        boundAt = (times.lazy.compactMap { WallClock.parse($0) }.first ?? 0) / 1_000_000
        reference = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": [
                "namespace": .string(key.namespace), "name": .string(key.name), "uid": .string(uid),
            ],
        ]
        for resource in resources.sorted() {
            let found = Self.containers(spec, resource)
            guard !found.isEmpty else { continue }
            self.resource = resource
            containers = found
            return
        }
        resource = ""
        containers = []
    }

    private static func containers(_ spec: JSON, _ resource: String) -> [Container] {
        func read(_ list: JSON?, _ role: (JSON) -> Container.Role) -> [Container] {
            (list?.array ?? []).compactMap { container in
                let resources = container["resources"]
                let amount = resources?["limits"]?[resource] ?? resources?["requests"]?[resource]
                guard let name = container["name"]?.string,
                    let count = amount?.int ?? amount?.string.flatMap({ Int($0) }), count > 0
                else { return nil }
                return Container(name: name, role: role(container), count: count)
            }
        }
        return read(spec["initContainers"]) {
            $0["restartPolicy"]?.string == "Always" ? .sidecar : .initializer
        } + read(spec["containers"]) { _ in .app }
    }
}
