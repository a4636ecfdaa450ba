// A server that shuts down says GOAWAY, and calls go on over another connection without their callers noticing. A call
// is only made again when the server has said, or cannot but mean, that it never looked at it.

public import Protobuf
public import SystemIO

/// A server to call, connected to when a call needs it and again after a connection has ended.
///
///     let channel = GRPCChannel { try await GRPCClient.connect(to: address) }
///     let answer: Answer = try await channel.unary("/a.B/C", question)
public actor GRPCChannel: LoopActor {
    /// That of its connections, so that a call changes threads nowhere.
    public nonisolated let loop: EventLoop

    /// How often a call is tried, the first time among them.
    public static let attempts = 5

    private let connect: @Sendable () async throws -> GRPCClient
    private var current: GRPCClient?
    private var connecting: Task<GRPCClient, any Error>?
    private var isClosed = false

    /// A channel; nothing happens before the first call.
    ///
    /// - Parameter connect: makes a connection on the same loop.
    public init(loop: EventLoop = .shared, connect: @escaping @Sendable () async throws -> GRPCClient) {
        self.loop = loop
        self.connect = connect
    }

    /// A connection that takes calls, for those with streams; made if there is none.
    ///
    /// - Throws: UNAVAILABLE when nobody answers or the channel was closed.
    public func client() async throws(GRPCStatus) -> GRPCClient {
        while true {
            guard !isClosed else { throw GRPCStatus(.unavailable, "the channel was closed") }
            if let candidate = current {
                if await candidate.takesCalls { return candidate }
                if current === candidate { current = nil }
                continue
            }
            let connect = connect
            let task = connecting ?? Task { try await connect() }
            connecting = task
            let result = await task.result
            // Of several callers that waited, the first to come back notes the end.
            if connecting == task {
                connecting = nil
                current = try? result.get()
            }
            switch result {
            // Whether it takes calls is not asked: a server that says GOAWAY to whoever comes costs attempts.
            case .success(let client) where !isClosed: return client
            case .success(let client): await client.close()
            case .failure(let error):
                throw error as? GRPCStatus ?? GRPCStatus(.unavailable, "\(error)")
            }
        }
    }

    /// Calls a method with one response, on whichever connection takes it.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - timeout: for all attempts together; connecting has a time-out of its own.
    ///   - metadata: fields beside the request.
    ///   - compression: whether the request is compressed.
    /// - Throws: `GRPCStatus`, as `GRPCClient.unary` does.
    public func unary<Input: Message, Output: Message>(
        _ path: String, _ request: Input, timeout: Duration? = nil, metadata: GRPCMetadata = GRPCMetadata(),
        compression: GRPCCompressionUse = .automatic
    ) async throws -> Output {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        var attempt = 1
        while true {
            let client = try await client()
            do {
                return try await client.attempt(
                    path, request, timeout: deadline.map { ContinuousClock.now.duration(to: $0) },
                    metadata: metadata, compression: compression
                ).message
            } catch let failure as CallFailure {
                guard failure.isUnprocessed, attempt < Self.attempts else { throw failure.status }
                attempt += 1
            }
        }
    }

    /// Ends the connection; later calls end with UNAVAILABLE.
    public func close() async {
        isClosed = true
        await current?.close()
        current = nil
    }
}
