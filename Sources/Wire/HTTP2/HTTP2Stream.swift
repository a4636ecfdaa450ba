// One stream that is not idle and not closed (RFC 9113 §5.1), without the states of server push, which we never allow.
// Its two directions live apart:
//
//     what the peer sends:   headers ──▶ body ──▶ ended          END_STREAM may come with the headers or any DATA
//     what we send:          open ◀──▶ waiting ──▶ ended         what the windows do not allow yet waits
//
//     RFC 9113               receives    sends
//     open                   not ended   not ended
//     half-closed (local)    not ended   ended
//     half-closed (remote)   ended       not ended
//     closed                 ended       ended
//
// The states can be copied, unlike those of the connection: streams live in an array, and arrays of Swift 6.3 hold nothing
// else.

internal import HPACK

/// One stream that is open or half closed. Small: most end before anything has to wait.
struct HTTP2Stream {
    /// The peer's direction.
    private enum Receiving {
        /// The headers that begin the message have not come.
        case headers
        /// `left` is what Content-Length leaves to come.
        case body(left: Int?)
        case ended
    }

    /// Our direction.
    private enum Sending {
        /// All that was given has been sent.
        case open
        case waiting(Backlog)
        case ended
    }

    /// How our side of the stream ends.
    enum End {
        case open
        case endStream
        case trailers(HeaderList)
    }

    /// Octets that wait for room in the windows, and what comes after them.
    final class Backlog {
        /// The octets before `head` are gone.
        fileprivate(set) var octets: [UInt8]
        fileprivate(set) var head = 0
        /// What ends our message once the octets are out.
        fileprivate(set) var end: End
        /// Nothing has gone out since somebody looked.
        fileprivate var isStalled = false

        fileprivate init(_ octets: [UInt8], _ end: End) {
            self.octets = octets
            self.end = end
        }

        /// Octets that wait, at least one.
        var count: Int { octets.count - head }
    }

    let id: StreamID
    private var receiving = Receiving.headers
    private var sending = Sending.open
    private var receiveWindow: ReceiveWindow
    private var sendWindow: SendWindow

    /// - Parameters:
    ///   - receiveWindow: what the peer may send before we consume it, in octets.
    ///   - sendWindow: what we may send, in octets.
    init(_ id: StreamID, receiveWindow: Int, sendWindow: Int) {
        self.id = id
        self.receiveWindow = ReceiveWindow(size: receiveWindow)
        self.sendWindow = SendWindow(sendWindow)
    }

    /// Whether the peer may still send DATA and HEADERS.
    var canReceive: Bool { if case .ended = receiving { false } else { true } }

    /// Whether both directions are over.
    var isClosed: Bool {
        if case .ended = receiving, case .ended = sending { true } else { false }
    }

    // MARK: What the peer sends

    /// HEADERS came; true when they begin the message, and are not its trailers.
    func beginsMessage() throws(Fault) -> Bool {
        switch receiving {
        case .headers: return true
        case .body: return false
        case .ended: throw .stream(id, .streamClosed, "HEADERS came after END_STREAM")
        }
    }

    /// The headers are those of the message, and good.
    mutating func receiveHeaders(contentLength: Int?, endStream: Bool) {
        receiving = endStream ? .ended : .body(left: contentLength)
    }

    /// Trailers came.
    mutating func receiveTrailers(endStream: Bool) throws(Fault) {
        guard endStream else { throw .stream(id, .protocolError, "trailers came without END_STREAM") }
        if case .body(let left?) = receiving, left != 0 { throw wrongLength }
        receiving = .ended
    }

    /// DATA came.
    ///
    /// - Parameter flow: the octets with their padding: all of them count against the window (§6.9.1).
    mutating func receiveData(_ octets: Int, flow: Int, endStream: Bool) throws(Fault) {
        switch receiving {
        case .ended: throw .stream(id, .streamClosed, "DATA came after END_STREAM")
        case .headers: throw .stream(id, .protocolError, "DATA came before the headers")
        case .body(let left):
            guard receiveWindow.receive(flow) else {
                throw .stream(
                    id, .flowControlError, "the peer sent more octets than the stream's window allows")
            }
            let rest = left.map { $0 - octets }
            if let rest, rest < 0 || endStream && rest != 0 { throw wrongLength }
            receiving = endStream ? .ended : .body(left: rest)
        }
    }

    /// Octets of the body have been used; the increment to announce, if any.
    mutating func consume(_ octets: Int) -> Int? { canReceive ? receiveWindow.consume(octets) : nil }

    /// A body that is not as long as Content-Length says (§8.1.1).
    var wrongLength: Fault { .stream(id, .protocolError, "the body is not as long as content-length says") }

    // MARK: What we send

    /// Whether more can be added to our message.
    var takesMore: Bool {
        switch sending {
        case .open: true
        case .waiting(let backlog): if case .open = backlog.end { true } else { false }
        case .ended: false
        }
    }

    /// What waits, if anything.
    var backlog: Backlog? { if case .waiting(let backlog) = sending { backlog } else { nil } }

    /// Octets that wait for room.
    var waitingOctets: Int { backlog?.count ?? 0 }

    /// What the window of the stream leaves of `octets`.
    func room(_ octets: Int) -> Int { min(octets, sendWindow.available) }

    /// Octets go out.
    mutating func spend(_ octets: Int) { sendWindow.spend(octets) }

    /// The window of what we send changes; false beyond 2^31-1.
    mutating func changeSendWindow(by octets: Int) -> Bool { sendWindow.change(by: octets) }

    /// Keeps octets, at least one, until there is room.
    mutating func wait(_ octets: ArraySlice<UInt8>, then end: End) {
        switch sending {
        case .open: sending = .waiting(Backlog(Array(octets), end))
        case .waiting(let backlog):
            if backlog.head > 65_536 {
                backlog.octets.removeFirst(backlog.head)
                backlog.head = 0
            }
            backlog.octets.append(contentsOf: octets)
            backlog.end = end
        case .ended: break
        }
    }

    /// Octets of what waits have gone out.
    ///
    /// - Returns: what comes after them, once it were all.
    mutating func leave(_ octets: Int) -> End? {
        guard case .waiting(let backlog) = sending else { return nil }
        backlog.isStalled = false
        guard octets < backlog.count else {
            sending = .open
            return backlog.end
        }
        backlog.head += octets
        return nil
    }

    /// Looks whether something has gone out since the last look.
    func isStalled() -> Bool {
        guard let backlog else { return false }
        defer { backlog.isStalled = true }
        return backlog.isStalled
    }

    /// END_STREAM was sent.
    mutating func endSending() { sending = .ended }
}
