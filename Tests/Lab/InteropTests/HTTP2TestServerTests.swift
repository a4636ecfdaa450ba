// The page that other tools ask for, and what a client makes of servers that break the rules.

import Glibc
import HTTP2
import Interop
import SystemIO
import TestSupport
import Testing

private let greeting = "Hello from ganglion-interop over HTTP/2.\n"

/// Runs `body` with a server on `address`.
private func withTestServer(
    on address: SocketAddress, _ body: (SocketAddress) async throws -> Void
) async throws {
    let server = HTTP2TestServer()
    let real = try await server.listen(on: address)
    do {
        try await body(real)
    } catch {
        await server.shutdown()
        throw error
    }
    await server.shutdown()
}

@Suite("The HTTP/2 test server", .timeLimit(.minutes(10)))
struct HTTP2TestServerTests {
    @Test("answers on a port", arguments: ["/", "/?q=1"])
    func port(path: String) async throws {
        try await withTestServer(on: .ip("127.0.0.1", port: 0)) { address in
            let target = try HTTP2Target(parsing: "http://\(address)\(path)")
            let response = try await HTTP2TestClient.get(target)
            #expect(response.status == "200")
            #expect(String(decoding: response.body, as: UTF8.self) == greeting)
        }
    }

    @Test("answers on a Unix socket")
    func unix() async throws {
        try await withTestServer(on: .unix(Scratch.socket())) { address in
            let response = try await HTTP2TestClient.get(try HTTP2Target(parsing: "\(address)"))
            #expect(response.status == "200")
        }
    }

    @Test("has one page only")
    func missing() async throws {
        try await withTestServer(on: .ip("127.0.0.1", port: 0)) { address in
            let response = try await HTTP2TestClient.get(
                try HTTP2Target(parsing: "http://\(address)/other"))
            #expect(response.status == "404")
            #expect(response.body.isEmpty)
        }
    }

    @Test("is gone after its shutdown")
    func shutdown() async throws {
        let server = HTTP2TestServer()
        let address = try await server.listen(on: .unix(Scratch.socket()))
        await server.shutdown()
        let target = try HTTP2Target(parsing: "\(address)")
        await #expect(throws: SystemError.self) { try await HTTP2TestClient.get(target) }
    }

    @Test(
        "answers curl", .enabled(if: Curl.speaksHTTP2, "no curl with HTTP/2"),
        arguments: [
            (["--data", "some words"], "200 2 41"), (["--head"], "200 2 0"), (["-X", "DELETE"], "405 2 0"),
            (["--http2-prior-knowledge"], "200 2 41"),
        ])
    func curl(options: [String], line: String) async throws {
        try await withTestServer(on: .ip("127.0.0.1", port: 0)) { address in
            let arguments =
                ["-s", "--http2-prior-knowledge", "-o", "/dev/null"] + options
                + ["-w", "%{http_code} %{http_version} %{size_download}", "http://\(address)/"]
            let text = try await Curl.run(arguments)
            #expect(text == line)
        }
    }

    @Test(
        "takes a body that is larger than the windows", .enabled(if: Curl.speaksHTTP2, "no curl with HTTP/2"))
    func largeBody() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/body"
        try Files.writeAtomically(path, [UInt8](repeating: 120, count: 3_000_000), mode: 0o600)
        try await withTestServer(on: .unix(Scratch.socket())) { address in
            guard case .unix(let socket) = address else { return }
            let text = try await Curl.run([
                "-s", "--http2-prior-knowledge", "--unix-socket", socket, "--data-binary", "@" + path,
                "-o", "/dev/null", "-w", "%{http_code} %{size_upload}", "http://localhost/",
            ])
            #expect(text == "200 3000000")
        }
    }
}

@Suite("The HTTP/2 test client", .timeLimit(.minutes(10)))
struct HTTP2TestClientTests {
    /// A server that says `octets` to whoever comes and closes.
    private func withRawServer(
        _ octets: [UInt8], _ body: (HTTP2Target) async throws -> Void
    ) async throws {
        // Kept open: a client that writes to a closed socket hears of that instead.
        let accepted = Lock<[FileDescriptor]>([])
        let listener = try Listener(.unix(Scratch.socket())) { descriptor in
            _ = octets.withUnsafeBytes { send(descriptor.number, $0.baseAddress, $0.count, 0) }
            Glibc.shutdown(descriptor.number, Int32(SHUT_WR))
            accepted.withLock { $0.append(descriptor) }
        }
        try await listener.start()
        try await body(try HTTP2Target(parsing: "\(listener.address)"))
        await listener.close()
    }

    private static let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]

    @Test("says that the server has reset the stream")
    func reset() async throws {
        // RST_STREAM of stream 1 with REFUSED_STREAM (7).
        try await withRawServer(Self.settings + [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7]) { target in
            await #expect(throws: HTTP2TestFailure.reset(.refusedStream, byPeer: true)) {
                try await HTTP2TestClient.get(target)
            }
        }
    }

    @Test("resets a stream whose headers are malformed")
    func malformed() async throws {
        // HEADERS with END_STREAM and no field: there is no :status.
        try await withRawServer(Self.settings + [0, 0, 0, 1, 5, 0, 0, 0, 1]) { target in
            await #expect(throws: HTTP2TestFailure.reset(.protocolError, byPeer: false)) {
                try await HTTP2TestClient.get(target)
            }
        }
    }

    @Test("reads a response without a body")
    func headersAlone() async throws {
        // HEADERS with END_STREAM: :status 204, entry 9 of the static table.
        try await withRawServer(Self.settings + [0, 0, 1, 1, 5, 0, 0, 0, 1, 0x89]) { target in
            let response = try await HTTP2TestClient.get(target)
            #expect(response.status == "204")
            #expect(response.body.isEmpty)
        }
    }

    @Test("says that the connection ended")
    func ended() async throws {
        try await withRawServer(Self.settings) { target in
            await #expect(throws: HTTP2TestFailure.connection("the peer closed the connection")) {
                try await HTTP2TestClient.get(target)
            }
        }
    }

    @Test(
        "tells failures in one sentence",
        arguments: [
            (HTTP2TestFailure.timeout, "the server did not answer in time"),
            (.connection("gone"), "the connection ended before the response: gone"),
            (.reset(.cancel, byPeer: true), "the server reset the stream with \(ErrorCode.cancel)"),
            (
                .reset(.cancel, byPeer: false),
                "the stream was reset with \(ErrorCode.cancel), since the server broke a rule"
            ),
        ])
    func sentences(failure: HTTP2TestFailure, sentence: String) {
        #expect("\(failure)" == sentence)
    }
}
