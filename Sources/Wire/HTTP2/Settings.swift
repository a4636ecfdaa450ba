// What an end tells the other about itself (RFC 9113 §6.5).

internal import HPACK

/// The settings that are known; others are ignored (§6.5.2).
public enum Setting: UInt16, Sendable {
    case headerTableSize = 1
    case enablePush = 2
    case maximumConcurrentStreams = 3
    case initialWindowSize = 4
    case maximumFrameSize = 5
    case maximumHeaderListSize = 6
}

/// What the peer has announced, at first the RFC's initial values.
public struct PeerSettings: Equatable, Sendable {
    /// Octets of the table that our encoder may use.
    public var headerTableSize = 4096
    /// How many streams we may have open; unlimited until said.
    public var maximumConcurrentStreams = Int(UInt32.max)
    /// The window of new streams for what we send, in octets.
    public var initialWindowSize = 65_535
    /// The longest payload that we may send, in octets.
    public var maximumFrameSize = 16_384
    /// The largest header list that the peer wants, advisory; unlimited until said.
    public var maximumHeaderListSize = Int(UInt32.max)

    /// Takes over the entries of a SETTINGS frame in their order.
    ///
    /// - Parameter fromServer: whether a server sent them: it must not enable push.
    /// - Throws: what §6.5.2 asks for where a value is out of range.
    mutating func apply(
        _ bytes: RawSpan, _ entries: Range<Int>, fromServer: Bool
    ) throws(ConnectionError) {
        for offset in stride(from: entries.lowerBound, to: entries.upperBound, by: 6) {
            guard let identifier = bytes.integer16(offset), let value = bytes.integer32(offset + 2) else {
                return
            }
            switch Setting(rawValue: identifier) {
            case .headerTableSize: headerTableSize = Int(value)
            case .enablePush:
                guard value == 0 || (value == 1 && !fromServer) else {
                    throw ConnectionError(.protocolError, "ENABLE_PUSH is \(value)")
                }
            case .maximumConcurrentStreams: maximumConcurrentStreams = Int(value)
            case .initialWindowSize:
                guard value <= 0x7fff_ffff else {
                    throw ConnectionError(.flowControlError, "INITIAL_WINDOW_SIZE is \(value), above 2^31-1")
                }
                initialWindowSize = Int(value)
            case .maximumFrameSize:
                guard (16_384...16_777_215).contains(value) else {
                    throw ConnectionError(
                        .protocolError, "MAX_FRAME_SIZE is \(value), not between 16384 and 16777215")
                }
                maximumFrameSize = Int(value)
            case .maximumHeaderListSize: maximumHeaderListSize = Int(value)
            case nil: break
            }
        }
    }
}
