// Another implementation of gRPC on both ends of the socket: grpcio, whose core is also in C++, Ruby and others.

import GRPC
import GRPCGzip
import SystemIO
import TestSupport
import Testing

@Suite(
    "grpcio over a Unix socket", .enabled(if: Python.hasGRPC, "no Python with grpcio: run make python-env"),
    .timeLimit(.minutes(10)))
struct InteropTests {
    @Test("calls our server, with gzip and without", arguments: [true, false])
    func client(hasGzip: Bool) async throws {
        let server = GRPCServer(
            router: testRouter(), limits: .patient, compressions: hasGzip ? [GzipCompression()] : [])
        let path = Scratch.socket()
        try await server.listen(on: .unix(path))
        let peer = try PythonPeer("grpc_peer.py", ["client", path])
        let lines = try await peer.lines()
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
                hasGzip ? "gzip 3000005" : "gzip UNIMPLEMENTED",
                "count 124750 500",
                "bad end 3 DATA_LOSS 'after 3'",
                "watch first",
                "after still here",
            ])
        await server.shutdown(grace: .zero)
    }

    @Test("answers our client")
    func server() async throws {
        let path = Scratch.socket()
        let peer = try PythonPeer("grpc_peer.py", ["server", path])
        let ready = try await peer.text(until: "ready\n")
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
