// Streams of requests, the metadata of responses, and how both end.

import Protobuf
import SystemIO
import Testing

@testable import GRPC

/// Methods with streams of requests.
private func streamingRouter(cancelled: Gate = Gate(), release: Gate = Gate()) -> GRPCRouter {
    var router = GRPCRouter()
    router.clientStreaming("/test.Service/Sum") { (notes: GRPCRequestStream<Note>, _) in
        var sum = Note("sum")
        for try await note in notes { sum.number += note.number }
        return sum
    }
    router.clientStreaming("/test.Service/First") { (notes: GRPCRequestStream<Note>, _) in
        var iterator = notes.makeAsyncIterator()
        return try await iterator.next() ?? Note("none")
    }
    router.clientStreaming("/test.Service/Refuse") { (_: GRPCRequestStream<Note>, _) -> Note in
        throw GRPCStatus(.permissionDenied, "no")
    }
    router.clientStreaming("/test.Service/Late") { (notes: GRPCRequestStream<Note>, _) in
        await release.wait()
        var count = Note("late")
        for try await note in notes { count.number += Int64(note.text.utf8.count) }
        return count
    }
    router.clientStreaming("/test.Service/Cancelled") { (notes: GRPCRequestStream<Note>, _) -> Note in
        do {
            for try await _ in notes { await release.open() }
        } catch {
            await cancelled.open()
            throw error
        }
        return Note("not cancelled")
    }
    router.bidirectional("/test.Service/Chat") {
        (notes: GRPCRequestStream<Note>, context, writer: GRPCResponseWriter<Note>) in
        try context.response.initial.add("x-first", "before")
        for try await note in notes {
            if note.text == "fail" { throw GRPCStatus(.aborted, "told to") }
            try await writer.write(note)
        }
        try context.response.trailing.add("x-last-bin", [1, 2, 255])
    }
    router.unary("/test.Service/Fields") { (note: Note, context) in
        try context.response.initial.add("x-first", "a")
        try context.response.trailing.add("x-last", "b")
        if note.text == "fail" { throw GRPCStatus(.notFound, "nothing") }
        return note
    }
    return router
}

/// A message that notes where it is read.
private struct Placed: Message {
    static let isOnLoop = Lock<[Bool]>([])
    var number: Int64 = 0

    func encode(to writer: inout ProtobufWriter) { writer.write(2, number) }

    mutating func decode(field: ProtobufField, from reader: inout ProtobufReader) throws(ProtobufError) {
        Self.isOnLoop.withLock { $0.append(EventLoop.shared.isCurrent) }
        try reader.read(field, into: &number)
    }
}

@Suite("Streams of requests", .timeLimit(.minutes(10)))
struct RequestStreamTests {
    @Test("are read on the loop, without a hop for each request")
    func loop() async throws {
        var router = GRPCRouter()
        router.clientStreaming("/test.Service/Sum") { (notes: GRPCRequestStream<Placed>, _) in
            var sum = Note("sum")
            for try await note in notes { sum.number += note.number }
            return sum
        }
        try await withServer(router) { client, _, _ in
            let sum: Note = try await client.clientStreaming("/test.Service/Sum") {
                (notes: GRPCRequestWriter<Note>) in
                for number in 1...100 { try await notes.write(Note("", number: Int64(number))) }
            }
            #expect(sum.number == 5050)
        }
        #expect(Placed.isOnLoop.withLock { $0 } == [Bool](repeating: true, count: 100))
    }

    private typealias Chat = GRPCBidirectionalCall<Note, Note>

    @Test("are read in their order", arguments: [0, 1, 500])
    func sum(count: Int64) async throws {
        try await withServer(streamingRouter()) { client, _, _ in
            let sum: Note = try await client.clientStreaming("/test.Service/Sum") {
                (requests: GRPCRequestWriter<Note>) in
                for number in 0..<count { try await requests.write(Note("n", number: number)) }
            }
            #expect(sum == Note("sum", number: count * (count - 1) / 2))
        }
    }

    @Test("may be larger than the windows while nobody reads")
    func windows() async throws {
        let release = Gate()
        try await withServer(streamingRouter(release: release)) { client, _, _ in
            let text = String(repeating: "x", count: 100_000)
            let late: Note = try await client.clientStreaming("/test.Service/Late") {
                (requests: GRPCRequestWriter<Note>) in
                for number in 0..<30 {
                    if number == 1 { await release.open() }
                    try await requests.write(Note(text))
                }
            }
            #expect(late == Note("late", number: 3_000_000))
        }
    }

    @Test("end when the server answers before their end")
    func early() async throws {
        try await withServer(streamingRouter()) { client, _, _ in
            let first: Note = try await client.clientStreaming("/test.Service/First") {
                (requests: GRPCRequestWriter<Note>) in
                while true { try await requests.write(Note("again")) }
            }
            #expect(first == Note("again"))
            let refused = await status {
                let _: Note = try await client.clientStreaming("/test.Service/Refuse") {
                    (requests: GRPCRequestWriter<Note>) in
                    while true { try await requests.write(Note("again")) }
                }
            }
            #expect(refused == GRPCStatus(.permissionDenied, "no"))
        }
    }

