import Glibc
import HTTP1
import SystemIO
import TestSupport
import Testing

@testable import HTTP

/// A server on a free loopback port, and a client of it.
private func serve(
    limits: HTTPServerLimits = HTTPServerLimits(), _ handler: @escaping HTTPServer.Handler
) async throws -> (HTTPServer, HTTPClient, SocketAddress) {
    let server = HTTPServer(limits: limits, handler: handler)
    let address = try await server.listen(on: .ip("127.0.0.1", port: 0))
    return (server, HTTPClient(address), address)
}

private func curl(_ arguments: [String]) async throws -> (ProcessStatus, String) {
    let path = Scratch.path()
    let output = try FileDescriptor.open(path, flags: O_RDWR | O_CREAT | O_EXCL)
    defer { try? Files.remove(path) }
    let child = try ChildProcess.spawn(
        "/usr/bin/curl", ["-sS", "--max-time", "300"] + arguments,
        descriptors: .init(output: output, error: output))
    let status = await child.wait()
    return (status, try Files.readText(path, limit: 16 << 20))
}

@Suite("HTTP server and client")
struct HTTPTests {
    @Test("carry method, target, fields and body, and keep the connection")
    func roundTrip() async throws {
        let (server, client, _) = try await serve { request in
            var response = HTTPResponse.text(
                200, "\(request.method) \(request.path) \(request.query("q") ?? "-") \(request.body.count)")
            response.headers["x-peer"] = request.peer?.description
            return response
        }
        let first = try await client.send(
            HTTPRequest("POST", "/a%20b?q=c+d", body: [UInt8](repeating: 1, count: 300_000)))
        let second = try await client.send(HTTPRequest("GET", "/"))
        #expect(first.status == 200)
        #expect(String(decoding: first.bytes, as: UTF8.self) == "POST /a b c d 300000")
        #expect(String(decoding: second.bytes, as: UTF8.self) == "GET / - 0")
        #expect(first.headers["x-peer"] != nil)
        #expect(first.headers["x-peer"] == second.headers["x-peer"])
        await client.close()
        await server.shutdown()
    }

    @Test("stream a body piece by piece, and the end of the stream is the end")
    func streams() async throws {
        let (server, client, _) = try await serve { _ in
            HTTPResponse(
                200,
                body: .stream { writer in
                    for number in 0..<1000 { try await writer.write("line \(number)\n") }
                })
        }
        let stream = try await client.stream(HTTPRequest("GET", "/"))
        var text: [UInt8] = []
        for try await chunk in stream { text += chunk }
        #expect(String(decoding: text, as: UTF8.self) == (0..<1000).map { "line \($0)\n" }.joined())
        await stream.close()
        await server.shutdown()
    }

    @Test("a writer waits for a slow reader and ends when the reader goes")
    func backPressure() async throws {
        let ended = Lock<CheckedContinuation<HTTPError?, Never>?>(nil)
        let written = Lock(0)
        let (server, client, _) = try await serve { _ in
            HTTPResponse(
                200,
                body: .stream { writer in
                    let chunk = [UInt8](repeating: 65, count: 65_536)
                    do throws(HTTPError) {
                        while true {
                            try await writer.write(chunk)
                            written.withLock { $0 += chunk.count }
                        }
                    } catch {
                        ended.withLock { $0 }?.resume(returning: error)
                        throw error
                    }
                })
        }
        let error = await withCheckedContinuation { continuation in
            ended.withLock { $0 = continuation }
            Task {
                let stream = try await client.stream(HTTPRequest("GET", "/"))
                var iterator = stream.makeAsyncIterator()
                _ = try await iterator.next()
                await stream.close()
            }
        }
        // Told by the end of the connection, or by the write that failed because of it.
        #expect(error != nil)
        // What the server, the kernel and the client may hold, and not the gigabytes of an unbounded queue.
        #expect(written.withLock { $0 } < 64 << 20)
        await server.shutdown()
    }

