// What the command line takes.

import Arguments
import SystemIO
import TLS
import Testing

@testable import Interop

@Suite("The command line of ganglion-interop")
struct CommandTests {
    private func endpoint(_ words: [String]) throws -> SocketAddress {
        guard case .run(_, let values) = try InteropCommand.root.parse(words) else {
            throw ArgumentError.missing("a command")
        }
        return try InteropCommand.endpoint(values)
    }

    @Test(
        "takes a port or a Unix socket",
        arguments: [
            (["--port", "8080"], SocketAddress.ip("127.0.0.1", port: 8080)),
            (["--port", "0"], .ip("127.0.0.1", port: 0)), (["--unix", "/tmp/s"], .unix("/tmp/s")),
        ])
    func places(words: [String], address: SocketAddress) throws {
        #expect(try endpoint(["http2-server"] + words) == address)
    }

    @Test(
        "refuses none and both",
        arguments: [
            ([], ArgumentError.missing("--port or --unix")),
            (["--port", "1", "--unix", "/s"], .unexpected("--unix /s")),
            (
                ["--port", "65536"],
                .invalid(origin: "--port", text: "65536", reason: "must be from 0 to 65535")
            ),
        ])
    func refused(words: [String], error: ArgumentError) {
        #expect(throws: error) { try endpoint(["http2-server"] + words) }
    }

    @Test(
        "reads URLs",
        arguments: [
            ("http://127.0.0.1:80/a?b", SocketAddress.ip("127.0.0.1", port: 80), "127.0.0.1:80", "/a?b"),
            ("http://localhost", .ip("127.0.0.1", port: 80), "localhost", "/"),
            ("http://[::1]:81", .ip("::1", port: 81), "[::1]:81", "/"),
            ("http://[::1]/", .ip("::1", port: 80), "[::1]", "/"),
            ("unix:/tmp/s", .unix("/tmp/s"), "localhost", "/"),
        ])
    func urls(text: String, address: SocketAddress, authority: String, path: String) throws {
        let target = try HTTP2Target(parsing: text)
        #expect(target.address == address)
        #expect(target.authority == authority)
        #expect(target.path == path)
    }

    @Test(
        "knows which URLs want TLS, and for whom",
        arguments: [
            ("https://localhost", true, "localhost", UInt16(443)),
            ("https://localhost:8443/a", true, "localhost", 8443),
            ("https://[::1]:81", true, "[::1]", 81), ("http://127.0.0.1/", false, "127.0.0.1", 80),
        ])
    func secureURLs(text: String, isSecure: Bool, host: String, port: UInt16) throws {
        let target = try HTTP2Target(parsing: text)
        #expect(target.isSecure == isSecure)
        #expect(target.host == host)
        guard case .ip(_, let real) = target.address else {
            Issue.record("no address")
            return
        }
        #expect(real == port)
    }

    private func values(_ words: [String]) throws -> ArgumentValues {
        guard case .run(_, let values) = try InteropCommand.root.parse(words) else {
            throw ArgumentError.missing("a command")
        }
        return values
    }

    @Test("serves with TLS where a certificate is given or made")
    func serverSecurity() throws {
        #expect(try TLSOptions.server(try values(["http2-server", "--port", "0"])) == nil)
        let made = try TLSOptions.server(try values(["grpc-server", "--port", "0", "--tls-self-signed"]))
        #expect(made != nil)
        #expect(throws: ArgumentError.missing("--tls-key")) {
            try TLSOptions.server(try values(["grpc-server", "--tls-certificate", "x"]))
        }
        #expect(throws: ArgumentError.missing("--tls-certificate")) {
            try TLSOptions.server(try values(["grpc-server", "--tls-key", "x"]))
        }
        #expect(throws: ArgumentError.unexpected("--tls-self-signed")) {
            try TLSOptions.server(try values(["http2-server", "--tls-key", "x", "--tls-self-signed"]))
        }
    }

    @Test("connects with TLS where it is told whom to believe, or the URL says https")
    func clientSecurity() throws {
        let plain = try values(["grpc-client", "--port", "1"])
        #expect(try TLSOptions.client(plain, host: "localhost") == nil)
        #expect(try TLSOptions.client(plain, host: "localhost", isWanted: true)?.host == "localhost")
        let insecure = try values(["http2-client", "https://h/", "--tls-insecure"])
        #expect(try TLSOptions.client(insecure, host: "h")?.host == "h")
        #expect(throws: ArgumentError.unexpected("--tls-insecure")) {
            let both = try values(["grpc-client", "--tls-insecure", "--tls-authorities", "x"])
            return try TLSOptions.client(both, host: "h")
        }
        #expect(throws: SecureLayerError.self) {
            let missing = try values(["grpc-client", "--tls-authorities", "/not/there"])
            return try TLSOptions.client(missing, host: "h")
        }
    }

    @Test("refuses other URLs", arguments: ["ftp://localhost/", "localhost:80", "http://no-address:80/"])
    func badURLs(text: String) {
        #expect(throws: SystemError.self) { try HTTP2Target(parsing: text) }
    }
}
