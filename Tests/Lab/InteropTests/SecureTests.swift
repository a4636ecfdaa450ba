// HTTP/2 and gRPC over TLS: ours with ours, and with curl, nghttp, h2load and grpcio.

import GRPC
import GRPCGzip
import GRPCServices
import Glibc
import SystemIO
import TLS
import TestSupport
import Testing

@testable import Interop

/// A certificate for localhost and the authority that stands for it.
private struct Identity {
    let directory: TemporaryDirectory
    let server: TLSServer
    let authority: [UInt8]

    init(protocols: [String] = ["h2"]) throws {
        let authority = try CertificateAuthority(commonName: "test", validity: .days(1))
        let certificate = try authority.issueServerCertificate(
            hosts: ["localhost", "127.0.0.1"], validity: .days(1))
        directory = try TemporaryDirectory()
        self.authority = authority.certificatePEM
        server = try TLSServer(identity: certificate.identity, protocols: protocols)
        try Files.write(directory.path + "/ca.pem", authority.certificatePEM)
        try Files.write(directory.path + "/chain.pem", certificate.certificatePEM)
        try Files.write(directory.path + "/key.pem", certificate.privateKeyPEM, mode: 0o600)
    }

    func client(protocols: [String] = ["h2"]) throws -> TLSClient {
        try TLSClient(host: "localhost", trust: .authorities(authority), protocols: protocols)
    }

    subscript(_ name: String) -> String { directory.path + "/" + name }
}

/// Runs `body` with a server of the test service over TLS.
private func withSecureService(
    _ identity: Identity, _ body: (SocketAddress) async throws -> Void
) async throws {
    let server = GRPCServer(
        router: TestService.router(HealthService()), compressions: [GzipCompression()],
        security: identity.server)
    let address = try await server.listen(on: .unix(Scratch.socket()))
    do {
        try await body(address)
    } catch {
        await server.shutdown(grace: .zero)
        throw error
    }
    await server.shutdown(grace: .zero)
}

private enum Tool {
    static let nghttp = "/usr/bin/nghttp"
    static let h2load = "/usr/bin/h2load"
}

@Suite("HTTP/2 over TLS", .timeLimit(.minutes(10)))
struct SecureHTTP2Tests {
    /// Runs `body` with the page's server over TLS on a port.
    private func withPage(_ identity: Identity, _ body: (SocketAddress) async throws -> Void) async throws {
        let server = HTTP2TestServer(security: identity.server)
        let address = try await server.listen(on: .ip("127.0.0.1", port: 0))
        do {
            try await body(address)
        } catch {
            await server.shutdown()
            throw error
        }
        await server.shutdown()
    }

    @Test("our client gets a page from our server")
    func ours() async throws {
        let identity = try Identity()
        try await withPage(identity) { address in
            let target = try HTTP2Target(parsing: "https://\(address)/")
            let response = try await HTTP2TestClient.get(target, security: try identity.client())
            #expect(response.status == "200")
        }
    }

    @Test("curl agrees on h2 by ALPN", .enabled(if: Curl.speaksHTTP2, "no curl with HTTP/2"))
    func curl() async throws {
        let identity = try Identity()
        try await withPage(identity) { address in
            let text = try await Curl.run([
                "-s", "--http2", "--cacert", identity["ca.pem"], "-o", "/dev/null", "-w",
                "%{http_version} %{http_code} %{size_download}", "https://\(address)/",
            ])
            #expect(text == "2 200 41")
        }
    }

    @Test(
        "curl that speaks HTTP/1.1 alone is refused at once",
        .enabled(if: Curl.speaksHTTP2, "no curl with HTTP/2"), arguments: ["--http1.1", "--no-alpn"])
    func oldCurl(option: String) async throws {
        let identity = try Identity()
        try await withPage(identity) { address in
            let text = try await Curl.run([
                "-s", option, "--max-time", "300", "--cacert", identity["ca.pem"], "-w",
                "%{http_code} %{exitcode}", "https://\(address)/",
            ])
            // Failed in the handshake, closed without an answer, or reset; 28 would be a time that ran out.
            #expect(["000 35", "000 52", "000 56"].contains(text))
        }
    }

    @Test("nghttp gets the page", .enabled(if: access(Tool.nghttp, X_OK) == 0, "no nghttp"))
    func nghttp() async throws {
        let identity = try Identity()
        try await withPage(identity) { address in
            let text = try await blocking { try Output.of(Tool.nghttp, ["https://\(address)/"]) }
            #expect(text == "Hello from ganglion-interop over HTTP/2.\n")
        }
    }

