// The client's end of a stream of requests.

internal import HTTP2
public import Protobuf
internal import SystemIO

/// Writes the requests of one call.
public struct GRPCRequestWriter<Input: Message>: Sendable {
    let client: GRPCClient
    let stream: StreamID
    let compression: GRPCCompressionUse

    /// Sends a request; waits while the server does not read.
    ///
    /// - Parameter compression: whether it is compressed; as the call says when nil. A call that began with `never`
    ///   cannot compress.
    /// - Throws: the status with which the call has ended meanwhile; CANCELLED when that is OK.
    public func write(_ message: Input, compression: GRPCCompressionUse? = nil) async throws {
        try await withTaskCancellationHandler {
            try await client.send(message.serialized(), on: stream, compression ?? self.compression)
        } onCancel: {
            let client = client
            let stream = stream
            client.loop.execute(on: client) { $0.cancel(stream) }
        }
    }
}

/// A call whose requests and responses come as each side wants.
///
///     try await call.write(request)
///     let first = try await iterator.next()
///     await call.finish()
public struct GRPCBidirectionalCall<Input: Message, Output: Message>: Sendable {
    let requests: GRPCRequestWriter<Input>
    /// The responses. When they and the call are let go of, the call is cancelled.
    public let responses: GRPCResponseStream<Output>

    /// Sends a request; takes and throws what `GRPCRequestWriter.write` does.
    public func write(_ message: Input, compression: GRPCCompressionUse? = nil) async throws {
        try await requests.write(message, compression: compression)
    }

    /// Says that no more requests come; responses may go on.
    public func finish() async { await requests.client.finishRequests(requests.stream) }

    /// Ends the call; a reader that waits gets CANCELLED.
    public func cancel() { responses.cancel() }
}

/// A response with what came beside it.
public struct GRPCResponse<Output: Message>: Sendable {
    /// The response.
    public var message: Output
    /// The fields before it.
    public var initialMetadata: GRPCMetadata
    /// The fields with the status.
    public var trailingMetadata: GRPCMetadata
    /// Whether it came compressed.
    public var isCompressed = false
}
