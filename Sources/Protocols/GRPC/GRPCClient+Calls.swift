// How calls begin, and how those with one response end.

internal import HPACK
internal import HTTP2
internal import HTTP2Transport
public import Protobuf
internal import SystemIO

extension GRPCClient {

    /// Calls a method with one response.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - timeout: sent to the server and enforced here; nil waits for ever.
    ///   - metadata: fields beside the request.
    ///   - compression: whether the request is compressed.
    /// - Throws: `GRPCStatus`; DEADLINE_EXCEEDED after the time-out, CANCELLED when the task is cancelled, UNAVAILABLE
    ///   when the connection is gone.
    public func unary<Input: Message, Output: Message>(
        _ path: String, _ request: Input, timeout: Duration? = nil, metadata: GRPCMetadata = GRPCMetadata(),
        compression: GRPCCompressionUse = .automatic
    ) async throws -> Output {
        try await unaryCall(
            path, request, timeout: timeout, metadata: metadata, compression: compression
        ).message
    }

    /// Calls a method with one response, and tells what came beside it.
    ///
    /// Takes and throws what `unary` does.
    public func unaryCall<Input: Message, Output: Message>(
        _ path: String, _ request: Input, of: Output.Type = Output.self, timeout: Duration? = nil,
        metadata: GRPCMetadata = GRPCMetadata(), compression: GRPCCompressionUse = .automatic
    ) async throws -> GRPCResponse<Output> {
        do {
            return try await attempt(
                path, request, timeout: timeout, metadata: metadata, compression: compression)
        } catch let failure as CallFailure {
            throw failure.status
        }
    }

    /// One try of a call with one response.
    ///
    /// - Throws: `CallFailure`.
    func attempt<Input: Message, Output: Message>(
        _ path: String, _ request: Input, timeout: Duration?, metadata: GRPCMetadata,
        compression: GRPCCompressionUse
    ) async throws -> GRPCResponse<Output> {
        let stream = try await begin(
            path, request.serialized(), timeout, metadata, compression, isUnary: true)
        return try await response(path, stream)
    }

    /// Calls a method with a stream of requests and one response.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - timeout: for the whole call; nil for none.
    ///   - metadata: fields beside the requests.
    ///   - compression: whether requests are compressed, unless a write says otherwise.
    ///   - requests: writes the requests; they end when it returns, and the call is cancelled when it throws. When the
    ///     server answers before, a write throws and the server's answer counts.
    /// - Throws: as `unary` does, or what `requests` throws.
    public func clientStreaming<Input: Message, Output: Message>(
        _ path: String, of: Output.Type = Output.self, timeout: Duration? = nil,
        metadata: GRPCMetadata = GRPCMetadata(), compression: GRPCCompressionUse = .automatic,
        _ requests: (GRPCRequestWriter<Input>) async throws -> Void
    ) async throws -> Output {
        let stream = try await beginStream(path, nil, timeout, metadata, compression, isUnary: true)
        do {
            try await requests(GRPCRequestWriter(client: self, stream: stream, compression: compression))
            finishRequests(stream)
        } catch {
            guard calls[stream]?.call.end != nil else {
                release(stream)
                throw error
            }
        }
        do {
            return try await response(path, stream).message
        } catch let failure as CallFailure {
            throw failure.status
        }
    }

    /// Calls a method with a stream of requests and a stream of responses.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - timeout: for the whole call; nil for none.
    ///   - metadata: fields beside the requests.
    ///   - compression: whether requests are compressed.
    /// - Throws: `GRPCStatus` UNAVAILABLE when the connection is gone; what the server says comes from the responses.
    public func bidirectional<Input: Message, Output: Message>(
        _ path: String, sending: Input.Type = Input.self, of: Output.Type = Output.self,
        timeout: Duration? = nil, metadata: GRPCMetadata = GRPCMetadata(),
        compression: GRPCCompressionUse = .automatic
    ) async throws -> GRPCBidirectionalCall<Input, Output> {
        let stream = try await beginStream(path, nil, timeout, metadata, compression, isUnary: false)
        return GRPCBidirectionalCall(
            requests: GRPCRequestWriter(client: self, stream: stream, compression: compression),
            responses: GRPCResponseStream(call: StreamingCall(client: self, stream: stream)))
    }

    /// Calls a method with a stream of responses.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - timeout: for the whole stream; nil for none.
    ///   - metadata: fields beside the request.
    ///   - compression: whether the request is compressed.
    /// - Throws: `GRPCStatus` UNAVAILABLE when the connection is gone; what the server says comes from the stream.
    public func serverStreaming<Input: Message, Output: Message>(
        _ path: String, _ request: Input, of: Output.Type = Output.self, timeout: Duration? = nil,
        metadata: GRPCMetadata = GRPCMetadata(), compression: GRPCCompressionUse = .automatic
    ) async throws -> GRPCResponseStream<Output> {
        let stream = try await beginStream(
            path, request.serialized(), timeout, metadata, compression, isUnary: false)
        return GRPCResponseStream(call: StreamingCall(client: self, stream: stream))
    }

    /// Begins a call of which a stream is part.
    private func beginStream(
        _ path: String, _ message: [UInt8]?, _ timeout: Duration?, _ metadata: GRPCMetadata,
        _ compression: GRPCCompressionUse, isUnary: Bool
    ) async throws(GRPCStatus) -> StreamID {
        do throws(CallFailure) {
            return try await begin(path, message, timeout, metadata, compression, isUnary: isUnary)
        } catch {
            throw error.status
        }
    }

