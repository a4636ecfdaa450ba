// The client over HTTP/2: who shares a connection, what goes out again, and who is noticed to be gone.

import HTTP1
import HTTP2Transport
import SystemIO
import TLS
import TestSupport
import Testing

@testable import HTTP

@Suite("A client over HTTP/2", .timeLimit(.minutes(10)))
struct HTTP2ClientTests {
    private func client(_ server: HTTP2Server, through address: SocketAddress? = nil) -> HTTPClient {
        HTTPClient(address ?? server.address, security: server.security)
    }

    @Test("carries all requests and streams on one connection")
    func shares() async throws {
        let server = try await HTTP2Server { request in
            request.path == "/watch"
                ? .pieces(["one", "two"]) : .status(200, body: "\(request.method) \(request.path)")
        }
        let client = client(server)
        let stream = try await client.stream(HTTPRequest("GET", "/watch"))
        #expect(stream.status == 200)
        var pieces = stream.makeAsyncIterator()
        var text = ""
        while text.count < 6 { text += String(decoding: try await pieces.next() ?? [], as: UTF8.self) }
        #expect(text == "onetwo")
        try await withThrowingTaskGroup(of: (Int, HTTPResponse).self) { group in
            for number in 0..<50 {
                group.addTask {
                    (number, try await client.send(HTTPRequest("POST", "/\(number)", body: [1, 2, 3])))
                }
            }
            for try await (number, response) in group {
                #expect(response.bytes == Array("POST /\(number)".utf8))
            }
        }
        #expect(server.count == 1)
        await stream.close()
        await #expect(throws: HTTPError.closed) { try await pieces.next() }
        await server.stop()
    }

