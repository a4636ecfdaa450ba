// One client of a server. Everything happens on the loop: octets, frames, calls and, unless they leave it, handlers.

internal import HPACK
internal import HTTP2
internal import SystemIO

/// A connection and its calls.
actor GRPCServerConnection: LoopActor {
    nonisolated let loop: EventLoop

    let transport: Transport
    let router: GRPCRouter
    let limits: GRPCLimits
    let codings: MessageCodings
    private let onClose: @Sendable (GRPCServerConnection) -> Void
    /// The client's address as handlers see it.
    let peer: String
    var calls = ServerCalls()
    /// What the last request was, since the next one is often the same.
    var recent: RecentRequest?
    /// Handlers that run, also those of calls that are over: a reset must not make room for another (Rapid Reset).
    var runningHandlers = 0
    private var inTurn = false
    private var settleScheduled = false
    private var handshakeTimer: ScheduledTimer?
    var life: ConnectionLife
    private var closing = false
    private var transportClosed = false
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
        peer = transport.peer?.description ?? "unix:"
        life = ConnectionLife(limits)
    }

    // MARK: Life

    func start() {
        do {
            try transport.start(callback { $0.ready($1) })
        } catch {
            end(.socket(error))
            return
        }
        handshakeTimer = loop.schedule(after: limits.handshakeTimeout, on: self) { connection in
            guard !connection.transport.http2.settingsAcknowledged else { return }
            connection.abort(.settingsTimeout, "no SETTINGS ACK in \(connection.limits.handshakeTimeout)")
        }
        startLife()
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
        if readiness.contains(.readable) { life.keepAlive?.hear() }
        inTurn = true
        let ended = transport.process(readiness) { handle($0) }
        inTurn = false
        if let ended { end(ended) }
    }

    /// Sends what our own calls have put into the connection.
    func settle() {
        guard !inTurn, !closing else { return }
        inTurn = true
        transport.settle { handle($0) }
        inTurn = false
        if let ended = transport.ended { end(ended) }
    }

    /// Sends at the end of the loop's turn: several responses leave in one write.
    func scheduleSettle() {
        guard !inTurn, !settleScheduled, !closing else { return }
        settleScheduled = true
        loop.execute(on: self) { connection in
            connection.settleScheduled = false
            connection.settle()
        }
    }

    private func end(_ reason: TransportEnd) {
        guard !closing else { return }
        closing = true
        handshakeTimer?.cancel()
        life.cancel()
        for call in calls.all { drop(call, GRPCStatus(.cancelled, reason.reason)) }
        if transport.close() { finishClosing() }
        guard !closed else { return }
        loop.schedule(after: limits.closeTimeout, on: self) { connection in
            _ = connection.transport.close(discarding: true)
            connection.finishClosing(waiting: false)
        }
    }

    /// A handler has returned: perhaps it was the last that a closed connection waited for.
    func finishHandler() {
        runningHandlers -= 1
        if transportClosed { finishClosing() }
        scheduleSettle()
    }

    /// The socket is closed: the connection is over once its handlers have returned, or may wait no longer.
    private func finishClosing(waiting: Bool = true) {
        transportClosed = true
        guard !closed, runningHandlers == 0 || !waiting else { return }
        closed = true
        onClose(self)
    }

    // MARK: Events

    private func handle(_ event: HTTP2Event) {
        switch event {
        case .headers(let stream, let headers, let endStream): begin(stream, headers, endStream)
        case .data(let stream, let range, let endStream): receive(stream, range, endStream)
        // A request has no trailers in gRPC; they end it all the same.
        case .trailers(let stream, _): if let call = calls[stream] { receiveEnd(call) }
        case .reset(let stream, let code, _):
            if let call = calls[stream] { drop(call, GRPCStatus(reset: code)) }
        case .writable(let stream): if let call = calls[stream] { resumeWriters(call, nil) }
        case .informational, .settings, .goAway, .drained, .failed: break
        }
    }

    private func receive(_ stream: StreamID, _ range: Range<Int>, _ endStream: Bool) {
        guard let call = calls[stream] else {
            transport.http2.consume(range.count, on: stream)
            return
        }
        if endStream, call.inbox == nil, call.assembler == nil, !call.hasBegun,
            let message = transport.http2.withOctets(
                range, { MessageAssembler.whole($0, limit: limits.messageSize) })
        {
            begin(call, message)
            return
        }
        let consumed = receive(call, range)
        transport.http2.consume(consumed, on: stream)
        guard !refusesOctets(of: call) else { return }
        if endStream { receiveEnd(call) } else { receiveMore(call) }
    }

    /// Ends a call when it and the others hold more octets of requests than a connection may.
    private func refusesOctets(of call: ServerCall) -> Bool {
        // As long as each call is below its share, all of them are below the limit.
        let share = limits.requestOctets / max(1, limits.http2.concurrentStreams)
        guard call.waitingOctets > share,
            calls.all.reduce(0, { $0 + $1.waitingOctets }) > limits.requestOctets
        else { return false }
        finish(
            call,
            GRPCStatus(
                .resourceExhausted,
                "the requests of the connection hold more than \(limits.requestOctets) octets: send fewer at a time"
            ))
        return true
    }

    /// Keeps octets of a request; returns how many the client may send again.
    private func receive(_ call: ServerCall, _ range: Range<Int>) -> Int {
        if call.inbox != nil {
            return call.inbox?.receive(range.count) { transport.http2.copy(range, to: &$0) } ?? range.count
        }
        if call.assembler == nil {
            call.assembler = MessageAssembler(limit: limits.messageSize)
            call.assembler?.decoding = call.decoding
        }
        call.assembler?.append { transport.http2.copy(range, to: &$0) }
        return range.count
    }
}
