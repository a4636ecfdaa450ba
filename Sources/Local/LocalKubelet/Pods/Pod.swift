// The pod as the kubelet reads it. The object itself stays JSON: the kubelet must not lose what it does not
// know.

internal import JSON

/// A pod of this node.
struct Pod: Equatable, Sendable {
    /// The object as the API server sent it.
    var json: JSON
    var uid: String
    var namespace: String
    var name: String

    /// nil for an object without uid, namespace and name.
    init?(_ json: JSON) {
        guard let uid = json.metadata?.uid?.string, let name = json.metadata?.name?.string, !uid.isEmpty,
            let namespace = json.metadata?.namespace?.string, uid.allSatisfy({ $0 != "/" && $0 != "." })
        else { return nil }
        self.json = json
        self.uid = uid
        self.namespace = namespace
        self.name = name
    }

    var spec: JSON { json.spec ?? .null }
    var status: JSON { json.status ?? .null }
    var created: String { json.metadata?.creationTimestamp?.string ?? "" }
    var isTerminal: Bool { ["Succeeded", "Failed"].contains(status.phase?.string ?? "") }
    /// Seconds from SIGTERM to SIGKILL once the pod is deleted; nil while it is not.
    var deletionGrace: Int? {
        guard json.metadata?.deletionTimestamp?.string != nil else { return nil }
        return max(0, json.metadata?.deletionGracePeriodSeconds?.int ?? terminationGrace)
    }
    var terminationGrace: Int { max(0, spec.terminationGracePeriodSeconds?.int ?? 30) }
    var restartPolicy: RestartPolicy { RestartPolicy(rawValue: spec.restartPolicy?.string ?? "") ?? .always }
    var initContainers: [Container] { containers(spec.initContainers, initial: true) }
    var mainContainers: [Container] { containers(spec.containers, initial: false) }
    var allContainers: [Container] { initContainers + mainContainers }
    /// `name_namespace(uid)`, as the kubelet's messages have it.
    var description: String { "\(name)_\(namespace)(\(uid))" }

    enum RestartPolicy: String, Sendable {
        case always = "Always"
        case onFailure = "OnFailure"
        case never = "Never"

        /// Whether a container that ended with `code` is started again.
        func restarts(after code: Int) -> Bool {
            switch self {
            case .always: true
            case .onFailure: code != 0
            case .never: false
            }
        }
    }

    private func containers(_ list: JSON?, initial: Bool) -> [Container] {
        (list?.array ?? []).compactMap { Container($0, initial: initial) }
    }

    /// What the pod asks for of a resource, in thousandths: the sum of its containers, or the largest init
    /// container.
    func request(_ resource: String) -> Int64 {
        func of(_ container: Container) -> Int64 {
            let resources = container.json.resources
            let text = resources?.requests?[resource] ?? resources?.limits?[resource]
            return text.flatMap(Container.quantityText).flatMap(Quantity.thousandths) ?? 0
        }
        let steady = (mainContainers + initContainers.filter { $0.kind == .sidecar }).map(of).reduce(
            0, adding)
        return initContainers.map(of).reduce(steady, max)
    }

    private func adding(_ first: Int64, _ second: Int64) -> Int64 {
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? .max : sum
    }

    /// Guaranteed, Burstable or BestEffort, by the rule of `GetPodQOS`.
    var qualityOfService: String {
        var requested = false
        var guaranteed = true
        for container in allContainers {
            for resource in ["cpu", "memory"] {
                let limit = container.json.resources?.limits?[resource].flatMap(Container.quantityText)
                let request =
                    container.json.resources?.requests?[resource].flatMap(Container.quantityText) ?? limit
                if request != nil || limit != nil { requested = true }
                let equal = limit.flatMap(Quantity.thousandths) == request.flatMap(Quantity.thousandths)
                if limit == nil || !equal { guaranteed = false }
            }
        }
        return requested ? (guaranteed ? "Guaranteed" : "Burstable") : "BestEffort"
    }
}

/// A container of a pod's spec.
struct Container: Equatable, Sendable {
    var json: JSON
    var name: String
    var kind: ContainerRequest.Kind

    /// nil without a name. Names are DNS labels by the API's rule; one that is not is refused, since it
    /// becomes a path.
    init?(_ json: JSON, initial: Bool) {
        guard let name = json.name?.string, !name.isEmpty,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { return nil }
        self.json = json
        self.name = name
        kind = initial ? (json.restartPolicy?.string == "Always" ? .sidecar : .initial) : .regular
    }

    var image: String { json.image?.string ?? "" }
    var command: [String] { (json.command?.array ?? []).compactMap(\.string) }
    var arguments: [String] { (json.args?.array ?? []).compactMap(\.string) }

    /// Limits of extended resources: names with a domain.
    var extendedLimits: [String: Int] {
        (json.resources?.limits?.object ?? [:]).reduce(into: [:]) { result, limit in
            guard limit.key.contains("/"), let text = Self.quantityText(limit.value),
                let count = Quantity.value(text)
            else { return }
            result[limit.key] = count
        }
    }

    /// The port a probe means by number or name.
    func port(_ json: JSON?) -> UInt16? {
        if let number = json?.int { return UInt16(exactly: number) }
        guard let name = json?.string else { return nil }
        if let number = UInt16(name) { return number }
        let port = self.json.ports?.array?.first { $0.name?.string == name }
        return port?.containerPort?.int.flatMap(UInt16.init(exactly:))
    }

    /// A quantity may be written as a string or as a number.
    static func quantityText(_ json: JSON) -> String? {
        json.string ?? json.int.map(String.init) ?? json.double.map { "\($0)" }
    }
}
