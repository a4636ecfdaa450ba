// A client of one connection. Unless told otherwise it sends no PINGs: a server of grpc-go takes more than two in five
// minutes for an attack and closes; over a Unix socket deadlines and the kernel find a dead server.

internal import HPACK
internal import HTTP2
package import SystemIO

/// A connection to a gRPC server.
package actor GRPCClient: LoopActor {
    /// The client's loop.
    package nonisolated let loop: EventLoop

    /// A call and who waits for it.
    struct Pending {
        var call: ClientCall
        var isUnary: Bool
        var encoder: MessageEncoder
        var timer: ScheduledTimer?
        var deadline: ContinuousClock.Instant?
        /// Waits for the next message, or for the end where that comes first.
        var reader: CheckedContinuation<Void, Never>?
        /// Wait until requests that were written have left, or for the end.
        var writers: [CheckedContinuation<Void, Never>] = []
        /// Waits for the response's headers.
        var headersReader: CheckedContinuation<Void, Never>?
        /// The reader has been told how the call ended.
        var isEndDelivered = false
    }

    let transport: Transport
    let authority: String
    let scheme: String
    let limits: GRPCLimits
    let codings: MessageCodings
    /// What the server has said that it takes.
    private(set) var serverCoding: (any GRPCCompression)?
    var calls: [StreamID: Pending] = [:]
    /// Callers that wait for a stream, because as many are open as the server allows.
    var queue: [CheckedContinuation<Void, Never>] = []
    private var settleScheduled = false
    private var inTurn = false
    private var handshakeTimer: ScheduledTimer?
    private let keepAlive: GRPCKeepAlive?
    private var keepAliveState: KeepAliveState?
    private var keepAliveTimer: ScheduledTimer?
    var end: GRPCStatus?
    private var endWaiters: [CheckedContinuation<Void, Never>] = []
    private var isReleased = false
    private var goingAway = false

    /// Connects.
    ///
    /// - Parameters:
    ///   - address: the server's.
    ///   - authority: what goes out as `:authority`; grpc-go itself says `localhost` on a Unix socket.
    ///   - timeout: after which connecting, and then the server's SETTINGS, are given up.
    ///   - compressions: how messages may be compressed, the preferred first.
    ///   - keepAlive: when to ask a silent server whether it is there; nil for never.
    ///   - security: TLS, which has to offer `h2` by ALPN; nil for none.
    /// - Throws: `SystemError` where nobody answers, `SecureLayerError` where there is no memory for TLS.
    package static func connect(
        to address: SocketAddress, authority: String = "localhost", loop: EventLoop = .shared,
        timeout: Duration = .seconds(10), limits: GRPCLimits = GRPCLimits(),
        compressions: [any GRPCCompression] = [], keepAlive: GRPCKeepAlive? = nil,
        security: (any SecureLayerFactory)? = nil
    ) async throws -> GRPCClient {
        let descriptor = try await SystemIO.connect(to: address, loop: loop, timeout: timeout)
        let transport = Transport(
            descriptor, role: .client, loop: loop, limits: limits, security: try security?.makeLayer())
        let client = GRPCClient(
            transport, authority: authority, scheme: security == nil ? "http" : "https", loop: loop,
            limits: limits, codings: MessageCodings(compressions), keepAlive: keepAlive)
        try await client.start(timeout)
        return client
    }

    private init(
        _ transport: Transport, authority: String, scheme: String, loop: EventLoop, limits: GRPCLimits,
        codings: MessageCodings, keepAlive: GRPCKeepAlive?
    ) {
        self.keepAlive = keepAlive
        keepAliveState = keepAlive.map(KeepAliveState.init)
        self.transport = transport
        self.scheme = scheme
        self.loop = loop
        self.authority = authority
        self.limits = limits
        self.codings = codings
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

    /// Whether new calls can begin: the connection lives and the server has not said GOAWAY.
    package var takesCalls: Bool { end == nil && !goingAway }

    // MARK: Connection

    private func start(_ timeout: Duration) throws(SystemError) {
        try transport.start(callback { $0.ready($1) })
        if let first = keepAliveState?.first { checkLife(after: first) }
        handshakeTimer = loop.schedule(after: timeout, on: self) { client in
            guard !client.transport.http2.settingsReceived, client.end == nil else { return }
            client.transport.http2.abort(.settingsTimeout)
            client.finish(GRPCStatus(.unavailable, "the server sent no SETTINGS within \(timeout)"))
        }
    }

    private func checkLife(after interval: Duration) {
        keepAliveTimer = loop.schedule(after: interval, on: self) { client in
            switch client.keepAliveState?.due(hasCalls: !client.calls.isEmpty) {
            case .rest(let next): client.checkLife(after: next)
            case .ping(let timeout):
                client.transport.http2.sendPing(KeepAliveState.opaque)
                client.scheduleSettle()
                client.checkLife(after: timeout)
            case .dead:
                client.transport.http2.abort(.noError, "keepalive timeout")
                client.finish(GRPCStatus(.unavailable, "the server does not answer PING"))
            case nil: break
            }
        }
    }

    private func ready(_ readiness: Readiness) {
        guard end == nil else {
            if !isReleased, transport.linger(readiness) { isReleased = true }
            return
        }
        if readiness.contains(.readable) { keepAliveState?.hear() }
        inTurn = true
        let ended = transport.process(readiness) { handle($0) }
        inTurn = false
        afterTurn(ended)
    }

    func scheduleSettle() {
        guard !inTurn, !settleScheduled, end == nil else { return }
        settleScheduled = true
        loop.execute(on: self) { $0.settle() }
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
            if !codings.isEmpty, serverCoding == nil {
                serverCoding = codings.agreed(with: headers["grpc-accept-encoding"])
            }
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
        case .reset(let stream, let code, let byPeer):
            finish(
                stream, resetStatus(stream, code), isUnprocessed: byPeer && code == .refusedStream)
        case .settings: wakeQueue()
        case .goAway(_, let code, let debug):
            goingAway = true
            if code == .enhanceYourCalm, debug == Array("too_many_pings".utf8) { keepAlive?.slowDown() }
        case .writable(let stream): wakeWriters(stream)
        case .informational, .drained, .failed: break
        }
    }

    /// A server that sees the deadline pass first resets the call: its caller wants to hear of the deadline.
    private func resetStatus(_ stream: StreamID, _ code: ErrorCode) -> GRPCStatus {
        guard code == .cancel, let deadline = calls[stream]?.deadline, ContinuousClock.now >= deadline else {
            return GRPCStatus(reset: code)
        }
        return GRPCStatus(.deadlineExceeded, "the server ended the call at its deadline")
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
        keepAliveTimer?.cancel()
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
