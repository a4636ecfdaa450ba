import GRPC
import Testing

@Suite("Server streaming over a Unix socket", .timeLimit(.minutes(10)))
struct StreamingTests {
    @Test("all responses arrive in their order", arguments: [0, 1, 5, 2000])
    func order(count: Int) async throws {
        try await withServer { client, _, _ in
            let stream = try await client.serverStreaming(
                "/test.Service/Count", Note("n", number: Int64(count)), of: Note.self)
            var numbers: [Int64] = []
            for try await note in stream { numbers.append(note.number) }
            #expect(numbers == (0..<count).map(Int64.init))
        }
    }

    @Test("a bad end is thrown after the responses before it")
    func badEnd() async throws {
        try await withServer { client, _, _ in
            let stream = try await client.serverStreaming(
                "/test.Service/Count", Note("fail", number: 3), of: Note.self)
            var count = 0
            let thrown = await status { for try await _ in stream { count += 1 } }
            #expect(count == 3)
            #expect(thrown == GRPCStatus(.dataLoss, "after 3"))
        }
    }

    @Test("a reader that stops holds up its own stream and nobody else, and its end cancels the handler")
    func slowReader() async throws {
        let cancelled = Gate()
        try await withServer(testRouter(cancelled: cancelled)) { client, _, _ in
            do {
                let flood = try await client.serverStreaming(
                    "/test.Service/Flood", Note(String(repeating: "f", count: 10_000)), of: Note.self)
                var iterator = flood.makeAsyncIterator()
                #expect(try await iterator.next()?.text.utf8.count == 10_000)
                // The flood fills its window; the others have theirs.
                for number in 0..<200 {
                    let answer: Note = try await client.unary(
                        "/test.Service/Echo", Note(String(repeating: "e", count: 5000), number: Int64(number))
                    )
                    #expect(answer.number == Int64(number))
                }
                // What waited comes once it is wanted: a thousand responses are ten megabytes.
                for _ in 0..<1000 { #expect(try await iterator.next()?.text.utf8.count == 10_000) }
            }
            await cancelled.wait()
        }
    }

    @Test("cancelling the reading task cancels the handler")
    func cancellation() async throws {
        let cancelled = Gate()
        let started = Gate()
        try await withServer(testRouter(cancelled: cancelled, started: started)) { client, _, _ in
            let stream = try await client.serverStreaming("/test.Service/Watch", Note(), of: Note.self)
            let task = Task {
                await status { for try await _ in stream {} }
            }
            await started.wait()
            task.cancel()
            #expect(await task.value.code == .cancelled)
            await cancelled.wait()
        }
    }

    @Test("the end of the server ends the stream with UNAVAILABLE and tells the client")
    func serverGone() async throws {
        let cancelled = Gate()
        let started = Gate()
        try await withServer(testRouter(cancelled: cancelled, started: started)) { client, server, _ in
            let stream = try await client.serverStreaming("/test.Service/Watch", Note(), of: Note.self)
            let task = Task { await status { for try await _ in stream {} } }
            await started.wait()
            await server.shutdown(grace: .zero)
            #expect(await task.value.code == .unavailable)
            #expect(await client.closed.code == .unavailable)
            await cancelled.wait()
        }
    }

    @Test("a shutdown with grace lets a call finish")
    func graceful() async throws {
        var router = testRouter()
        let entered = Gate()
        let leave = Gate()
        router.unary("/test.Service/Slow") { (note: Note, _) in
            await entered.open()
            await leave.wait()
            return note
        }
        try await withServer(router) { client, server, address in
            let task = Task {
                let answer: Note = try await client.unary("/test.Service/Slow", Note("done"))
                return answer.text
            }
            await entered.wait()
            let shutdown = Task { await server.shutdown(grace: .seconds(60)) }
            await leave.open()
            let text = try await task.value
            #expect(text == "done")
            await shutdown.value
            #expect(await server.connectionCount == 0)
        }
    }
}
