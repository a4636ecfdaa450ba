import FakeRuntime
import Glibc
import HTTP
import HTTP1
import JSON
import SystemIO
import TestSupport
import Testing

@testable import ModelServer
@testable import Models

@Suite("Requests and groups")
struct DispatcherTests {
    /// A server whose one group cannot compute, because this has its turn.
    private struct Blocked {
        let server: InferenceServer
        let release: @Sendable () -> Void
    }

    private func blocked(_ node: FakeNode, queueLimit: Int, batchLimit: Int = 32) async throws -> Blocked {
        let server = InferenceServer(
            models: try ["a", "b"].map { try ModelSpecification(name: $0, uri: node.path + "/model") },
            policy: .of(queueLimit: queueLimit, texts: batchLimit))
        try await server.load([try NeuronDevices(root: node.path).claim(0..<1)])
        // Somebody else's pass, as far as the group knows.
        let group = try #require(server.state.withLock { $0.groups.first })
        await group.turn.begin()
        return Blocked(server: server, release: { group.turn.end() })
    }

    @Test(
        "what waits beyond the bound gets 503 at once, with when to come back; the others get their own answers"
    )
    func bound() async throws {
        let node = try FakeNode(chips: 1)
        let blocked = try await blocked(node, queueLimit: 3)
        let server = blocked.server
        let busy = Task { await server.get("/predictions/a?inputs=first") }
        while await server.dispatcher.idleGroups > 0 { await Task.yield() }
        var waiting: [Task<HTTPResponse, Never>] = []
        for index in 0..<3 {
            waiting.append(Task { await server.get("/predictions/a?inputs=text+\(index)") })
            while await server.dispatcher.waiting <= index { await Task.yield() }
        }
        let metrics = String(decoding: await server.get("/metrics").bytes, as: UTF8.self)
        #expect(metrics.contains("\nganglion_model_server_requests_running 1\n"))
        #expect(metrics.contains("\nganglion_model_server_queue_length 3\n"))
        let refused = await server.get("/predictions/a?inputs=late")
        #expect(refused.status == 503)
        #expect(refused.headers["retry-after"] == "1")
        #expect(
            refused.json["message"] == "all groups are busy and 3 requests wait: come back in 1 s")
        blocked.release()
        #expect((await busy.value).status == 200)
        for (index, task) in waiting.enumerated() {
            let answer = await task.value
            #expect(answer.status == 200)
            // Those that waited were computed together, and each got its own.
            #expect(answer.json["batch"] == 3)
            let alone = await server.get("/predictions/a?inputs=text+\(index)")
            #expect(alone.embeddings == answer.embeddings)
        }
    }

    @Test("a batch holds one model only and at most the limit")
    func batches() async throws {
        let node = try FakeNode(chips: 1)
        let blocked = try await blocked(node, queueLimit: 10, batchLimit: 3)
        let server = blocked.server
        let first = Task { await server.get("/predictions/a?inputs=x") }
        while await server.dispatcher.idleGroups > 0 { await Task.yield() }
        var waiting: [Task<HTTPResponse, Never>] = []
        for (index, model) in ["a", "b", "a", "b", "a", "a"].enumerated() {
            waiting.append(Task { await server.get("/predictions/\(model)?inputs=x") })
            while await server.dispatcher.waiting <= index { await Task.yield() }
        }
        blocked.release()
        #expect((await first.value).json["batch"] == 1)
        var sizes: [JSON?] = []
        for task in waiting { sizes.append((await task.value).json["batch"]) }
        #expect(sizes == [3, 2, 3, 2, 3, 1])
    }

    @Test("who has gone leaves the queue: the living are let in, and the dead are not computed")
    func gone() async throws {
        let node = try FakeNode(chips: 1)
        let blocked = try await blocked(node, queueLimit: 2)
        let server = blocked.server
        let http = HTTPServer { await server.handle($0) }
        let address = SocketAddress.unix(Scratch.socket())
        try await http.listen(on: address)
        let busy = Task { await server.get("/predictions/a?inputs=first") }
        while await server.dispatcher.idleGroups > 0 { await Task.yield() }
        // One goes by closing its connection, the other's task is cancelled.
        let dead = try await connect(to: address)
        let request = Array("GET /predictions/a?inputs=dead HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(write(dead.number, request, request.count) == request.count)
        while await server.dispatcher.waiting < 1 { await Task.yield() }
        let cancelled = Task { await server.get("/predictions/a?inputs=dead") }
        while await server.dispatcher.waiting < 2 { await Task.yield() }
        #expect((await server.get("/predictions/a?inputs=live")).status == 503)
        dead.close()
        cancelled.cancel()
        #expect((await cancelled.value).status == 499)
        while await server.dispatcher.waiting > 0 { await Task.yield() }
        let live = Task { await server.get("/predictions/a?inputs=live") }
        while await server.dispatcher.waiting < 1 { await Task.yield() }
        blocked.release()
        #expect((await busy.value).status == 200)
        #expect((await live.value).status == 200)
        await http.shutdown()
        let metrics = await server.get("/metrics").text
        #expect(metrics.contains(#"ganglion_model_server_texts_total{model="a"} 2"#))
        #expect(metrics.contains(#"ganglion_model_server_requests_total{model="a",code="499"} 2"#))
    }

    @Test("what is being computed ends early when nobody waits for it any more")
    func abandoned() async throws {
        let node = try FakeNode(chips: 1)
        let blocked = try await blocked(node, queueLimit: 2)
        let server = blocked.server
        // 128 tokens each: four to a pass of 512.
        let texts = JSON.array([JSON](repeating: .string(String(repeating: "core ", count: 200)), count: 100))
        let running = Task { await server.post("/predictions/a", JSON.object(["inputs": texts]).text()) }
        while await server.dispatcher.idleGroups > 0 { await Task.yield() }
        running.cancel()
        // The cancellation comes by the loop, before what is asked of the dispatcher afterwards.
        _ = await server.dispatcher.waiting
        blocked.release()
        #expect((await running.value).status == 499)
        #expect((await server.get("/predictions/a?inputs=live")).status == 200)
    }

    @Test("who has waited too long is told so, and when to come back; who came later waits on")
    func expired() async throws {
        let node = try FakeNode(chips: 1)
        let blocked = try await blocked(node, queueLimit: 9)
        let server = blocked.server
        let busy = Task { await server.get("/predictions/a?inputs=first") }
        while await server.dispatcher.idleGroups > 0 { await Task.yield() }
        let old = Task { await server.get("/predictions/a?inputs=old") }
        while await server.dispatcher.waiting < 1 { await Task.yield() }
        let between = MonotonicClock.time
        let young = Task { await server.get("/predictions/a?inputs=young") }
        while await server.dispatcher.waiting < 2 { await Task.yield() }
        await server.dispatcher.expire(between + .seconds(59))
        #expect(await server.dispatcher.waiting == 2)
        await server.dispatcher.expire(between + .seconds(60))
        let answer = await old.value
        #expect(answer.status == 503 && answer.headers["retry-after"] == "1")
        #expect(answer.json["message"] == "no group was free within 60.0 s: come back later")
        blocked.release()
        #expect((await busy.value).status == 200)
        #expect((await young.value).status == 200)
    }

    @Test("requests spread over the groups and all are answered", arguments: [1, 2, 4])
    func spread(degree: Int) async throws {
        let node = try FakeNode(chips: 2)
        let server = try await node.server(cores: 0..<4, degree: degree)
        let expected = await server.get("/predictions/tiny?inputs=7").embeddings
        let answers = await withTaskGroup(of: HTTPResponse.self) { group in
            for _ in 0..<32 { group.addTask { await server.get("/predictions/tiny?inputs=7") } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 32)
        for answer in answers { #expect(answer.embeddings == expected) }
    }
}

/// Stops a thread until it is opened; tests only.
final class Gate: Sendable {
    private let isOpen = Lock(false)
    private let hasEntered = Lock(false)

    func open() { isOpen.withLock { $0 = true } }

    /// Blocks the calling thread, which belongs to a pool of its own.
    func wait() {
        hasEntered.withLock { $0 = true }
        while !isOpen.withLock({ $0 }) { _ = sched_yield() }
    }

    func entered() async {
        while !hasEntered.withLock({ $0 }) { await Task.yield() }
    }
}
