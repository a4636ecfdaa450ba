// What a client, a server's connection and a test's have in common over HTTP/2: who speaks when, how long the peer may
// take for its first words, whether it is still there, and how a connection ends.

public import HTTP2
public import SystemIO

/// An actor that speaks HTTP/2 on one connection.
///
/// It begins with `startPeer`. From then on `receiveEvents` is called when there may be some, until `connectionEnded` says
/// that none will come any more, and `connectionClosed` that the last octets are out. What the actor sends in
/// `receiveEvents` leaves when that returns; what it sends elsewhere, after `settle` or `scheduleSettle`.
public protocol HTTP2PeerOwner: LoopActor {
    /// The connection; the same for as long as the actor lives.
    var peer: HTTP2Peer { get }
    /// Takes events until there are none: `while let event = peer.transport.next() { ... }`.
    func receiveEvents()
    /// What has arrived is dealt with, and what came of it has been sent.
    func turnEnded()
    /// The connection is over. What waits is still sent, for `HTTP2PeerLimits.closeTimeout` at most.
    func connectionEnded(_ end: TransportEnd)
    /// The socket is closed; comes once, after `connectionEnded`.
    func connectionClosed()
}

extension HTTP2PeerOwner {
    /// Does nothing.
    public func turnEnded() {}
    /// Does nothing.
    public func connectionClosed() {}
}

/// One end of a connection: the transport, and what has to be remembered about it.
public final class HTTP2Peer {
    /// The socket and the protocol.
    public let transport: HTTP2Transport
    fileprivate let handshakeTimeout: Duration
    fileprivate let closeTimeout: Duration
    fileprivate var life = PeerLife()
    fileprivate var keepAlive: KeepAliveState?
    fileprivate var keepAliveTimer: ScheduledTimer?
    fileprivate var handshakeTimer: ScheduledTimer?
    fileprivate var closeTimer: ScheduledTimer?

    /// A peer on a transport that has not begun.
    ///
    /// - Parameter keepAlive: when to ask whether the other end is there; nil for never.
    public init(_ transport: HTTP2Transport, limits: HTTP2PeerLimits, keepAlive: HTTP2KeepAlive? = nil) {
        self.transport = transport
        handshakeTimeout = limits.handshakeTimeout
        closeTimeout = limits.closeTimeout
        self.keepAlive = keepAlive.map(KeepAliveState.init)
    }
}

extension HTTP2PeerOwner {
    /// Watches the socket, sends the first words, and waits for those of the peer.
    public func startPeer() throws(SystemError) {
        let peer = peer
        try peer.transport.start(callback { $0.ready($1) })
        peer.handshakeTimer = loop.schedule(after: peer.handshakeTimeout, on: self) {
            $0.checkHandshake()
        }
        if let first = peer.keepAlive?.first { checkPeer(after: first) }
    }

    /// Sends what has been put into the connection, unless a turn does so at its end.
    public func settle() {
        if peer.life.beginTurn() { turn() }
    }

    /// Sends at the end of the loop's turn: several answers leave in one write.
    public func scheduleSettle() {
        guard peer.life.scheduleTurn() else { return }
        loop.execute(on: self) { owner in
            if owner.peer.life.beginScheduledTurn() { owner.turn() }
        }
    }

    /// Ends the connection with GOAWAY; does nothing when it has ended.
    ///
    /// - Parameters:
    ///   - code: what GOAWAY says.
    ///   - debug: GOAWAY's debug data.
    ///   - reason: one sentence for what hangs on the connection.
    public func endConnection(_ code: ErrorCode, debug: String = "", reason: String) {
        guard peer.life.isOpen else { return }
        peer.transport.http2.abort(code, debug)
        end(.closedByUs(reason))
    }

    /// Ends the connection for what has happened to it; does nothing when it has ended.
    public func endConnection(_ reason: TransportEnd) { end(reason) }

    // MARK: Turns

    private func ready(_ readiness: Readiness) {
        let peer = peer
        switch peer.life.ready() {
        case .turn:
            if readiness.contains(.readable) { peer.keepAlive?.receive() }
            peer.transport.receive(readiness)
            turn()
        case .sendRest: if peer.transport.linger(readiness) { socketClosed() }
        case .nothing: break
        }
    }

    /// Deals with what has arrived and sends, until there is nothing more to do for now.
    private func turn() {
        let peer = peer
        repeat { receiveEvents() } while peer.transport.flush()
        peer.life.endTurn()
        if let reason = peer.transport.ended {
            end(reason)
        } else if peer.life.isOpen {
            turnEnded()
        }
    }

    // MARK: Is the peer there?

    private func checkHandshake() {
        let time = peer.handshakeTimeout
        switch peer.transport.http2.role {
        case .server:
            guard !peer.transport.http2.settingsAcknowledged else { return }
            endConnection(
                .settingsTimeout, debug: "no SETTINGS ACK in \(time)",
                reason: "the client did not acknowledge SETTINGS within \(time)")
        case .client:
            guard !peer.transport.http2.settingsReceived else { return }
            endConnection(.settingsTimeout, reason: "the server sent no SETTINGS within \(time)")
        }
    }

    private func checkPeer(after time: Duration) {
        peer.keepAliveTimer = loop.schedule(after: time, on: self) { owner in
            let peer = owner.peer
            switch peer.keepAlive?.timerFired(hasStreams: peer.transport.http2.openStreams > 0) {
            case .wait(let next): owner.checkPeer(after: next)
            case .ping(let next):
                owner.checkPeer(after: next)
                peer.transport.http2.sendPing(KeepAliveState.opaque)
                owner.settle()
            case .end:
                let other = peer.transport.http2.role == .server ? "client" : "server"
                owner.endConnection(
                    .noError, debug: "keepalive timeout", reason: "the \(other) does not answer PING")
            case nil: break
            }
        }
    }

    // MARK: The end

    private func end(_ reason: TransportEnd) {
        let peer = peer
        guard peer.life.end() else { return }
        peer.handshakeTimer?.cancel()
        peer.keepAliveTimer?.cancel()
        connectionEnded(reason)
        guard !peer.transport.close() else { return socketClosed() }
        // Holds on to the owner until what waits has left.
        peer.closeTimer = loop.schedule(after: peer.closeTimeout) {
            self.assumeIsolated { owner in
                _ = owner.peer.transport.close(discarding: true)
                owner.socketClosed()
            }
        }
    }

    private func socketClosed() {
        guard peer.life.socketClosed() else { return }
        peer.closeTimer?.cancel()
        connectionClosed()
    }
}
