// Connections that a client keeps, as a server at the other end ends them, forgets them or says what nobody asked.

import Glibc
import HTTP1
import SystemIO
import TestSupport
import Testing

@testable import HTTP

/// A server whose every octet the test writes itself.
private final class HandServer: Sendable {
    let address: SocketAddress
    private let listener: Listener
    private let connections: AsyncStream<FileDescriptor>
    private let path = Scratch.socket()

    init() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: FileDescriptor.self)
        connections = stream
        listener = try Listener(.unix(path)) { descriptor in
            _ = fcntl(descriptor.number, F_SETFL, 0)
            continuation.yield(descriptor)
        }
        address = listener.address
        try await listener.start()
    }

    /// The next connection.
    func accept() async throws -> FileDescriptor {
        for await descriptor in connections { return descriptor }
        throw CancellationError()
    }

    func stop() async { await listener.close() }

    /// The start line of the next request; its head is read to the end.
    static func request(_ connection: FileDescriptor) -> String {
        var octets: [UInt8] = []
        var octet: UInt8 = 0
        while !octets.suffix(4).elementsEqual([13, 10, 13, 10]), read(connection.number, &octet, 1) == 1 {
            octets.append(octet)
        }
        return String(decoding: octets, as: UTF8.self)
    }

    static func answer(
        _ connection: FileDescriptor, _ text: String = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
    ) {
        let octets = Array(text.utf8)
        _ = write(connection.number, octets, octets.count)
    }
}

@Suite("Connections that a client keeps", .timeLimit(.minutes(5)))
struct KeptConnectionTests {
    @Test(
        "are not used once the server has closed them, whatever the method",
        arguments: ["POST", "PATCH", "DELETE", "GET"])
    func closed(method: String) async throws {
        let server = try await HandServer()
        let client = HTTPClient(server.address)
        async let first = client.send(HTTPRequest(method, "/1"))
        let one = try await server.accept()
        _ = HandServer.request(one)
        HandServer.answer(one)
        #expect(try await first.status == 200)
        one.close()
        async let second = client.send(HTTPRequest(method, "/2"))
        let two = try await server.accept()
        #expect(HandServer.request(two).hasPrefix("\(method) /2 "))
        HandServer.answer(two)
        #expect(try await second.status == 200)
        await client.close()
        await server.stop()
    }

    @Test("are not used once the server has said something that nobody asked")
    func unasked() async throws {
        let server = try await HandServer()
        let client = HTTPClient(server.address)
        async let first = client.send(HTTPRequest("POST", "/1"))
        let one = try await server.accept()
        _ = HandServer.request(one)
        HandServer.answer(one)
        #expect(try await first.status == 200)
        HandServer.answer(one, "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
        async let second = client.send(HTTPRequest("POST", "/2"))
        let two = try await server.accept()
        _ = HandServer.request(two)
        HandServer.answer(two)
        #expect(try await second.status == 200)
        await client.close()
        await server.stop()
    }

    @Test("a POST that the server has seen is not sent twice, a GET is")
    func seen() async throws {
        let server = try await HandServer()
        let client = HTTPClient(server.address)
        for method in ["POST", "GET"] {
            async let first = client.send(HTTPRequest(method, "/1"))
            let one = try await server.accept()
            _ = HandServer.request(one)
            HandServer.answer(one)
            _ = try await first
            let second = Task { try await client.send(HTTPRequest(method, "/2")) }
            #expect(HandServer.request(one).hasPrefix("\(method) /2 "))
            one.close()
            if method == "POST" {
                await #expect(throws: HTTPError.self) { _ = try await second.value }
            } else {
                let two = try await server.accept()
                #expect(HandServer.request(two).hasPrefix("GET /2 "))
                HandServer.answer(two)
                #expect(try await second.value.status == 200)
            }
            await client.close()
        }
        await server.stop()
    }

    @Test("know when nothing of a request has left")
    func nothingSent() async throws {
        let server = try await HandServer()
        let descriptor = try await connect(to: server.address)
        let connection = HTTPClientConnection(
            LoopBound(SocketChannel(descriptor, loop: .shared)), loop: .shared, limits: HTTP1Limits())
        try await connection.start()
        try await server.accept().close()
        await #expect(throws: HTTPError.self) {
            try await connection.exchange(HTTPRequest("POST", "/"), ExchangeLimit(timeout: .seconds(60)))
        }
        #expect(await connection.sentNothing)
        #expect(await connection.diedIdle)
        await server.stop()
    }

