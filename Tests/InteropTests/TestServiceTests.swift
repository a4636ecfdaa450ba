// The gRPC interop cases: against ourselves, and in both directions against grpcio.

import FoundationEssentials
import GRPC
import Glibc
import Protobuf
import SystemIO
import Testing

@testable import Interop

private enum Python {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    static let path =
        ProcessInfo.processInfo.environment["GANGLION_PYTHON"] ?? root + "/.cache/venv/bin/python3"
    static let script = root + "/Tests/Golden/interop_peer.py"

    /// Whether there is a Python; `make` installs it with the pinned packages.
    static var present: Bool { FileManager.default.isExecutableFile(atPath: path) }
}

/// Runs `body` with our server of the test service.
private func withTestService(_ body: (SocketAddress) async throws -> Void) async throws {
    var router = GRPCRouter()
    TestService.register(in: &router)
    let server = GRPCServer(router: router)
    let address = try await server.listen(on: .unix(socketPath()))
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
            let client = try await GRPCClient.connect(to: address)
            try await test.run(client)
            await client.close()
        }
    }

    @Test("refuses sizes that it cannot answer with", arguments: [-1, TestService.responseLimit + 1])
    func sizes(size: Int32) async throws {
        try await withTestService { address in
            let client = try await GRPCClient.connect(to: address)
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
        let server = GRPCServer(router: router)
        let client = try await GRPCClient.connect(
            to: try await server.listen(on: .unix(socketPath())))
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
    .enabled(if: Python.present, "no Python with grpcio: run make python-env"), .timeLimit(.minutes(2)))
struct GRPCIOTests {
    @Test("pass with its client and our server")
    func client() async throws {
        try await withTestService { address in
            guard case .unix(let path) = address else { return }
            let text = try await blocking {
                try Output.of(Python.path, [Python.script, "client", path])
            }
            #expect(
                Set(text.split(separator: "\n").map(String.init))
                    == Set(TestCase.allCases.map { "passed \($0.rawValue)" }))
        }
    }

    @Test("pass with its server and our client")
    func server() async throws {
        var pipe: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&pipe) == 0)
        let input = (read: FileDescriptor(pipe[0]), write: FileDescriptor(pipe[1]))
        try #require(Glibc.pipe(&pipe) == 0)
        let output = (read: FileDescriptor(pipe[0]), write: FileDescriptor(pipe[1]))
        let path = socketPath()
        let child = try ChildProcess.spawn(
            Python.path, [Python.script, "server", path],
            environment: ["PATH": "/usr/bin:/bin", "GRPC_VERBOSITY": "NONE"],
            descriptors: ChildProcess.Descriptors(input: input.read, output: output.write))
        let ready = try await blocking {
            var octets = [UInt8](repeating: 0, count: 6)
            let count = read(output.read.number, &octets, octets.count)
            return String(decoding: octets.prefix(max(0, count)), as: UTF8.self)
        }
        #expect(ready == "ready\n")
        let client = try await GRPCClient.connect(to: .unix(path))
        for test in TestCase.allCases {
            do {
                try await test.run(client)
            } catch {
                Issue.record("\(test.rawValue): \(error)")
            }
        }
        await client.close()
        input.write.close()
        _ = await child.wait()
    }
}
