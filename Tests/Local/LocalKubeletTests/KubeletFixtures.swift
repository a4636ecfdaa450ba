import Glibc
import JSON
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

/// An API server that a test scripts and asks what it was told.
final class ScriptedBackend: KubeletBackend {
    struct Request: Equatable, Sendable {
        var method: String
        var path: String
        var body: JSON
    }

    private struct State {
        var requests: [Request] = []
        var objects: [String: JSON] = [:]
        var waiters:
            [(condition: @Sendable ([Request]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Lock(State())
    private let changes: AsyncStream<PodChange>
    private let continuation: AsyncStream<PodChange>.Continuation

    init(objects: [String: JSON] = [:]) {
        (changes, continuation) = AsyncStream.makeStream()
        state.withLock { $0.objects = objects }
    }

    func send(_ change: PodChange) { continuation.yield(change) }
    func podChanges(node: String) -> AsyncStream<PodChange> { changes }

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
    func until(_ condition: @escaping @Sendable (ScriptedBackend) -> Bool) async {
        let check: @Sendable ([Request]) -> Bool = { requests in
            let seen = ScriptedBackend()
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

    private func note(_ method: String, _ path: String, _ body: JSON) {
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

    func get(_ path: String) async throws(BackendError) -> JSON {
        guard let object = state.withLock({ $0.objects[path] }) else {
            throw BackendError(status: 404, description: path + " not found")
        }
        return object
    }

    func create(_ path: String, _ object: JSON) async throws(BackendError) -> JSON {
        note("POST", path, object)
        return object
    }

    func replace(_ path: String, _ object: JSON) async throws(BackendError) -> JSON {
        note("PUT", path, object)
        return object
    }

    func patch(_ path: String, _ patch: JSON, _ kind: PatchKind) async throws(BackendError) -> JSON {
        note("PATCH", path, patch)
        return patch
    }

    func delete(_ path: String, options: JSON) async throws(BackendError) { note("DELETE", path, options) }
}

/// Answers probes as a test says.
struct ScriptedProber: Prober {
    var answer: @Sendable (Probe) -> ProbeResult = { _ in .success }

    func check(
        _ probe: Probe, address: String, environment: [String: String], directory: String
    ) async -> ProbeResult { answer(probe) }
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
