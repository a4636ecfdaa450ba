// Connections whose other end is gone, and clients that ask for it too often (gRFC A8, A9).

import HTTP2
import SystemIO
import TestSupport
import Testing

@testable import GRPC

private func settings(withoutCalls: Bool = false) -> GRPCKeepAlive {
    GRPCKeepAlive(exactly: .milliseconds(20), timeout: .milliseconds(30), withoutCalls: withoutCalls)
}

@Suite("Keep-alive of gRPC, gRFC A8")
struct GRPCKeepAliveTests {
    @Test("is never more frequent than once in 10 seconds, and slows down when a server asks for it")
    func interval() {
        #expect(GRPCKeepAlive(interval: .seconds(1)).interval == .seconds(10))
        let settings = GRPCKeepAlive(interval: .seconds(300))
        #expect(settings.interval == .seconds(300))
        #expect(settings.timeout == .seconds(20))
        #expect(!settings.withoutCalls)
        settings.slowDown()
        #expect(settings.interval == .seconds(600))
        for _ in 0..<100 { settings.slowDown() }
        #expect(settings.interval == .seconds(86_400))
    }
}

@Suite("Keep-alive over a socket", .timeLimit(.minutes(10)))
struct KeepAliveTests {
    /// A peer that reads and says nothing but what it is told at the start.
    private func silentServer(
        _ octets: [UInt8], _ body: (SocketAddress) async throws -> Void
    ) async throws {
        let peers = Lock<[RawPeer]>([])
        let listener = try Listener(.unix(Scratch.socket())) { descriptor in
            let peer = RawPeer(descriptor)
            peers.withLock { $0.append(peer) }
            Task {
                try await peer.start()
                await peer.send(octets)
            }
        }
        try await listener.start()
        try await body(listener.address)
        await listener.close()
        for peer in peers.withLock({ $0 }) { await peer.close() }
    }

    private static let settingsFrame: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]

    @Test("a client finds out that its server is gone")
    func client() async throws {
        try await silentServer(Self.settingsFrame) { address in
            let client = try await GRPCClient.connect(to: address, keepAlive: settings())
            let end = await status { let _: Note = try await client.unary("/a.B/C", Note()) }
            #expect(end == GRPCStatus(.unavailable, "the server does not answer PING"))
            #expect(await client.closed == end)
        }
    }

    @Test("a server finds out that its client is gone, and its handlers are cancelled")
    func server() async throws {
        let started = Gate()
        let cancelled = Gate()
        var limits = GRPCLimits.patient
        // Only while there is a call: so the call begins before the first PING.
        limits.serverKeepAlive = settings()
        let server = GRPCServer(router: testRouter(cancelled: cancelled, started: started), limits: limits)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let peer = try await RawPeer.connect(to: address)
        await peer.send(try request("/test.Service/Hang"))
        await peer.wait { _ in false }
        await cancelled.wait(if: started)
        let lines = transcript(await peer.heard, as: .client, streams: 1)
        #expect(lines.last == "goaway 1 \(ErrorCode.noError)")
        await server.shutdown(grace: .zero)
    }

    // That the connection lives until then shows as well that the answers to the PINGs before are heard.
    @Test("a client that asks too often is told too_many_pings and sent away, and asks less often afterwards")
    func strikes() async throws {
        let started = Gate()
        let cancelled = Gate()
        let server = GRPCServer(router: testRouter(cancelled: cancelled, started: started))
        let address = try await server.listen(on: .unix(Scratch.socket()))
        // Only while there is a call: so the call begins before the first PING.
        let eager = GRPCKeepAlive(exactly: .milliseconds(2), timeout: .seconds(300), withoutCalls: false)
        let client = try await GRPCClient.connect(to: address, keepAlive: eager)
        let end = await status { let _: Note = try await client.unary("/test.Service/Hang", Note()) }
        #expect(end.code == .unavailable)
        #expect(eager.interval == .milliseconds(4))
        await cancelled.wait(if: started)
        await server.shutdown(grace: .zero)
    }

    @Test("a connection that is too old is shut down without losing a call")
    func age() async throws {
        var limits = GRPCLimits.patient
        limits.connectionAge = .milliseconds(5)
        limits.connectionAgeGrace = .seconds(3600)
        let server = GRPCServer(router: testRouter(), limits: limits)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let connections = Lock(0)
        let channel = GRPCChannel {
            connections.withLock { $0 += 1 }
            return try await GRPCClient.connect(to: address)
        }
        var calls = 0
        while connections.withLock({ $0 }) < 4 {
            let note: Note = try await channel.unary("/test.Service/Echo", Note("x"))
            #expect(note.text == "x")
            calls += 1
        }
        #expect(calls > 0)
        await channel.close()
        await server.shutdown(grace: .zero)
    }

    @Test("a call on a connection that is too old ends after the grace, and its handler is cancelled")
    func ageGrace() async throws {
        let started = Gate()
        let cancelled = Gate()
        var limits = GRPCLimits.patient
        limits.connectionAge = .milliseconds(10)
        limits.connectionAgeGrace = .milliseconds(1)
        let server = GRPCServer(router: testRouter(cancelled: cancelled, started: started), limits: limits)
        let address = try await server.listen(on: .unix(Scratch.socket()))
        // A connection may be too old before its call begins: then the next has better luck.
        var end = GRPCStatus(.ok)
        repeat {
            let client = try await GRPCClient.connect(to: address)
            end = await status { let _: Note = try await client.unary("/test.Service/Hang", Note()) }
            #expect(end.code == .unavailable)
            await client.close()
        } while end.message != "the connection is too old"
        await cancelled.wait(if: started)
        await server.shutdown(grace: .zero)
    }
}
