import GRPC
import GRPCServices
import HTTP
import HTTP1
import SystemIO
import TestSupport
import Testing

@testable import ModelServer

@Suite("The end of a model server", .timeLimit(.minutes(5)))
struct ShutdownTests {
    private struct Served {
        let server: InferenceServer
        let http: HTTPServer
        let address: SocketAddress
    }

    private func serve(_ server: InferenceServer) async throws -> Served {
        let http = HTTPServer { await server.handle($0) }
        let address = SocketAddress.unix(Scratch.socket())
        try await http.listen(on: address)
        return Served(server: server, http: http, address: address)
    }

    private func get(_ client: HTTPClient, _ path: String) async throws -> (Int, String?) {
        let answer = try await client.send(HTTPRequest("GET", path))
        return (answer.status, answer.headers["connection"])
    }

    @Test(
        "it turns unready first and answers everybody for the last time, then stops listening: nobody is refused before"
    )
    func losesNothing() async throws {
        let node = try FakeNode(chips: 1)
        let served = try await serve(try await node.server(cores: 0..<2))
        let kept = HTTPClient(served.address, host: "localhost")
        #expect(try await get(kept, "/predictions/tiny?inputs=a") == (200, nil))
        let (pauses, pause) = AsyncStream.makeStream(of: Duration.self)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let end = Task {
            await ServerShutdown(total: .seconds(25), delay: .seconds(5)).run(served.server, served.http) {
                time in
                pause.yield(time)
                for await _ in gate { break }
            }
        }
        for await time in pauses {
            #expect(time == .seconds(5))
            break
        }
        for path in ["/predictions/tiny?inputs=a", "/predictions/tiny?inputs=b"] {
            #expect(try await get(kept, path) == (200, "close"))
            let new = HTTPClient(served.address, host: "localhost")
            #expect(try await get(new, path) == (200, "close"))
            #expect(try await get(new, "/ping") == (503, "close"))
            #expect(try await get(new, "/healthz") == (200, "close"))
            await new.close()
        }
        open.finish()
        await end.value
        await #expect(throws: HTTPError.self) {
            try await HTTPClient(served.address, host: "localhost").send(HTTPRequest("GET", "/ping"))
        }
        await kept.close()
    }

    /// A pause that begins and ends when it is told to.
    private struct Pause {
        let begun: AsyncStream<Void>
        let end: AsyncStream<Void>.Continuation
        let wait: @Sendable (Duration) async -> Void

        init() {
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let (gate, open) = AsyncStream.makeStream(of: Void.self)
            self.begun = begun
            end = open
            wait = { _ in
                begin.yield()
                for await _ in gate { break }
            }
        }
    }

    @Test(
        "on a port of gRPC alone clients are told at once: NOT_SERVING, GOAWAY, new ones with their first call; then it waits for calls, and not for those who watch"
    )
    func callsOnly() async throws {
        let node = try FakeNode(chips: 1)
        let served = try await serve(try await node.server(cores: 0..<2))
        let grpc = served.server.makeGRPCServer()
        let address = SocketAddress.unix(Scratch.socket())
        try await grpc.listen(on: address)
        let live: @Sendable (GRPCClient) async throws -> ServingStatus = { client in
            let answer: HealthCheckResponse = try await client.unary(
                HealthService.checkPath, HealthCheckRequest(service: "inference.GRPCInferenceService"))
            return answer.status
        }
        let kept = try await GRPCClient.connect(to: address)
        #expect(try await live(kept) == .serving)
        let watcher = try await GRPCClient.connect(to: address)
        let watch = try await watcher.serverStreaming(
            HealthService.watchPath, HealthCheckRequest(), of: HealthCheckResponse.self)
        var statuses = watch.makeAsyncIterator()
        #expect(try await statuses.next()?.status == .serving)
        let pause = Pause()
        let end = Task {
            await ServerShutdown(total: .seconds(3_600), delay: .seconds(5)).run(
                served.server, served.http, grpc, pause: pause.wait)
        }
        for await _ in pause.begun { break }
        #expect(try await statuses.next()?.status == .notServing)
        // Connections that have nothing to wait for are over, and those who come now are answered, and told.
        _ = await kept.closed
        for _ in 0..<2 {
            let new = try await GRPCClient.connect(to: address)
            #expect(try await live(new) == .notServing)
            _ = await new.closed
        }
        #expect(await !watcher.takesCalls)
        pause.end.finish()
        await #expect(throws: GRPCStatus(.unavailable, "the server is shutting down")) {
            _ = try await statuses.next()
        }
        // Otherwise it would take the hour.
        await end.value
        await #expect(throws: (any Error).self) { try await GRPCClient.connect(to: address) }
    }

    @Test("a server that has not been ready has no clients to wait for")
    func loading() async throws {
        let server = InferenceServer(models: [try ModelSpecification(name: "tiny", uri: "/nowhere")])
        let served = try await serve(server)
        await ServerShutdown(total: .seconds(25), delay: .seconds(5)).run(server, served.http) { _ in
            Issue.record("there was a pause")
        }
        #expect(server.phase == .terminating)
    }

    @Test(
        "the delay is at most half of the time that there is",
        arguments: [(25, 5, 5, 20), (30, 0, 0, 30), (4, 5, 2, 2), (0, 5, 0, 0), (10, 5, 5, 5)])
    func times(total: Int, delay: Int, expected: Int, grace: Int) {
        let shutdown = ServerShutdown(total: .seconds(total), delay: .seconds(delay))
        #expect(shutdown.delay == .seconds(expected) && shutdown.grace == .seconds(grace))
    }
}
