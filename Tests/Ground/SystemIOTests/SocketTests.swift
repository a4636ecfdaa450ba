import Glibc
import TestSupport
import Testing

@testable import SystemIO

@Suite("Socket address")
struct SocketAddressTests {
    @Test(
        "is read from its text",
        arguments: [
            ("unix:/run/a.sock", "unix:/run/a.sock"), ("/run/a.sock", "unix:/run/a.sock"),
            ("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:443", "[::1]:443"), ("localhost:1", "127.0.0.1:1"),
            (":9", ":9"), ("fd00::1:9410", "[fd00::1]:9410"),
        ])
    func parses(text: String, printed: String) throws {
        #expect(try SocketAddress(parsing: text).description == printed)
    }

    @Test(
        "says what is wrong with one",
        arguments: ["127.0.0.1", "host.example:80", "127.0.0.1:70000", "", "1.2.3:4"])
    func refuses(text: String) {
        #expect(throws: SystemError.self) { try SocketAddress(parsing: text) }
    }

    @Test("refuses a socket path that the kernel would cut")
    func longPath() {
        let path = "/" + String(repeating: "a", count: 107)
        #expect(
            throws: SystemError(
                "use socket path", path, code: 0, hint: "it has 108 octets; 1 to 107 are possible")
        ) {
            try SocketAddress(parsing: path)
        }
    }
}

@Suite("Listening and connecting")
struct ListenerTests {
    private func echo(_ address: SocketAddress, _ loop: EventLoop) async throws -> Listener {
        let listener = try Listener(address, loop: loop) { descriptor in
            let echo = Echo(descriptor, loop: loop)
            Task { try await echo.start() }
        }
        try await listener.start()
        return listener
    }

    @Test("carries more than the kernel's buffers hold, both ways at once", arguments: ["tcp", "unix"])
    func large(kind: String) async throws {
        let directory = try TemporaryDirectory()
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let address = kind == "tcp" ? SocketAddress.ip("127.0.0.1", port: 0) : .unix(directory.path + "/s")
        let listener = try await echo(address, loop)
        let client = Collector(try await connect(to: listener.address, loop: loop), loop: loop)
        try await client.start()
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        #expect(await client.exchange(bytes) == bytes)
        await client.close()
        await listener.close()
        if case .unix(let path) = address { #expect(!Files.exists(path)) }
    }

    @Test(
        "on every address are heard by either family, and an IPv4 peer is called by its IPv4 address",
        arguments: ["127.0.0.1", "::1"])
    func everyAddress(host: String) async throws {
        let peers = AsyncStream.makeStream(of: SocketAddress?.self)
        let listener = try Listener(.any(port: 0)) { descriptor in
            peers.continuation.yield(SocketAddress.of(descriptor, local: false))
        }
        try await listener.start()
        let port = try #require(listener.address.port)
        let client = try await connect(to: .ip(host, port: port))
        var iterator = peers.stream.makeAsyncIterator()
        #expect(await iterator.next() == SocketAddress.of(client, local: true))
        #expect(SocketAddress.of(client, local: true)?.description.contains(host) == true)
        await listener.close()
    }

    @Test(
        "on every address take IPv4 alone where the system has no IPv6",
        arguments: [EAFNOSUPPORT, EADDRNOTAVAIL])
    func withoutIPv6(code: Int32) throws {
        var asked: [SocketAddress] = []
        _ = try Listener.opened(.any(port: 9)) { (address) throws(SystemError) in
            asked.append(address)
            if case .any = address { throw SystemError("make a socket for", address.description, code: code) }
            return FileDescriptor(-1)
        }
        #expect(asked == [.any(port: 9), .ip("0.0.0.0", port: 9)])
    }

    @Test("keep the reason where a port of every address is taken")
    func everyAddressInUse() async throws {
        let first = try Listener(.ip("127.0.0.1", port: 0)) { _ in }
        let port = try #require(first.address.port)
        #expect(
            throws: SystemError(
                "listen on", ":\(port)", code: EADDRINUSE,
                hint: "stop what listens there or choose another address")
        ) { try Listener(.any(port: port)) { _ in } }
        await first.close()
    }

