// What a connection tells its owner.

public import HPACK

/// One thing that the peer did.
public enum HTTP2Event: Equatable, Sendable {
    /// A request (server) or the final response (client) begins.
    case headers(StreamID, HeaderList, endStream: Bool)
    /// A 1xx response; another follows (RFC 9113 §8.1).
    case informational(StreamID, HeaderList)
    /// Octets of a body: `range` is valid in the connection's `inbound` until the next `receive`. They count against the
    /// stream's window until `consume` is called.
    case data(StreamID, Range<Int>, endStream: Bool)
    /// Trailers, which end the peer's message.
    case trailers(StreamID, HeaderList)
    /// The stream is over before its end: by the peer, or by us since the peer broke a rule.
    case reset(StreamID, ErrorCode, byPeer: Bool)
    /// All that waited on the stream has been written.
    case writable(StreamID)
    /// The peer's settings changed; more streams may be possible.
    case settings
    /// The peer opens no more streams and takes none above `lastStream`; resets for those come before this.
    case goAway(lastStream: StreamID, ErrorCode, debug: [UInt8])
    /// We are shutting down and the last stream has ended: flush and close.
    case drained
    /// The peer broke the connection's rules: GOAWAY is in the output; flush and close.
    case failed(ConnectionError)
}
