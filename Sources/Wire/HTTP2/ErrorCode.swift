// What RST_STREAM and GOAWAY say (RFC 9113 §7). A struct and not an enum: peers may send codes that nobody knows.

/// Why a stream or a connection ends.
public struct ErrorCode: RawRepresentable, Hashable, Sendable {
    /// The code on the wire.
    public var rawValue: UInt32

    /// A code, known or not.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// No error: the end is wanted.
    public static let noError = ErrorCode(rawValue: 0x0)
    /// The peer broke a rule that has no code of its own.
    public static let protocolError = ErrorCode(rawValue: 0x1)
    /// A fault of the side that sends this.
    public static let internalError = ErrorCode(rawValue: 0x2)
    /// More octets than the window allowed.
    public static let flowControlError = ErrorCode(rawValue: 0x3)
    /// Our SETTINGS were not acknowledged in time.
    public static let settingsTimeout = ErrorCode(rawValue: 0x4)
    /// A frame for a stream that was closed.
    public static let streamClosed = ErrorCode(rawValue: 0x5)
    /// A frame of a wrong length.
    public static let frameSizeError = ErrorCode(rawValue: 0x6)
    /// The stream was refused before anything was done with it.
    public static let refusedStream = ErrorCode(rawValue: 0x7)
    /// The stream is no longer wanted.
    public static let cancel = ErrorCode(rawValue: 0x8)
    /// The header tables no longer agree.
    public static let compressionError = ErrorCode(rawValue: 0x9)
    /// The tunnel of a CONNECT broke.
    public static let connectError = ErrorCode(rawValue: 0xa)
    /// The peer causes more work than is allowed.
    public static let enhanceYourCalm = ErrorCode(rawValue: 0xb)
    /// The transport is not safe enough.
    public static let inadequateSecurity = ErrorCode(rawValue: 0xc)
    /// HTTP/1.1 is demanded.
    public static let http11Required = ErrorCode(rawValue: 0xd)

    private static let names = [
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
        "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
        "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
    ]
}

extension ErrorCode: CustomStringConvertible {
    /// The name of the RFC, or the number.
    public var description: String {
        Int(rawValue) < Self.names.count ? Self.names[Int(rawValue)] : "0x" + String(rawValue, radix: 16)
    }
}