    @Test(
        "makes one connection for all who ask at once, and speaks HTTP/1.1 where TLS does not agree on HTTP/2"
    )
    func fallsBack() async throws {
        let authority = try CertificateAuthority(commonName: "test")
        let security = try TLSServer(
            identity: authority.issueServerCertificate(hosts: ["127.0.0.1"]).identity,
            protocols: ["http/1.1"])
        let server = HTTPServer(security: security) { .text(200, $0.path) }
        let address = try await server.listen(on: .ip("127.0.0.1", port: 0))
        let client = HTTPClient(
            address,
            security: try TLSClient(
                host: "127.0.0.1", trust: .authorities(authority.certificatePEM),
                protocols: ["h2", "http/1.1"]))
        try await withThrowingTaskGroup(of: (String, HTTPResponse).self) { group in
            for number in 0..<5 {
                group.addTask { ("/\(number)", try await client.send(HTTPRequest("GET", "/\(number)"))) }
            }
            for try await (path, response) in group { #expect(response.bytes == Array(path.utf8)) }
        }
        await server.shutdown(grace: .zero)
    }

    @Test(
        "sends again what the server says that it has not looked at, whatever it is",
        arguments: [false, true])
    func unprocessed(leaves: Bool) async throws {
        let isFirst = Lock(true)
        let server = try await HTTP2Server { _ in
            let isFirst = isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            return isFirst ? (leaves ? .leave : .refusal) : .status(201)
        }
        let response = try await client(server).send(HTTPRequest("POST", "/", body: [1]))
        #expect(response.status == 201)
        #expect(server.seen.withLock { $0.map(\.connection) } == (leaves ? [0, 1] : [0, 0]))
        await server.stop()
    }

    @Test("sends again what changes nothing where the connection breaks, and leaves the rest to the caller")
    func lost() async throws {
        let server = try await HTTP2Server { .status(200, body: $0.path) }
        // The first two connections break when the server answers something after its settings.
        let relay = try await Relay(to: server.address) { piece in
            let isAnswer =
                piece.isFromServer
                && server.seen.withLock { $0.contains { $0.connection == piece.connection } }
            return piece.connection < 2 && isAnswer ? .cut : .pass
        }
        let client = client(server, through: relay.address)
        await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest("POST", "/a")) }
        #expect(try await client.send(HTTPRequest("GET", "/b")).bytes == Array("/b".utf8))
        #expect(server.seen.withLock { $0.map(\.path) } == ["/a", "/b", "/b"])
        await relay.stop()
        await server.stop()
    }

    @Test("notices a server that is gone by its silence after a PING, and goes on with another connection")
    func deadPeer() async throws {
        let server = try await HTTP2Server { $0.path == "/watch" ? .pieces(["one"]) : .status(200) }
        let isDead = Lock(false)
        let relay = try await Relay(to: server.address) { piece in
            piece.connection == 0 && isDead.withLock({ $0 }) ? .silence : .pass
        }
        let client = HTTPClient(
            HTTPRoute(relay.address), host: "127.0.0.1", security: server.security,
            keepAlive: HTTP2KeepAlive(
                interval: .milliseconds(300), timeout: .milliseconds(300), withoutStreams: true))
        let stream = try await client.stream(HTTPRequest("GET", "/watch"))
        var pieces = stream.makeAsyncIterator()
        #expect(try await pieces.next() == Array("one".utf8))
        isDead.withLock { $0 = true }
        await #expect(throws: HTTPError.reset("the server does not answer PING")) { try await pieces.next() }
        #expect(try await client.send(HTTPRequest("GET", "/")).status == 200)
        #expect(relay.count == 2)
        await relay.stop()
        await server.stop()
    }

    @Test("keeps what is urgent on a connection of its own")
    func urgent() async throws {
        let server = try await HTTP2Server { $0.path == "/list" ? .nothing : .status(200) }
        let client = client(server)
        let list = Task { try await client.send(HTTPRequest("GET", "/list")) }
        #expect(try await client.send(HTTPRequest("GET", "/pods")).status == 200)
        #expect(try await client.send(HTTPRequest("PUT", "/lease"), isUrgent: true).status == 200)
        #expect(try await client.send(HTTPRequest("PUT", "/lease"), isUrgent: true).status == 200)
        let seen = server.seen.withLock { $0 }
        let leases = Set(seen.filter { $0.path == "/lease" }.map(\.connection))
        #expect(leases.count == 1)
        #expect(leases.isDisjoint(with: seen.filter { $0.path != "/lease" }.map(\.connection)))
        list.cancel()
        await #expect(throws: HTTPError.self) { try await list.value }
        await server.stop()
    }

    @Test("opens more connections where the streams of one are used up, four at most, and waits beyond")
    func full() async throws {
        let server = try await HTTP2Server(streams: 1) { $0.path == "/hold" ? .pieces(["x"]) : .status(200) }
        let client = client(server)
        var streams: [HTTPClient.Stream] = []
        for _ in 0..<4 { streams.append(try await client.stream(HTTPRequest("GET", "/hold"))) }
        #expect(server.count == 4)
        await #expect(throws: HTTPError.timeout("GET /waits after 0.02 seconds")) {
            try await client.send(HTTPRequest("GET", "/waits"), timeout: .milliseconds(20))
        }
        async let later = client.send(HTTPRequest("GET", "/later"))
        await streams[2].close()
        #expect(try await later.status == 200)
        #expect(server.count == 4)
        await server.stop()
    }

    @Test("ends an exchange that takes too long, and lets go of the connection it was on")
    func timesOut() async throws {
        let server = try await HTTP2Server { $0.path == "/slow" ? .nothing : .status(200) }
        let client = client(server)
        #expect(try await client.send(HTTPRequest("GET", "/")).status == 200)
        await #expect(throws: HTTPError.timeout("GET /slow after 0.02 seconds")) {
            try await client.send(HTTPRequest("GET", "/slow"), timeout: .milliseconds(20))
        }
        #expect(try await client.send(HTTPRequest("GET", "/")).status == 200)
        #expect(server.count == 2)
        await server.stop()
    }
}
