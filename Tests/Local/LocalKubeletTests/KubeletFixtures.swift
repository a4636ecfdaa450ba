import Glibc
import JSON
import KubernetesAPI
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

/// An API server that a test scripts and asks what it was told.
final class ScriptedCluster: ClusterAPI {
    struct Request: Equatable, Sendable {
        var method: String
        var path: String
        var body: JSON
    }

    /// What the kubelet is told of its pods.
    enum PodChange {
        case snapshot([JSON])
        case changed(JSON)
        case removed(JSON)
    }

    private struct State {
        var requests: [Request] = []
        var objects: [String: JSON] = [:]
        /// Statuses that the next requests to a path are answered with.
        var failures: [String: [Int]] = [:]
        var waiters:
            [(condition: @Sendable ([Request]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Lock(State())
    private let pods: AsyncStream<ObjectUpdate<Pod>>
    private let continuation: AsyncStream<ObjectUpdate<Pod>>.Continuation

    init(objects: [String: JSON] = [:]) {
        (pods, continuation) = AsyncStream.makeStream()
        state.withLock { $0.objects = objects }
    }

    func send(_ change: PodChange) {
        switch change {
        case .snapshot(let pods): continuation.yield(.snapshot(pods.map { read($0) }))
        case .changed(let pod): continuation.yield(.changed(read(pod)))
        case .removed(let pod): continuation.yield(.removed(read(pod)))
        }
    }

    func updates<Object: Resource>(
        of type: Object.Type, where fields: FieldSelector
    ) -> AsyncStream<ObjectUpdate<Object>> {
        (pods as Any) as? AsyncStream<ObjectUpdate<Object>> ?? AsyncStream { _ in }
    }

    var requests: [Request] { state.withLock { $0.requests } }

    /// The statuses that a pod was given, in order.
    func statuses(_ name: String) -> [JSON] {
        requests.filter { $0.method == "PATCH" && $0.path.hasSuffix("/pods/\(name)/status") }
            .compactMap { $0.body.status }
    }

    /// The reasons of all events.
    func events() -> [String] {
        requests.filter { $0.method == "POST" && $0.path.hasSuffix("/events") }.compactMap {
            $0.body.reason?.string
        }
    }

    /// Waits until what was asked satisfies a condition.
    func until(_ condition: @escaping @Sendable (ScriptedCluster) -> Bool) async {
        let check: @Sendable ([Request]) -> Bool = { requests in
            let seen = ScriptedCluster()
            seen.state.withLock { $0.requests = requests }
            return condition(seen)
        }
        await withCheckedContinuation { continuation in
            let done = state.withLock { state in
                if check(state.requests) { return true }
                state.waiters.append((check, continuation))
                return false
            }
            if done { continuation.resume() }
        }
    }

    /// Waits for a status of a pod and returns it.
    @discardableResult
    func status(_ name: String, _ condition: @escaping @Sendable (JSON) -> Bool) async -> JSON {
        await until { $0.statuses(name).contains(where: condition) }
        return statuses(name).first(where: condition) ?? .null
    }

    /// Answers the next requests to a path with these statuses.
    func fail(_ path: String, with statuses: [Int]) { state.withLock { $0.failures[path] = statuses } }

    private func note(_ method: String, _ path: String, _ body: JSON) throws(ClusterError) {
        remember(method, path, body)
        let status = state.withLock { state -> Int? in
            guard state.failures[path]?.isEmpty == false else { return nil }
            return state.failures[path]?.removeFirst()
        }
        if let status { throw ClusterError(status: status, description: "scripted") }
    }

    private func remember(_ method: String, _ path: String, _ body: JSON) {
        let ready = state.withLock { state in
            state.requests.append(Request(method: method, path: path, body: body))
            var ready: [CheckedContinuation<Void, Never>] = []
            state.waiters.removeAll { waiter in
                guard waiter.condition(state.requests) else { return false }
                ready.append(waiter.continuation)
                return true
            }
            return ready
        }
        for continuation in ready { continuation.resume() }
    }

    private func path<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ subresource: String? = nil
    ) -> String {
        Object.resource.path(namespace: key.namespace, name: key.name, subresource: subresource)
    }

    private func body(_ value: some Encodable) -> JSON { (try? JSON(encoding: value)) ?? .null }

    /// The object at a path; where there is none, one with a name.
    private func stored<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey
    ) throws(ClusterError) -> Object {
        let named: JSON = ["metadata": ["name": .string(key.name), "namespace": .string(key.namespace)]]
        let known = state.withLock { $0.objects[path(type, key)] }
        do { return try (known ?? named).decode(type) } catch {
            throw ClusterError(status: nil, description: error.description)
        }
    }

    func get<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey
    ) async throws(ClusterError) -> Object {
        guard state.withLock({ $0.objects[path(type, key)] }) != nil else {
            throw ClusterError(status: 404, description: path(type, key) + " not found")
        }
        return try stored(type, key)
    }

