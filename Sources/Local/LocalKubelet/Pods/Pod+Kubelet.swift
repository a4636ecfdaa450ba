// A pod as the kubelet reads it: its containers with their place in its life, and how long it has to end.

internal import KubernetesAPI
internal import KubernetesClient

extension Pod {
    /// The pod's uid, the name of its directory.
    var uid: String { metadata.uid }
    /// The pod's name.
    var name: String { metadata.name }
    /// The pod's namespace.
    var namespace: String { metadata.namespace }

    /// Whether it has a uid, a name and a namespace, and a uid that can be the name of a directory.
    var isUsable: Bool {
        !uid.isEmpty && !name.isEmpty && !namespace.isEmpty && uid.allSatisfy { $0 != "/" && $0 != "." }
    }

    /// `name_namespace(uid)`, as the kubelet's messages have it.
    var fullName: String { "\(name)_\(namespace)(\(uid))" }

    /// Seconds from SIGTERM to SIGKILL once the pod is deleted; nil while it is not.
    var deletionGrace: Int? {
        guard metadata.isTerminating else { return nil }
        return max(0, metadata.deletionGracePeriodSeconds ?? terminationGrace)
    }

    /// Seconds from SIGTERM to SIGKILL where nobody says anything else.
    var terminationGrace: Int { max(0, spec.terminationGracePeriodSeconds ?? 30) }

    /// When containers are started again; a word that nobody knows is Always.
    var restartPolicy: RestartPolicy {
        spec.restartPolicy == .never || spec.restartPolicy == .onFailure
            ? spec.restartPolicy ?? .always : .always
    }

    /// The init containers and sidecars in their order.
    var initContainers: [PodContainer] {
        spec.initContainers.compactMap { PodContainer($0, kind: $0.isSidecar ? .sidecar : .initial) }
    }

    /// What runs side by side.
    var mainContainers: [PodContainer] { spec.containers.compactMap { PodContainer($0, kind: .regular) } }

    /// All of them.
    var allContainers: [PodContainer] { initContainers + mainContainers }
}

extension RestartPolicy {
    /// Whether a container that ended with `code` is started again.
    func restarts(after code: Int) -> Bool { self == .onFailure ? code != 0 : self != .never }
}

/// A container of a pod and its part in the pod's life.
struct PodContainer: Equatable, Sendable {
    /// What it is to be.
    let spec: Container
    /// Its part.
    let kind: ContainerRequest.Kind

    /// nil without a name. Names are DNS labels by the API's rule; one that is not is refused, since it becomes a path.
    init?(_ spec: Container, kind: ContainerRequest.Kind) {
        let isLabel = spec.name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard !spec.name.isEmpty, isLabel else { return nil }
        self.spec = spec
        self.kind = kind
    }

    /// Its name, unique in the pod.
    var name: String { spec.name }
    /// Its image.
    var image: String { spec.image ?? "" }

    /// Limits of extended resources: names with a domain.
    var extendedLimits: [String: Int] {
        spec.resources.limits.filter { $0.key.contains("/") }.mapValues { Int($0.value) }
    }

    /// The number of a port that is meant by number or name; nil for a name that the container does not have.
    func port(_ port: IntOrString) -> UInt16? {
        switch port {
        case .int(let number): UInt16(exactly: number)
        case .string(let name):
            UInt16(name) ?? spec.ports.first { $0.name == name }.flatMap { UInt16(exactly: $0.containerPort) }
        }
    }
}

extension CoreEventRecorder {
    /// Tells an event of a pod, or of one of its containers.
    nonisolated func record(
        _ type: EventType, _ reason: String, _ message: String, pod: Pod, container: PodContainer? = nil
    ) {
        var regarding = pod.reference
        if let container {
            let list = container.kind == .regular ? "containers" : "initContainers"
            regarding.fieldPath = "spec.\(list){\(container.name)}"
        }
        record(EventNote(type, about: regarding, reason: reason, action: "", note: message))
    }
}
