// Calls that go on over another connection, and those that must not.

import HPACK
import HTTP2
import Protobuf
import SystemIO
import TestSupport
import Testing

@testable import GRPC

/// What a server by hand does with its connections, in their order; a connection beyond them answers.
private enum Behaviour: Sendable {
    /// RST_STREAM with this code to every request.
    case reset(ErrorCode)
    /// GOAWAY below every request.
    case goAway
    /// Closes when a request comes.
    case close
    case answer
}

/// A server that does on each connection what stands in the script.
private func scriptedServer(_ script: [Behaviour]) -> FrameServer {
    FrameServer(
        greeting: { http2, number in
            if number < script.count, case .goAway = script[number] { http2.closeToNewStreams() }
        },
        answer: { http2, stream, number in
            switch number < script.count ? script[number] : .answer {
            case .reset(let code): http2.reset(stream, code)
            case .goAway: break
            case .close: return false
            case .answer:
                http2.sendHeaders(stream, [":status": "200", "content-type": "application/grpc"])
                http2.sendData(stream, MessageAssembler.frame(Note("answer").serialized()))
                http2.sendTrailers(stream, ["grpc-status": "0"])
            }
            return true
        })
}

@Suite("A channel", .timeLimit(.minutes(10)))
struct ChannelTests {
    /// Calls once; gives the answer or the status, how many connections there were and how many requests arrived.
    private func call(
        _ script: [Behaviour]
    ) async throws -> (result: Result<String, GRPCStatus>, connections: Int, requests: Int) {
        let server = scriptedServer(script)
        let address = try await server.listen()
        let channel = GRPCChannel { try await GRPCClient.connect(to: address) }
        var result = Result<String, GRPCStatus>.failure(GRPCStatus(.unknown))
        do {
            let note: Note = try await channel.unary("/test.Service/Echo", Note("question"))
            result = .success(note.text)
        } catch let status as GRPCStatus {
            result = .failure(status)
        }
        await channel.close()
        let counts = (await server.connections, await server.requests)
        await server.close()
        return (result, counts.0, counts.1)
    }

    @Test("makes a call again on another connection after GOAWAY", arguments: 1..<GRPCChannel.attempts)
    func goAway(times: Int) async throws {
        let server = try await call([Behaviour](repeating: .goAway, count: times))
        #expect(server.result == .success("answer"))
        #expect(server.connections == times + 1)
        #expect(server.requests == 1)
    }

    @Test("gives up when every connection is shut down")
    func goAwayForEver() async throws {
        let server = try await call([Behaviour](repeating: .goAway, count: GRPCChannel.attempts))
        guard case .failure(let status) = server.result else {
            Issue.record("answered")
            return
        }
        #expect(status.code == .unavailable)
        #expect(server.connections == GRPCChannel.attempts)
        #expect(server.requests == 0)
    }

    @Test("makes a call again that the server refused, a few times")
    func refused() async throws {
        // A refused stream leaves the connection usable, so all attempts are on the first.
        let server = try await call([.reset(.refusedStream)])
        #expect(server.connections == 1)
        #expect(server.requests == GRPCChannel.attempts)
        #expect(
            server.result
                == .failure(GRPCStatus(.unavailable, "the stream was reset with \(ErrorCode.refusedStream)")))
    }

    @Test(
        "does not make a call again that the server may have begun with",
        arguments: [
            (ErrorCode.cancel, GRPCStatus.Code.cancelled), (.internalError, .internal), (.noError, .internal),
            (.enhanceYourCalm, .resourceExhausted),
        ])
    func reset(code: ErrorCode, expected: GRPCStatus.Code) async throws {
        let server = try await call([.reset(code)])
        #expect(server.result == .failure(GRPCStatus(expected, "the stream was reset with \(code)")))
        #expect(server.requests == 1)
    }

    @Test("does not make a call again when the connection breaks: nobody knows how far the server was")
    func broken() async throws {
        let server = try await call([.close])
        guard case .failure(let status) = server.result else {
            Issue.record("answered")
            return
        }
        #expect(status.code == .unavailable)
        #expect(server.connections == 1)
        #expect(server.requests == 1)
    }

    @Test("is closed once and for all")
    func closed() async throws {
        let channel = GRPCChannel { throw SystemError("connect to", "nobody", code: 2) }
        let nobody = await status { let _: Note = try await channel.unary("/a.B/C", Note()) }
        #expect(nobody == GRPCStatus(.unavailable, "\(SystemError("connect to", "nobody", code: 2))"))
        await channel.close()
        let closed = await status { let _: Note = try await channel.unary("/a.B/C", Note()) }
        #expect(closed == GRPCStatus(.unavailable, "the channel was closed"))
    }

    @Test("connects once for callers that come at a time, and again after a shutdown of the server")
    func reconnects() async throws {
        let path = Scratch.socket()
        let connections = Lock(0)
        let channel = GRPCChannel {
            connections.withLock { $0 += 1 }
            return try await GRPCClient.connect(to: .unix(path))
        }
        for round in 1...3 {
            let server = GRPCServer(router: testRouter())
            try await server.listen(on: .unix(path))
            try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let note: Note = try await channel.unary("/test.Service/Echo", Note("\(number)"))
                        return note.text
                    }
                }
                var seen: Set<String> = []
                for try await text in group { seen.insert(text) }
                #expect(seen == Set((0..<20).map { "\($0)" }))
            }
            #expect(connections.withLock { $0 } == round)
            let client = try await channel.client()
            await server.shutdown(grace: .seconds(5))
            _ = await client.closed
        }
        await channel.close()
    }
}
