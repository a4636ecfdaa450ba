// A client of one connection. It sends no PINGs: a kubelet takes more than two in five minutes for an attack and closes
// (facts of grpc-go's keepalive policy); deadlines find a dead server.

internal import HPACK
internal import HTTP2
package import Protobuf
package import SystemIO

/// A connection to a gRPC server.
package actor GRPCClient {
    /// The client's loop.
    package nonisolated let loop: EventLoop
    /// The loop as executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// A call and who waits for it.
    private struct Pending {
        var call: ClientCall
        var isUnary: Bool
        var timer: ScheduledTimer?
        /// Waits for the next message, or for the end where that comes first.
        var reader: CheckedContinuation<Void, Never>?
        /// Wait until requests that were written have left, or for the end.
        var writers: [CheckedContinuation<Void, Never>] = []
        /// Waits for the response's headers.
        var headersReader: CheckedContinuation<Void, Never>?
        /// The reader has been told how the call ended.
        var isEndDelivered = false
    }

    private let transport: Transport
    private let authority: String
    private let limits: GRPCLimits
    private var calls: [StreamID: Pending] = [:]
    /// Callers that wait for a stream, because as many are open as the server allows.
    private var queue: [CheckedContinuation<Void, Never>] = []
    private var settleScheduled = false
    private var inTurn = false
    private var handshakeTimer: ScheduledTimer?
    private var end: GRPCStatus?
    private var endWaiters: [CheckedContinuation<Void, Never>] = []
    private var isReleased = false
    private var goingAway = false

    /// Connects.
    ///
    /// - Parameters:
    ///   - address: the server's.
    ///   - authority: what goes out as `:authority`; grpc-go itself says `localhost` on a Unix socket.
    ///   - timeout: after which connecting, and then the server's SETTINGS, are given up.
    /// - Throws: `SystemError` where nobody answers.
    package static func connect(
        to address: SocketAddress, authority: String = "localhost", loop: EventLoop = .shared,
        timeout: Duration = .seconds(10), limits: GRPCLimits = GRPCLimits()
    ) async throws -> GRPCClient {
        let descriptor = try await SystemIO.connect(to: address, loop: loop, timeout: timeout)
        let client = GRPCClient(descriptor, authority: authority, loop: loop, limits: limits)
        try await client.start(timeout)
        return client
    }

    private init(_ descriptor: FileDescriptor, authority: String, loop: EventLoop, limits: GRPCLimits) {
        self.loop = loop
        self.authority = authority
        self.limits = limits
        transport = Transport(descriptor, role: .client, loop: loop, limits: limits)
    }

    // MARK: Calls

    /// Calls a method with one response.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - timeout: sent to the server and enforced here; nil waits for ever.
    ///   - metadata: fields beside the request.
    /// - Throws: `GRPCStatus`; DEADLINE_EXCEEDED after the time-out, CANCELLED when the task is cancelled, UNAVAILABLE
    ///   when the connection is gone.
    package func unary<Input: Message, Output: Message>(
        _ path: String, _ request: Input, timeout: Duration? = nil, metadata: GRPCMetadata = GRPCMetadata()
    ) async throws -> Output {
        try await unaryCall(path, request, timeout: timeout, metadata: metadata).message
    }

    /// Calls a method with one response, and tells what came beside it.
    ///
    /// Takes and throws what `unary` does.
    package func unaryCall<Input: Message, Output: Message>(
        _ path: String, _ request: Input, of: Output.Type = Output.self, timeout: Duration? = nil,
        metadata: GRPCMetadata = GRPCMetadata()
    ) async throws -> GRPCResponse<Output> {
        let stream = try await begin(path, request.serialized(), timeout, metadata, isUnary: true)
        return try await response(path, stream)
    }

    /// Calls a method with a stream of requests and one response.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - timeout: for the whole call; nil for none.
    ///   - metadata: fields beside the requests.
    ///   - requests: writes the requests; they end when it returns, and the call is cancelled when it throws. When the
    ///     server answers before, a write throws and the server's answer counts.
    /// - Throws: as `unary` does, or what `requests` throws.
    package func clientStreaming<Input: Message, Output: Message>(
        _ path: String, of: Output.Type = Output.self, timeout: Duration? = nil,
        metadata: GRPCMetadata = GRPCMetadata(), _ requests: (GRPCRequestWriter<Input>) async throws -> Void
    ) async throws -> Output {
        let stream = try await begin(path, nil, timeout, metadata, isUnary: true)
        do {
            try await requests(GRPCRequestWriter(client: self, stream: stream))
            finishRequests(stream)
        } catch {
            guard calls[stream]?.call.end != nil else {
                release(stream)
                throw error
            }
        }
        return try await response(path, stream).message
    }

    /// Calls a method with a stream of requests and a stream of responses.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - timeout: for the whole call; nil for none.
    ///   - metadata: fields beside the requests.
    /// - Throws: `GRPCStatus` UNAVAILABLE when the connection is gone; what the server says comes from the responses.
    package func bidirectional<Input: Message, Output: Message>(
        _ path: String, sending: Input.Type = Input.self, of: Output.Type = Output.self,
        timeout: Duration? = nil, metadata: GRPCMetadata = GRPCMetadata()
    ) async throws -> GRPCBidirectionalCall<Input, Output> {
        let stream = try await begin(path, nil, timeout, metadata, isUnary: false)
        return GRPCBidirectionalCall(
            requests: GRPCRequestWriter(client: self, stream: stream),
            responses: GRPCResponseStream(call: StreamingCall(client: self, stream: stream)))
    }

    /// Calls a method with a stream of responses.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - timeout: for the whole stream; nil for none.
    ///   - metadata: fields beside the request.
    /// - Throws: `GRPCStatus` UNAVAILABLE when the connection is gone; what the server says comes from the stream.
    package func serverStreaming<Input: Message, Output: Message>(
        _ path: String, _ request: Input, of: Output.Type = Output.self, timeout: Duration? = nil,
        metadata: GRPCMetadata = GRPCMetadata()
    ) async throws -> GRPCResponseStream<Output> {
        let stream = try await begin(path, request.serialized(), timeout, metadata, isUnary: false)
        return GRPCResponseStream(call: StreamingCall(client: self, stream: stream))
    }

    /// Ends the connection; calls that are open end with UNAVAILABLE.
    package func close() async {
        guard end == nil else { return }
        transport.http2.abort(.noError)
        finish(GRPCStatus(.unavailable, "the client was closed"))
    }

    /// Waits for the end of the connection and tells why it ended.
    package var closed: GRPCStatus {
        get async {
            while true {
                if let end { return end }
                await withCheckedContinuation { waiter in
                    if end == nil { endWaiters.append(waiter) } else { waiter.resume() }
                }
            }
        }
    }

    /// Whether the connection has ended.
    package var isClosed: Bool { end != nil }

    private func begin(
        _ path: String, _ message: [UInt8]?, _ timeout: Duration?, _ metadata: GRPCMetadata, isUnary: Bool
    ) async throws(GRPCStatus) -> StreamID {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        while true {
            if let end { throw GRPCStatus(.unavailable, end.message) }
            if Task.isCancelled { throw GRPCStatus(.cancelled, "the task was cancelled") }
            let left = deadline.map { ContinuousClock.now.duration(to: $0) }
            if let left, left <= .zero {
                throw GRPCStatus(.deadlineExceeded, "no answer to \(path) within \(timeout ?? .zero)")
            }
            do throws(HTTP2Connection.CannotOpen) {
                let stream = try transport.http2.sendRequest(head(path, left, metadata))
                if let message {
                    transport.http2.sendData(stream, MessageAssembler.frame(message), endStream: true)
                }
                var pending = Pending(call: ClientCall(messageLimit: limits.messageSize), isUnary: isUnary)
                if let left { pending.timer = deadlineTimer(stream, path, left) }
                calls[stream] = pending
                scheduleSettle()
                return stream
            } catch {
                guard error == .tooManyStreams else {
                    throw GRPCStatus(.unavailable, "the server is shutting the connection down")
                }
                await withCheckedContinuation { caller in
                    if end == nil, !transport.http2.canOpenStream {
                        queue.append(caller)
                    } else {
                        caller.resume()
                    }
                }
            }
        }
    }

    private func deadlineTimer(_ stream: StreamID, _ path: String, _ left: Duration) -> ScheduledTimer {
        loop.schedule(after: left) { [weak self] in
            self?.assumeIsolated {
                $0.cancel(stream, GRPCStatus(.deadlineExceeded, "no answer to \(path) within the time-out"))
            }
        }
    }

    private func head(_ path: String, _ timeout: Duration?, _ metadata: GRPCMetadata) -> HeaderList {
        var list: HeaderList = [
            ":method": "POST", ":scheme": "http", ":path": path, ":authority": authority,
            "content-type": "application/grpc", "te": "trailers", "user-agent": "grpc-ganglion/1",
        ]
        if let timeout { list.add("grpc-timeout", GRPCTimeout.encode(timeout), indexing: .avoided) }
        for index in 0..<metadata.fields.count {
            list.add(
                metadata.fields.name(index), metadata.fields.value(index),
                indexing: metadata.fields.indexing(index))
        }
        return list
    }

    private func response<Output: Message>(
        _ path: String, _ stream: StreamID
    ) async throws -> GRPCResponse<Output> {
        let (octets, call) = try await withTaskCancellationHandler {
            try await unaryResponse(stream)
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.cancel(stream) } }
        }
        do {
            return GRPCResponse(
                message: try Output(serialized: octets),
                initialMetadata: call.initialMetadata ?? GRPCMetadata(),
                trailingMetadata: call.trailingMetadata)
        } catch {
            throw GRPCStatus(.internal, "the response of \(path) cannot be read: \(error)")
        }
    }

    private func unaryResponse(
        _ stream: StreamID
    ) async throws(GRPCStatus) -> (message: [UInt8], call: ClientCall) {
        await waitForEnd(stream)
        guard var pending = calls.removeValue(forKey: stream) else {
            throw GRPCStatus(.cancelled, "the call was cancelled")
        }
        pending.timer?.cancel()
        wakeQueue()
        let status = pending.call.end ?? GRPCStatus(.unavailable, "the connection has ended")
        guard status.code == .ok else { throw status }
        guard let (message, _) = pending.call.take() else {
            throw GRPCStatus(.internal, "the server ended the call with OK and without a response")
        }
        guard pending.call.take() == nil else {
            throw GRPCStatus(.internal, "the server sent more than one response and the method has one")
        }
        return (message, pending.call)
    }

    private func waitForEnd(_ stream: StreamID) async {
        while let pending = calls[stream], pending.call.end == nil {
            await waitForProgress(stream)
        }
    }

    /// Waits for the next message, or for the end. What came before the continuation is there is looked at inside: the
    /// executor may let others run in between.
    private func waitForProgress(_ stream: StreamID) async {
        await withCheckedContinuation { reader in
            if let pending = calls[stream], pending.call.end == nil,
                pending.isUnary || !pending.call.hasMessage
            {
                calls[stream]?.reader = reader
            } else {
                reader.resume()
            }
        }
    }

    /// The next message of a stream, nil at its good end.
    func nextMessage(_ stream: StreamID) async throws -> [UInt8]? {
        while true {
            guard calls[stream] != nil else { return nil }
            if let (message, consumed) = calls[stream]?.call.take() {
                transport.http2.consume(consumed, on: stream)
                scheduleSettle()
                return message
            }
            if let status = calls[stream]?.call.end {
                let isEndDelivered = calls[stream]?.isEndDelivered == true
                calls[stream]?.isEndDelivered = true
                if status.code == .ok || isEndDelivered { return nil }
                throw status
            }
            guard calls[stream]?.reader == nil else {
                throw GRPCStatus(.failedPrecondition, "a response stream has one reader at a time")
            }
            await waitForProgress(stream)
        }
    }

    // MARK: Requests of a stream

    /// Sends a request and waits until the windows and the socket have taken it.
    ///
    /// - Throws: the status with which the call has ended meanwhile.
    func send(_ message: [UInt8], on stream: StreamID) async throws(GRPCStatus) {
        try check(stream)
        transport.http2.sendData(stream, MessageAssembler.frame(message))
        scheduleSettle()
        while transport.http2.waitingOctets(stream) > 0 {
            await withCheckedContinuation { writer in
                // Looked at again inside: the executor may have let others run in between.
                if calls[stream] != nil, calls[stream]?.call.end == nil,
                    transport.http2.waitingOctets(stream) > 0
                {
                    calls[stream]?.writers.append(writer)
                } else {
                    writer.resume()
                }
            }
            try check(stream)
        }
    }

    /// Says that no more requests come.
    func finishRequests(_ stream: StreamID) {
        transport.http2.sendData(stream, [], endStream: true)
        scheduleSettle()
    }

    private func check(_ stream: StreamID) throws(GRPCStatus) {
        guard let pending = calls[stream] else { throw GRPCStatus(.cancelled, "the call is over") }
        guard let status = pending.call.end else { return }
        throw status.code == .ok
            ? GRPCStatus(.cancelled, "the server ended the call before it had all requests") : status
    }

    private func wakeWriters(_ stream: StreamID) {
        guard let writers = calls[stream]?.writers, !writers.isEmpty else { return }
        calls[stream]?.writers = []
        for writer in writers { writer.resume() }
    }

    // MARK: Metadata of a stream

    /// The response's headers; waits for them.
    func initialMetadata(_ stream: StreamID) async throws(GRPCStatus) -> GRPCMetadata {
        while let pending = calls[stream], pending.call.initialMetadata == nil, pending.call.end == nil {
            guard pending.headersReader == nil else {
                throw GRPCStatus(.failedPrecondition, "metadata has one reader at a time")
            }
            await withCheckedContinuation { reader in
                if let pending = calls[stream], pending.call.initialMetadata == nil, pending.call.end == nil {
                    calls[stream]?.headersReader = reader
                } else {
                    reader.resume()
                }
            }
        }
        return calls[stream]?.call.initialMetadata ?? GRPCMetadata()
    }

    /// What came with the status; nothing before the end.
    func trailingMetadata(_ stream: StreamID) -> GRPCMetadata {
        calls[stream]?.call.trailingMetadata ?? GRPCMetadata()
    }

    /// Ends a call from our side.
    func cancel(_ stream: StreamID, _ status: GRPCStatus = GRPCStatus(.cancelled, "the call was cancelled")) {
        guard let pending = calls[stream], pending.call.end == nil else { return }
        transport.http2.reset(stream, .cancel)
        finish(stream, status)
        scheduleSettle()
    }

    /// Ends a call of which nobody will read any more.
    func release(_ stream: StreamID) {
        cancel(stream)
        wake(stream)
        calls.removeValue(forKey: stream)?.timer?.cancel()
    }

    private func finish(_ stream: StreamID, _ status: GRPCStatus) {
        calls[stream]?.call.finish(status)
        calls[stream]?.timer?.cancel()
        wake(stream)
        wakeQueue()
    }

    private func wake(_ stream: StreamID) {
        if calls[stream]?.call.end != nil { wakeWriters(stream) }
        if let reader = calls[stream]?.headersReader {
            calls[stream]?.headersReader = nil
            reader.resume()
        }
        guard let reader = calls[stream]?.reader else { return }
        calls[stream]?.reader = nil
        reader.resume()
    }

    private func wakeQueue() {
        let waiting = queue
        queue = []
        for caller in waiting { caller.resume() }
    }

    // MARK: Connection

    private func start(_ timeout: Duration) throws(SystemError) {
        try transport.start { [weak self] readiness in self?.assumeIsolated { $0.ready(readiness) } }
        handshakeTimer = loop.schedule(after: timeout) { [weak self] in
            self?.assumeIsolated { client in
                guard !client.transport.http2.settingsReceived, client.end == nil else { return }
                client.transport.http2.abort(.settingsTimeout)
                client.finish(GRPCStatus(.unavailable, "the server sent no SETTINGS within \(timeout)"))
            }
        }
    }

    private func ready(_ readiness: Readiness) {
        guard end == nil else {
            if !isReleased, transport.linger(readiness) { isReleased = true }
            return
        }
        inTurn = true
        let ended = transport.process(readiness) { handle($0) }
        inTurn = false
        afterTurn(ended)
    }

    private func scheduleSettle() {
        guard !inTurn, !settleScheduled, end == nil else { return }
        settleScheduled = true
        loop.execute { [weak self] in self?.assumeIsolated { $0.settle() } }
    }

    private func settle() {
        settleScheduled = false
        guard end == nil else { return }
        inTurn = true
        transport.settle { handle($0) }
        inTurn = false
        afterTurn(transport.ended)
    }

    private func afterTurn(_ ended: TransportEnd?) {
        if let ended {
            finish(GRPCStatus(.unavailable, ended.reason))
        } else if goingAway, transport.http2.openStreams == 0 {
            transport.http2.abort(.noError)
            finish(GRPCStatus(.unavailable, "the server has shut the connection down"))
        }
    }

    private func handle(_ event: HTTP2Event) {
        switch event {
        case .headers(let stream, let headers, let endStream):
            calls[stream]?.call.receiveHeaders(headers, endStream: endStream)
            noteProgress(stream)
        case .data(let stream, let range, let endStream):
            var consumed = range.count
            if calls[stream]?.isUnary == true {
                _ = calls[stream]?.call.receiveData(range.count, endStream: endStream) {
                    transport.http2.copy(range, to: &$0)
                }
            } else if calls[stream] != nil {
                consumed =
                    calls[stream]?.call.receiveData(range.count, endStream: endStream) {
                        transport.http2.copy(range, to: &$0)
                    } ?? consumed
            }
            transport.http2.consume(consumed, on: stream)
            noteProgress(stream)
        case .trailers(let stream, let trailers):
            calls[stream]?.call.receiveTrailers(trailers)
            noteProgress(stream)
        case .reset(let stream, let code, _): finish(stream, GRPCStatus(reset: code))
        case .settings: wakeQueue()
        case .goAway: goingAway = true
        case .writable(let stream): wakeWriters(stream)
        case .informational, .drained, .failed: break
        }
    }

    /// Wakes whoever waits for what has just come, and resets a call that has ended here and not there.
    private func noteProgress(_ stream: StreamID) {
        guard let pending = calls[stream] else { return }
        if pending.call.end != nil {
            transport.http2.reset(stream, .cancel)
            pending.timer?.cancel()
            wakeQueue()
        }
        if pending.call.end != nil || !pending.isUnary { wake(stream) }
    }

    /// The connection is over.
    private func finish(_ status: GRPCStatus) {
        guard end == nil else { return }
        end = status
        handshakeTimer?.cancel()
        for stream in calls.keys { finish(stream, GRPCStatus(.unavailable, status.message)) }
        wakeQueue()
        for waiter in endWaiters { waiter.resume() }
        endWaiters = []
        guard !transport.close() else {
            isReleased = true
            return
        }
        // Holds on to the client until what waits has left.
        loop.schedule(after: limits.closeTimeout) {
            self.assumeIsolated { _ = $0.transport.close(discarding: true) }
        }
    }
}
