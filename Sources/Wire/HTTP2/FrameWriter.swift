// Frames into the output buffer. A header block that is longer than a frame may be is cut into CONTINUATIONs.

internal import HPACK

extension [UInt8] {
    mutating func append(_ header: FrameHeader) {
        let length = UInt64(truncatingIfNeeded: header.length & 0xff_ffff)
        append(
            length << 40 | UInt64(header.type) << 32 | UInt64(header.flags) << 24
                | UInt64(header.stream >> 8),
            count: 8)
        append(UInt8(truncatingIfNeeded: header.stream))
    }

    /// Writes the length into a frame header that stands at `offset`.
    mutating func setFrameLength(_ length: Int, at offset: Int) {
        for index in 0..<3 {
            self[offset + index] = UInt8(truncatingIfNeeded: length >> (16 - 8 * index))
        }
    }

    mutating func append32(_ value: UInt32) { append(UInt64(value) << 32, count: 4) }

    /// Appends the first `count` octets of a big-endian integer, 0 to 8.
    mutating func append(_ value: UInt64, count: Int) {
        Swift.withUnsafeBytes(of: value.bigEndian) {
            append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[..<count]))
        }
    }

    /// DATA of the octets of `range`.
    mutating func appendData(_ stream: StreamID, _ bytes: RawSpan, _ range: Range<Int>, endStream: Bool) {
        append(
            FrameHeader(
                length: range.count, type: FrameHeader.Kind.data,
                flags: endStream ? FrameHeader.Flag.endStream : 0, stream: stream))
        append(bytes, range)
    }

    /// HEADERS, and CONTINUATION where `block` is longer than `maximumLength`.
    mutating func appendHeaders(_ stream: StreamID, _ block: [UInt8], endStream: Bool, maximumLength: Int) {
        var type = FrameHeader.Kind.headers
        var flags = endStream ? FrameHeader.Flag.endStream : 0
        var start = 0
        repeat {
            let end = Swift.min(start + maximumLength, block.count)
            if end == block.count { flags |= FrameHeader.Flag.endHeaders }
            append(FrameHeader(length: end - start, type: type, flags: flags, stream: stream))
            append(contentsOf: block[start..<end])
            type = FrameHeader.Kind.continuation
            flags = 0
            start = end
        } while start < block.count
    }

    mutating func appendReset(_ stream: StreamID, _ code: ErrorCode) {
        append(FrameHeader(length: 4, type: FrameHeader.Kind.reset, flags: 0, stream: stream))
        append32(code.rawValue)
    }

    mutating func appendSettings(_ settings: [(Setting, UInt32)]) {
        append(FrameHeader(length: 6 * settings.count, type: FrameHeader.Kind.settings, flags: 0, stream: 0))
        for (setting, value) in settings {
            append(UInt8(truncatingIfNeeded: setting.rawValue >> 8))
            append(UInt8(truncatingIfNeeded: setting.rawValue))
            append32(value)
        }
    }

    mutating func appendSettingsAcknowledgement() {
        append(
            FrameHeader(
                length: 0, type: FrameHeader.Kind.settings, flags: FrameHeader.Flag.acknowledge, stream: 0))
    }

    mutating func appendPing(_ opaque: UInt64, acknowledge: Bool) {
        append(
            FrameHeader(
                length: 8, type: FrameHeader.Kind.ping,
                flags: acknowledge ? FrameHeader.Flag.acknowledge : 0, stream: 0))
        append32(UInt32(truncatingIfNeeded: opaque >> 32))
        append32(UInt32(truncatingIfNeeded: opaque))
    }

    mutating func appendGoAway(_ lastStream: StreamID, _ code: ErrorCode, debug: String = "") {
        let text = debug.utf8.prefix(256)
        append(FrameHeader(length: 8 + text.count, type: FrameHeader.Kind.goAway, flags: 0, stream: 0))
        append32(lastStream)
        append32(code.rawValue)
        append(contentsOf: text)
    }

    mutating func appendWindowUpdate(_ stream: StreamID, _ increment: Int) {
        append(FrameHeader(length: 4, type: FrameHeader.Kind.windowUpdate, flags: 0, stream: stream))
        append32(UInt32(truncatingIfNeeded: increment))
    }
}
