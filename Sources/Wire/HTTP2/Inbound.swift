// What arrives, cut into frames. Octets stay where they have arrived for as long as events point to them: until more come.

internal import HPACK

/// The octets of the peer, and how far they have been dealt with.
struct Inbound: ~Copyable {
    /// What has arrived; ranges in events and frames point into it.
    private(set) var octets: [UInt8] = []
    /// The octets before it have been dealt with.
    private var head = 0
    private var greeting: Greeting
    /// Our SETTINGS_MAX_FRAME_SIZE.
    private let frameSize: Int

    init(_ role: HTTP2Role, frameSize: Int) {
        greeting = Greeting(role)
        self.frameSize = frameSize
    }

    /// Whether the peer has said its first words, and what it says is still read.
    var isOpen: Bool { greeting.isComplete }

    /// Whether nothing is read any more.
    var isClosed: Bool { greeting.isClosed }

    /// Takes octets; what has been dealt with goes.
    mutating func append(_ bytes: RawSpan) {
        guard !isClosed else { return }
        if head == octets.count {
            octets.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 0 {
            octets.removeFirst(head)
            head = 0
        }
        octets.append(bytes, 0..<bytes.byteCount)
    }

    /// The next frame, or nil when none is complete.
    ///
    /// - Returns: its header, and where its payload begins in `octets`.
    /// - Throws: where the peer does not begin as it must, or the frame is longer than we allow.
    mutating func nextFrame() throws(ConnectionError) -> (header: FrameHeader, start: Int)? {
        switch greeting.receive(octets, from: &head) {
        case .readFrames: break
        case .wait, .ignore: return nil
        case .refuse:
            throw ConnectionError(.protocolError, "the peer does not begin with the preface of HTTP/2")
        }
        guard let header = try FrameHeader.parse(octets.span.bytes, at: head, maximumLength: frameSize)
        else { return nil }
        let start = head + FrameHeader.size
        guard octets.count - start >= header.length else { return nil }
        head = start + header.length
        let isSettings =
            header.type == FrameHeader.Kind.settings && header.flags & FrameHeader.Flag.acknowledge == 0
        guard greeting.receiveFrame(isSettings: isSettings) else {
            throw ConnectionError(
                .protocolError, "the peer's first frame is not SETTINGS but type \(header.type)")
        }
        return (header, start)
    }

    /// Nothing is read any more; true when that is new.
    mutating func close() -> Bool { greeting.close() }
}
