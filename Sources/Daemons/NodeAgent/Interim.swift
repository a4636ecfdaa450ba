// INTERIM: goes when KubernetesClient is typed.

internal import JSON
internal import KubernetesAPI
internal import KubernetesClient

extension KubernetesClient {
    func apply<Object: Resource>(
        _ object: Object, manager: String, subresource: String? = nil
    ) async throws(KubernetesError) -> Object {
        let json = try await apply(
            Object.resource, (try? JSON(encoding: object)) ?? .null, manager: manager,
            subresource: subresource)
        do throws(JSONError) { return try json.decode(Object.self) } catch {
            throw KubernetesError.undecodable(error.description)
        }
    }
    func list<Object: Resource>(
        _ type: Object.Type, namespace: String, query: [String: String]
    ) async throws(KubernetesError) -> [Object] {
        let found = try await list(Object.resource, namespace: namespace, query: query)
        return (found["items"]?.array ?? []).compactMap { try? $0.decode(Object.self) }
    }
    func get<Object: Resource>(_ type: Object.Type, _ key: ObjectKey) async throws(KubernetesError) -> Object
    {
        let json = try await get(Object.resource, key)
        do throws(JSONError) { return try json.decode(Object.self) } catch {
            throw KubernetesError.undecodable(error.description)
        }
    }
}

extension KubernetesError {
    static func undecodable(_ text: String) -> KubernetesError { .malformed(text) }
}

extension EventNote {
    init(_ kind: Kind, about reference: ObjectReference, reason: String, action: String, note: String) {
        let json = (try? JSON(encoding: reference)) ?? .null
        var object: JSON = ["metadata": ["name": json["name"] ?? "", "uid": json["uid"] ?? ""]]
        object["apiVersion"] = json["apiVersion"]
        object["kind"] = json["kind"]
        if let namespace = json["namespace"] { object[path: ["metadata", "namespace"]] = namespace }
        self.init(kind, about: object, reason: reason, action: action, note: note)
    }
}

struct PodRequirements {
    let spec: PodSpec
    init(_ pod: Pod) { spec = pod.spec }
    var requests: [String: Quantity] {
        func of(_ container: Container) -> [String: Quantity] {
            container.resources.limits.merging(container.resources.requests) { $1 }
        }
        var sidecars: [String: Quantity] = [:]
        var before: [String: Quantity] = [:]
        for container in spec.initContainers {
            if container.isSidecar { sidecars = sidecars + of(container) }
            before = before.larger(container.isSidecar ? sidecars : sidecars + of(container))
        }
        return spec.containers.reduce(sidecars) { $0 + of($1) }.larger(before)
    }
}