    @Test("TCP asks a silent peer whether it is still there")
    func keepAlive() async throws {
        let listener = try Listener(.ip("127.0.0.1", port: 0)) { _ in }
        let descriptor = try await connect(to: listener.address)
        let channel = SocketChannel(descriptor, loop: .shared)
        func option(_ level: Int32, _ name: Int32) -> Int32 {
            var value: Int32 = -1
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor.number, level, name, &value, &size)
            return value
        }
        #expect(option(SOL_SOCKET, SO_KEEPALIVE) == 1)
        #expect(option(Int32(IPPROTO_TCP), TCP_KEEPIDLE) == TCPKeepAlive.idle)
        #expect(option(Int32(IPPROTO_TCP), TCP_KEEPINTVL) == TCPKeepAlive.interval)
        #expect(option(Int32(IPPROTO_TCP), TCP_KEEPCNT) == TCPKeepAlive.probes)
        channel.close(discarding: true)
        await listener.close()
    }

    @Test("a Unix socket is for its owner only")
    func mode() async throws {
        let directory = try TemporaryDirectory()
        let listener = try Listener(.unix(directory.path + "/s")) { _ in }
        var status = stat()
        #expect(stat(directory.path + "/s", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        await listener.close()
    }

    @Test("replaces a socket that nobody listens on")
    func stale() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        let child = try ChildProcess.spawn(
            "/usr/bin/env",
            ["python3", "-c", "import socket; socket.socket(socket.AF_UNIX).bind('\(path)')"],
            environment: ["PATH": "/usr/bin:/bin:/usr/local/bin"])
        try #require(await child.wait() == .exited(0))
        try #require(Files.kind(path) == .socket)
        let listener = try Listener(.unix(path)) { _ in }
        #expect(listener.isInPlace)
        await listener.close()
    }

    @Test("does not take the socket of a live process")
    func live() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        let first = try Listener(.unix(path)) { _ in }
        #expect(
            throws: SystemError(
                "listen on", path, code: 0,
                hint: "another process listens there: stop it or choose another path")
        ) { try Listener(.unix(path)) { _ in } }
        #expect(first.isInPlace)
        await first.close()
    }

    @Test("does not remove a file")
    func file() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        try Files.write(path, [1])
        #expect(
            throws: SystemError(
                "listen on", path, code: 0, hint: "a file is there: remove it or choose another path")
        ) { try Listener(.unix(path)) { _ in } }
        #expect(Files.exists(path))
    }

    @Test("leaves a successor's socket alone when it closes")
    func successor() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        let first = try Listener(.unix(path)) { _ in }
        try Files.remove(path)
        #expect(!first.isInPlace)
        let second = try Listener(.unix(path)) { _ in }
        await first.close()
        #expect(second.isInPlace)
        await second.close()
    }

    @Test("says that a port is in use")
    func portInUse() async throws {
        let first = try Listener(.ip("127.0.0.1", port: 0)) { _ in }
        #expect(
            throws: SystemError(
                "listen on", first.address.description, code: EADDRINUSE,
                hint: "stop what listens there or choose another address")
        ) { try Listener(first.address) { _ in } }
        await first.close()
    }

    @Test("says that nobody listens")
    func refused() async throws {
        let listener = try Listener(.ip("127.0.0.1", port: 0)) { _ in }
        let address = listener.address
        await listener.close()
        await #expect(throws: SystemError("connect to", address.description, code: ECONNREFUSED)) {
            try await connect(to: address)
        }
        await #expect(throws: SystemError("connect to", "unix:/nowhere/s", code: ENOENT)) {
            try await connect(to: .unix("/nowhere/s"))
        }
    }
}