    @Test("are cancelled by an error of who writes them")
    func writerError() async throws {
        let cancelled = Gate()
        let seen = Gate()
        try await withServer(streamingRouter(cancelled: cancelled, release: seen)) { client, _, _ in
            await #expect(throws: Odd.self) {
                let _: Note = try await client.clientStreaming("/test.Service/Cancelled") {
                    (requests: GRPCRequestWriter<Note>) in
                    try await requests.write(Note("one"))
                    await seen.wait()
                    throw Odd()
                }
            }
            await cancelled.wait()
            let sum: Note = try await client.clientStreaming("/test.Service/Sum") {
                (_: GRPCRequestWriter<Note>) in
            }
            #expect(sum == Note("sum"))
        }
    }

    @Test("go beside responses")
    func chat() async throws {
        try await withServer(streamingRouter()) { client, _, _ in
            let call: Chat = try await client.bidirectional("/test.Service/Chat")
            var responses = call.responses.makeAsyncIterator()
            for number in 0..<100 {
                try await call.write(Note("n", number: Int64(number)))
                #expect(try await responses.next() == Note("n", number: Int64(number)))
            }
            await call.finish()
            #expect(try await responses.next() == nil)
            #expect(try await responses.next() == nil)
            #expect(try await call.responses.initialMetadata["x-first"] == "before")
            #expect(await call.responses.trailingMetadata.binary("x-last-bin") == [[1, 2, 255]])
            #expect(await status { try await call.write(Note("late")) }.code == .cancelled)
        }
    }

    @Test("tell a status once, and then that all is over")
    func chatFails() async throws {
        try await withServer(streamingRouter()) { client, _, _ in
            let call: Chat = try await client.bidirectional("/test.Service/Chat")
            var responses = call.responses.makeAsyncIterator()
            try await call.write(Note("fail"))
            #expect(await status { _ = try await responses.next() } == GRPCStatus(.aborted, "told to"))
            #expect(try await responses.next() == nil)
            #expect(await status { try await call.write(Note("late")) } == GRPCStatus(.aborted, "told to"))
        }
    }

    @Test("end at the deadline")
    func deadline() async throws {
        try await withServer(streamingRouter()) { client, _, _ in
            let late = await status {
                let call: Chat = try await client.bidirectional(
                    "/test.Service/Chat", timeout: .milliseconds(20))
                for try await _ in call.responses {}
            }
            #expect(late.code == .deadlineExceeded)
        }
    }

    @Test("bring metadata beside one response")
    func unaryFields() async throws {
        try await withServer(streamingRouter()) { client, _, _ in
            let response = try await client.unaryCall("/test.Service/Fields", Note("n"), of: Note.self)
            #expect(response.message == Note("n"))
            #expect(response.initialMetadata["x-first"] == "a")
            #expect(response.trailingMetadata["x-last"] == "b")
            #expect(
                await status {
                    let _: Note = try await client.unary("/test.Service/Fields", Note("fail"))
                } == GRPCStatus(.notFound, "nothing"))
        }
    }
}

@Suite("The inbox of requests")
struct RequestInboxTests {
    @Test("holds the window while a request waits")
    func held() throws {
        var inbox = RequestInbox(messageLimit: 10)
        #expect(try inbox.next() == .wait)
        #expect(inbox.receive(3) { $0 += [0, 0, 0] } == 3)
        #expect(inbox.receive(4) { $0 += [0, 1, 7, 0] } == 0)
        #expect(inbox.receive(5) { $0 += [0, 0, 0, 1, 8] } == 0)
        #expect(try inbox.next() == .message([7], consumed: 0))
        #expect(try inbox.next() == .message([8], consumed: 9))
        #expect(try inbox.next() == .wait)
        inbox.receiveEnd()
        #expect(try inbox.next() == .end)
    }

    @Test("tells a request that was cut off")
    func cut() {
        var inbox = RequestInbox(messageLimit: 10)
        #expect(inbox.receive(2) { $0 += [0, 0] } == 2)
        inbox.receiveEnd()
        #expect(throws: GRPCStatus(.internal, "the request ends before its message is complete")) {
            try inbox.next()
        }
    }

    @Test("tells a request that is too large before it has arrived")
    func large() {
        var inbox = RequestInbox(messageLimit: 10)
        #expect(inbox.receive(5) { $0 += [0, 0, 0, 0, 11] } == 5)
        #expect(
            throws: GRPCStatus(.resourceExhausted, "a message of 11 octets is larger than the limit of 10")
        ) { try inbox.next() }
    }
}
