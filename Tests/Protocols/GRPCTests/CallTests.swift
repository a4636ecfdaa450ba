import GRPC
import HTTP2
import HTTP2Transport
import SystemIO
import TestSupport
import Testing

@Suite("Calls over a Unix socket", .timeLimit(.minutes(10)))
struct CallTests {
    @Test("a unary call is answered")
    func unary() async throws {
        try await withServer { client, _, _ in
            let answer: Note = try await client.unary("/test.Service/Echo", Note("hello", number: 7))
            #expect(answer == Note("hello", number: 7))
        }
    }

    @Test("many calls at a time find their own answers")
    func concurrent() async throws {
        try await withServer { client, _, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        let answer: Note = try await client.unary(
                            "/test.Service/Echo", Note("n", number: Int64(number)))
                        #expect(answer.number == Int64(number))
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("a status goes to the client as it was thrown", arguments: GRPCStatus.Code.allCases.dropFirst())
    func statuses(code: GRPCStatus.Code) async throws {
        try await withServer { client, _, _ in
            let message = "Grüße: 100%\n\u{1F9E0} "
            let thrown = await status {
                let _: Note = try await client.unary(
                    "/test.Service/Fail", Note(message, number: Int64(code.rawValue)))
            }
            #expect(thrown == GRPCStatus(code, message))
        }
    }

    @Test("other errors of a handler are UNKNOWN")
    func otherErrors() async throws {
        try await withServer { client, _, _ in
            let thrown = await status { let _: Note = try await client.unary("/test.Service/Throw", Note()) }
            #expect(thrown == GRPCStatus(.unknown, "an odd error"))
        }
    }

    @Test(
        "paths without handler are UNIMPLEMENTED",
        arguments: [
            ("/test.Service/Nothing", "unknown method Nothing for service test.Service"),
            ("/other.Service/Echo", "unknown service other.Service"),
            ("nonsense", "malformed method name: nonsense"),
        ])
    func unimplemented(path: String, message: String) async throws {
        try await withServer { client, _, _ in
            let thrown = await status { let _: Note = try await client.unary(path, Note()) }
            #expect(thrown == GRPCStatus(.unimplemented, message))
        }
    }

    @Test("a handler sees path, deadline, metadata and peer")
    func context() async throws {
        try await withServer { client, _, _ in
            var metadata = GRPCMetadata()
            try metadata.add("x-name", "value")
            try metadata.add("trace-bin", [0, 255, 128])
            let full: Note = try await client.unary(
                "/test.Service/Context", Note(), timeout: .seconds(60), metadata: metadata)
            #expect(full.text == "/test.Service/Context deadline value [0, 255, 128] unix:")
            let bare: Note = try await client.unary("/test.Service/Context", Note())
            #expect(bare.text == "/test.Service/Context no deadline none none unix:")
        }
    }

    @Test("requests and answers of megabytes pass, in both directions")
    func large() async throws {
        try await withServer { client, _, _ in
            let text = String(repeating: "y", count: 3_500_000)
            let answer: Note = try await client.unary("/test.Service/Echo", Note(text))
            #expect(answer.text == text)
        }
    }

    @Test("far more than 64 KiB of requests pass over one connection")
    func cumulative() async throws {
        try await withServer { client, _, _ in
            let text = String(repeating: "z", count: 1000)
            for number in 0..<3000 {
                let answer: Note = try await client.unary(
                    "/test.Service/Echo", Note(text, number: Int64(number)))
                #expect(answer.number == Int64(number))
            }
        }
    }

    @Test("a message above the limit is RESOURCE_EXHAUSTED, sent or received")
    func messageLimit() async throws {
        var limits = GRPCLimits.patient
        limits.messageSize = 1000
        try await withServer(limits: limits) { client, _, _ in
            let refused = await status {
                let _: Note = try await client.unary(
                    "/test.Service/Echo", Note(String(repeating: "a", count: 2000)))
            }
            #expect(
                refused
                    == GRPCStatus(
                        .resourceExhausted, "a message of 2003 octets is larger than the limit of 1000"))
        }
        try await withServer { client, _, _ in
            let refused = await status {
                let _: Note = try await client.unary("/test.Service/Large", Note("", number: 4_194_304))
            }
            #expect(
                refused
                    == GRPCStatus(
                        .resourceExhausted, "a message of 4194309 octets is larger than the limit of 4194304")
            )
        }
    }

    @Test("a call past its deadline ends with DEADLINE_EXCEEDED, and the handler is cancelled")
    func deadline() async throws {
        let started = Gate()
        let cancelled = Gate()
        try await withServer(testRouter(cancelled: cancelled, started: started)) { client, _, _ in
            let thrown = await status {
                let _: Note = try await client.unary("/test.Service/Hang", Note(), timeout: .milliseconds(50))
            }
            #expect(thrown.code == .deadlineExceeded)
            await cancelled.wait(if: started)
        }
    }

    @Test("cancelling the caller's task cancels the handler")
    func cancellation() async throws {
        let cancelled = Gate()
        let started = Gate()
        try await withServer(testRouter(cancelled: cancelled, started: started)) { client, _, _ in
            let task = Task {
                await status { let _: Note = try await client.unary("/test.Service/Hang", Note()) }
            }
            await started.wait()
            task.cancel()
            #expect(await task.value.code == .cancelled)
            await cancelled.wait()
            let answer: Note = try await client.unary("/test.Service/Echo", Note("still here"))
            #expect(answer.text == "still here")
        }
    }

    @Test("a client that goes away cancels its handlers")
    func clientGone() async throws {
        let cancelled = Gate()
        let started = Gate()
        try await withServer(testRouter(cancelled: cancelled, started: started)) { client, _, _ in
            let task = Task {
                await status { let _: Note = try await client.unary("/test.Service/Hang", Note()) }
            }
            await started.wait()
            await client.close()
            #expect(await task.value == GRPCStatus(.unavailable, "the client was closed"))
            await cancelled.wait()
        }
    }

    @Test("a client that is closed says so to new calls and to those who wait for its end")
    func closed() async throws {
        try await withServer { client, _, _ in
            async let end = client.closed
            await client.close()
            #expect(await end == GRPCStatus(.unavailable, "the client was closed"))
            let thrown = await status { let _: Note = try await client.unary("/test.Service/Echo", Note()) }
            #expect(thrown == GRPCStatus(.unavailable, "the client was closed"))
        }
    }

    @Test("nobody at the socket is an error of the system")
    func nobody() async throws {
        let path = Scratch.socket()
        await #expect(throws: SystemError("connect to", "unix:\(path)", code: 2)) {
            _ = try await GRPCClient.connect(to: .unix(path))
        }
    }

    @Test("more calls than the server allows wait for their turn")
    func queueing() async throws {
        var limits = GRPCLimits.patient
        limits.peer.http2.concurrentStreams = 2
        try await withServer(limits: limits) { client, _, _ in
            // After the first answer the client knows the limit.
            let _: Note = try await client.unary("/test.Service/Echo", Note())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let answer: Note = try await client.unary(
                            "/test.Service/Echo", Note("q", number: Int64(number)))
                        #expect(answer.number == Int64(number))
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
