// The gRPC interop cases: against ourselves, and in both directions against grpcio.

import GRPC
import GRPCGzip
import Protobuf
import SystemIO
import TestSupport
import Testing

@testable import Interop

/// Runs `body` with our server of the test service.
private func withTestService(_ body: (SocketAddress) async throws -> Void) async throws {
    var router = GRPCRouter()
    TestService.register(in: &router)
    let server = GRPCServer(router: router, compressions: [GzipCompression()])
    let address = try await server.listen(on: .unix(Scratch.socket()))
    do {
        try await body(address)
    } catch {
        await server.shutdown(grace: .zero)
        throw error
    }
    await server.shutdown(grace: .zero)
}

@Suite("The gRPC test service", .timeLimit(.minutes(1)))
struct TestServiceTests {
    @Test("passes each case with our client", arguments: TestCase.allCases)
    func ours(test: TestCase) async throws {
        try await withTestService { address in
            let client = try await GRPCClient.connect(to: address, compressions: [GzipCompression()])
            try await test.run(client)
            await client.close()
        }
    }

    @Test("refuses sizes that it cannot answer with", arguments: [-1, TestService.responseLimit + 1])
    func sizes(size: Int32) async throws {
        try await withTestService { address in
            let client = try await GRPCClient.connect(to: address, compressions: [GzipCompression()])
            let refused = GRPCStatus(
                .invalidArgument, "a response of \(size) octets was asked for, 0 to 4194304 can be")
            await #expect(throws: refused) {
                let _: PayloadResponse = try await client.unary(
                    TestService.path("UnaryCall"), SimpleRequest(responseSize: size))
            }
            await client.close()
        }
    }

    @Test("tells a server that answers otherwise")
    func failure() async throws {
        var router = GRPCRouter()
        router.unary(TestService.path("UnaryCall")) { (_: SimpleRequest, _) in PayloadResponse(zeros: 3) }
        let server = GRPCServer(router: router, compressions: [GzipCompression()])
        let client = try await GRPCClient.connect(
            to: try await server.listen(on: .unix(Scratch.socket())))
        await #expect(throws: TestCaseFailure("Optional(3) came, Optional(314159) was to come")) {
            try await TestCase.largeUnary.run(client)
        }
        await #expect(throws: TestCaseFailure("the call ended well, UNKNOWN was to come")) {
            try await TestCase.specialStatusMessage.run(client)
        }
        await client.close()
        await server.shutdown(grace: .zero)
    }
}

@Suite(
    "The gRPC interop cases with grpcio",
    .enabled(if: Python.hasGRPC, "no Python with grpcio: run make python-env"), .timeLimit(.minutes(2)))
struct GRPCIOTests {
    @Test("pass with its client and our server")
    func client() async throws {
        try await withTestService { address in
            guard case .unix(let path) = address else { return }
            let peer = try PythonPeer("interop_peer.py", ["client", path])
            #expect(
                Set(try await peer.lines())
                    == Set(TestCase.allCases.map { "passed \($0.rawValue)" }))
        }
    }

    @Test("pass with its server and our client")
    func server() async throws {
        let path = Scratch.socket()
        let peer = try PythonPeer("interop_peer.py", ["server", path])
        #expect(try await peer.text(until: "ready\n") == "ready\n")
        let client = try await GRPCClient.connect(to: .unix(path), compressions: [GzipCompression()])
        for test in TestCase.allCases {
            do {
                try await test.run(client)
            } catch {
                Issue.record("\(test.rawValue): \(error)")
            }
        }
        await client.close()
        await peer.finish()
    }
}
