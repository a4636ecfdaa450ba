// What the command line takes.

import Arguments
import SystemIO
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

    @Test("refuses other URLs", arguments: ["https://localhost/", "localhost:80", "http://no-address:80/"])
    func badURLs(text: String) {
        #expect(throws: SystemError.self) { try HTTP2Target(parsing: text) }
    }
}
