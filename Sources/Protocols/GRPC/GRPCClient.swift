// A client of one connection. Unless told otherwise it sends no PINGs: a server of grpc-go takes more than two in five
// minutes for an attack and closes; over a Unix socket deadlines and the kernel find a dead server.

internal import HPACK
internal import HTTP2
public import HTTP2Transport
public import SystemIO

/// A connection to a gRPC server.
public actor GRPCClient: HTTP2PeerOwner {
    /// Runs the connection; a caller that is on it, too, changes threads nowhere.
    public nonisolated let loop: EventLoop

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

    /// The connection.
    public let peer: HTTP2Peer
    let authority: String
    let scheme: String
    let limits: GRPCLimits
    let codings: MessageCodings
    /// What the server has said that it takes.
    private(set) var serverCoding: (any GRPCCompression)?
    var calls: [StreamID: Pending] = [:]
    /// Callers that wait for a stream, because as many are open as the server allows.
    var queue: [CheckedContinuation<Void, Never>] = []
    private let keepAlive: GRPCKeepAlive?
    private var life = ClientLife()
    private var endWaiters: [CheckedContinuation<Void, Never>] = []

    /// Connects to a server and waits for its settings.
    ///
    /// - Parameters:
    ///   - address: the server's.
    ///   - authority: what goes out as `:authority`; grpc-go itself says `localhost` on a Unix socket.
    ///   - timeout: after which connecting, and then the server's SETTINGS, are given up.
    ///   - compressions: how messages may be compressed, the preferred first.
    ///   - keepAlive: when to ask a silent server whether it is there; nil for never.
    ///   - security: TLS, which has to offer `h2` by ALPN; nil for none.
    /// - Throws: `SystemError` where nobody answers, `SecureLayerError` where there is no memory for TLS.
    public static func connect(
        to address: SocketAddress, authority: String = "localhost", loop: EventLoop = .shared,
        timeout: Duration = .seconds(10), limits: GRPCLimits = GRPCLimits(),
        compressions: [any GRPCCompression] = [], keepAlive: GRPCKeepAlive? = nil,
        security: (any SecureLayerFactory)? = nil
    ) async throws -> GRPCClient {
        let descriptor = try await SystemIO.connect(to: address, loop: loop, timeout: timeout)
        var limits = limits
        limits.peer.handshakeTimeout = timeout
        let transport = HTTP2Transport(
            descriptor, role: .client, loop: loop, limits: limits.peer, security: try security?.makeLayer())
        let client = GRPCClient(
            transport, authority: authority, scheme: security == nil ? "http" : "https", loop: loop,
            limits: limits, codings: MessageCodings(compressions), keepAlive: keepAlive)
        try await client.startPeer()
        return client
    }

    private init(
        _ transport: HTTP2Transport, authority: String, scheme: String, loop: EventLoop, limits: GRPCLimits,
        codings: MessageCodings, keepAlive: GRPCKeepAlive?
    ) {
        self.keepAlive = keepAlive
        peer = HTTP2Peer(transport, limits: limits.peer, keepAlive: keepAlive?.settings)
        self.scheme = scheme
        self.loop = loop
        self.authority = authority
        self.limits = limits
        self.codings = codings
    }

    var transport: HTTP2Transport { peer.transport }

    /// How the connection has ended, once it has.
    var end: GRPCStatus? { life.end }

    /// Ends the connection; calls that are open end with UNAVAILABLE.
    public func close() async { endConnection(.noError, reason: "the client was closed") }

    /// Waits for the end of the connection and tells why it ended.
    public var closed: GRPCStatus {
        get async {
            while true {
                if let end { return end }
                await suspend(while: { end == nil }, keeping: { endWaiters.append($0) })
            }
        }
    }

    /// Whether the connection has ended.
    public var isClosed: Bool { end != nil }

    /// Whether new calls can begin: the connection lives and the server has not said GOAWAY.
    public var takesCalls: Bool { life.takesCalls }

    // MARK: Connection

    /// Leaves a server that takes no more calls, after the last.
    public func turnEnded() {
        guard life.isDone(openStreams: transport.http2.openStreams) else { return }
        endConnection(.noError, reason: "the server has shut the connection down")
    }

    /// Ends the calls that are open.
    public func connectionEnded(_ end: TransportEnd) {
        let status = GRPCStatus(.unavailable, end.reason)
        life.end(status)
        for stream in calls.keys { finish(stream, status) }
        wakeQueue()
        for waiter in endWaiters { waiter.resume() }
        endWaiters = []
    }

    /// Hands what the server did to the calls that it is for.
    public func receiveEvents() {
        while let event = transport.next() { receive(event) }
    }

    private func receive(_ event: HTTP2Event) {
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
            life.receiveGoAway()
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
}
