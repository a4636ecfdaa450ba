// One end of an HTTP/2 connection without I/O: octets in, events out, and one buffer of octets to send. It knows no
// clock, no socket and no gRPC, so every rule of RFC 9113 can be tried octet by octet.

internal import HPACK

/// Which end of the connection we are.
public enum HTTP2Role: Sendable {
    case client
    case server
}

/// The state of one connection.
///
///     connection.receive(bytes, at: now)
///     while let event = connection.next() { ... }
///     connection.drainOutput { socket.write($0) }
///
/// It consists of machines that keep their state to themselves, and says what an event in one means for the others:
///
///     octets ──▶ Inbound ──▶ Frame ──▶ HeaderReader ──▶ StreamTable, HTTP2Stream ──▶ EventQueue ──▶ owner
///                                      Budgets, Drain          │
///     octets ◀── Outbound ◀────────────────────────────────────┴──────────────────────────────────── owner
public struct HTTP2Connection: ~Copyable {
    /// What a client says first (§3.4).
    public static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// Our end.
    public let role: HTTP2Role
    /// What the peer has announced.
    public internal(set) var peerSettings = PeerSettings()
    /// Whether the peer has acknowledged our SETTINGS.
    public internal(set) var settingsAcknowledged = false

    /// Streams that the peer may have open.
    let concurrentStreams: Int
    /// Entries of one SETTINGS frame.
    let settingsEntries: Int
    var inbound: Inbound
    var headers: HeaderReader
    var streams: StreamTable
    var events = EventQueue()
    var budgets: Budgets
    var outbound: Outbound
    /// What the peer may send on all streams together.
    var receiveWindow: ReceiveWindow
    var drain = Drain()
    /// The peer's GOAWAY, for a client: it takes no stream above.
    var peerLastStream: StreamID?

    /// A connection whose first octets are in the output at once: a server must not wait for the client's preface, since
    /// grpc-go waits for the server's SETTINGS before it sends a request.
    public init(_ role: HTTP2Role, limits: HTTP2Limits = HTTP2Limits()) {
        var limits = limits
        limits.streamWindow = min(max(limits.streamWindow, 65_535), SendWindow.maximum)
        limits.connectionWindow = min(max(limits.connectionWindow, 65_535), SendWindow.maximum)
        limits.frameSize = min(max(limits.frameSize, 16_384), 16_777_215)
        self.role = role
        concurrentStreams = limits.concurrentStreams
        settingsEntries = limits.settingsEntries
        inbound = Inbound(role, frameSize: limits.frameSize)
        headers = HeaderReader(limits)
        streams = StreamTable(role, limits)
        budgets = Budgets(limits)
        outbound = Outbound(bufferLimit: limits.outputBuffer)
        receiveWindow = ReceiveWindow(size: limits.connectionWindow, available: 65_535)

        if role == .client { outbound.appendPreface() }
        var settings: [(Setting, UInt32)] = [
            (.maximumHeaderListSize, UInt32(clamping: limits.headerListSize))
        ]
        switch role {
        case .server: settings.append((.maximumConcurrentStreams, UInt32(clamping: limits.concurrentStreams)))
        case .client: settings.append((.enablePush, 0))
        }
        if limits.streamWindow != 65_535 {
            settings.append((.initialWindowSize, UInt32(clamping: limits.streamWindow)))
        }
        if limits.frameSize != 16_384 {
            settings.append((.maximumFrameSize, UInt32(clamping: limits.frameSize)))
        }
        outbound.appendSettings(settings)
        if let increment = receiveWindow.open() { outbound.appendWindowUpdate(0, increment) }
    }

    // MARK: Input

    /// Takes octets from the peer. Events come from `next`, which must be called until it has no more.
    ///
    /// - Parameter now: nanoseconds of a clock that never goes back, for the budgets of `HTTP2Limits`.
    public mutating func receive(_ bytes: RawSpan, at now: UInt64 = 0) {
        budgets.now = now
        inbound.append(bytes)
    }

    /// The next event, or nil when all that has arrived is dealt with.
    public mutating func next() -> HTTP2Event? {
        while true {
            if let event = events.next() { return event }
            guard receiveFrame() else { return nil }
        }
    }

    /// Whether there are events beside those that the octets which have arrived may bring: `writable` and `drained` come of
    /// what is sent.
    public var hasEvents: Bool { !events.isEmpty }

    /// Appends the octets of a `data` event to `target`.
    public func copy(_ range: Range<Int>, to target: inout [UInt8]) {
        target.append(contentsOf: inbound.octets[range.clamped(to: inbound.octets.indices)])
    }

    /// Lends the octets of a `data` event.
    public func withOctets<Result>(_ range: Range<Int>, _ body: (RawSpan) -> Result) -> Result {
        body(inbound.octets.span.bytes.extracting(range.clamped(to: inbound.octets.indices)))
    }

    /// Whether the peer has said its first words.
    public var settingsReceived: Bool { inbound.isOpen }

    /// Whether the connection has failed or was aborted: nothing more can be sent or received.
    public var isFailed: Bool { inbound.isClosed }

    /// The number of streams that are open or half closed.
    public var openStreams: Int { streams.count }

    // MARK: Output

    /// Whether there is something to send.
    public var hasOutput: Bool { !outbound.isEmpty }

    /// Hands out what is to be sent, in one piece, and makes room for what waits in streams.
    public mutating func drainOutput(_ body: (RawSpan) -> Void) {
        guard !outbound.isEmpty else { return }
        outbound.drain(body)
        pump()
    }

    // MARK: Faults

    /// Ends the connection with GOAWAY.
    mutating func fail(_ error: ConnectionError) {
        guard close(error.code, error.reason) else { return }
        headers.close()
        events.append(.failed(error))
    }

    /// Says GOAWAY and lets go of all streams; false when that has been done before.
    mutating func close(_ code: ErrorCode, _ reason: String) -> Bool {
        guard inbound.close() else { return false }
        outbound.appendGoAway(streams.highestOfPeer, code, debug: reason)
        streams.removeAll()
        return true
    }

    /// Ends a stream with RST_STREAM, and the connection when the peer causes too many of them.
    mutating func fail(_ error: StreamError) {
        // A peer that does not know our limit yet may well exceed it.
        let isInnocent = error.code == .refusedStream && !settingsAcknowledged
        guard isInnocent || budgets.spendStreamError() else {
            fail(
                ConnectionError(
                    .enhanceYourCalm, "the peer causes too many stream errors, the last: \(error)"))
            return
        }
        outbound.appendReset(error.stream, error.code)
        if let index = streams.index(error.stream) {
            streams.remove(at: index, as: .resetByUs)
            events.append(.reset(error.stream, error.code, byPeer: false))
        } else {
            streams.noteReset(error.stream)
        }
        noteStreamEnd()
    }

    /// Forgets a stream of which both sides are over.
    mutating func removeIfClosed(_ index: Int) {
        guard streams[index].isClosed else { return }
        streams.remove(at: index, as: .ended)
        noteStreamEnd()
    }

    /// A stream is gone: perhaps it was the last that a shutdown waited for.
    mutating func noteStreamEnd() {
        if streams.isEmpty, drain.finish() { events.append(.drained) }
    }
}
