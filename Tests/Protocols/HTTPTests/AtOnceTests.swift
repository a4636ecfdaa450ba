import HTTP1
import SystemIO
import TestSupport
import Testing

@testable import HTTP

@Suite("Answers without a task", .timeLimit(.minutes(5)))
struct AtOnceTests {
    /// Answers at once what does not end in 0, and the rest by a task.
    private func serve() async throws -> (HTTPServer, SocketAddress) {
        let server = HTTPServer(
            immediate: { $0.path.hasSuffix("0") ? nil : .text(200, "<\($0.method) \($0.path)>") },
            handler: { .text(200, "<task \($0.path)>") })
        let address = SocketAddress.unix(Scratch.socket())
        try await server.listen(on: address)
        return (server, address)
    }

    /// What stands in angle brackets.
    private func bodies(_ text: String) -> [String] {
        text.split(separator: "<").dropFirst().map { String($0.prefix { $0 != ">" }) }
    }

    @Test("thousands of requests in one piece are answered in their order, whichever way each goes")
    func order() async throws {
        let (server, address) = try await serve()
        let client = try await Plain(address)
        let count = 3_000
        var text = ""
        for number in 1...count {
            text +=
                "GET /\(number) HTTP/1.1\r\nHost: a\r\n"
                + (number == count ? "Connection: close\r\n\r\n" : "\r\n")
        }
        let all = text
        async let isSaid = blocking { client.say(all) }
        let answers = try #require(try await blocking { client.rest() })
        #expect(try await isSaid)
        let found = bodies(answers)
        try #require(found.count == count)
        #expect(found[0] == "GET /1" && found[8] == "GET /9" && found[9] == "task /10")
        // A peer that does not take its answers is answered by tasks, which can wait.
        #expect(found.map { String($0.drop { $0 != "/" }) } == (1...count).map { "/\($0)" })
        #expect(answers.contains("connection: close\r\n"))
        await server.shutdown()
    }

    @Test(
        "HEAD has no body, a body that is held back is asked for, and what is no request is told behind its answers"
    )
    func kinds() async throws {
        let (server, address) = try await serve()
        let client = try await Plain(address)
        #expect(
            client.say(
                "HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                    + "Expect: 100-continue\r\n\r\n"))
        var text = ""
        while !text.contains("100 Continue"), let more = try await blocking({ client.some() }) {
            text += more
        }
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.contains("content-length: 9\r\n"))
        #expect(bodies(text) == [])
        #expect(client.say("xGET /3 HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n"))
        let rest = try #require(try await blocking { client.rest() })
        #expect(bodies(rest) == ["POST /2", "GET /3"])
        #expect(rest.contains("HTTP/1.1 400 "))
        await server.shutdown()
    }

    @Test("a server without keep-alive ends with such an answer as well")
    func leaving() async throws {
        let (server, address) = try await serve()
        let client = try await Plain(address)
        await server.disableKeepAlive()
        #expect(client.say("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"))
        let answer = try #require(try await blocking { client.rest() })
        #expect(bodies(answer) == ["GET /1"] && answer.contains("connection: close\r\n"))
        await server.shutdown()
    }
}
