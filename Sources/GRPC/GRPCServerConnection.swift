// One client of a server. Everything happens on the loop: octets, frames, calls and, unless they leave it, handlers.

internal import HPACK
internal import HTTP2
internal import SystemIO

/// A connection and its calls.
actor GRPCServerConnection {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// A request that has begun and whose response has not ended.
    private struct Call {
        var route: GRPCRouter.Route
        var context: GRPCServerContext
        var assembler: MessageAssembler
        /// Requests of a stream; the handler reads them while they come.
        var inbox: RequestInbox?
        /// The handler waits for a request.
        var reader: CheckedContinuation<Void, Never>?
        var task: Task<Void, Never>?
        var timer: ScheduledTimer?
        var sentHeaders = false
        var encoder = MessageEncoder()
        /// Writers that wait for room.
        var writers: [CheckedContinuation<Void, any Error>] = []

        /// Octets of requests that no handler has taken.
        var waitingOctets: Int { assembler.waitingOctets + (inbox?.waitingOctets ?? 0) }
    }

    private let transport: Transport
    private let router: GRPCRouter
    private let limits: GRPCLimits
    private let codings: MessageCodings
    private let onClose: @Sendable (GRPCServerConnection) -> Void
    private var calls: [StreamID: Call] = [:]
    /// Handlers that run, also those of calls that are over: a reset must not make room for another (Rapid Reset).
    private var runningHandlers = 0
    private var inTurn = false
    private var settleScheduled = false
    private var handshakeTimer: ScheduledTimer?
    private var closing = false
    private var closed = false

    init(
        _ transport: Transport, router: GRPCRouter, limits: GRPCLimits, codings: MessageCodings,
        loop: EventLoop,
        onClose: @escaping @Sendable (GRPCServerConnection) -> Void
    ) {
        self.loop = loop
        self.router = router
        self.limits = limits
        self.codings = codings
        self.onClose = onClose
        self.transport = transport
    }

    // MARK: Life

    func start() {
        do {
            try transport.start { [weak self] readiness in self?.assumeIsolated { $0.ready(readiness) } }
        } catch {
            end(.socket(error))
            return
        }
        handshakeTimer = loop.schedule(after: limits.handshakeTimeout) { [weak self] in
            self?.assumeIsolated { connection in
                guard !connection.transport.http2.settingsAcknowledged else { return }
                connection.abort(.settingsTimeout, "no SETTINGS ACK in \(connection.limits.handshakeTimeout)")
            }
        }
    }

    /// Takes no new calls and ends after the last.
    func shutDown() {
        transport.http2.shutDown()
        settle()
    }

    /// Ends all calls.
    func abort(_ code: ErrorCode = .noError, _ reason: String = "") {
        transport.http2.abort(code, reason)
        end(.drained)
    }

    private func ready(_ readiness: Readiness) {
        guard !closing else {
            if transport.linger(readiness) { finishClosing() }
            return
        }
        inTurn = true
        let ended = transport.process(readiness) { handle($0) }
        inTurn = false
        if let ended { end(ended) }
    }

    /// Sends what our own calls have put into the connection.
    private func settle() {
        guard !inTurn, !closing else { return }
        inTurn = true
        transport.settle { handle($0) }
        inTurn = false
        if let ended = transport.ended { end(ended) }
    }

    /// Sends at the end of the loop's turn: several responses leave in one write.
    private func scheduleSettle() {
        guard !inTurn, !settleScheduled, !closing else { return }
        settleScheduled = true
        loop.execute { [weak self] in
            self?.assumeIsolated { connection in
                connection.settleScheduled = false
                connection.settle()
            }
        }
    }

    private func end(_ reason: TransportEnd) {
        guard !closing else { return }
        closing = true
        handshakeTimer?.cancel()
        for stream in calls.keys { drop(stream, GRPCStatus(.cancelled, reason.reason)) }
        if transport.close() {
            finishClosing()
            return
        }
        loop.schedule(after: limits.closeTimeout) { [weak self] in
            self?.assumeIsolated { connection in
                _ = connection.transport.close(discarding: true)
                connection.finishClosing()
            }
        }
    }

    private func finishClosing() {
        guard !closed else { return }
        closed = true
        onClose(self)
    }

    // MARK: Events

    private func handle(_ event: HTTP2Event) {
        switch event {
        case .headers(let stream, let headers, let endStream): begin(stream, headers, endStream)
        case .data(let stream, let range, let endStream):
            var consumed = range.count
            if calls[stream]?.inbox != nil {
                consumed =
                    calls[stream]?.inbox?.receive(range.count) { transport.http2.copy(range, to: &$0) }
                    ?? consumed
            } else {
                calls[stream]?.assembler.append { transport.http2.copy(range, to: &$0) }
            }
            transport.http2.consume(consumed, on: stream)
            guard !refusesOctets(of: stream) else { return }
            receive(stream, endStream)
        // A request has no trailers in gRPC; they end it all the same.
        case .trailers(let stream, _): receive(stream, true)
        case .reset(let stream, let code, _): drop(stream, GRPCStatus(reset: code))
        case .writable(let stream): resumeWriters(stream, nil)
        case .informational, .settings, .goAway, .drained, .failed: break
        }
    }

    private func begin(_ stream: StreamID, _ headers: HeaderList, _ endStream: Bool) {
        guard runningHandlers < limits.http2.concurrentStreams else {
            transport.http2.reset(stream, .refusedStream)
            return
        }
        let request: RequestHead
        do {
            request = try RequestHead(headers, codings)
        } catch {
            respond(stream, error)
            return
        }
        guard let route = router.routes[request.path] else {
            respond(stream, RequestRefusal(router.unimplemented(request.path)))
            return
        }
        let context = GRPCServerContext(
            path: request.path, metadata: GRPCMetadata(headers),
            deadline: request.timeout.map { ContinuousClock.now + $0 },
            peer: transport.peer?.description ?? "unix:")
        var call = Call(
            route: route, context: context, assembler: MessageAssembler(limit: limits.messageSize))
        if !codings.isEmpty {
            call.assembler.decoding = request.decoding
            call.encoder.coding = codings.agreed(with: headers["grpc-accept-encoding"])
        }
        if let timeout = request.timeout {
            call.timer = loop.schedule(after: timeout) { [weak self] in
                self?.assumeIsolated {
                    $0.finish(stream, GRPCStatus(.deadlineExceeded, "the deadline has passed"))
                    $0.settle()
                }
            }
        }
        if case .streaming(let handler) = route {
            call.inbox = RequestInbox(messageLimit: limits.messageSize, decoding: request.decoding)
            if endStream { call.inbox?.receiveEnd() }
            calls[stream] = call
            run(stream) {
                try await handler(
                    ServerCallReader(connection: self, stream: stream), context,
                    ServerCallWriter(connection: self, stream: stream))
            }
            return
        }
        calls[stream] = call
        if endStream { receive(stream, true) }
    }

    /// Ends a call when it and the others hold more octets of requests than a connection may.
    private func refusesOctets(of stream: StreamID) -> Bool {
        // As long as each call is below its share, all of them are below the limit.
        let share = limits.requestOctets / max(1, limits.http2.concurrentStreams)
        guard let octets = calls[stream]?.waitingOctets, octets > share,
            calls.values.reduce(0, { $0 + $1.waitingOctets }) > limits.requestOctets
        else { return false }
        finish(
            stream,
            GRPCStatus(
                .resourceExhausted,
                "the requests of the connection hold more than \(limits.requestOctets) octets: send fewer at a time"
            ))
        return true
    }

    /// Runs the handler once the request is complete.
    private func receive(_ stream: StreamID, _ endStream: Bool) {
        guard calls[stream]?.inbox == nil else {
            if endStream { calls[stream]?.inbox?.receiveEnd() }
            wakeReader(stream)
            return
        }
        guard var call = calls[stream], call.task == nil else { return }
        do throws(GRPCStatus) {
            guard endStream else {
                // Faults of the prefix are told at once, not after megabytes.
                _ = try call.assembler.hasMessage()
                return
            }
            guard let message = try call.assembler.next() else {
                throw GRPCStatus(.internal, "the request ends before its message is complete")
            }
            guard call.assembler.waitingOctets == 0 else {
                throw GRPCStatus(.internal, "the request has more than one message and the method takes one")
            }
            calls[stream]?.assembler = MessageAssembler(limit: limits.messageSize)
            var context = call.context
            context.isRequestCompressed = call.assembler.wasCompressed
            switch call.route {
            case .unary(let handler):
                run(stream) {
                    let response = try await handler(message, context)
                    try self.sendFirst(response, on: stream)
                }
            case .serverStreaming(let handler):
                run(stream) {
                    try await handler(message, context, ServerCallWriter(connection: self, stream: stream))
                }
            case .streaming: break
            }
        } catch {
            finish(stream, error)
        }
    }

    private func run(_ stream: StreamID, _ handler: @escaping () async throws -> Void) {
        runningHandlers += 1
        // Immediate: a handler that does not wait answers before the next frame is looked at, without a hop.
        let task = Task.immediate {
            do {
                try await handler()
                self.finish(stream, GRPCStatus(.ok))
            } catch {
                self.finish(stream, GRPCStatus(handlerError: error))
            }
            self.runningHandlers -= 1
            self.scheduleSettle()
        }
        calls[stream]?.task = task
    }

    // MARK: Requests

    /// The next request of a stream, nil after the last.
    ///
    /// - Throws: what is wrong with the request, or CANCELLED when the call is over.
    func nextRequest(_ stream: StreamID) async throws -> [UInt8]? {
        while true {
            try Task.checkCancellation()
            guard let next = try calls[stream]?.inbox?.next() else {
                throw GRPCStatus(.cancelled, "the call is over")
            }
            switch next {
            case .message(let message, let consumed):
                transport.http2.consume(consumed, on: stream)
                scheduleSettle()
                return message
            case .end: return nil
            case .wait: break
            }
            guard calls[stream]?.reader == nil else {
                throw GRPCStatus(.failedPrecondition, "a request stream has one reader at a time")
            }
            await withCheckedContinuation { reader in
                // Looked at again inside: the executor may have let others run in between.
                // In a copy: a request that has come meanwhile must not be lost.
                var copy = calls[stream]?.inbox
                if !Task.isCancelled, case .wait? = try? copy?.next() {
                    calls[stream]?.reader = reader
                } else {
                    reader.resume()
                }
            }
        }
    }

    /// Whether the last request that was read was compressed.
    func wasCompressed(_ stream: StreamID) -> Bool { calls[stream]?.inbox?.wasCompressed == true }

    /// Lets the handler look again whether there is a request.
    func wakeReader(_ stream: StreamID) {
        guard let reader = calls[stream]?.reader else { return }
        calls[stream]?.reader = nil
        reader.resume()
    }

    // MARK: Responses

    /// Sends a message of a call.
    ///
    /// - Returns: nil when all is written; else what ends the waiting for that early.
    func send(_ message: [UInt8], on stream: StreamID) throws -> (@Sendable () -> Void)? {
        try sendFirst(message, on: stream)
        scheduleSettle()
        guard transport.http2.waitingOctets(stream) > 0 else { return nil }
        return { [weak self] in
            guard let self else { return }
            self.loop.execute {
                self.assumeIsolated { $0.resumeWriters(stream, CancellationError()) }
            }
        }
    }

    /// Waits until nothing of the stream waits for room.
    func waitUntilWritten(_ stream: StreamID) async throws {
        try Task.checkCancellation()
        // Checked again inside: the executor may have let others run in between.
        try await withCheckedThrowingContinuation { (writer: CheckedContinuation<Void, any Error>) in
            if calls[stream] != nil, transport.http2.waitingOctets(stream) > 0 {
                calls[stream]?.writers.append(writer)
            } else {
                writer.resume()
            }
        }
    }

    private func sendFirst(_ message: [UInt8], on stream: StreamID) throws(GRPCStatus) {
        guard let call = calls[stream] else { throw GRPCStatus(.cancelled, "the call is over") }
        let use = codings.isEmpty ? GRPCCompressionUse.never : call.context.response.compression
        let octets = try call.encoder.frame(message, use)
        if !call.sentHeaders { sendHeaders(stream, call) }
        transport.http2.sendData(stream, octets)
    }

    private func sendHeaders(_ stream: StreamID, _ call: Call) {
        calls[stream]?.sentHeaders = true
        transport.http2.sendHeaders(
            stream, ResponseHead.ok(call.context.response.initial, codings, call.encoder))
    }

    private func resumeWriters(_ stream: StreamID, _ error: (any Error)?) {
        guard let writers = calls[stream]?.writers, !writers.isEmpty else { return }
        calls[stream]?.writers = []
        for writer in writers {
            if let error { writer.resume(throwing: error) } else { writer.resume() }
        }
    }

    /// Ends a call with a status, if it has not ended.
    private func finish(_ stream: StreamID, _ status: GRPCStatus) {
        guard let call = calls[stream] else { return }
        let fields = call.context.response
        if !call.sentHeaders, !fields.initial.fields.isEmpty { sendHeaders(stream, call) }
        let sentHeaders = calls[stream]?.sentHeaders == true
        if status.code != .ok, transport.http2.waitingOctets(stream) > 0 {
            // The client does not read: trailers would wait behind what it has no room for.
            transport.http2.reset(stream, .cancel)
        } else if sentHeaders {
            transport.http2.sendTrailers(stream, ResponseHead.trailers(status, fields.trailing))
        } else {
            transport.http2.sendHeaders(
                stream, ResponseHead.trailersOnly(status, fields.trailing), endStream: true)
        }
        drop(stream, status)
    }

    /// Forgets a call and lets its handler know.
    private func drop(_ stream: StreamID, _ status: GRPCStatus) {
        guard let call = calls.removeValue(forKey: stream) else { return }
        call.timer?.cancel()
        call.task?.cancel()
        call.reader?.resume()
        for writer in call.writers { writer.resume(throwing: status) }
    }

    /// Answers a request that does not become a call.
    private func respond(_ stream: StreamID, _ refusal: RequestRefusal) {
        transport.http2.sendHeaders(stream, refusal.response, endStream: true)
    }
}
