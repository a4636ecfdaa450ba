// A container's environment: first what the device plugins want, then what the pod says, so that the pod wins; values may
// refer to what stands before them as $(NAME).

internal import KubernetesAPI

/// What values come from outside the pod.
struct EnvironmentSources: Sendable {
    var podIP: String
    var hostIP: String
    var nodeName: String
    /// Config maps and secrets, decoded; only what exists.
    var objects: [DataObject: [String: String]] = [:]
}

/// A config map or a secret of the pod's namespace.
struct DataObject: Hashable, Comparable, Sendable {
    enum Kind: String, Sendable {
        case configMap = "ConfigMap"
        case secret = "Secret"
    }

    var kind: Kind
    var name: String

    /// nil where a reference names nothing.
    init?(_ kind: Kind, _ name: String?) {
        guard let name, !name.isEmpty else { return nil }
        self.kind = kind
        self.name = name
    }

    static func < (left: DataObject, right: DataObject) -> Bool {
        (left.kind.rawValue, left.name) < (right.kind.rawValue, right.name)
    }
}

/// A reference that leads nowhere: the container waits as CreateContainerConfigError.
struct EnvironmentError: Error, Equatable {
    var message: String
}

/// Makes a container's environment.
enum ContainerEnvironment {
    /// The environment as name to value.
    ///
    /// - Parameters:
    ///   - base: what every container has: HOME, PATH, KUBERNETES_SERVICE_HOST ...
    ///   - plugins: what Allocate answered.
    /// - Throws: `EnvironmentError` where a reference that is not optional cannot be resolved.
    static func build(
        pod: Pod, container: Container, base: [String: String], plugins: [String: String],
        sources: EnvironmentSources
    ) throws(EnvironmentError) -> [String: String] {
        var result = base.merging(plugins) { _, plugin in plugin }
        for source in container.envFrom {
            for (object, isOptional) in objects(of: source) {
                guard let data = sources.objects[object] else {
                    if isOptional { continue }
                    throw missing(object)
                }
                for (key, value) in data { result[(source.prefix ?? "") + key] = value }
            }
        }
        for entry in container.env where !entry.name.isEmpty && !entry.name.contains("=") {
            if let value = entry.value {
                result[entry.name] = expand(value, result)
            } else if let from = entry.valueFrom {
                guard let value = try resolve(from, pod: pod, container: container, sources: sources) else {
                    continue
                }
                result[entry.name] = value
            } else {
                result[entry.name] = ""
            }
        }
        return result
    }

    /// The config maps and secrets that a container refers to.
    static func references(_ container: Container) -> [DataObject] {
        var found = Set(container.envFrom.flatMap { objects(of: $0).map(\.object) })
        for source in container.env.compactMap(\.valueFrom) {
            found.formUnion(keys(of: source).map(\.object))
        }
        return found.sorted()
    }

    private static func objects(of source: EnvFromSource) -> [(object: DataObject, isOptional: Bool)] {
        [
            (DataObject(.configMap, source.configMapRef?.name), source.configMapRef?.optional),
            (DataObject(.secret, source.secretRef?.name), source.secretRef?.optional),
        ].compactMap { object, isOptional in object.map { ($0, isOptional == true) } }
    }

    private static func keys(of source: EnvVarSource) -> [(object: DataObject, key: KeySelector)] {
        [(DataObject.Kind.configMap, source.configMapKeyRef), (.secret, source.secretKeyRef)]
            .compactMap { kind, key in
                guard let key, let object = DataObject(kind, key.name) else { return nil }
                return (object, key)
            }
    }

    private static func resolve(
        _ source: EnvVarSource, pod: Pod, container: Container, sources: EnvironmentSources
    ) throws(EnvironmentError) -> String? {
        if let field = source.fieldRef { return try value(of: field.fieldPath, pod: pod, sources: sources) }
        if let resource = source.resourceFieldRef { return amount(resource.resource, of: container) }
        for (object, selector) in keys(of: source) {
            if let value = sources.objects[object]?[selector.key] { return value }
            if selector.optional == true { return nil }
            guard sources.objects[object] != nil else { throw missing(object) }
            throw EnvironmentError(
                message:
                    "couldn't find key \(selector.key) in \(object.kind.rawValue) \(pod.namespace)/\(object.name)"
            )
        }
        return nil
    }

    /// `limits.cpu` and the like, in whole units; 0 where the container says nothing of it.
    private static func amount(_ resource: String, of container: Container) -> String {
        let parts = resource.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return "0" }
        let amounts =
            switch parts[0] {
            case "limits": container.resources.limits
            case "requests": container.resources.requests
            default: [String: Quantity]()
            }
        return String((amounts[parts[1]] ?? .zero).value)
    }

    private static func value(
        of field: String, pod: Pod, sources: EnvironmentSources
    ) throws(EnvironmentError) -> String {
        switch field {
        case "metadata.name": return pod.name
        case "metadata.namespace": return pod.namespace
        case "metadata.uid": return pod.uid
        case "spec.nodeName": return sources.nodeName
        case "spec.serviceAccountName": return pod.spec.serviceAccountName ?? "default"
        case "status.podIP", "status.podIPs": return sources.podIP
        case "status.hostIP", "status.hostIPs": return sources.hostIP
        default: break
        }
        for (kind, map) in [("labels", pod.metadata.labels), ("annotations", pod.metadata.annotations)] {
            let prefix = "metadata.\(kind)['"
            guard field.hasPrefix(prefix), field.hasSuffix("']") else { continue }
            return map[String(field.dropFirst(prefix.count).dropLast(2))] ?? ""
        }
        throw EnvironmentError(message: "unsupported fieldPath: \(field)")
    }

    private static func missing(_ object: DataObject) -> EnvironmentError {
        EnvironmentError(message: "\(object.kind.rawValue.lowercased()) \"\(object.name)\" not found")
    }

    /// Replaces $(NAME) by its value and $$ by $; a name that is not known stays as it is.
    static func expand(_ text: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if rest.first == "(", let end = rest.firstIndex(of: ")") {
                let name = String(rest[rest.index(after: rest.startIndex)..<end])
                result += values[name] ?? "$(\(name))"
                rest = rest[rest.index(after: end)...]
            } else {
                result += "$"
            }
        }
        return result + rest
    }
}
