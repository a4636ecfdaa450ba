// What a peer may cost us.

internal import HTTP2
public import HTTP2Transport

/// Limits of a server or a client.
public struct GRPCLimits: Sendable {
    /// The limits of each connection; a client that PINGs too often loses it. A server waits as long as `closeTimeout`
    /// also for handlers that are cancelled to return.
    public var peer = {
        var limits = HTTP2Limits()
        limits.pings = PingPolicy()
        return HTTP2PeerLimits(http2: limits)
    }()
    /// The largest message that is received, in octets; what other implementations have as their default.
    public var messageSize = 4_194_304
    /// Octets of all requests of a connection that have arrived in part or that no handler has taken yet. A request that
    /// goes beyond ends with RESOURCE_EXHAUSTED: without it, every stream may hold a message that is almost complete.
    public var requestOctets = 67_108_864
    /// Connections at a time. Beyond it a new one takes the place of the one that has had no call for the longest; it is closed at
    /// once where all have some.
    public var connections = 256
    /// A response of which nothing has gone out for so long, at least for half of it, is reset: the client keeps its
    /// window shut or does not read, and what waits would hold memory and a stream for ever.
    public var stallTimeout = Duration.seconds(300)
    /// When a server asks a silent client whether it is there; gRPC's default. A client says it when it connects.
    public var serverKeepAlive: GRPCKeepAlive? = GRPCKeepAlive(interval: .seconds(7200), withoutCalls: true)
    /// After which a server shuts a connection down, so that clients spread over servers again; give or take a tenth, so
    /// that not all come back at a time. nil for never.
    public var connectionAge: Duration?
    /// What calls of such a connection get to finish.
    public var connectionAgeGrace = Duration.seconds(60)

    /// Messages of 4 MiB, 256 connections of 128 streams, 64 MiB of requests each.
    public init() {}
}