    func list<Object: Resource>(
        _ type: Object.Type, namespace: String
    ) async throws(ClusterError) -> [Object] { [] }

    func create<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object {
        let body = body(object)
        try note("POST", Object.resource.path(namespace: object.metadata.namespace), body)
        state.withLock { $0.objects[path(Object.self, object.key)] = body }
        return object
    }

    func replace<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object {
        try note("PUT", path(Object.self, object.key), body(object))
        return object
    }

    func patch<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ patch: some Encodable & Sendable, kind: PatchKind,
        subresource: String?
    ) async throws(ClusterError) -> Object {
        try note("PATCH", path(type, key, subresource), body(patch))
        return try stored(type, key)
    }

    func apply<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object {
        try note("APPLY", path(Object.self, object.key), body(object))
        return object
    }

    func delete<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ options: DeleteOptions
    ) async throws(ClusterError) {
        try note("DELETE", path(type, key), body(options))
    }

    func bind(_ binding: Binding) async throws(ClusterError) {
        try note("POST", path(Pod.self, binding.key, "binding"), body(binding))
    }
}

/// The pod that a test has written as JSON.
func read(_ pod: JSON) -> Pod {
    do { return try pod.decode(Pod.self) } catch {
        Issue.record("no pod: \(error)")
        return Pod()
    }
}

/// Answers probes and hooks as a test says.
struct ScriptedActions: ActionRunner {
    var answer: @Sendable (ContainerAction) -> ActionResult = { _ in .success }

    func run(
        _ action: ContainerAction, timeout: Duration, address: String, environment: [String: String],
        directory: String
    ) async -> ActionResult { answer(action) }
}

/// A pod object with one shell container.
func shellPod(
    _ name: String, _ script: String, uid: String? = nil, restartPolicy: String = "Always", grace: Int = 30,
    container extra: JSON = [:], spec more: JSON = [:]
) -> JSON {
    var container: JSON = ["name": "main", "image": "ganglion.dev/shell:1", "args": ["-c", .string(script)]]
    for (key, value) in extra.object ?? [:] { container[key] = value }
    var spec: JSON = [
        "nodeName": "local", "restartPolicy": .string(restartPolicy),
        "terminationGracePeriodSeconds": JSON(grace), "containers": [container],
    ]
    for (key, value) in more.object ?? [:] { spec[key] = value }
    return [
        "apiVersion": "v1", "kind": "Pod",
        "metadata": [
            "name": .string(name), "namespace": "default", "uid": .string(uid ?? "uid-" + name),
            "creationTimestamp": "2026-01-01T00:00:00Z", "generation": 1,
        ],
        "spec": spec,
        "status": [
            "phase": "Pending",
            "conditions": [
                ["type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"]
            ],
        ],
    ]
}

extension JSON {
    /// The object as it is while it is being deleted.
    func deleted(grace: Int) -> JSON {
        var copy = self
        copy[path: ["metadata", "deletionTimestamp"]] = "2026-01-01T00:01:00Z"
        copy[path: ["metadata", "deletionGracePeriodSeconds"]] = JSON(grace)
        return copy
    }

    /// The state of the first container of a status.
    var firstState: JSON { self.containerStatuses?[0]?.state ?? .null }
}
