// The gRPC interop cases: against ourselves, and in both directions against grpcio.

import GRPC
import GRPCGzip
import GRPCServices
import Protobuf
import SystemIO
import TestSupport
import Testing

@testable import Interop

/// Runs `body` with our server of the test service, as `ganglion-interop grpc-server` has it.
private func withTestService(_ body: (SocketAddress) async throws -> Void) async throws {
    let server = GRPCServer(
        router: TestService.router(HealthService(["": .serving, "a.B": .notServing])),
        compressions: [GzipCompression()])
    let address = try await server.listen(on: .unix(Scratch.socket()))
    do {
        try await body(address)
    } catch {
        await server.shutdown(grace: .zero)
        throw error
    }
    await server.shutdown(grace: .zero)
}

@Suite("The gRPC test service", .timeLimit(.minutes(10)))
struct TestServiceTests {
    @Test("passes each case with our client", arguments: TestCase.regular)
    func ours(test: TestCase) async throws {
        try await withTestService { address in
            let channel = GRPCChannel {
                try await GRPCClient.connect(to: address, compressions: [GzipCompression()])
            }
            try await test.run(channel)
            await channel.close()
        }
    }

    @Test("refuses sizes that it cannot answer with", arguments: [-1, TestService.responseLimit + 1])
    func sizes(size: Int32) async throws {
        try await withTestService { address in
            let client = try await GRPCClient.connect(to: address, compressions: [GzipCompression()])
            let refused = GRPCStatus(
                .invalidArgument, "a response of \(size) octets was asked for, 0 to 4194304 can be")
            await #expect(throws: refused) {
                let _: SimpleResponse = try await client.unary(
                    TestService.path("UnaryCall"), SimpleRequest(responseSize: size))
            }
            await client.close()
        }
    }

    @Test("tells a server that answers otherwise")
    func failure() async throws {
        var router = GRPCRouter()
        router.unary(TestService.path("UnaryCall")) { (_: SimpleRequest, _) in SimpleResponse(zeros: 3) }
        let server = GRPCServer(router: router, compressions: [GzipCompression()])
        let address = try await server.listen(on: .unix(Scratch.socket()))
        let client = GRPCChannel { try await GRPCClient.connect(to: address) }
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
    .enabled(if: Python.hasGRPC, "no Python with grpcio: run make python-env"), .timeLimit(.minutes(10)))
struct GRPCIOTests {
    @Test("pass with its client and our server")
    func client() async throws {
        try await withTestService { address in
            guard case .unix(let path) = address else { return }
            let peer = try PythonPeer("interop_peer.py", ["client", path])
            #expect(
                Set(try await peer.lines())
                    == Set(TestCase.regular.map { "passed \($0.rawValue)" }))
        }
    }

    @Test(
        "its tools for reflection and health see what we serve",
        .enabled(if: Python.has("grpc_reflection", "grpc_health"), "run make python-env"))
    func reflection() async throws {
        try await withTestService { address in
            guard case .unix(let path) = address else { return }
            let peer = try PythonPeer("reflection_peer.py", [path])
            let health = "grpc.health.v1.Health"
            let test = "grpc.testing.TestService"
            let reflection = ["v1", "v1alpha"].map { "grpc.reflection.\($0).ServerReflection" }
            let stream = "StreamingOutputCallRequest StreamingOutputCallResponse"
            #expect(
                try await peer.lines() == [
                    "\(health) \(reflection[0]) \(reflection[1]) \(test)",
                    "\(health) Check uu HealthCheckRequest HealthCheckResponse",
                    "\(health) List uu HealthListRequest HealthListResponse",
                    "\(health) Watch us HealthCheckRequest HealthCheckResponse",
                    "\(reflection[0]) ServerReflectionInfo ss ServerReflectionRequest ServerReflectionResponse",
                    "\(reflection[1]) ServerReflectionInfo ss ServerReflectionRequest ServerReflectionResponse",
                    "\(test) EmptyCall uu Empty Empty",
                    "\(test) UnaryCall uu SimpleRequest SimpleResponse",
                    "\(test) CacheableUnaryCall uu SimpleRequest SimpleResponse",
                    "\(test) StreamingOutputCall us \(stream)",
                    "\(test) StreamingInputCall su StreamingInputCallRequest StreamingInputCallResponse",
                    "\(test) FullDuplexCall ss \(stream)",
                    "\(test) HalfDuplexCall ss \(stream)",
                    "\(test) UnimplementedCall uu Empty Empty",
                    "health True", "reflection True", "v1 True grpc.reflection.v1",
                    "grpc/testing/messages.proto",
                    "missing 'nothing.proto'", "missing 'grpc.testing.Nothing'",
                    "extensions []", "missing 'grpc.testing.Nothing'",
                    "list_services_response 0 ", "file_descriptor_response 3 ",
                    "file_descriptor_response 0 ",
                    "error_response 0 extension not found: 100 of grpc.testing.SimpleRequest",
                    "INVALID_ARGUMENT the request asks nothing that is known here",
                    "payload 42", "check 1", "list =1 a.B=2", "watch 3",
                ])
            await peer.finish()
        }
    }

    @Test("pass with its server and our client")
    func server() async throws {
        let path = Scratch.socket()
        let peer = try PythonPeer("interop_peer.py", ["server", path])
        #expect(try await peer.text(until: "ready\n") == "ready\n")
        let client = GRPCChannel {
            try await GRPCClient.connect(to: .unix(path), compressions: [GzipCompression()])
        }
        for test in TestCase.regular {
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
