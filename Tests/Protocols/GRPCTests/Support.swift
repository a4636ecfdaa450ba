// What the suites share: a message, a service, a socket path, and a server with a client.

import GRPC
import Protobuf
import SystemIO
import TestSupport

/// A message with one field of octets and one number.
struct Note: FieldMessage {
    var text = ""
    var number: Int64 = 0

    init() {}
    init(_ text: String, number: Int64 = 0) {
        self.text = text
        self.number = number
    }

    mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &text)
        try wire.field(2, &number)
    }
}

/// A place to meet: `wait` returns once `open` was called.
actor Gate {
    private(set) var isOpen = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func open() {
        isOpen = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    func wait() async {
        guard !isOpen else { return }
        await withCheckedContinuation { waiters.append($0) }
    }

    /// Waits if `other` is open: a handler whose call ended before it began never runs, as on a busy machine.
    func wait(if other: Gate) async {
        if await other.isOpen { await wait() }
    }
}

/// Methods that show one behaviour each.
func testRouter(cancelled: Gate = Gate(), started: Gate = Gate()) -> GRPCRouter {
    var router = GRPCRouter()
    router.unary("/test.Service/Echo") { (note: Note, _) in note }
    router.unary("/test.Service/Fail") { (note: Note, _) -> Note in
        throw GRPCStatus(
            GRPCStatus.Code(rawValue: UInt8(truncatingIfNeeded: note.number)) ?? .unknown, note.text)
    }
    router.unary("/test.Service/Throw") { (_: Note, _) -> Note in throw Odd() }
    router.unary("/test.Service/Large") { (note: Note, _) in
        Note(String(repeating: "x", count: Int(note.number)))
    }
    router.unary("/test.Service/Context") { (_: Note, context) in
        let has = context.deadline == nil ? "no deadline" : "deadline"
        let binary = context.metadata.binary("trace-bin").first.map { "\($0)" } ?? "none"
        return Note(
            "\(context.path) \(has) \(context.metadata["x-name"] ?? "none") \(binary) \(context.peer)")
    }
    router.unary("/test.Service/Hang") { (_: Note, _) -> Note in
        await started.open()
        await untilCancelled()
        await cancelled.open()
        throw CancellationError()
    }
    router.serverStreaming("/test.Service/Count") { (note: Note, _, writer: GRPCResponseWriter<Note>) in
        for number in 0..<note.number { try await writer.write(Note(note.text, number: number)) }
        if note.text == "fail" { throw GRPCStatus(.dataLoss, "after \(note.number)") }
    }
    router.serverStreaming("/test.Service/Flood") { (note: Note, _, writer: GRPCResponseWriter<Note>) in
        do {
            while true { try await writer.write(note) }
        } catch {
            await cancelled.open()
            throw error
        }
    }
    router.serverStreaming("/test.Service/Watch") { (_: Note, _, writer: GRPCResponseWriter<Note>) in
        try await writer.write(Note("first"))
        await started.open()
        await untilCancelled()
        await cancelled.open()
    }
    return router
}

struct Odd: Error, CustomStringConvertible {
    var description: String { "an odd error" }
}

/// Returns when the task is cancelled.
func untilCancelled() async {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    await withTaskCancellationHandler {
        for await _ in stream {}
    } onCancel: {
        continuation.finish()
    }
}

/// Runs `body` with a server of the test's methods and a client connected to it, and ends both.
func withServer(
    _ router: GRPCRouter = testRouter(), limits: GRPCLimits = .patient,
    compressions: [any GRPCCompression] = [],
    _ body: (GRPCClient, GRPCServer, SocketAddress) async throws -> Void
) async throws {
    let server = GRPCServer(router: router, limits: limits, compressions: compressions)
    let address = try await server.listen(on: .unix(Scratch.socket()))
    let client = try await GRPCClient.connect(to: address, compressions: compressions)
    do {
        try await body(client, server, address)
    } catch {
        await client.close()
        await server.shutdown(grace: .zero)
        throw error
    }
    await client.close()
    await server.shutdown(grace: .zero)
}

/// The status that `body` throws; OK when it throws nothing.
func status(_ body: () async throws -> Void) async -> GRPCStatus {
    do {
        try await body()
        return GRPCStatus(.ok)
    } catch let status as GRPCStatus {
        return status
    } catch {
        return GRPCStatus(.unknown, "not a status: \(error)")
    }
}
