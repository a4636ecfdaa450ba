// What a peer may cost us; the limits of HTTP/2 itself are in `HTTP2Limits`.

package import HTTP2

/// Limits of a server or a client.
package struct GRPCLimits: Sendable {
    /// The limits of each connection.
    package var http2 = HTTP2Limits()
    /// The largest message that is received, in octets; what other implementations have as their default.
    package var messageSize = 4_194_304
    /// Octets of all requests of a connection that have arrived in part or that no handler has taken yet. A request that
    /// goes beyond ends with RESOURCE_EXHAUSTED: without it, every stream may hold a message that is almost complete.
    package var requestOctets = 67_108_864
    /// Connections at a time; more are closed at once.
    package var connections = 256
    /// How long the peer may take for its preface, its SETTINGS and the answer to ours.
    package var handshakeTimeout = Duration.seconds(10)
    /// Octets that wait for the socket; above, nothing is read and no DATA is added.
    package var unsentOctets = 262_144
    /// How long a connection that is closed may take to send what waits.
    package var closeTimeout = Duration.seconds(2)

    /// The defaults.
    package init() {}
}