    private func begin(
        _ path: String, _ message: [UInt8]?, _ timeout: Duration?, _ metadata: GRPCMetadata,
        _ compression: GRPCCompressionUse, isUnary: Bool
    ) async throws(CallFailure) -> StreamID {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        while true {
            if let end {
                throw CallFailure(status: GRPCStatus(.unavailable, end.message), isUnprocessed: true)
            }
            if Task.isCancelled {
                throw CallFailure(status: GRPCStatus(.cancelled, "the task was cancelled"))
            }
            let left = deadline.map { ContinuousClock.now.duration(to: $0) }
            if let left, left <= .zero {
                throw CallFailure(
                    status: GRPCStatus(.deadlineExceeded, "no answer to \(path) within \(timeout ?? .zero)"))
            }
            let encoder = encoder(compression)
            let octets = try frame(message, encoder, compression)
            do throws(HTTP2Connection.CannotOpen) {
                let stream = try transport.http2.sendRequest(head(path, left, metadata, encoder))
                if message != nil { transport.http2.sendData(stream, octets, endStream: true) }
                var pending = Pending(
                    call: ClientCall(messageLimit: limits.messageSize, codings: codings), isUnary: isUnary,
                    encoder: encoder)
                pending.deadline = deadline
                if let left { pending.timer = deadlineTimer(stream, path, left) }
                calls[stream] = pending
                scheduleSettle()
                return stream
            } catch {
                guard error == .tooManyStreams else {
                    throw CallFailure(
                        status: GRPCStatus(.unavailable, "the server is shutting the connection down"),
                        isUnprocessed: true)
                }
                await suspend {
                    end == nil && !transport.http2.canOpenStream
                } keeping: {
                    queue.append($0)
                }
            }
        }
    }

    private func frame(
        _ message: [UInt8]?, _ encoder: MessageEncoder, _ compression: GRPCCompressionUse
    ) throws(CallFailure) -> [UInt8] {
        guard let message else { return [] }
        do throws(GRPCStatus) {
            return try encoder.frame(message, compression)
        } catch {
            throw CallFailure(status: error)
        }
    }

    private func deadlineTimer(_ stream: StreamID, _ path: String, _ left: Duration) -> ScheduledTimer {
        loop.schedule(after: left, on: self) {
            $0.cancel(stream, GRPCStatus(.deadlineExceeded, "no answer to \(path) within the time-out"))
        }
    }

    /// What a call may compress with; the server has to know it, or the caller to insist.
    private func encoder(_ compression: GRPCCompressionUse) -> MessageEncoder {
        switch compression {
        case .automatic: MessageEncoder(coding: serverCoding)
        case .always: MessageEncoder(coding: codings.preferred)
        case .never: MessageEncoder(coding: nil)
        }
    }

    private func head(
        _ path: String, _ timeout: Duration?, _ metadata: GRPCMetadata, _ encoder: MessageEncoder
    ) -> HeaderList {
        var list: HeaderList = [
            ":method": "POST", ":scheme": scheme, ":path": path, ":authority": authority,
            "content-type": "application/grpc", "te": "trailers", "user-agent": "grpc-ganglion/1",
        ]
        if let timeout { list.add("grpc-timeout", GRPCTimeout.encode(timeout), indexing: .avoided) }
        if let coding = encoder.coding { list.add("grpc-encoding", coding.name) }
        if !codings.isEmpty { list.add("grpc-accept-encoding", codings.accepted) }
        list.add(metadata)
        return list
    }

    private func response<Output: Message>(
        _ path: String, _ stream: StreamID
    ) async throws -> GRPCResponse<Output> {
        let (octets, call, isCompressed) = try await withTaskCancellationHandler {
            try await unaryResponse(stream)
        } onCancel: {
            loop.execute(on: self) { $0.cancel(stream) }
        }
        do {
            return GRPCResponse(
                message: try Output(serialized: octets),
                initialMetadata: call.initialMetadata ?? GRPCMetadata(),
                trailingMetadata: call.trailingMetadata, isCompressed: isCompressed)
        } catch {
            throw CallFailure(
                status: GRPCStatus(.internal, "the response of \(path) cannot be read: \(error)"))
        }
    }

    private func unaryResponse(
        _ stream: StreamID
    ) async throws(CallFailure) -> (message: [UInt8], call: ClientCall, isCompressed: Bool) {
        await waitForEnd(stream)
        guard var pending = calls.removeValue(forKey: stream) else {
            throw CallFailure(status: GRPCStatus(.cancelled, "the call was cancelled"))
        }
        pending.timer?.cancel()
        wakeQueue()
        let status = pending.call.end ?? GRPCStatus(.unavailable, "the connection has ended")
        guard status.code == .ok else {
            throw CallFailure(status: status, isUnprocessed: pending.call.isUnprocessed)
        }
        do throws(GRPCStatus) {
            guard let (message, _) = try pending.call.take() else {
                throw GRPCStatus(.internal, "the server ended the call with OK and without a response")
            }
            let isCompressed = pending.call.wasCompressed
            guard !pending.call.hasMessage else {
                throw GRPCStatus(.internal, "the server sent more than one response and the method has one")
            }
            return (message, pending.call, isCompressed)
        } catch {
            throw CallFailure(status: error)
        }
    }

    private func waitForEnd(_ stream: StreamID) async {
        while let pending = calls[stream], pending.call.end == nil {
            await waitForProgress(stream)
        }
    }

    /// Waits for the next message, or for the end.
    func waitForProgress(_ stream: StreamID) async {
        await suspend {
            guard let pending = calls[stream], pending.call.end == nil else { return false }
            return pending.isUnary || !pending.call.hasMessage
        } keeping: {
            calls[stream]?.reader = $0
        }
    }
}
