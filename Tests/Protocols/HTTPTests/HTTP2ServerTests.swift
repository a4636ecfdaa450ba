// A server of both versions on one address: which is spoken, what is answered, and who is let go.

import HPACK
import HTTP1
import HTTP2
import HTTP2Transport
import SystemIO
import TLS
import TestSupport
import Testing

@testable import HTTP

@Suite("A server of HTTP/2 beside HTTP/1.1", .timeLimit(.minutes(5)))
struct HTTP2ServerTests {
    private struct Served {
        let server: HTTPServer
        let address: SocketAddress
        let authority: CertificateAuthority?

        func client(_ protocols: [String] = ["h2", "http/1.1"]) throws -> HTTPClient {
            let trust = authority?.certificatePEM ?? []
            return HTTPClient(
                address,
                security: try TLSClient(
                    host: "127.0.0.1", trust: .authorities(trust), protocols: protocols))
        }
    }

    private func serve(
        _ limits: HTTPServerLimits = HTTPServerLimits(), tls: Bool = true,
        _ handler: @escaping HTTPServer.Handler
    ) async throws -> Served {
        let authority = tls ? try CertificateAuthority(commonName: "test") : nil
        let security = try authority.map {
            try TLSServer(
                identity: $0.issueServerCertificate(hosts: ["127.0.0.1"]).identity,
                protocols: ["h2", "http/1.1"])
        }
        let server = HTTPServer(
            limits: limits, security: security, http2: HTTP2Serving(),
            immediate: { $0.path == "/now" ? .text(200, "now") : nil }, handler: handler)
        let address = try await server.listen(on: .ip("127.0.0.1", port: 0))
        return Served(server: server, address: address, authority: authority)
    }

    @Test(
        "curl gets the version that it asks for, and the same answers in both", arguments: [false, true],
        ["--http1.1", "--http2-prior-knowledge", "--http2"])
    func versions(tls: Bool, flag: String) async throws {
        let served = try await serve(tls: tls) { request in
            if request.path == "/stream" {
                return HTTPResponse(200, body: .stream { for _ in 0..<3 { try await $0.write("x") } })
            }
            return .text(200, "\(request.method) \(request.headers["host"] ?? "-") \(request.body.count)\n")
        }
        let file = Scratch.path()
        defer { try? Files.remove(file) }
        try Files.write(file, served.authority?.certificatePEM ?? [])
        // Without TLS, `--http2` asks by an upgrade, which RFC 9113 has done away with: it gets HTTP/1.1.
        let version = flag == "--http1.1" || flag == "--http2" && !tls ? "1.1" : "2"
        func ask(_ path: String, _ more: [String] = []) async throws -> String {
            let arguments =
                ["-sS", flag, "--cacert", file, "-w", " %{http_version}", "-o", "-"] + more
                + ["\(tls ? "https" : "http")://\(served.address)\(path)"]
            return try await blocking { try Output.of("/usr/bin/curl", arguments) }
        }
        #expect(try await ask("/") == "GET \(served.address) 0\n \(version)")
        #expect(try await ask("/now") == "now \(version)")
        #expect(try await ask("/stream") == "xxx \(version)")
        #expect(try await ask("/", ["--head"]).hasSuffix(" \(version)"))
        #expect(try await ask("/", ["-d", "abc"]) == "POST \(served.address) 3\n \(version)")
        await served.server.shutdown()
    }

    @Test(
        "what a handler waits for brings it back to the loop by no other thread, in both versions",
        arguments: ["http/1.1", "h2"])
    func preference(version: String) async throws {
        let executors = Lock<[UnownedTaskExecutor?]>([])
        let served = try await serve { _ in
            let own = withUnsafeCurrentTask { $0?.unownedTaskExecutor }
            executors.withLock { $0.append(own) }
            return .text(200, "")
        }
        let client = try served.client([version])
        #expect(try await client.send(HTTPRequest("GET", "/")).status == 200)
        #expect(executors.withLock { $0 } == [UnownedTaskExecutor(EventLoop.shared)])
        await client.close()
        await served.server.shutdown()
    }

    @Test("many requests and streams at once, large both ways, on one connection")
    func many() async throws {
        let peers = Lock<Set<String>>([])
        let served = try await serve { request in
            peers.withLock { _ = $0.insert(request.peer?.description ?? "") }
            guard request.path == "/stream" else { return HTTPResponse(200, body: .bytes(request.body)) }
            let body = request.body
            return HTTPResponse(200, body: .stream { for _ in 0..<4 { try await $0.write(body) } })
        }
        let client = try served.client()
        try await withThrowingTaskGroup(of: (Int, Int, Bool).self) { group in
            for number in 0..<40 {
                group.addTask {
                    let body = [UInt8](repeating: UInt8(number), count: 100_000 + number)
                    let path = number % 2 == 0 ? "/" : "/stream"
                    let response = try await client.send(HTTPRequest("POST", path, body: body))
                    return (number, response.bytes.count, response.bytes.allSatisfy { $0 == UInt8(number) })
                }
            }
            for try await (number, count, isOwn) in group {
                #expect(count == (100_000 + number) * (number % 2 == 0 ? 1 : 4) && isOwn)
            }
        }
        #expect(peers.withLock { $0.count } == 1)
        await client.close()
        await served.server.shutdown()
    }

