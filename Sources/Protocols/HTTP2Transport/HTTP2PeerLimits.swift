// What the other end of a connection may cost in time and memory; the limits of the protocol itself are `HTTP2Limits`.

public import HTTP2

/// The limits of one connection.
public struct HTTP2PeerLimits: Sendable {
    /// The limits of the protocol.
    public var http2: HTTP2Limits
    /// How long the peer may take for its preface, its SETTINGS and, where we are the server, the answer to ours.
    public var handshakeTimeout = Duration.seconds(10)
    /// Octets that wait for the socket; above, nothing is read and no DATA is added.
    public var unsentOctets = 262_144
    /// How long a connection that is closed may take to send what waits.
    public var closeTimeout = Duration.seconds(2)

    /// Ten seconds for the first words, 256 KiB that wait for the socket, two seconds for the last words.
    public init(http2: HTTP2Limits = HTTP2Limits()) { self.http2 = http2 }
}
