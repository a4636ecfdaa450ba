// The responses of a call as an asynchronous sequence. Whoever lets go of it ends the call.

internal import HTTP2
public import Protobuf
internal import SystemIO

/// The responses of a server-streaming call.
///
///     for try await response in stream { ... }
///
/// Ends after the last response when the status is OK, and throws the `GRPCStatus` when it is not. When the stream and
/// its iterators are gone, or its task is cancelled, the call is cancelled. For one reader.
public struct GRPCResponseStream<Output: Message>: AsyncSequence, Sendable {
    /// One message.
    public typealias Element = Output

    let call: StreamingCall

    /// Reads on where the last iterator stopped.
    public func makeAsyncIterator() -> Iterator { Iterator(call: call) }

    /// What the server sent before its first response; waits for it.
    public var initialMetadata: GRPCMetadata {
        get async throws { try await call.initialMetadata() }
    }

    /// What the server sent with its status; nothing before the stream has ended.
    public var trailingMetadata: GRPCMetadata {
        get async { await call.trailingMetadata() }
    }

    /// Whether the last response that was read came compressed.
    public var isLastCompressed: Bool {
        get async { await call.wasCompressed() }
    }

    /// Ends the call; a reader that waits gets CANCELLED.
    public func cancel() { call.cancel() }

    /// Reads responses in their order.
    public struct Iterator: AsyncIteratorProtocol {
        let call: StreamingCall

        /// The next response, or nil after the last.
        ///
        /// - Throws: the `GRPCStatus` of a bad end.
        public mutating func next() async throws -> Output? { try await next(isolation: #isolation) }

        /// The same, where the caller is: a reader on the client's loop stays there.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Output? {
            guard let octets = try await call.next() else { return nil }
            do {
                return try Output(serialized: octets)
            } catch {
                call.cancel()
                throw GRPCStatus(.internal, "the response cannot be read: \(error)")
            }
        }
    }
}

/// Holds a call for as long as somebody may read from it.
final class StreamingCall: Sendable {
    private let client: GRPCClient
    private let stream: StreamID

    init(client: GRPCClient, stream: StreamID) {
        self.client = client
        self.stream = stream
    }

    deinit {
        let client = client
        let stream = stream
        client.loop.execute(on: client) { $0.release(stream) }
    }

    func cancel() {
        let client = client
        let stream = stream
        client.loop.execute(on: client) { $0.cancel(stream) }
    }

    func initialMetadata() async throws -> GRPCMetadata { try await client.initialMetadata(stream) }

    func wasCompressed() async -> Bool { await client.wasCompressed(stream) }

    func trailingMetadata() async -> GRPCMetadata { await client.trailingMetadata(stream) }

    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await client.nextMessage(stream)
        } onCancel: {
            cancel()
        }
    }
}
