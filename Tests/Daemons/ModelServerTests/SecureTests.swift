import GRPC
import HTTP
import HTTP1
import SystemIO
import TLS
import TestSupport
import Testing

@testable import ModelServer

@Suite("A model server over TLS", .timeLimit(.minutes(5)))
struct SecureTests {
    /// Certificate and key as files, which are renewed in place.
    private struct Files {
        let directory: TemporaryDirectory
        var authority: String { directory.path + "/ca.crt" }
        var certificate: String { directory.path + "/tls.crt" }
        var key: String { directory.path + "/tls.key" }

        init() throws { directory = try TemporaryDirectory() }

        func write(_ authority: CertificateAuthority) throws {
            let identity = try authority.issueServerCertificate(hosts: ["localhost", "127.0.0.1"]).identity
            try SystemIO.Files.write(self.authority, authority.certificatePEM)
            try SystemIO.Files.write(certificate, identity.certificateChain)
            try SystemIO.Files.write(key, identity.privateKey)
        }

        func security(_ protocols: [String]) throws -> any SecureLayerFactory {
            try TLSServer.files(certificateChain: certificate, privateKey: key, protocols: protocols)
        }
    }

    private static func ask(_ address: SocketAddress, _ authority: CertificateAuthority) async -> Int? {
        guard
            let security = try? TLSClient(
                host: "127.0.0.1", trust: .authorities(authority.certificatePEM),
                protocols: ["h2", "http/1.1"])
        else { return nil }
        let client = HTTPClient(address, security: security, connectTimeout: .seconds(60))
        defer { Task { await client.close() } }
        return try? await client.send(HTTPRequest("GET", "/healthz"), timeout: .seconds(60)).status
    }

    @Test(
        "REST and gRPC on one port ask for a key, and a certificate that is renewed is shown to the next client"
    )
    func secured() async throws {
        let node = try FakeNode(chips: 1)
        let files = try Files()
        let authorities = try (0..<2).map { try CertificateAuthority(commonName: "authority \($0)") }
        try files.write(authorities[0])
        let server = try await node.server(cores: 0..<1, keys: try APIKeys("secret\n", place: "keys"))
        let grpc = server.makeGRPCServer()
        let http = server.makeHTTPServer(security: try files.security(["h2", "http/1.1"]), grpc: grpc)
        let address = try await http.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        let peer = try PythonPeer(
            "serving_clients.py", ["secure", address.description, files.authority, "secret"],
            python: Python.servingPath)
        #expect(try await peer.lines() == ["ok gRPC", "ok REST", "ok no plain gRPC"])
        #expect(await peer.finish() == .exited(0))
        let versions = try await blocking {
            try ["--http1.1", "--http2"].map { flag in
                try Output.of(
                    "/usr/bin/curl",
                    [
                        "-sS", flag, "--cacert", files.authority, "-o", "/dev/null", "-w",
                        "%{http_version} %{http_code}",
                        "-H", "x-api-key: secret", "https://\(address)/predictions/tiny?inputs=a",
                    ])
            }
        }
        #expect(versions == ["1.1 200", "2 200"])
        #expect(await Self.ask(address, authorities[0]) == 200)
        try files.write(authorities[1])
        #expect(await Self.ask(address, authorities[0]) == nil)
        #expect(await Self.ask(address, authorities[1]) == 200)
        await http.shutdown(grace: .zero)
    }
}
