// A frame header is nine octets, whatever follows it (RFC 9113 §4.1). It is parsed apart from the payload so that a
// frame that is too long is refused before its payload is buffered.

internal import HPACK

/// What every HTTP/2 frame starts with.
public struct FrameHeader: Equatable, Sendable {
    /// Octets on the wire.
    public static let size = 9

    /// Payload length in octets, 0 to 16,777,215.
    public var length: Int
    /// The frame type's code; unknown codes are valid and ignored (§4.1).
    public var type: UInt8
    /// Flags as sent; their meaning depends on `type`.
    public var flags: UInt8
    /// The stream, 0 for the connection. The reserved bit is dropped (§4.1).
    public var stream: StreamID

    /// Reads a header from the nine octets at `offset`.
    ///
    /// - Parameter maximumLength: our SETTINGS_MAX_FRAME_SIZE, in octets.
    /// - Returns: nil while fewer than nine octets have arrived.
    /// - Throws: FRAME_SIZE_ERROR when the payload would be longer than we allow (§4.2).
    public static func parse(
        _ bytes: RawSpan, at offset: Int, maximumLength: Int
    ) throws(ConnectionError) -> FrameHeader? {
        guard let prefix = bytes.integer32(offset), let type = bytes.octet(offset + 3),
            let flags = bytes.octet(offset + 4), let stream = bytes.integer32(offset + 5)
        else { return nil }
        let length = Int(prefix >> 8)
        guard length <= maximumLength else {
            throw ConnectionError(
                .frameSizeError, "the peer sent a frame of \(length) octets, our limit is \(maximumLength)")
        }
        return FrameHeader(length: length, type: type, flags: flags, stream: stream & 0x7fff_ffff)
    }
}

extension FrameHeader {
    /// Type codes (§6).
    public enum Kind {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let priority: UInt8 = 2
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
        static let pushPromise: UInt8 = 5
        static let ping: UInt8 = 6
        static let goAway: UInt8 = 7
        static let windowUpdate: UInt8 = 8
        static let continuation: UInt8 = 9
    }

    /// Flags (§6).
    public enum Flag {
        static let endStream: UInt8 = 0x1
        static let acknowledge: UInt8 = 0x1
        static let endHeaders: UInt8 = 0x4
        static let padded: UInt8 = 0x8
        static let priority: UInt8 = 0x20
    }
}

extension RawSpan {
    /// The big-endian integer at `offset`, or nil when its four octets are not all there.
    func integer32(_ offset: Int) -> UInt32? {
        guard offset >= 0, offset <= byteCount - 4 else { return nil }
        return UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The big-endian integer at `offset`, or nil when its two octets are not all there.
    func integer16(_ offset: Int) -> UInt16? {
        guard offset >= 0, offset <= byteCount - 2 else { return nil }
        return UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The big-endian integer at `offset`, or nil when its eight octets are not all there.
    func integer64(_ offset: Int) -> UInt64? {
        guard let high = integer32(offset), let low = integer32(offset + 4) else { return nil }
        return UInt64(high) << 32 | UInt64(low)
    }
}
