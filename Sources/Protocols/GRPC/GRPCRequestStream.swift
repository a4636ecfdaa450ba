// The requests of a call as an asynchronous sequence, for handlers.

internal import HTTP2
public import Protobuf
internal import SystemIO

/// The requests of a client-streaming or bidirectional call, in their order; ends when the client has sent its last.
///
/// For one reader. Throws the `GRPCStatus` with which the call has ended meanwhile.
public struct GRPCRequestStream<Input: Message>: AsyncSequence, Sendable {
    /// One message.
    public typealias Element = Input

    let reader: ServerCallReader

    /// Reads on where the last iterator stopped.
    public func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

    /// Whether the last request that was read came compressed.
    public var isLastCompressed: Bool {
        get async { await reader.connection.wasCompressed(reader.stream) }
    }

    /// Reads requests in their order.
    public struct Iterator: AsyncIteratorProtocol {
        let reader: ServerCallReader

        /// The next request, or nil after the last.
        public mutating func next() async throws -> Input? { try await next(isolation: #isolation) }

        /// The same, where the caller is: without this `for await` would leave the loop and come back for each request.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Input? {
            guard let octets = try await reader.next() else { return nil }
            return try GRPCRouter.parse(octets) as Input
        }
    }
}

/// Reads messages of one call.
struct ServerCallReader: Sendable {
    let connection: GRPCServerConnection
    let stream: StreamID

    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await connection.nextRequest(stream)
        } onCancel: {
            let connection = connection
            let stream = stream
            connection.loop.execute(on: connection) { $0.wakeReader(stream) }
        }
    }
}
