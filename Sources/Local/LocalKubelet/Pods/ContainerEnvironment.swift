// A container's environment: first what the device plugins want, then what the pod says, so that the pod
// wins; values may refer to what stands before them as $(NAME).

internal import JSON

/// What values come from outside the pod.
struct EnvironmentSources: Sendable {
    var podIP: String
    var hostIP: String
    var nodeName: String
    /// "configmaps/NAME" or "secrets/NAME" to the data, decoded; only what exists.
    var objects: [String: [String: String]] = [:]
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
    ///   - plugins: what Allocate answered.
    ///   - base: what every container has: HOME, PATH, KUBERNETES_SERVICE_HOST ...
    /// - Throws: `EnvironmentError` where a reference that is not optional cannot be resolved.
    static func build(
        pod: Pod, container: Container, base: [String: String], plugins: [String: String],
        sources: EnvironmentSources
    ) throws(EnvironmentError) -> [String: String] {
        var result = base.merging(plugins) { _, plugin in plugin }
        for source in container.json.envFrom?.array ?? [] {
            let prefix = source.prefix?.string ?? ""
            for (kind, member) in [("configmaps", source.configMapRef), ("secrets", source.secretRef)] {
                guard let member, let name = member.name?.string else { continue }
                guard let data = sources.objects[kind + "/" + name] else {
                    if member.optional?.bool == true { continue }
                    throw missing(kind, name)
                }
                for (key, value) in data { result[prefix + key] = value }
            }
        }
        for entry in container.json.env?.array ?? [] {
            guard let name = entry.name?.string, !name.isEmpty, !name.contains("=") else { continue }
            if let value = entry.value?.string {
                result[name] = expand(value, result)
            } else if let from = entry.valueFrom {
                guard let value = try resolve(from, pod: pod, container: container, sources: sources) else {
                    continue
                }
                result[name] = value
            } else {
                result[name] = ""
            }
        }
        return result
    }

    /// The names "configmaps/X" and "secrets/X" that a container refers to.
    static func references(_ container: Container) -> [String] {
        var names: [String] = []
        func add(_ kind: String, _ json: JSON?) {
            if let name = json?.name?.string { names.append(kind + "/" + name) }
        }
        for source in container.json.envFrom?.array ?? [] {
            add("configmaps", source.configMapRef)
            add("secrets", source.secretRef)
        }
        for entry in container.json.env?.array ?? [] {
            add("configmaps", entry.valueFrom?.configMapKeyRef)
            add("secrets", entry.valueFrom?.secretKeyRef)
        }
        return Array(Set(names)).sorted()
    }

    private static func resolve(
        _ from: JSON, pod: Pod, container: Container, sources: EnvironmentSources
    ) throws(EnvironmentError) -> String? {
        if let path = from.fieldRef?.fieldPath?.string { return try field(path, pod: pod, sources: sources) }
        if let resource = from.resourceFieldRef?.resource?.string {
            let parts = resource.split(separator: ".", maxSplits: 1)
            guard parts.count == 2, let list = container.json.resources?[String(parts[0])],
                let text = list[String(parts[1])].flatMap(Container.quantityText)
            else { return "0" }
            return Quantity.value(text).map(String.init) ?? text
        }
        for (kind, reference) in [("configmaps", from.configMapKeyRef), ("secrets", from.secretKeyRef)] {
            guard let reference, let name = reference.name?.string, let key = reference.key?.string else {
                continue
            }
            if let value = sources.objects[kind + "/" + name]?[key] { return value }
            if reference.optional?.bool == true { return nil }
            guard sources.objects[kind + "/" + name] != nil else { throw missing(kind, name) }
            let word = kind == "secrets" ? "Secret" : "ConfigMap"
            throw EnvironmentError(message: "couldn't find key \(key) in \(word) \(pod.namespace)/\(name)")
        }
        return nil
    }

    private static func field(
        _ path: String, pod: Pod, sources: EnvironmentSources
    ) throws(EnvironmentError) -> String {
        switch path {
        case "metadata.name": return pod.name
        case "metadata.namespace": return pod.namespace
        case "metadata.uid": return pod.uid
        case "spec.nodeName": return sources.nodeName
        case "spec.serviceAccountName": return pod.spec.serviceAccountName?.string ?? "default"
        case "status.podIP", "status.podIPs": return sources.podIP
        case "status.hostIP", "status.hostIPs": return sources.hostIP
        default: break
        }
        for kind in ["labels", "annotations"] {
            let prefix = "metadata.\(kind)['"
            guard path.hasPrefix(prefix), path.hasSuffix("']") else { continue }
            let key = String(path.dropFirst(prefix.count).dropLast(2))
            return pod.json.metadata?[kind]?[key]?.string ?? ""
        }
        throw EnvironmentError(message: "unsupported fieldPath: \(path)")
    }

    private static func missing(_ kind: String, _ name: String) -> EnvironmentError {
        EnvironmentError(message: "\(kind == "secrets" ? "secret" : "configmap") \"\(name)\" not found")
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