    @Test("a stream that fails is cut, not ended")
    func failingStream() async throws {
        struct Fault: Error {}
        let (server, client, _) = try await serve { _ in
            HTTPResponse(
                200,
                body: .stream { writer in
                    try await writer.write("half")
                    throw Fault()
                })
        }
        await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest("GET", "/")) }
        await server.shutdown()
    }

    @Test("a handler that takes too long is a time-out of the caller")
    func timeout() async throws {
        let release = Lock<CheckedContinuation<Void, Never>?>(nil)
        let (server, client, _) = try await serve { _ in
            await withCheckedContinuation { continuation in release.withLock { $0 = continuation } }
            return .text(200, "late")
        }
        await #expect(throws: HTTPError.timeout("GET /slow after 0.05 seconds")) {
            try await client.send(HTTPRequest("GET", "/slow"), timeout: .milliseconds(50))
        }
        release.withLock { $0 }?.resume()
        await server.shutdown()
    }

    @Test("nobody there is told with the address")
    func refused() async throws {
        let listener = try Listener(.ip("127.0.0.1", port: 0)) { _ in }
        let address = listener.address
        await listener.close()
        let client = HTTPClient(address)
        await #expect(
            throws: HTTPError.transport(SystemError("connect to", address.description, code: ECONNREFUSED))
        ) { try await client.send(HTTPRequest("GET", "/")) }
    }

    @Test("a request goes out again when the kept connection was closed meanwhile")
    func staleConnection() async throws {
        var limits = HTTPServerLimits()
        limits.idle = .milliseconds(1)
        let (server, client, _) = try await serve(limits: limits) { _ in .text(200, "ok") }
        for _ in 0..<20 {
            #expect(try await client.send(HTTPRequest("GET", "/")).status == 200)
            try await Task.sleep(for: .milliseconds(2))
        }
        await server.shutdown()
    }

    @Test("works over a Unix socket")
    func unixSocket() async throws {
        let path = Scratch.socket()
        let server = HTTPServer { request in .text(200, request.headers["host"] ?? "") }
        try await server.listen(on: .unix(path))
        let response = try await HTTPClient(.unix(path)).send(HTTPRequest("GET", "/"))
        #expect(String(decoding: response.bytes, as: UTF8.self) == "localhost")
        await server.shutdown()
        #expect(!Files.exists(path))
    }
}

@Suite("HTTP server and curl", .enabled(if: Files.exists("/usr/bin/curl"), "curl is not installed"))
struct CurlTests {
    @Test("GET, HEAD, a large POST with Expect, and a streamed answer")
    func methods() async throws {
        let (server, _, address) = try await serve { request in
            if request.path == "/stream" {
                return HTTPResponse(200, body: .stream { for _ in 0..<3 { try await $0.write("x") } })
            }
            return .text(200, "\(request.method) \(request.body.count)\n")
        }
        let url = "http://\(address)"
        #expect(try await curl([url + "/"]) == (.exited(0), "GET 0\n"))
        let head = try await curl(["-I", url + "/"])
        #expect(
            head.0 == .exited(0) && head.1.hasPrefix("HTTP/1.1 200 OK\r\n")
                && head.1.contains("content-length: 7"))
        #expect(try await curl([url + "/stream"]) == (.exited(0), "xxx"))
        let file = Scratch.path()
        try Files.write(file, [UInt8](repeating: 48, count: 2_000_000))
        defer { try? Files.remove(file) }
        #expect(
            try await curl(["--data-binary", "@" + file, "-H", "Expect: 100-continue", url + "/"])
                == (.exited(0), "POST 2000000\n"))
        #expect(try await curl([url + "/", url + "/"]) == (.exited(0), "GET 0\nGET 0\n"))
        await server.shutdown()
    }

    @Test("bad requests are answered with what is wrong")
    func refuses() async throws {
        let (server, _, address) = try await serve { _ in .text(200, "") }
        let result = try await curl([
            "-i", "-H", "Content-Length: 99999999", "-X", "POST", "http://\(address)/",
        ])
        #expect(result.1.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
        #expect(result.1.contains("the body is longer than 3145728 octets"))
        let packed = try await curl([
            "-i", "-H", "Content-Encoding: gzip", "--data-binary", "x", "http://\(address)/",
        ])
        #expect(packed.1.hasPrefix("HTTP/1.1 415 Unsupported Media Type\r\n"))
        #expect(packed.1.contains("accept-encoding: identity\r\n"))
        #expect(packed.1.hasSuffix("the body has the content-encoding gzip: send it as it is\n"))
        let plain = try await curl([
            "-i", "-H", "Content-Encoding: Identity", "-d", "x", "http://\(address)/",
        ])
        #expect(plain.1.hasPrefix("HTTP/1.1 200 OK\r\n"))
        await server.shutdown()
    }

    @Test(
        "a target that is a whole URL is that path",
        arguments: [
            ("http://h.example/a/b?c=d", "/a/b c=d"), ("HTTP://h.example:8080", "/ -"),
            ("https://[::1]:8443?c=1", "/ c=1"), ("/http://x/?c=/", "/http://x/ c=/"), ("/a", "/a -"),
            ("*", "* -"),
        ])
    func wholeURL(target: String, expected: String) async throws {
        let (server, _, address) = try await serve { request in
            .text(200, "\(request.path) \(request.query("c").map { "c=" + $0 } ?? "-")")
        }
        #expect(
            try await curl(["--request-target", target, "http://\(address)/"]) == (.exited(0), expected))
        await server.shutdown()
    }
}
