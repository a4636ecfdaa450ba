// INTERIM: goes when KubernetesClient's informers are typed.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import SystemIO

typealias BaseInformer = Informer

final class TypedInformer<Object: Resource>: Sendable {
    struct Store: Sendable {
        let base: ObjectStore
        let cache: Lock<[ObjectKey: Object]>
        func decode(_ json: JSON) -> Object? {
            let key = json.objectKey
            if let known = cache.withLock({ $0[key] }), known.metadata.uid == json.meta.uid,
                known.metadata.resourceVersion == json.meta.resourceVersion
            {
                return known
            }
            guard let object = try? json.decode(Object.self) else { return nil }
            cache.withLock { $0[key] = object }
            return object
        }
        func list() -> [Object] { base.list().compactMap(decode) }
        subscript(key: ObjectKey) -> Object? { base[key].flatMap(decode) }
        var isSynced: Bool { base.isSynced }
        func synced() async { await base.synced() }
        func changes() -> AsyncStream<[ObjectChange<Object>]> {
            let source = base.changes()
            let (stream, continuation) = AsyncStream.makeStream(of: [ObjectChange<Object>].self)
            Task {
                for await changes in source {
                    continuation.yield(
                        changes.compactMap { change in
                            guard let object = try? change.object.decode(Object.self) else { return nil }
                            switch change {
                            case .added: return .added(object)
                            case .modified: return .modified(object)
                            case .deleted: return .deleted(object)
                            }
                        })
                }
                continuation.finish()
            }
            return stream
        }
    }
    let base: BaseInformer
    let store: Store
    init(
        _ client: KubernetesClient, _ type: Object.Type = Object.self, labelSelector: String = "",
        log: Logger,
        loop: EventLoop
    ) {
        base = BaseInformer(client, Object.resource, labelSelector: labelSelector, log: log, loop: loop)
        store = Store(base: base.store, cache: Lock([:]))
    }
}

enum ObjectChange<Object: Resource>: Sendable {
    case added(Object)
    case modified(Object)
    case deleted(Object)
    var object: Object {
        switch self {
        case .added(let object), .modified(let object), .deleted(let object): object
        }
    }
    var key: ObjectKey { object.key }
}

extension KubernetesClient {
    func apply<Object: Resource>(
        _ object: Object, manager: String, subresource: String? = nil
    ) async throws(KubernetesError) {
        try await apply(
            Object.resource, (try? JSON(encoding: object)) ?? .null, manager: manager,
            subresource: subresource)
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

extension [Toleration] {
    func untolerated(of node: NodeSpec) -> Taint? {
        func tolerates(_ taint: Taint) -> Bool {
            contains { toleration in
                if let effect = toleration.effect, effect != taint.effect { return false }
                if let key = toleration.key, !key.isEmpty, key != taint.key { return false }
                switch toleration.operator ?? .equal {
                case .exists: return true
                case .equal: return (toleration.value ?? "") == (taint.value ?? "")
                default: return false
                }
            }
        }
        if node.unschedulable == true, !tolerates(.unschedulable) { return .unschedulable }
        return node.taints.first { $0.preventsScheduling && !tolerates($0) }
    }
}

extension NodeSelector {
    func matches(labels: [String: String], name: String) -> Bool {
        nodeSelectorTerms.contains { term in
            !(term.matchExpressions.isEmpty && term.matchFields.isEmpty)
                && term.matchExpressions.allSatisfy { $0.matches(labels[$0.key]) }
                && term.matchFields.allSatisfy { $0.key == "metadata.name" && $0.matches(name) }
        }
    }
}

struct MergeRules {
    var lists: [String: [String]] = [
        "spec.containers": ["name"], "spec.containers[].env": ["name"],
        "spec.containers[].ports": ["containerPort"],
    ]
    static let pod = MergeRules()
}

struct StrategicMergePatch {
    let rules: MergeRules
    func applied(_ patch: JSON, to value: JSON) -> JSON { merge(value, patch, "") }
    private func merge(_ base: JSON, _ patch: JSON, _ path: String) -> JSON {
        switch (base, patch) {
        case (.object(let old), .object(let new)):
            var result = old
            for (key, value) in new {
                result[key] = merge(old[key] ?? .null, value, path.isEmpty ? key : "\(path).\(key)")
            }
            return .object(result)
        case (.array(let old), .array(let new)):
            guard let key = rules.lists[path]?.first else { return patch }
            var result = old
            for entry in new {
                if let index = result.firstIndex(where: { $0[key] == entry[key] }) {
                    result[index] = merge(result[index], entry, path + "[]")
                } else {
                    result.append(entry)
                }
            }
            return .array(result)
        default: return patch
        }
    }
}