    @Test("are all given up when one of them does not answer in time")
    func forgotten() async throws {
        let server = try await HandServer()
        let client = HTTPClient(server.address)
        async let first = client.send(HTTPRequest("GET", "/1"))
        let one = try await server.accept()
        async let second = client.send(HTTPRequest("GET", "/2"))
        let two = try await server.accept()
        for connection in [one, two] {
            _ = HandServer.request(connection)
            HandServer.answer(connection)
        }
        _ = try await (first, second)
        await #expect(throws: HTTPError.timeout("GET /3 after 0.02 seconds")) {
            try await client.send(HTTPRequest("GET", "/3"), timeout: .milliseconds(20))
        }
        async let fourth = client.send(HTTPRequest("GET", "/4"))
        let three = try await server.accept()
        #expect(HandServer.request(three).hasPrefix("GET /4 "))
        HandServer.answer(three)
        #expect(try await fourth.status == 200)
        await client.close()
        await server.stop()
    }

    @Test("a request whose time has passed reaches nobody, on a kept connection or a new one")
    func expired() async throws {
        let server = try await HandServer()
        let client = HTTPClient(server.address)
        await #expect(throws: HTTPError.expired("POST /1")) {
            try await client.send(HTTPRequest("POST", "/1"), sendBefore: MonotonicClock.time)
        }
        let one = try await server.accept()
        #expect(HandServer.request(one).isEmpty)
        async let second = client.send(
            HTTPRequest("POST", "/2"), sendBefore: MonotonicClock.time + .seconds(600))
        let two = try await server.accept()
        #expect(HandServer.request(two).hasPrefix("POST /2 "))
        HandServer.answer(two)
        #expect(try await second.status == 200)
        await #expect(throws: HTTPError.expired("POST /3")) {
            try await client.send(HTTPRequest("POST", "/3"), sendBefore: MonotonicClock.time)
        }
        #expect(HandServer.request(two).isEmpty)
        await client.close()
        await server.stop()
    }

    @Test("a tunnel is asked of the proxy, and the request goes through it")
    func tunnel() async throws {
        let proxy = try await HandServer()
        let tunnel = HTTPRoute.Tunnel(to: "api.example:6443", authorization: "Basic eA==")
        let route = HTTPRoute(tunnel: tunnel) { () async throws(SystemError) in [proxy.address] }
        let client = HTTPClient(route, host: "api.example:6443")
        async let first = client.send(HTTPRequest("GET", "/1"))
        let one = try await proxy.accept()
        #expect(
            HandServer.request(one)
                == "CONNECT api.example:6443 HTTP/1.1\r\nhost: api.example:6443\r\nproxy-authorization: Basic eA==\r\n\r\n"
        )
        HandServer.answer(one, "HTTP/1.1 200 Connection established\r\n\r\n")
        #expect(HandServer.request(one).hasPrefix("GET /1 HTTP/1.1\r\nhost: api.example:6443\r\n"))
        HandServer.answer(one)
        #expect(try await first.status == 200)
        await client.close()
        let refused = Task { try await client.send(HTTPRequest("GET", "/2")) }
        let two = try await proxy.accept()
        _ = HandServer.request(two)
        HandServer.answer(two, "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
        await #expect(throws: HTTPError.tunnel(to: "api.example:6443", status: 407)) {
            _ = try await refused.value
        }
        await proxy.stop()
    }
}

@Suite("Addresses of one server", .timeLimit(.minutes(5)))
struct ConnectAnyTests {
    @Test("are tried until one answers, and all are named when none does")
    func first() async throws {
        let (accepted, continuation) = AsyncStream.makeStream(of: FileDescriptor.self)
        let listener = try Listener(.ip("127.0.0.1", port: 0)) { continuation.yield($0) }
        try await listener.start()
        let port = listener.address.port ?? 0
        let dead = ["127.0.0.4", "::1", "127.0.0.5"].map { SocketAddress.ip($0, port: port) }
        let descriptor = try await connect(toFirstOf: dead + [listener.address])
        #expect(descriptor.number >= 0)
        for await _ in accepted { break }
        let error = await #expect(throws: SystemError.self) { try await connect(toFirstOf: dead) }
        #expect(error?.action == "connect to")
        for address in dead { #expect(error?.description.contains(address.description) == true) }
        await #expect(throws: SystemError.self) { try await connect(toFirstOf: []) }
        await listener.close()
    }

    @Test("one that says nothing does not keep the next from being tried")
    func silent() async throws {
        // A queue of connections that nobody accepts, filled until it is silent.
        let full = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0006).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(full, $0, length)
                _ = listen(full, 0)
                _ = getsockname(full, $0, &length)
            }
        }
        defer { close(full) }
        let silent = SocketAddress.ip("127.0.0.6", port: UInt16(bigEndian: address.sin_port))
        var held: [FileDescriptor] = []
        while let connection = try? await connect(to: silent, timeout: .milliseconds(200)), held.count < 64 {
            held.append(connection)
        }
        let listener = try Listener(.ip("127.0.0.1", port: 0)) { _ in }
        try await listener.start()
        let descriptor = try await connect(
            toFirstOf: [silent, listener.address], timeout: .seconds(240), delay: .milliseconds(1))
        #expect(descriptor.number >= 0)
        await listener.close()
    }

    @Test("a connection that nobody waits for any more is given up")
    func cancelled() async throws {
        let attempt = Task { try await connect(to: .ip("192.0.2.1", port: 9), timeout: .seconds(240)) }
        attempt.cancel()
        // Refused at once, where there is no way there: never a connection, and never the whole time.
        await #expect(throws: SystemError.self) { try await attempt.value }
    }
}
