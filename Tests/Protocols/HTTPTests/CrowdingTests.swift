import HTTP1
import SystemIO
import TestSupport
import Testing

@testable import HTTP

@Suite("A server that leaves, and one that is crowded", .timeLimit(.minutes(5)))
struct CrowdingTests {
    private func serve(_ limits: HTTPServerLimits = HTTPServerLimits()) async throws -> (
        HTTPServer, SocketAddress
    ) {
        let server = HTTPServer(limits: limits) { .text(200, $0.path) }
        let address = SocketAddress.unix(Scratch.socket())
        try await server.listen(on: address)
        return (server, address)
    }

    /// Asks, and gives the answer as far as it has come.
    private func ask(_ client: Plain, _ path: String) async throws -> String? {
        guard client.say("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n") else { return nil }
        return try await blocking { client.some() }
    }

    @Test("a server without keep-alive answers old and new connections, each for the last time")
    func leaves() async throws {
        let (server, address) = try await serve()
        let kept = try await Plain(address)
        #expect(try await ask(kept, "/1")?.contains("connection: close") == false)
        await server.disableKeepAlive()
        for client in [kept, try await Plain(address)] {
            let answer = try #require(try await ask(client, "/2"))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.contains("connection: close\r\n"))
            #expect(try await blocking { client.rest() } == "")
        }
        await server.shutdown()
    }

    @Test(
        "a request that has begun to come when the server is shut down is answered", arguments: [false, true])
    func begun(isBody: Bool) async throws {
        var limits = HTTPServerLimits()
        // A busy machine may take longer than a slow sender may.
        (limits.head, limits.idle) = (.seconds(600), .seconds(600))
        let (server, address) = try await serve(limits)
        let client = try await Plain(address)
        // The first is answered, so the server has read as far as the second one's beginning.
        let head = "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
        #expect(client.say("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + head + (isBody ? "\r\nx" : "")))
        #expect(try await blocking { client.some() }?.hasSuffix("/1") == true)
        async let end: Void = server.shutdown(grace: .seconds(200))
        // Nobody is let in any more: so the shutdown has begun.
        while (try? await Plain(address)) != nil { await Task.yield() }
        #expect(client.say(isBody ? "y" : "\r\nxy"))
        let answer = try #require(try await blocking { client.rest() })
        #expect(answer.contains("connection: close\r\n") && answer.hasSuffix("/2"))
        await end
    }

    @Test("slow senders do not keep others out: the one that has waited longest makes room")
    func crowd() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 4
        let (server, address) = try await serve(limits)
        var slow: [Plain] = []
        for index in 0..<4 {
            let client = try await Plain(address)
            #expect(
                client.say(
                    index == 0
                        ? "GET / HTTP/1.1\r\nHo" : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"))
            slow.append(client)
        }
        let probe = try await Plain(address)
        #expect(try await ask(probe, "/ping")?.hasSuffix("/ping") == true)
        #expect(!slow[0].say("x") || slow[0].hasEnded())
        // A second one takes the place of the second, not that of the probe, which was answered later.
        let next = try await Plain(address)
        #expect(try await ask(next, "/ping")?.hasSuffix("/ping") == true)
        #expect(try await ask(probe, "/again")?.hasSuffix("/again") == true)
        let last = slow[3]
        #expect(last.say("123456789"))
        #expect(try await blocking { last.some() }?.hasPrefix("HTTP/1.1 200 OK") == true)
        await server.shutdown()
    }

    @Test("whoever is being answered keeps its place")
    func answered() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 1
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let server = HTTPServer(limits: limits) { _ in
            begin.yield()
            for await _ in gate { break }
            return .text(200, "done")
        }
        let address = SocketAddress.unix(Scratch.socket())
        try await server.listen(on: address)
        let first = try await Plain(address)
        #expect(first.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        for await _ in begun { break }
        let second = try await Plain(address)
        #expect(try await blocking { second.rest() } == "")
        open.finish()
        #expect(try await blocking { first.some() }?.hasSuffix("done") == true)
        await server.shutdown()
    }

    @Test(
        "a body has its first seconds, and more for what has come",
        arguments: [
            (0, 0, 10.0), (0, 10, 0), (0, 11, 0), (1024, 10, 1), (10_240, 15, 5), (3 << 20, 0, 3082),
            (3 << 20, 3082, 0),
        ])
    func rate(octets: Int, elapsed: UInt64, left: Double) {
        let limits = HTTPServerLimits()
        #expect(limits.bodyTime(octets: octets, elapsed: elapsed * 1_000_000_000) == .seconds(left))
        let start = limits.bodyStart(octets: octets, now: 1 << 60)
        #expect(limits.bodyTime(octets: octets, elapsed: 1 << 60 - start) == limits.bodyGrace)
    }

    @Test("a body that comes too slowly ends the connection, though it never falls silent")
    func slowBody() async throws {
        var limits = HTTPServerLimits()
        limits.bodyGrace = .milliseconds(1)
        limits.bodyRate = 1 << 30
        let (server, address) = try await serve(limits)
        let client = try await Plain(address)
        #expect(client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"))
        while client.say("x"), !client.hasEnded() { await Task.yield() }
        #expect(client.hasEnded() || !client.say("x"))
        await server.shutdown()
    }
}
