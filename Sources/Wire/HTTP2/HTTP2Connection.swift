// One end of an HTTP/2 connection without I/O: octets in, events out, and one buffer of octets to send. It knows no
// clock, no socket and no gRPC, so every rule of RFC 9113 can be tried octet by octet.

internal import HPACK

/// Which end of the connection we are.
package enum HTTP2Role: Sendable {
    case client
    case server
}

/// The state of one connection.
///
///     connection.receive(bytes, at: now)
///     while let event = connection.next() { ... }
///     connection.drainOutput { socket.write($0) }
package struct HTTP2Connection: ~Copyable {
    /// What a client says first (§3.4).
    package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// How far the peer has come in its first words (§3.4).
    enum Phase: Equatable {
        /// Octets of the preface that have matched.
        case preface(Int)
        /// The first frame must be SETTINGS.
        case settings
        case open
        /// After a connection error or `abort`: nothing is read any more.
        case failed
    }

    /// Our end.
    package let role: HTTP2Role
    /// What the peer has announced.
    package internal(set) var peerSettings = PeerSettings()
    /// What has arrived; ranges in events point into it.
    package internal(set) var inbound: [UInt8] = []
    /// Whether the peer has acknowledged our SETTINGS.
    package internal(set) var settingsAcknowledged = false

    var phase: Phase
    var limits: HTTP2Limits
    /// Nanoseconds, as the owner last told.
    var now: UInt64 = 0
    /// The octets of `inbound` before it have been dealt with.
    var inboundHead = 0
    var output: [UInt8] = []
    /// The next event, which is nearly always the only one.
    var event: HTTP2Event?
    /// Events after it; those before `eventsHead` have been told.
    var events: [HTTP2Event] = []
    var eventsHead = 0
    var decoder: HPACKDecoder
    var encoder = HPACKEncoder()
    var streams = StreamTable()
    var closed: ClosedStreams
    /// The highest stream that the peer has opened.
    var highestPeerStream: StreamID = 0
    /// The number of the next stream that we open.
    var nextOwnStream: StreamID
    var receiveWindow: ReceiveWindow
    var sendWindow = SendWindow(65_535)
    /// The header block that CONTINUATION frames will complete.
    var pendingBlock: PendingBlock?
    var drain = Drain()
    /// The peer's GOAWAY, for a client: it takes no stream above.
    var peerLastStream: StreamID?
    /// Where the round over the waiting streams goes on, so that all get their turn.
    var roundStart = 0

    /// The last list that was found to keep the rules: the decoder gives out the same one for the same block.
    var checked: CheckedList?

    struct CheckedList {
        var list: HeaderList
        var part: MessagePart
        var facts: HeaderFacts
    }

    struct PendingBlock {
        var stream: StreamID
        var endStream: Bool
        var octets: [UInt8]
        var continuations = 0
    }

    /// A connection whose first octets are in the output at once: a server must not wait for the client's preface, since
    /// grpc-go waits for the server's SETTINGS before it sends a request.
    package init(_ role: HTTP2Role, limits: HTTP2Limits = HTTP2Limits()) {
        var limits = limits
        limits.streamWindow = min(max(limits.streamWindow, 65_535), SendWindow.maximum)
        limits.connectionWindow = min(max(limits.connectionWindow, 65_535), SendWindow.maximum)
        limits.frameSize = min(max(limits.frameSize, 16_384), 16_777_215)
        self.role = role
        self.limits = limits
        phase = role == .server ? .preface(0) : .settings
        nextOwnStream = role == .server ? 2 : 1
        decoder = HPACKDecoder(maximumListSize: limits.headerListSize)
        closed = ClosedStreams(capacity: max(64, limits.concurrentStreams * 2))
        receiveWindow = ReceiveWindow(size: limits.connectionWindow, available: 65_535)

        if role == .client { output += Self.preface }
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
        output.appendSettings(settings)
        if let increment = receiveWindow.open() { output.appendWindowUpdate(0, increment) }
    }

    // MARK: Input

    /// Takes octets from the peer. Events come from `next`, which must be called until it has no more.
    ///
    /// - Parameter now: nanoseconds of a clock that never goes back, for the budgets of `HTTP2Limits`.
    package mutating func receive(_ bytes: RawSpan, at now: UInt64 = 0) {
        self.now = now
        guard phase != .failed else { return }
        if inboundHead == inbound.count {
            inbound.removeAll(keepingCapacity: true)
            inboundHead = 0
        } else if inboundHead > 0 {
            inbound.removeFirst(inboundHead)
            inboundHead = 0
        }
        inbound.append(bytes, 0..<bytes.byteCount)
    }

    /// The next event, or nil when all that has arrived is dealt with.
    package mutating func next() -> HTTP2Event? {
        while true {
            if let next = event.take() { return next }
            if eventsHead < events.count {
                defer { eventsHead += 1 }
                return events[eventsHead]
            }
            if eventsHead > 0 {
                events.removeAll(keepingCapacity: true)
                eventsHead = 0
            }
            guard receiveFrame() else { return nil }
        }
    }

    /// Queues an event.
    mutating func emit(_ next: HTTP2Event) {
        if event == nil, events.isEmpty { event = next } else { events.append(next) }
    }

    /// Appends the octets of a `data` event to `target`.
    package func copy(_ range: Range<Int>, to target: inout [UInt8]) {
        target.append(contentsOf: inbound[range.clamped(to: 0..<inbound.count)])
    }

    /// Lends the octets of a `data` event.
    package func withOctets<Result>(_ range: Range<Int>, _ body: (RawSpan) -> Result) -> Result {
        body(inbound.span.bytes.extracting(range.clamped(to: 0..<inbound.count)))
    }

    /// Whether the peer has said its first words.
    package var settingsReceived: Bool { phase == .open }

    /// Whether the connection has failed or was aborted: nothing more can be sent or received.
    package var isFailed: Bool { phase == .failed }

    /// The number of streams that are open or half closed.
    package var openStreams: Int { streams.count }

    // MARK: Output

    /// Whether there is something to send.
    package var hasOutput: Bool { !output.isEmpty }

    /// Hands out what is to be sent, in one piece, and makes room for what waits in streams.
    package mutating func drainOutput(_ body: (RawSpan) -> Void) {
        guard !output.isEmpty else { return }
        body(output.span.bytes)
        if output.capacity > 4 * limits.outputBuffer {
            output = []
        } else {
            output.removeAll(keepingCapacity: true)
        }
        pump()
    }

    // MARK: Faults

    /// Ends the connection with GOAWAY.
    mutating func fail(_ error: ConnectionError) {
        guard phase != .failed else { return }
        phase = .failed
        output.appendGoAway(highestPeerStream, error.code, debug: error.reason)
        streams.removeAll()
        pendingBlock = nil
        emit(.failed(error))
    }

    /// Ends a stream with RST_STREAM, and the connection when the peer causes too many of them.
    mutating func fail(_ error: StreamError) {
        // A peer that does not know our limit yet may well exceed it.
        let isInnocent = error.code == .refusedStream && !settingsAcknowledged
        guard isInnocent || limits.streamErrors.take(at: now) else {
            fail(
                ConnectionError(
                    .enhanceYourCalm, "the peer causes too many stream errors, the last: \(error)"))
            return
        }
        output.appendReset(error.stream, error.code)
        if let index = streams.index(error.stream) {
            streams.remove(at: index)
            emit(.reset(error.stream, error.code, byPeer: false))
        }
        closed.note(error.stream, .resetByUs)
        noteStreamEnd()
    }

    /// Takes one of the budget for frames that cost more to answer than to send.
    mutating func spendControlFrame() throws(Fault) {
        guard limits.controlFrames.take(at: now) else {
            throw .connection(.enhanceYourCalm, "the peer sends too many control frames")
        }
    }
}
