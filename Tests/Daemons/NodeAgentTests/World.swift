// What is around an agent, over real sockets: an API server that a test fills and takes away, a device plugin, a kubelet.
// All that they were told is in one place, and a test waits there for what must come.

import GRPC
import Glibc
import HTTP
import HTTP1
import JSON
import KubeletAPI
import KubernetesAPI
import KubernetesClient
import SystemIO
import TestSupport

@testable import NodeAgent

/// What has happened around the agent so far.
struct Facts: Sendable {
    var assignments: [[NodePluginAPI.Assignment]] = []
    /// Pods of which the plugin was told last that they hold nothing.
    var stopped: [String]?
    var neuronNode: JSON?
    var applies: [String] = []
    var events: [JSON] = []
    var lists = 0
    var podWatches = 0
    var node: JSON = ["kind": "Node", "metadata": ["name": "node", "uid": "node-uid"]]
    var nodeReadings = 0
    /// What was applied to the Node.
    var nodeApplies: [JSON] = []
}

/// A value that tests wait on.
actor Board {
    private(set) var facts = Facts()
    private var readers: [AsyncStream<Facts>.Continuation] = []

    func note<Result: Sendable>(_ change: @Sendable (inout Facts) -> Result) -> Result {
        let result = change(&facts)
        for reader in readers { reader.yield(facts) }
        return result
    }

    /// Waits until it is so, or the test is cancelled for its time is up.
    func until(_ check: @Sendable (Facts) -> Bool) async {
        let (stream, continuation) = AsyncStream.makeStream(of: Facts.self)
        readers.append(continuation)
        continuation.yield(facts)
        for await facts in stream where check(facts) { return }
    }
}

/// A stream of values for a server's handler: the newest at once, then each change.
final class Feed<Value: Sendable>: Sendable {
    private let state: Lock<(value: Value, readers: [AsyncStream<Value>.Continuation])>

    init(_ value: Value) { state = Lock((value, [])) }

    var value: Value { state.withLock { $0.value } }

    func send(_ value: Value) {
        let readers = state.withLock { state in
            state.value = value
            return state.readers
        }
        for reader in readers { reader.yield(value) }
    }

    func values() -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream.makeStream(of: Value.self)
        state.withLock { state in
            continuation.yield(state.value)
            state.readers.append(continuation)
        }
        return stream
    }
}

/// The surroundings of one agent.
final class World: Sendable {
    let board = Board()
    let directory: String
    let pods: Feed<[JSON]>
    let state: Feed<NodePluginAPI.NodeState>
    /// What the kubelet answers.
    let podResources = Lock<Result<[PodResourcesAPI.PodResources], GRPCStatus>>(.success([]))
    /// Whether the API server answers 503 to everything.
    let isDown = Lock(false)
    let client: KubernetesClient
    private let api: HTTPServer

    init(
        pods: [JSON] = [], state given: NodePluginAPI.NodeState? = nil, neuronNode: JSON? = nil
    ) async throws {
        directory = Scratch.path()
        try Files.makeDirectory(directory)
        self.pods = Feed(pods)
        state = Feed(given ?? sampleState())
        let (board, feed, isDown) = (board, self.pods, isDown)
        await board.note { $0.neuronNode = neuronNode }
        api = HTTPServer { await Self.answer($0, board, feed, isDown) }
        let address = try await api.listen(on: .ip("127.0.0.1", port: 0))
        let configuration = ClientConfiguration(server: try ServerAddress("http://127.0.0.1:1"))
        client = KubernetesClient(
            configuration: configuration, address: address, security: nil, timeout: .seconds(300))
    }

    var settings: NodeAgent.Settings {
        var settings = NodeAgent.Settings(
            nodeName: "node", pluginSocket: directory + "/agent.sock",
            podResourcesSocket: directory + "/kubelet.sock")
        settings.podResourcesSpacing = .milliseconds(5)
        settings.podResourcesInterval = .milliseconds(20)
        settings.firstPause = .milliseconds(5)
        return settings
    }

    /// Starts a plugin on the agent's socket.
    func plugin() async throws -> GRPCServer {
        var router = GRPCRouter()
        let (board, state) = (board, state)
        router.unary(NodePluginAPI.Method.setAssignments) {
            (request: NodePluginAPI.SetAssignmentsRequest, _) in
            // Decided before a test hears of it and goes on.
            let refused = state.value.chips.isEmpty ? request.assignments : []
            await board.note {
                $0.assignments.append(request.assignments)
                $0.stopped = request.stoppedPods.map { "\($0.namespace)/\($0.name)" }
            }
            return NodePluginAPI.SetAssignmentsResponse(
                rejected: refused.map {
                    .init(podUID: $0.podUID, container: $0.container, reason: "no devices")
                })
        }
        router.serverStreaming(NodePluginAPI.Method.watchState) {
            (_: NodePluginAPI.WatchStateRequest, _, writer: GRPCResponseWriter<NodePluginAPI.NodeState>) in
            for await value in state.values() { try await writer.write(value) }
        }
        let server = GRPCServer(router: router)
        try await server.listen(on: .unix(directory + "/agent.sock"))
        return server
    }

    /// Starts a kubelet on the PodResources socket.
    func kubelet() async throws -> GRPCServer {
        var router = GRPCRouter()
        let (board, podResources) = (board, podResources)
        router.unary(PodResourcesAPI.Method.list) { (_: PodResourcesAPI.ListPodResourcesRequest, _) in
            await board.note { $0.lists += 1 }
            return PodResourcesAPI.ListPodResourcesResponse(
                podResources: try podResources.withLock { $0 }.get())
        }
        let server = GRPCServer(router: router)
        try await server.listen(on: .unix(directory + "/kubelet.sock"))
        return server
    }

