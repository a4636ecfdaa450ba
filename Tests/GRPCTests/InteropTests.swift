// Another implementation of gRPC on both ends of the socket: grpcio, whose core is also in C++, Ruby and others.

import FoundationEssentials
import GRPC
import Glibc
import SystemIO
import Testing

private enum Python {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    static let path =
        ProcessInfo.processInfo.environment["GANGLION_PYTHON"] ?? root + "/.cache/venv/bin/python3"
    static let script = root + "/Tests/Golden/grpc_peer.py"

    /// Whether there is a Python; `make` installs it with the pinned packages.
    static var present: Bool { FileManager.default.isExecutableFile(atPath: path) }
}

/// A peer process with its standard input and output.
private final class PythonPeer: Sendable {
    let child: ChildProcess
    private let input: FileDescriptor
    private let output: FileDescriptor

    init(_ arguments: [String]) throws {
        func pipePair() throws -> (read: FileDescriptor, write: FileDescriptor) {
            var numbers: [Int32] = [-1, -1]
            guard pipe(&numbers) == 0 else { throw SystemError("make", "a pipe") }
            return (FileDescriptor(numbers[0]), FileDescriptor(numbers[1]))
        }
        let stdin = try pipePair()
        let stdout = try pipePair()
        child = try ChildProcess.spawn(
            Python.path, [Python.script] + arguments,
            environment: ["PATH": "/usr/bin:/bin", "GRPC_VERBOSITY": "NONE"],
            descriptors: ChildProcess.Descriptors(input: stdin.read, output: stdout.write))
        input = stdin.write
        output = stdout.read
    }

    /// Reads until `stop` or the end of the output; for a thread of its own.
    func read(until stop: String? = nil) -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(output.number, &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer[0..<count]
            if let stop, String(decoding: text, as: UTF8.self).contains(stop) { break }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Ends the standard input, at which the server stops.
    func finish() async {
        input.close()
        _ = await child.wait()
    }
}

@Suite(
    "grpcio over a Unix socket", .enabled(if: Python.present, "no Python with grpcio: run make python-env"),
    .timeLimit(.minutes(2)))
struct InteropTests {
    @Test("calls our server")
    func client() async throws {
        let server = GRPCServer(router: testRouter(), limits: .patient)
        let path = socketPath()
        try await server.listen(on: .unix(path))
        let peer = try PythonPeer(["client", path])
        let lines = await Task.detached { peer.read() }.value.split(separator: "\n").map(String.init)
        await peer.finish()
        #expect(
            lines == [
                "echo ('hello', 7)",
                "empty ('', 0)",
                "large True",
                "answer 4000000",
                "many 499500",
                "fail FAILED_PRECONDITION 'Grüße: 100%\\n\u{1F9E0}'",
                "throw UNKNOWN 'an odd error'",
                "method UNIMPLEMENTED 'unknown method Nothing for service test.Service'",
                "service UNIMPLEMENTED 'unknown service other.Service'",
                "deadline DEADLINE_EXCEEDED",
                "context /test.Service/Context deadline value [0, 255, 128] unix:",
                "gzip UNIMPLEMENTED",
                "count 124750 500",
                "bad end 3 DATA_LOSS 'after 3'",
                "watch first",
                "after still here",
            ])
        await server.shutdown(grace: .zero)
    }

    @Test("answers our client")
    func server() async throws {
        let path = socketPath()
        let peer = try PythonPeer(["server", path])
        let ready = await Task.detached { peer.read(until: "ready") }.value
        #expect(ready == "ready\n")
        let client = try await GRPCClient.connect(to: .unix(path))

        let echo: Note = try await client.unary("/test.Service/Echo", Note("hello", number: 7))
        #expect(echo == Note("hello", number: 7))
        let large = Note(String(repeating: "y", count: 3_000_000))
        let largeEcho: Note = try await client.unary("/test.Service/Echo", large)
        #expect(largeEcho == large)
        let answer: Note = try await client.unary("/test.Service/Large", Note("", number: 4_000_000))
        #expect(answer.text.utf8.count == 4_000_000)
        for number in 0..<500 {
            let echo: Note = try await client.unary(
                "/test.Service/Echo", Note(String(repeating: "z", count: 1000), number: Int64(number)))
            #expect(echo.number == Int64(number))
        }

        for code in GRPCStatus.Code.allCases.dropFirst() {
            let thrown = await status {
                let _: Note = try await client.unary(
                    "/test.Service/Fail", Note("Grüße: 100%\n\u{1F9E0}", number: Int64(code.rawValue)))
            }
            #expect(thrown == GRPCStatus(code, "Grüße: 100%\n\u{1F9E0}"))
        }
        let nothing = await status { let _: Note = try await client.unary("/test.Service/Nothing", Note()) }
        #expect(nothing.code == .unimplemented)
        let late = await status {
            let _: Note = try await client.unary("/test.Service/Hang", Note(), timeout: .milliseconds(50))
        }
        #expect(late.code == .deadlineExceeded)
        var metadata = GRPCMetadata()
        try metadata.add("x-name", "value")
        try metadata.add("trace-bin", [0, 255, 128])
        let context: Note = try await client.unary(
            "/test.Service/Context", Note(), timeout: .seconds(60), metadata: metadata)
        #expect(context.text == "deadline value [0, 255, 128]")

        var sum: Int64 = 0
        for try await note in try await client.serverStreaming(
            "/test.Service/Count", Note("n", number: 500), of: Note.self)
        {
            sum += note.number
        }
        #expect(sum == 124_750)
        let badEnd = await status {
            let stream = try await client.serverStreaming(
                "/test.Service/Count", Note("fail", number: 3), of: Note.self)
            for try await _ in stream {}
        }
        #expect(badEnd == GRPCStatus(.dataLoss, "after 3"))

        await peer.finish()
        #expect(await client.closed.code == .unavailable)
    }
}
