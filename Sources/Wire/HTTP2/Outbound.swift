// What we send: one buffer of octets, filled with DATA as far as the buffer, the peer's frames and the window of the
// connection allow. Everything else goes in at once.

internal import HPACK

/// The octets that are to be sent, and what bounds them.
struct Outbound {
    private(set) var octets: [UInt8] = []
    private var encoder = HPACKEncoder()
    /// What all streams together may send.
    private var window = SendWindow(65_535)
    /// Never above 16,384, whatever the peer allows: a longer frame only delays the others.
    private var frameLimit = 16_384
    /// The buffer is not filled with DATA beyond this.
    private let bufferLimit: Int

    init(bufferLimit: Int) { self.bufferLimit = bufferLimit }

    var isEmpty: Bool { octets.isEmpty }

    /// Hands out all of it in one piece.
    mutating func drain(_ body: (RawSpan) -> Void) {
        body(octets.span.bytes)
        if octets.capacity > 4 * bufferLimit { octets = [] } else { octets.removeAll(keepingCapacity: true) }
    }

    // MARK: What the peer allows

    /// The peer has announced other settings.
    mutating func apply(_ settings: PeerSettings) {
        encoder.setTableLimit(settings.headerTableSize)
        frameLimit = min(settings.maximumFrameSize, 16_384)
    }

    /// The peer gives more on the connection; false beyond 2^31-1.
    mutating func openWindow(by increment: Int) -> Bool { window.change(by: increment) }

    /// How many of `count` octets of DATA may go into one frame now.
    func room(_ count: Int) -> Int {
        guard octets.count < bufferLimit else { return 0 }
        return min(count, frameLimit, window.available)
    }

    // MARK: Frames of a stream

    /// HEADERS, and CONTINUATION where the block is too long for one frame.
    mutating func appendHeaders(_ stream: StreamID, _ headers: HeaderList, endStream: Bool) {
        // The block goes straight into the buffer; its length is known and written afterwards.
        let start = octets.count
        let flags = FrameHeader.Flag.endHeaders | (endStream ? FrameHeader.Flag.endStream : 0)
        octets.append(FrameHeader(length: 0, type: FrameHeader.Kind.headers, flags: flags, stream: stream))
        encoder.encode(headers, into: &octets)
        let length = octets.count - start - FrameHeader.size
        if length <= frameLimit {
            octets.setFrameLength(length, at: start)
        } else {
            let block = Array(octets[(start + FrameHeader.size)...])
            octets.removeSubrange(start...)
            octets.appendHeaders(stream, block, endStream: endStream, maximumLength: frameLimit)
        }
    }

    /// DATA of the octets of `range`, for which there is room.
    mutating func appendData(_ stream: StreamID, _ bytes: RawSpan, _ range: Range<Int>, endStream: Bool) {
        window.spend(range.count)
        octets.appendData(stream, bytes, range, endStream: endStream)
    }

    /// DATA of a short prefix and octets, for which there is room.
    mutating func appendData(_ stream: StreamID, prefix: (octets: UInt64, count: Int), _ bytes: [UInt8]) {
        let count = prefix.count + bytes.count
        window.spend(count)
        octets.append(FrameHeader(length: count, type: FrameHeader.Kind.data, flags: 0, stream: stream))
        octets.append(prefix.octets, count: prefix.count)
        if !bytes.isEmpty { octets.append(contentsOf: bytes) }
    }

    mutating func appendReset(_ stream: StreamID, _ code: ErrorCode) { octets.appendReset(stream, code) }

    /// WINDOW_UPDATE; stream 0 is the connection.
    mutating func appendWindowUpdate(_ stream: StreamID, _ increment: Int) {
        octets.appendWindowUpdate(stream, increment)
    }

    // MARK: Frames of the connection

    mutating func appendPreface() { octets += HTTP2Connection.preface }

    mutating func appendSettings(_ settings: [(Setting, UInt32)]) { octets.appendSettings(settings) }

    mutating func appendSettingsAcknowledgement() { octets.appendSettingsAcknowledgement() }

    mutating func appendPing(_ opaque: UInt64, acknowledge: Bool) {
        octets.appendPing(opaque, acknowledge: acknowledge)
    }

    mutating func appendGoAway(_ lastStream: StreamID, _ code: ErrorCode, debug: String = "") {
        octets.appendGoAway(lastStream, code, debug: debug)
    }
}
