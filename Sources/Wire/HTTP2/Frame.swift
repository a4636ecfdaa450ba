// Frames as values (RFC 9113 §6). Payloads stay where they arrived: a frame holds ranges into the buffer, so parsing
// allocates nothing. Everything that can be said about a frame without knowing its stream is checked here.

internal import HPACK

/// One frame.
public enum Frame: Equatable, Sendable {
    /// DATA (§6.1). `flow` is the whole payload with its padding: that is what counts against the windows.
    case data(StreamID, payload: Range<Int>, flow: Int, endStream: Bool)
    /// HEADERS (§6.2) without padding and priority.
    case headers(StreamID, block: Range<Int>, endStream: Bool, endHeaders: Bool)
    /// PRIORITY (§6.3), whose content is no longer used.
    case priority(StreamID)
    /// RST_STREAM (§6.4).
    case reset(StreamID, ErrorCode)
    /// SETTINGS (§6.5), six octets an entry.
    case settings(Range<Int>)
    /// SETTINGS with ACK.
    case settingsAcknowledgement
    /// PUSH_PROMISE (§6.6).
    case pushPromise(StreamID, promised: StreamID, block: Range<Int>, endHeaders: Bool)
    /// PING (§6.7).
    case ping(UInt64)
    /// PING with ACK.
    case pingAcknowledgement(UInt64)
    /// GOAWAY (§6.8).
    case goAway(lastStream: StreamID, ErrorCode, debug: Range<Int>)
    /// WINDOW_UPDATE (§6.9); the increment is 1 to 2^31-1.
    case windowUpdate(StreamID, increment: Int)
    /// CONTINUATION (§6.10).
    case continuation(StreamID, block: Range<Int>, endHeaders: Bool)
    /// A type that we do not know; ignored (§5.5).
    case unknown(UInt8)

    /// Reads the payload of `header`, which starts at `start` and is wholly in `bytes`.
    ///
    /// - Throws: what the peer did wrong, with the code that §6 asks for.
    public static func parse(
        _ header: FrameHeader, _ bytes: RawSpan, at start: Int
    ) throws(Fault) -> Frame {
        let stream = header.stream
        let payload = start..<start + header.length
        switch header.type {
        case FrameHeader.Kind.data:
            try header.requireStream("DATA")
            let content = try header.unpadded(bytes, payload)
            return .data(
                stream, payload: content, flow: header.length,
                endStream: header.has(FrameHeader.Flag.endStream))
        case FrameHeader.Kind.headers:
            try header.requireStream("HEADERS")
            var block = try header.unpadded(bytes, payload)
            if header.has(FrameHeader.Flag.priority) {
                guard block.count >= 5, let dependency = bytes.integer32(block.lowerBound) else {
                    throw .connection(.frameSizeError, "a HEADERS frame is too short for its priority")
                }
                try header.refuseSelfDependency(dependency)
                block = block.lowerBound + 5..<block.upperBound
            }
            return .headers(
                stream, block: block, endStream: header.has(FrameHeader.Flag.endStream),
                endHeaders: header.has(FrameHeader.Flag.endHeaders))
        case FrameHeader.Kind.priority:
            try header.requireStream("PRIORITY")
            guard header.length == 5, let dependency = bytes.integer32(start) else {
                throw .stream(stream, .frameSizeError, "a PRIORITY frame has \(header.length) octets, not 5")
            }
            try header.refuseSelfDependency(dependency)
            return .priority(stream)
        case FrameHeader.Kind.reset:
            try header.requireStream("RST_STREAM")
            try header.requireLength(4, "RST_STREAM")
            return .reset(stream, ErrorCode(rawValue: bytes.integer32(start) ?? 0))
        case FrameHeader.Kind.settings:
            try header.requireConnection("SETTINGS")
            if header.has(FrameHeader.Flag.acknowledge) {
                try header.requireLength(0, "SETTINGS ACK")
                return .settingsAcknowledgement
            }
            guard header.length % 6 == 0 else {
                throw .connection(
                    .frameSizeError, "a SETTINGS frame has \(header.length) octets, no multiple of 6")
            }
            return .settings(payload)
        case FrameHeader.Kind.pushPromise: return try pushPromise(header, bytes, payload)
        case FrameHeader.Kind.ping:
            try header.requireConnection("PING")
            try header.requireLength(8, "PING")
            let opaque = bytes.integer64(start) ?? 0
            return header.has(FrameHeader.Flag.acknowledge) ? .pingAcknowledgement(opaque) : .ping(opaque)
        case FrameHeader.Kind.goAway:
            try header.requireConnection("GOAWAY")
            guard header.length >= 8 else {
                throw .connection(.frameSizeError, "a GOAWAY frame has \(header.length) octets, fewer than 8")
            }
            return .goAway(
                lastStream: (bytes.integer32(start) ?? 0) & 0x7fff_ffff,
                ErrorCode(rawValue: bytes.integer32(start + 4) ?? 0), debug: start + 8..<payload.upperBound)
        case FrameHeader.Kind.windowUpdate:
            try header.requireLength(4, "WINDOW_UPDATE")
            let increment = Int((bytes.integer32(start) ?? 0) & 0x7fff_ffff)
            guard increment > 0 else {
                let reason = "a WINDOW_UPDATE has an increment of 0"
                if stream == 0 { throw .connection(.protocolError, reason) }
                throw .stream(stream, .protocolError, reason)
            }
            return .windowUpdate(stream, increment: increment)
        case FrameHeader.Kind.continuation:
            try header.requireStream("CONTINUATION")
            return .continuation(stream, block: payload, endHeaders: header.has(FrameHeader.Flag.endHeaders))
        default: return .unknown(header.type)
        }
    }

