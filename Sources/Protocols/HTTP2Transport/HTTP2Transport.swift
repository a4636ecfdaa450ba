// A socket and an HTTP/2 connection that feed each other, for one side or the other. Octets leave in one write a turn;
// what the socket does not take holds back DATA, and at last reading too.

public import HTTP2
public import SystemIO

/// Belongs to one actor of its loop and is only touched there.
public final class HTTP2Transport {
    /// The protocol's state.
    public var http2: HTTP2Connection
    private let channel: SocketChannel
    private let loop: EventLoop
    private let unsentLimit: Int
    /// The channel has been started by somebody else, who has read these octets.
    private var handedOver: [UInt8]?
    /// TLS is in between and its handshake may not be over: nothing but HTTP/2 by ALPN is spoken (RFC 9113 §3.3).
    private var awaitsALPN: Bool
    private var readingPaused = false
    private var end: TransportEnd?
    /// The socket has ended or failed.
    private var socketEnd: TransportEnd?

    /// A transport on a connected socket; nothing happens before `start`.
    ///
    /// - Parameter security: TLS that offers `h2`; nil for none.
    public init(
        _ descriptor: FileDescriptor, role: HTTP2Role, loop: EventLoop, limits: HTTP2PeerLimits,
        security: (any SecureLayer)? = nil
    ) {
        self.loop = loop
        channel = SocketChannel(descriptor, loop: loop, security: security)
        awaitsALPN = security != nil
        http2 = HTTP2Connection(role, limits: limits.http2)
        unsentLimit = limits.unsentOctets
    }

    /// A transport on a channel where TLS has agreed on `h2` already, or where HTTP/2 is known to be spoken.
    ///
    /// - Parameter received: octets of the peer that have been read already.
    public init(
        _ channel: SocketChannel, received: [UInt8], role: HTTP2Role = .client, loop: EventLoop,
        limits: HTTP2PeerLimits
    ) {
        self.loop = loop
        self.channel = channel
        handedOver = received
        awaitsALPN = false
        http2 = HTTP2Connection(role, limits: limits.http2)
        unsentLimit = limits.unsentOctets
    }

    /// A transport for a server on a connection that it has accepted; nil when there is no memory for TLS, where all
    /// that can be done is to close.
    public convenience init?(
        accepted descriptor: FileDescriptor, loop: EventLoop, limits: HTTP2PeerLimits,
        security: (any SecureLayerFactory)?
    ) {
        var layer: (any SecureLayer)?
        if let security {
            guard let made = try? security.makeLayer() else { return nil }
            layer = made
        }
        self.init(descriptor, role: .server, loop: loop, limits: limits, security: layer)
    }

    /// The peer's address; nil for a Unix socket.
    public var peer: SocketAddress? { channel.peer }

    /// Begins to watch the socket and sends the first words.
    public func start(_ ready: @escaping @Sendable (Readiness) -> Void) throws(SystemError) {
        if let handedOver {
            try channel.handOver(to: ready)
            channel.pauseReading(false)
            http2.receive(handedOver.span.bytes, at: loop.turnStart)
            self.handedOver = nil
        } else {
            try channel.start(ready)
        }
        send()
    }

    /// Reads what is there; `next` has the events that come of it, `flush` sends the answers.
    public func receive(_ readiness: Readiness) {
        let state = channel.process(readiness) { bytes in
            guard !awaitsALPN || finishHandshake() else { return }
            http2.receive(bytes, at: loop.turnStart)
        }
        if awaitsALPN { _ = finishHandshake() }
        switch state {
        case .open: break
        case .ended: socketEnd = socketEnd ?? .peerClosed
        case .failed(let error): socketEnd = socketEnd ?? .socket(error)
        }
    }

    /// The next thing that the peer did.
    public func next() -> HTTP2Event? {
        let event = http2.next()
        switch event {
        case .failed(let error): end = end ?? .protocolError(error)
        case .drained: end = end ?? .drained
        default: break
        }
        return event
    }

    /// Looks what TLS has agreed on.
    ///
    /// - Returns: whether HTTP/2 may be spoken.
    private func finishHandshake() -> Bool {
        guard let agreed = channel.negotiatedProtocol else { return false }
        guard agreed == "h2" else {
            end =
                end
                ?? .socket(
                    SystemError(
                        "speak HTTP/2 with", channel.peer?.description ?? "the peer", code: 0,
                        hint: "TLS agreed on \(agreed.isEmpty ? "no protocol" : agreed) and not on h2")
                )
            return false
        }
        awaitsALPN = false
        return true
    }

    /// Why the transport is over, or nil: what the peer has broken counts more than that it is gone.
    public var ended: TransportEnd? { end ?? socketEnd }

    /// Sends. Room in the socket lets DATA out that waited, which is an event again: then `next` has more.
    ///
    /// - Returns: whether it has.
    @discardableResult
    public func flush() -> Bool {
        send()
        return http2.hasEvents
    }

    private func send() {
        // What the socket did not take before leaves first; only then is it known how much more may be added, and from
        // what is left after that, whether reading has to pause.
        if channel.pendingOctets > 0 || awaitsALPN { channel.flush() }
        guard !awaitsALPN else { return }
        while http2.hasOutput, channel.pendingOctets < unsentLimit {
            http2.drainOutput { channel.send($0) }
        }
        let pause = channel.pendingOctets >= unsentLimit
        guard pause != readingPaused else { return }
        readingPaused = pause
        channel.pauseReading(pause)
    }

    /// Sends what waits and closes.
    ///
    /// - Parameter discarding: whether to drop what waits.
    /// - Returns: whether it is closed already.
    public func close(discarding: Bool = false) -> Bool {
        send()
        channel.pauseReading(true)
        channel.close(discarding: discarding)
        return channel.isClosed
    }

    /// Lets a closed channel go on sending.
    public func linger(_ readiness: Readiness) -> Bool {
        if case .open = channel.process(readiness, receive: { _ in }) { return channel.isClosed }
        channel.close(discarding: true)
        return true
    }
}