    @Test("nobody computes for a client that has lost its interest in one of its requests")
    func vanished() async throws {
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let served = try await serve { request in
            guard request.path == "/long" else { return .text(200, "short") }
            begin.yield()
            // Ends when the task is cancelled.
            for await _ in AsyncStream<Void>.makeStream().stream {}
            end.yield()
            return .text(200, "late")
        }
        let client = try served.client()
        let long = Task { try await client.send(HTTPRequest("GET", "/long")) }
        for await _ in begun { break }
        #expect(try await client.send(HTTPRequest("GET", "/short")).bytes == Array("short".utf8))
        long.cancel()
        for await _ in ends { break }
        #expect(try await client.send(HTTPRequest("GET", "/short")).status == 200)
        await client.close()
        await served.server.shutdown()
    }

    @Test("a body that is too large is answered with the limit, whether its length was told or not")
    func tooLarge() async throws {
        var limits = HTTPServerLimits()
        limits.message.body = 1000
        limits.requestOctets = 500_000
        let served = try await serve(limits) { .text(200, "\($0.body.count)") }
        let client = try served.client()
        for length in ["300000", nil] {
            var request = HTTPRequest("POST", "/", body: [UInt8](repeating: 1, count: 300_000))
            request.headers["content-length"] = length
            let response = try await client.send(request)
            #expect(response.status == 413)
            #expect(response.bytes == Array("the body is longer than 1000 octets\n".utf8))
        }
        #expect(try await client.send(HTTPRequest("POST", "/", body: [1])).bytes == Array("1".utf8))
        await client.close()
        await served.server.shutdown()
    }

    @Test(
        "a server that leaves loses no request: each connection ends with GOAWAY, and new ones are answered once"
    )
    func leaves() async throws {
        let served = try await serve { .text(200, $0.path) }
        let client = try served.client()
        let isOver = Lock(false)
        let traffic = (0..<4).map { _ in
            Task { () -> Int in
                var asked = 0
                while !isOver.withLock({ $0 }) {
                    let response = try await client.send(HTTPRequest("POST", "/\(asked)"))
                    #expect(response.bytes == Array("/\(asked)".utf8))
                    asked += 1
                }
                return asked
            }
        }
        _ = try await client.send(HTTPRequest("GET", "/"))
        await served.server.disableKeepAlive()
        for number in 0..<20 {
            let new = try served.client()
            #expect(try await new.send(HTTPRequest("POST", "/\(number)")).status == 200)
            await new.close()
        }
        isOver.withLock { $0 = true }
        for task in traffic { #expect(try await task.value > 0) }
        await client.close()
        await served.server.shutdown()
    }

    @Test("a body that comes too slowly is answered with 408, and the other requests are answered")
    func slowBody() async throws {
        var limits = HTTPServerLimits()
        limits.bodyGrace = .milliseconds(1)
        limits.bodyRate = 1 << 30
        let served = try await serve(limits, tls: false) { .text(200, $0.path) }
        let raw = try await RawHTTP2(served.address)
        let slow = try raw.request("POST", "/slow")
        #expect(try await raw.response(slow) == "408")
        let other = try raw.request("GET", "/other", ends: true)
        #expect(try await raw.response(other) == "200")
        await served.server.shutdown()
    }

    @Test("a connection without requests makes room for a new one; one that is answered keeps its place")
    func crowd() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 2
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let served = try await serve(limits, tls: false) { request in
            guard request.path == "/long" else { return .text(200, "short") }
            begin.yield()
            for await _ in gate { break }
            return .text(200, "long")
        }
        let busy = try await RawHTTP2(served.address)
        let long = try busy.request("GET", "/long", ends: true)
        for await _ in begun { break }
        let idle = try await RawHTTP2(served.address)
        #expect(try await idle.response(try idle.request("GET", "/", ends: true)) == "200")
        let new = try await RawHTTP2(served.address)
        #expect(try await new.response(try new.request("GET", "/", ends: true)) == "200")
        #expect(try await idle.response(99) == nil)
        open.finish()
        #expect(try await busy.response(long) == "200")
        await served.server.shutdown()
    }

    @Test(
        "what is neither version is told so in HTTP/1.1, and a preface that stops is HTTP/1.1 that has not ended"
    )
    func neither() async throws {
        let served = try await serve(tls: false) { .text(200, $0.path) }
        let odd = try await Plain(served.address)
        #expect(odd.say("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"))
        #expect(try await blocking { odd.rest() }?.hasPrefix("HTTP/1.1 505 ") == true)
        let slow = try await Plain(served.address)
        // A request that begins as the preface does, in two pieces.
        #expect(slow.say("P"))
        #expect(slow.say("OST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"))
        #expect(try await blocking { slow.some() }?.hasSuffix("/a") == true)
        await served.server.shutdown()
    }
}

/// A client of HTTP/2 without TLS that says what the test wants, with blocking calls.
private final class RawHTTP2: @unchecked Sendable {
    private let socket: Plain
    private var connection = HTTP2Connection(.client)
    private var statuses: [StreamID: String] = [:]

    init(_ address: SocketAddress) async throws {
        socket = try await Plain(address)
        flush()
    }

    private func flush() {
        while connection.hasOutput {
            connection.drainOutput { span in
                _ = socket.say(octets: span.withUnsafeBytes { Array($0) })
            }
        }
    }

    func request(_ method: String, _ path: String, ends: Bool = false) throws -> StreamID {
        let stream = try connection.sendRequest(
            [":method": method, ":scheme": "http", ":path": path, ":authority": "a"], endStream: ends)
        flush()
        return stream
    }

    /// The status of the answer; nil where the connection ends before.
    func response(_ stream: StreamID) async throws -> String? {
        try await blocking { [self] in
            while statuses[stream] == nil {
                guard let octets = socket.someOctets() else { return nil }
                connection.receive(octets.span.bytes)
                while let event = connection.next() {
                    if case .headers(let stream, let list, _) = event { statuses[stream] = list[":status"] }
                }
                flush()
            }
            return statuses[stream]
        }
    }
}