    private static func pushPromise(
        _ header: FrameHeader, _ bytes: RawSpan, _ payload: Range<Int>
    ) throws(Fault) -> Frame {
        try header.requireStream("PUSH_PROMISE")
        let content = try header.unpadded(bytes, payload)
        guard content.count >= 4, let word = bytes.integer32(content.lowerBound) else {
            throw .connection(.frameSizeError, "a PUSH_PROMISE frame is too short for its stream")
        }
        let promised = word & 0x7fff_ffff
        guard promised != 0, promised % 2 == 0 else {
            throw .connection(.protocolError, "a PUSH_PROMISE frame promises stream \(promised)")
        }
        return .pushPromise(
            header.stream, promised: promised, block: content.lowerBound + 4..<content.upperBound,
            endHeaders: header.has(FrameHeader.Flag.endHeaders))
    }
}

extension FrameHeader {
    fileprivate func has(_ flag: UInt8) -> Bool { flags & flag != 0 }

    fileprivate func requireStream(_ name: String) throws(Fault) {
        guard stream == 0 else { return }
        throw .connection(.protocolError, "a \(name) frame came on stream 0")
    }

    fileprivate func requireConnection(_ name: String) throws(Fault) {
        guard stream != 0 else { return }
        throw .connection(.protocolError, "a \(name) frame came on stream \(stream), not on 0")
    }

    fileprivate func requireLength(_ octets: Int, _ name: String) throws(Fault) {
        guard length != octets else { return }
        throw .connection(.frameSizeError, "a \(name) frame has \(length) octets, not \(octets)")
    }

    /// §5.3.1 of RFC 7540; RFC 9113 has taken priorities back, and peers that test still send this.
    fileprivate func refuseSelfDependency(_ dependency: UInt32) throws(Fault) {
        guard dependency & 0x7fff_ffff == stream else { return }
        throw .stream(stream, .protocolError, "the stream depends on itself")
    }

    /// The payload without padding (§6.1): as much padding as payload is an error, never a trap.
    fileprivate func unpadded(_ bytes: RawSpan, _ payload: Range<Int>) throws(Fault) -> Range<Int> {
        guard has(Flag.padded) else { return payload }
        guard !payload.isEmpty, let padding = bytes.octet(payload.lowerBound) else {
            throw .connection(.frameSizeError, "a padded frame has no octet for the padding's length")
        }
        guard Int(padding) < payload.count else {
            throw .connection(
                .protocolError, "a frame of \(payload.count) octets says that \(padding) of them are padding")
        }
        return payload.lowerBound + 1..<payload.upperBound - Int(padding)
    }
}
