import Glibc
import HTTP1
import SystemIO
import TestSupport
import Testing

@testable import HTTP

@Suite("The end of a connection of HTTP/1.1", .timeLimit(.minutes(5)))
struct ClosingTests {
    private func serve(
        _ limits: HTTPServerLimits = HTTPServerLimits(), body: Int = 2
    ) async throws -> (HTTPServer, SocketAddress) {
        let server = HTTPServer(limits: limits) { request in
            .text(200, String(repeating: "x", count: body == 2 ? request.body.count : body))
        }
        let address = SocketAddress.unix(Scratch.socket())
        try await server.listen(on: address)
        return (server, address)
    }

    @Test("comes after the whole of the last answer, however slowly it is read")
    func lastAnswer() async throws {
        let (server, address) = try await serve(body: 1 << 20)
        for version in ["1.0", "1.1"] {
            let client = try await Plain(address)
            #expect(client.say("GET / HTTP/\(version)\r\nHost: a\r\nConnection: close\r\n\r\n"))
            let text = try #require(try await blocking { client.rest() })
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.utf8.reversed().prefix { $0 == UInt8(ascii: "x") }.count == 1 << 20)
        }
        await server.shutdown()
    }

    @Test("is no reset for a client that is still sending what is refused")
    func refusal() async throws {
        var limits = HTTPServerLimits()
        limits.message.body = 1000
        // However long a busy machine takes to send it.
        limits.closeTimeout = .seconds(240)
        let (server, address) = try await serve(limits)
        let client = try await Plain(address)
        // More than the socket holds: the client is in the middle of it when the answer comes.
        let body = String(repeating: "x", count: 4 << 20)
        #expect(client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"))
        let said = try await blocking { client.say(body) }
        let text = try await blocking { client.rest() }
        #expect(said && text?.hasPrefix("HTTP/1.1 413 Content Too Large\r\n") == true)
        await server.shutdown()
    }

    @Test("comes when the head of a request takes too long, though octets come all the time")
    func slowHead() async throws {
        var limits = HTTPServerLimits()
        limits.head = .seconds(1)
        let (server, address) = try await serve(limits)
        let client = try await Plain(address)
        #expect(client.say("GET / HTTP/1.1\r\nX: "))
        while client.say("y"), !client.hasEnded() { try await Task.sleep(for: .milliseconds(10)) }
        #expect(client.hasEnded() || !client.say("y"))
        await server.shutdown()
    }

    @Test("does not come while a body arrives, however long that takes")
    func slowBody() async throws {
        var limits = HTTPServerLimits()
        limits.head = .milliseconds(100)
        let (server, address) = try await serve(limits)
        let client = try await Plain(address)
        #expect(client.say("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 60\r\n\r\n"))
        for _ in 0..<60 {
            #expect(client.say("x"))
            try await Task.sleep(for: .milliseconds(5))
        }
        let text = try await blocking { client.rest() }
        #expect(text?.hasSuffix("\r\n\r\n" + String(repeating: "x", count: 60)) == true)
        await server.shutdown()
    }

    @Test("comes after the answers for a client that has said all it wants to say")
    func halfClosed() async throws {
        let (server, address) = try await serve(body: 1 << 20)
        let client = try await Plain(address)
        #expect(client.say("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"))
        client.endSaying()
        let text = try #require(try await blocking { client.rest() })
        #expect(text.utf8.count { $0 == UInt8(ascii: "x") } >= 2 << 20)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        // What comes behind a request that was to be the last is not answered.
        let last = try await Plain(address)
        #expect(
            last.say(
                "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"))
        last.endSaying()
        let only = try #require(try await blocking { last.rest() })
        #expect(only.utf8.count < 2 << 20 && only.contains("connection: close"))
        // Half a request is none.
        let other = try await Plain(address)
        #expect(other.say("GET / HTTP/1.1\r\nHo"))
        other.endSaying()
        #expect(try await blocking { other.rest() } == "")
        await server.shutdown()
    }

    @Test("comes at once for a client of a stream that has said all it wants to say, and has gone")
    func silentStream() async throws {
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        let server = HTTPServer { _ in
            HTTPResponse(
                200,
                body: .stream { _ in
                    begin.yield()
                    try? await Task.sleep(for: .seconds(1000))
                    end.yield()
                })
        }
        let address = SocketAddress.unix(Scratch.socket())
        try await server.listen(on: address)
        let client = try await Plain(address)
        #expect(client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        for await _ in begun { break }
        client.endSaying()
        for await _ in ended { break }
        await server.shutdown()
    }

    @Test("does not wait for a client that never closes: a shutdown has its end")
    func shutdown() async throws {
        let (server, address) = try await serve()
        let client = try await Plain(address)
        #expect(client.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
        #expect(try await blocking { client.rest() }?.hasPrefix("HTTP/1.1 200 OK\r\n") == true)
        await server.shutdown(grace: .milliseconds(10))
        withExtendedLifetime(client) {}
    }

    @Test("a request behind another one is told to go on when its turn has come")
    func continues() async throws {
        let (server, address) = try await serve()
        let client = try await Plain(address)
        #expect(
            client.say(
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n"
                    + "Content-Length: 3\r\n\r\n"))
        var text = ""
        while !text.contains("100 Continue\r\n\r\n") {
            text += try #require(try await blocking { client.some() })
        }
        // 100 Continue before the first answer would be part of that.
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(client.say("abc"))
        text += try #require(try await blocking { client.rest() })
        #expect(text.hasSuffix("xxx") && text.contains("200 OK"))
        await server.shutdown()
    }
}