    func end(_ servers: GRPCServer...) async throws {
        for server in servers { await server.shutdown(grace: .zero) }
        await api.shutdown(grace: .zero)
        for name in (try? Files.list(directory)) ?? [] { try? Files.remove(directory + "/" + name) }
        rmdir(directory)
    }

    private static func answer(
        _ request: HTTPRequest, _ board: Board, _ pods: Feed<[JSON]>, _ isDown: Lock<Bool>
    ) async -> HTTPResponse {
        guard !isDown.withLock({ $0 }) else { return failure(503, "ServiceUnavailable") }
        let body = (try? JSON(parsing: request.body)) ?? .null
        switch (request.method, request.path) {
        case ("GET", "/api/v1/pods"):
            await board.note { $0.podWatches += 1 }
            return watch(pods)
        case ("GET", "/api/v1/nodes/node"):
            let node = await board.note { facts in
                facts.nodeReadings += 1
                return facts.node
            }
            return node.isNull ? failure(404, "NotFound") : json(node)
        case ("PATCH", "/api/v1/nodes/node"):
            return json(
                await board.note { facts in
                    facts.nodeApplies.append(body)
                    facts.node = applied(body, request.target)
                    return facts.node
                })
        case ("GET", "/apis/ganglion.dev/v1alpha1/neuronnodes/node"):
            return await board.facts.neuronNode.map { json($0) } ?? failure(404, "NotFound")
        case ("PATCH", "/apis/ganglion.dev/v1alpha1/neuronnodes/node"):
            return json(
                await board.note { facts in
                    facts.applies.append(request.target)
                    var object = body
                    object["status"] = facts.neuronNode?["status"]
                    facts.neuronNode = object
                    return object
                })
        case ("PATCH", "/apis/ganglion.dev/v1alpha1/neuronnodes/node/status"):
            let object = await board.note { facts -> JSON? in
                guard facts.neuronNode != nil else { return nil }
                facts.applies.append(request.target)
                facts.neuronNode?["status"] = body["status"]
                return facts.neuronNode
            }
            return object.map { json($0) } ?? failure(404, "NotFound")
        case ("POST", "/apis/events.k8s.io/v1/namespaces/default/events"),
            ("POST", "/apis/events.k8s.io/v1/namespaces/n/events"):
            await board.note { $0.events.append(body) }
            return json(body)
        default: return failure(403, "Forbidden")
        }
    }

    /// The Node with the labels that one manager has applied, as the API server notes it.
    private static func applied(_ body: JSON, _ target: String) -> JSON {
        var node = body
        let labels = body["metadata"]?["labels"]?.object ?? [:]
        let fields = Dictionary(labels.keys.map { ("f:" + $0, [:] as JSON) }, uniquingKeysWith: { $1 })
        node[path: ["metadata", "managedFields"]] = [
            [
                "manager": target.contains("fieldManager=ganglion-node-agent") ? "ganglion-node-agent" : "",
                "operation": "Apply", "fieldsV1": ["f:metadata": ["f:labels": .object(fields)]],
            ]
        ]
        return node
    }

    private static func watch(_ pods: Feed<[JSON]>) -> HTTPResponse {
        HTTPResponse(
            200,
            body: .stream { writer in
                var known: [ObjectKey: JSON] = [:]
                var isFirst = true
                var version = 10
                for await list in pods.values() {
                    for pod in list where known[pod.objectKey] != pod {
                        version += 1
                        var object = pod
                        object[path: ["metadata", "resourceVersion"]] = .string(String(version))
                        let type = known[pod.objectKey] == nil ? "ADDED" : "MODIFIED"
                        try await writer.write(line(type, object))
                    }
                    for (key, pod) in known where !list.contains(where: { $0.objectKey == key }) {
                        version += 1
                        var object = pod
                        object[path: ["metadata", "resourceVersion"]] = .string(String(version))
                        try await writer.write(line("DELETED", object))
                    }
                    known = Dictionary(list.map { ($0.objectKey, $0) }, uniquingKeysWith: { $1 })
                    guard isFirst else { continue }
                    isFirst = false
                    try await writer.write(
                        line(
                            "BOOKMARK",
                            [
                                "kind": "Pod", "apiVersion": "v1",
                                "metadata": [
                                    "resourceVersion": .string(String(version)),
                                    "annotations": ["k8s.io/initial-events-end": "true"],
                                ],
                            ]))
                }
            })
    }

    private static func line(_ type: String, _ object: JSON) -> [UInt8] {
        (["type": .string(type), "object": object] as JSON).serialized() + [10]
    }

    private static func json(_ body: JSON, _ status: Int = 200) -> HTTPResponse {
        HTTPResponse(status, headers: ["content-type": "application/json"], body: .bytes(body.serialized()))
    }

    private static func failure(_ code: Int, _ reason: String) -> HTTPResponse {
        json(["kind": "Status", "reason": .string(reason), "message": "m", "code": JSON(code)], code)
    }
}

extension Facts {
    /// The status of a condition of the NeuronNode.
    func condition(_ type: String) -> String? {
        (neuronNode?["status"]?["conditions"]?.array ?? []).first { $0["type"]?.string == type }?["status"]?
            .string
    }
    /// Devices of each assignment that was told last.
    var told: [String]? { assignments.last?.map { $0.deviceIDs.joined(separator: ",") } }
    /// A member of the NeuronNode's status.
    func status(_ name: String) -> JSON? { neuronNode?["status"]?[name] }
}
