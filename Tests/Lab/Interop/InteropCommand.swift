// The command line of `ganglion-interop`.

package import Arguments
internal import GRPC
internal import GRPCGzip
internal import GRPCServices
internal import SystemIO

/// The commands of `ganglion-interop`.
package enum InteropCommand {
    static let port = Option<Int?>(
        "port", placeholder: "N", help: "A port of 127.0.0.1; as a server, 0 takes a free one",
        check: { (0...65_535).contains($0) ? nil : "must be from 0 to 65535" })
    static let unix = Option<String?>("unix", placeholder: "PATH", help: "A Unix socket")
    static let testCase = Option<TestCase?>(
        "case", placeholder: "NAME",
        help: "The case; when left out, all but those with a server of their own")
    static let url = Positional<String>("URL", help: "http:// or https://HOST:PORT/PATH, or unix:PATH")

    /// The program.
    package static let root = Command(
        "ganglion-interop",
        summary: "Speaks HTTP/2 and gRPC with other implementations, to try one against the other",
        examples: [
            .init("ganglion-interop http2-server --port 8080", "A server for h2spec, h2load and curl"),
            .init("ganglion-interop http2-client http://127.0.0.1:8080/", "A client for h2specd"),
            .init("ganglion-interop http2-server --port 8443 --tls-self-signed", "The same over TLS"),
        ],
        subcommands: [http2Server, http2Client, grpcServer, grpcClient])

    private static let http2Server = Command(
        "http2-server", summary: "Answers GET and POST on / with 200 and a body",
        arguments: [port, unix] + TLSOptions.ofServers
    ) { values in
        let server = HTTP2TestServer(security: try TLSOptions.server(values))
        let address = try await server.listen(on: try endpoint(values))
        try await serve(address)
        await server.shutdown()
    }

    private static let http2Client = Command(
        "http2-client", summary: "Gets one URL and prints what came",
        arguments: [url] + TLSOptions.ofClients
    ) { values in
        let target = try HTTP2Target(parsing: values[url])
        let response = try await HTTP2TestClient.get(
            target, security: try TLSOptions.client(values, host: target.host, isWanted: target.isSecure))
        print(response.status)
        print(String(decoding: response.body, as: UTF8.self), terminator: "")
    }

    private static let grpcServer = Command(
        "grpc-server", summary: "Serves grpc.testing.TestService, health checking and reflection",
        arguments: [port, unix] + TLSOptions.ofServers
    ) { values in
        let health = HealthService(["": .serving, "grpc.testing.TestService": .serving])
        let server = GRPCServer(
            router: TestService.router(health), compressions: [GzipCompression()],
            security: try TLSOptions.server(values))
        let address = try await server.listen(on: try endpoint(values))
        try await serve(address)
        health.shutDown()
        await server.shutdown(grace: .seconds(1))
    }

    private static let grpcClient = Command(
        "grpc-client", summary: "Runs a case of the gRPC interop tests, or all of them",
        arguments: [port, unix, testCase] + TLSOptions.ofClients
    ) { values in
        let address = try endpoint(values)
        let security = try TLSOptions.client(values, host: "localhost")
        let channel = GRPCChannel {
            try await GRPCClient.connect(
                to: address, compressions: [GzipCompression()], security: security)
        }
        for test in values[testCase].map({ [$0] }) ?? TestCase.regular {
            try await test.run(channel)
            print("passed \(test.rawValue)")
        }
        await channel.close()
    }

    /// Where to listen or to connect to.
    ///
    /// - Throws: `ArgumentError` unless exactly one place is given.
    static func endpoint(_ values: ArgumentValues) throws(ArgumentError) -> SocketAddress {
        switch (values[port], values[unix]) {
        case (let port?, nil): return .ip("127.0.0.1", port: UInt16(clamping: port))
        case (nil, let path?): return .unix(path)
        case (nil, nil): throw .missing("--port or --unix")
        case (_?, let path?): throw .unexpected("--unix \(path)")
        }
    }

    /// Says where the server listens, which a test waits for, and waits for a signal to stop.
    static func serve(_ address: SocketAddress) async throws {
        let signals = try SignalWatcher()
        print("listening on \(address)")
        flushStandardOutput()
        _ = await signals.first()
    }
}
