// A connection of HTTP/2 on which all streams are plain requests.

internal import HTTP2
internal import HTTP2Transport
internal import SystemIO

/// Owns the connection, and leaves its streams to their service.
actor HTTP2ServerConnection: HTTP2PeerOwner, HTTP2ServedConnection {
    nonisolated let loop: EventLoop
    let peer: HTTP2Peer
    private let makeService: HTTP2StreamHost.Maker
    private let stallTimeout: Duration
    private let onClose: @Sendable () -> Void
    private var service: (any HTTP2StreamService)?
    private var stallTimer: ScheduledTimer?
    /// GOAWAY comes with the first request.
    private var endsAfterNext = false

    init(
        _ transport: LoopBound<HTTP2Transport>, loop: EventLoop, limits: HTTP2PeerLimits,
        stallTimeout: Duration, service: @escaping HTTP2StreamHost.Maker,
        onClose: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.stallTimeout = stallTimeout
        self.onClose = onClose
        makeService = service
        peer = HTTP2Peer(transport.value, limits: limits)
    }

    private var transport: HTTP2Transport { peer.transport }

    func start() {
        let host = HTTP2StreamHost(
            settle: callback { $0.scheduleSettle() }, watchStalls: callback { $0.watchStalls() })
        service = makeService(LoopBound(transport), host)
        do throws(SystemError) {
            try startPeer()
            settle()
        } catch {
            endConnection(.socket(error))
        }
    }

    var idleStart: UInt64? { service?.idle }

    func shutDown(afterNext: Bool) {
        endsAfterNext = afterNext
        guard !afterNext else { return }
        transport.http2.shutDown()
        settle()
    }

    func cutOff(_ reason: String) { endConnection(.noError, debug: reason, reason: reason) }

    func receiveEvents() {
        while let event = transport.next() {
            service?.take(event)
            if endsAfterNext, case .headers = event {
                endsAfterNext = false
                transport.http2.shutDown()
            }
        }
    }

    func connectionEnded(_ end: TransportEnd) {
        stallTimer?.cancel()
        service?.end()
    }

    func connectionClosed() { onClose() }

    private func watchStalls() {
        guard stallTimer == nil else { return }
        stallTimer = loop.schedule(after: stallTimeout / 2, on: self) { connection in
            connection.stallTimer = nil
            if connection.transport.http2.resetStalled() { connection.watchStalls() }
            connection.settle()
        }
    }
}
