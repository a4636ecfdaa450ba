// gRPC's rules on top of the keep-alive of HTTP/2 (gRFC A8): how often a client may ask, and that it asks less often once
// a server has said that it was too often.

internal import HTTP2Transport
internal import SystemIO

/// When a side asks its peer whether it is still there.
public struct GRPCKeepAlive: Sendable {
    /// Clients ask no more often, as in every gRPC.
    public static let minimumInterval = Duration.seconds(10)

    /// Silence before a PING; doubles for the connections to come when a server says that there were too many.
    public var interval: Duration { min(firstInterval * (1 << doublings.withLock { $0 }), .seconds(86_400)) }
    /// After a PING, silence that ends the connection.
    public let timeout: Duration
    /// Whether it asks while no call is open. Most servers allow that once in two hours.
    public let withoutCalls: Bool

    private let firstInterval: Duration
    private let doublings = Lock(0)

    /// - Parameters:
    ///   - interval: silence before a PING, at least `minimumInterval`; grpc servers take one in 5 minutes.
    ///   - timeout: silence after it that ends the connection.
    ///   - withoutCalls: whether it asks while no call is open.
    public init(interval: Duration, timeout: Duration = .seconds(20), withoutCalls: Bool = false) {
        self.init(
            exactly: max(interval, Self.minimumInterval), timeout: timeout, withoutCalls: withoutCalls)
    }

    /// As asked, also more often than is allowed.
    init(exactly interval: Duration, timeout: Duration, withoutCalls: Bool) {
        firstInterval = interval
        self.timeout = timeout
        self.withoutCalls = withoutCalls
    }

    /// What a connection that begins now has to do.
    var settings: HTTP2KeepAlive {
        HTTP2KeepAlive(interval: interval, timeout: timeout, withoutStreams: withoutCalls)
    }

    /// The server has said `too_many_pings`.
    func slowDown() { doublings.withLock { $0 = min($0 + 1, 16) } }
}
