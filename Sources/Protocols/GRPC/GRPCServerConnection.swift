// One client of a server. Everything happens on the loop: octets, frames, calls and, unless they leave it, handlers.

internal import HPACK
internal import HTTP2
internal import HTTP2Transport
internal import SystemIO

/// What all connections of a server share.
final class GRPCServerSettings: Sendable {
    let router: GRPCRouter
    let limits: GRPCLimits
    let codings: MessageCodings

    init(router: GRPCRouter, limits: GRPCLimits, codings: MessageCodings) {
        self.router = router
        self.limits = limits
        self.codings = codings
    }
}

/// A connection and its calls.
actor GRPCServerConnection: HTTP2PeerOwner, HTTP2ServedConnection {
    nonisolated let loop: EventLoop

    let peer: HTTP2Peer
    let settings: GRPCServerSettings
    private let onClose: @Sendable (GRPCServerConnection) -> Void
    /// The client's address as handlers see it.
    let client: String
    var calls = ServerCalls()
    /// What the last request was, since the next one is often the same.
    var recent: RecentRequest?
    var life = ServerConnectionLife()
    var timers = ServerConnectionTimers()
    private let makeService: HTTP2StreamHost.Maker?
    /// Answers what is no call of gRPC; nil where nothing does.
    var service: (any HTTP2StreamService)?
    /// GOAWAY comes with the next stream.
    private var endsAfterNext = false
    /// Since when it has had no call.
    private var quietSince: UInt64

    init(
        _ transport: HTTP2Transport, _ settings: GRPCServerSettings, loop: EventLoop,
        service: HTTP2StreamHost.Maker? = nil,
        onClose: @escaping @Sendable (GRPCServerConnection) -> Void
    ) {
        self.loop = loop
        makeService = service
        quietSince = loop.turnStart
        self.settings = settings
        self.onClose = onClose
        peer = HTTP2Peer(
            transport, limits: settings.limits.peer, keepAlive: settings.limits.serverKeepAlive?.settings)
        client = transport.peer?.description ?? "unix:"
    }

    var transport: HTTP2Transport { peer.transport }

    // MARK: Life

    func start() {
        let host = HTTP2StreamHost(
            settle: callback { $0.scheduleSettle() }, watchStalls: callback { $0.watchStalls() })
        service = makeService?(LoopBound(transport), host)
        do {
            try startPeer()
            settle()
        } catch {
            endConnection(.socket(error))
            return
        }
        watchAge()
    }

    /// Takes no new calls and ends after the last.
    func shutDown(afterNext: Bool = false) {
        endsAfterNext = afterNext
        guard !afterNext else { return }
        transport.http2.shutDown()
        settle()
    }

    func cutOff(_ reason: String) { endCalls(reason) }

    var idleStart: UInt64? {
        guard life.handlers == 0 else { return nil }
        guard let service else { return quietSince }
        return service.idle.map { max($0, quietSince) }
    }

    func connectionEnded(_ end: TransportEnd) {
        timers.cancel()
        for call in calls.all { drop(call, GRPCStatus(.cancelled, end.reason)) }
        service?.end()
        guard life.handlers > 0 else { return }
        loop.schedule(after: settings.limits.peer.closeTimeout, on: self) { connection in
            if connection.life.giveUp() { connection.onClose(connection) }
        }
    }

    func connectionClosed() {
        if life.socketClosed() { onClose(self) }
    }

    /// A handler has returned: perhaps it was the last that a closed connection waited for.
    func finishHandler() {
        quietSince = loop.turnStart
        if life.handlerReturned() { onClose(self) }
        scheduleSettle()
    }

    // MARK: Events

    func receiveEvents() {
        while let event = transport.next() {
            receive(event)
            if endsAfterNext, case .headers = event { shutDown() }
        }
    }

    @inline(__always)
    private func receive(_ event: HTTP2Event) {
        switch event {
        case .headers(let stream, let headers, let endStream): begin(stream, headers, endStream)
        case .data(let stream, let range, let endStream): receive(stream, range, endStream)
        // A request has no trailers in gRPC; they end it all the same.
        case .trailers(let stream, _):
            if let call = calls[stream] { receiveEnd(call) } else { service?.take(event) }
        case .reset(let stream, let code, _):
            if let call = calls[stream] { drop(call, GRPCStatus(reset: code)) } else { service?.take(event) }
        case .writable(let stream):
            if let call = calls[stream] { resumeWriters(call, nil) } else { service?.take(event) }
        case .informational, .settings, .goAway, .drained, .failed: break
        }
    }

    @inline(__always)
    private func receive(_ stream: StreamID, _ range: Range<Int>, _ endStream: Bool) {
        guard let call = calls[stream] else {
            if let service {
                service.take(.data(stream, range, endStream: endStream))
            } else {
                transport.http2.consume(range.count, on: stream)
            }
            return
        }
        if endStream, call.inbox == nil, call.assembler == nil, !call.hasBegun,
            let message = transport.http2.withOctets(
                range, { MessageAssembler.whole($0, limit: settings.limits.messageSize) })
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
        let share = settings.limits.requestOctets / max(1, settings.limits.peer.http2.concurrentStreams)
        guard call.waitingOctets > share,
            calls.all.reduce(0, { $0 + $1.waitingOctets }) > settings.limits.requestOctets
        else { return false }
        finish(
            call,
            GRPCStatus(
                .resourceExhausted,
                "the requests of the connection hold more than \(settings.limits.requestOctets) octets: send fewer at a time"
            ))
        return true
    }

    /// Keeps octets of a request; returns how many the client may send again.
    private func receive(_ call: ServerCall, _ range: Range<Int>) -> Int {
        if call.inbox != nil {
            return call.inbox?.receive(range.count) { transport.http2.copy(range, to: &$0) } ?? range.count
        }
        if call.assembler == nil {
            call.assembler = MessageAssembler(limit: settings.limits.messageSize)
            call.assembler?.decoding = call.decoding
        }
        call.assembler?.append { transport.http2.copy(range, to: &$0) }
        return range.count
    }
}
