// Events are told in order and one at a time; what happens again within ten minutes counts up the event that
// is there, as client-go's correlator does. A full queue drops the newest: events never hold up a pod.

internal import JSON
internal import SystemIO

/// Writes core/v1 events, as a kubelet does.
actor EventRecorder: LoopActor {
    enum Kind: String, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    private struct Key: Hashable {
        var uid: String
        var field: String
        var reason: String
        var message: String
    }

    private struct Known {
        var name: String
        var count: Int
        var last: Int64
    }

    nonisolated let loop: EventLoop

    private let backend: any KubeletBackend
    private let host: String
    private var known: [Key: Known] = [:]
    private var serial: UInt64 = 0
    private let queue: AsyncStream<@Sendable () async -> Void>.Continuation

    init(backend: any KubeletBackend, host: String, loop: EventLoop) {
        self.backend = backend
        self.host = host
        self.loop = loop
        let (stream, queue) = AsyncStream.makeStream(
            of: (@Sendable () async -> Void).self, bufferingPolicy: .bufferingOldest(1000))
        self.queue = queue
        Task { for await work in stream { await work() } }
    }

    deinit { queue.finish() }

    /// Tells an event of a pod, or of one of its containers.
    nonisolated func record(
        _ kind: Kind, _ reason: String, _ message: String, pod: Pod, container: Container? = nil
    ) {
        var involved: JSON = [
            "kind": "Pod", "apiVersion": "v1", "namespace": .string(pod.namespace), "name": .string(pod.name),
            "uid": .string(pod.uid),
        ]
        involved.resourceVersion = pod.json.metadata?.resourceVersion
        if let container {
            let list = container.kind == .regular ? "containers" : "initContainers"
            involved.fieldPath = .string("spec.\(list){\(container.name)}")
        }
        record(kind, reason, message, involved: involved, namespace: pod.namespace)
    }

    /// Tells an event of this node.
    nonisolated func record(_ kind: Kind, _ reason: String, _ message: String, node: String) {
        let involved: JSON = [
            "kind": "Node", "apiVersion": "v1", "name": .string(node), "uid": .string(node),
        ]
        record(kind, reason, message, involved: involved, namespace: "default")
    }

    private nonisolated func record(
        _ kind: Kind, _ reason: String, _ message: String, involved: JSON, namespace: String
    ) {
        let time = WallClock.now
        queue.yield { [weak self] in
            await self?.send(kind, reason, message, involved: involved, namespace: namespace, time: time)
        }
    }

    private func send(
        _ kind: Kind, _ reason: String, _ message: String, involved: JSON, namespace: String, time: Int64
    ) async {
        let key = Key(
            uid: involved.uid?.string ?? "", field: involved.fieldPath?.string ?? "", reason: reason,
            message: message)
        let stamp = JSON.string(WallClock.timestamp(time))
        let path = "/api/v1/namespaces/\(namespace)/events"
        known = known.filter { time - $0.value.last < 600 * 1_000_000_000 }
        if var before = known[key] {
            before.count += 1
            before.last = time
            known[key] = before
            let patch: JSON = ["count": JSON(before.count), "lastTimestamp": stamp]
            if (try? await backend.patch(path + "/" + before.name, patch, .merge)) != nil { return }
        }
        serial += 1
        let name = "\(involved.name?.string ?? "x").\(String(UInt64(bitPattern: time), radix: 16))\(serial)"
        known[key] = Known(name: name, count: 1, last: time)
        let source: JSON = ["component": "kubelet", "host": .string(host)]
        _ = try? await backend.create(
            path,
            [
                "kind": "Event", "apiVersion": "v1",
                "metadata": ["name": .string(name), "namespace": .string(namespace)],
                "involvedObject": involved, "reason": .string(reason), "message": .string(message),
                "type": .string(kind.rawValue), "source": source, "reportingComponent": "kubelet",
                "reportingInstance": .string(host), "firstTimestamp": stamp, "lastTimestamp": stamp,
                "count": 1,
            ])
    }
}