    @Test("h2load gets thousands of pages", .enabled(if: access(Tool.h2load, X_OK) == 0, "no h2load"))
    func h2load() async throws {
        let identity = try Identity()
        try await withPage(identity) { address in
            let text = try await blocking {
                try Output.of(Tool.h2load, ["-n", "3000", "-c", "3", "-m", "20", "https://\(address)/"])
            }
            #expect(text.contains("Application protocol: h2"))
            #expect(text.contains("3000 succeeded, 0 failed, 0 errored, 0 timeout"))
        }
    }

    @Test("what a client says before the end of the handshake waits, and a page of a stranger is none")
    func stranger() async throws {
        let identity = try Identity()
        let other = try Identity()
        try await withPage(identity) { address in
            let target = try HTTP2Target(parsing: "https://\(address)/")
            await #expect(throws: HTTP2TestFailure.self) {
                try await HTTP2TestClient.get(target, security: try other.client())
            }
        }
    }
}

@Suite("gRPC over TLS", .timeLimit(.minutes(10)))
struct SecureGRPCTests {
    @Test("our client passes the interop cases with our server")
    func ours() async throws {
        let identity = try Identity()
        try await withSecureService(identity) { address in
            let security = try identity.client()
            let channel = GRPCChannel {
                try await GRPCClient.connect(
                    to: address, compressions: [GzipCompression()], security: security)
            }
            for test in TestCase.regular { try await test.run(channel) }
            await channel.close()
        }
    }

    @Test("requests of megabytes that begin before the handshake has ended arrive")
    func large() async throws {
        let identity = try Identity()
        try await withSecureService(identity) { address in
            let client = try await GRPCClient.connect(to: address, security: try identity.client())
            let request = SimpleRequest(responseSize: 3_000_000, payload: Payload(zeros: 3_000_000))
            let response: SimpleResponse = try await client.unary(TestService.path("UnaryCall"), request)
            #expect(response.payload?.body.count == 3_000_000)
            await client.close()
        }
    }

    @Test("a client that does not believe the server has no calls")
    func stranger() async throws {
        let identity = try Identity()
        let other = try Identity()
        try await withSecureService(identity) { address in
            let client = try await GRPCClient.connect(to: address, security: try other.client())
            do {
                let _: Empty = try await client.unary(TestService.path("EmptyCall"), Empty())
                Issue.record("answered")
            } catch let status as GRPCStatus {
                #expect(status.code == .unavailable)
                #expect(status.message.contains("certificate"))
            }
        }
    }

    @Test("a server that agrees on another protocol has no calls")
    func otherProtocol() async throws {
        let identity = try Identity(protocols: ["http/1.1", "h2"])
        try await withSecureService(identity) { address in
            let client = try await GRPCClient.connect(
                to: address, security: try identity.client(protocols: ["http/1.1"]))
            #expect(
                await client.closed
                    == GRPCStatus(
                        .unavailable,
                        "cannot speak HTTP/2 with the peer: TLS agreed on http/1.1 and not on h2"))
        }
    }

    @Test(
        "grpcio's client passes the interop cases",
        .enabled(if: Python.hasGRPC, "no Python with grpcio: run make python-env"))
    func client() async throws {
        let identity = try Identity()
        try await withSecureService(identity) { address in
            guard case .unix(let path) = address else { return }
            let peer = try PythonPeer("interop_peer.py", ["client", path, identity["ca.pem"]])
            #expect(
                Set(try await peer.lines()) == Set(TestCase.regular.map { "passed \($0.rawValue)" }))
            await peer.finish()
        }
    }

    @Test(
        "grpcio's server passes the interop cases",
        .enabled(if: Python.hasGRPC, "no Python with grpcio: run make python-env"))
    func server() async throws {
        let identity = try Identity()
        let path = Scratch.socket()
        let peer = try PythonPeer(
            "interop_peer.py", ["server", path, identity["chain.pem"], identity["key.pem"]])
        #expect(try await peer.text(until: "ready\n") == "ready\n")
        let security = try identity.client()
        let channel = GRPCChannel {
            try await GRPCClient.connect(
                to: .unix(path), compressions: [GzipCompression()], security: security)
        }
        for test in TestCase.regular { try await test.run(channel) }
        await channel.close()
        await peer.finish()
    }
}
