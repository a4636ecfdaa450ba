// A peer whose machine is gone sends no FIN: over TCP a connection to it looks alive for hours. A PING after a time of
// silence finds out (gRFC A8). Any octet is an answer.

internal import SystemIO

/// When a side asks its peer whether it is still there.
package struct GRPCKeepAlive: Sendable {
    /// Clients ask no more often, as in every gRPC.
    package static let minimumInterval = Duration.seconds(10)

    /// Silence before a PING; doubles for the connections to come when a server says that there were too many.
    package var interval: Duration { min(firstInterval * (1 << doublings.withLock { $0 }), .seconds(86_400)) }
    /// After a PING, silence that ends the connection.
    package let timeout: Duration
    /// Whether it asks while no call is open. Most servers allow that once in two hours.
    package let withoutCalls: Bool

    private let firstInterval: Duration
    private let doublings = Lock(0)

    /// - Parameters:
    ///   - interval: silence before a PING, at least `minimumInterval`; grpc servers take one in 5 minutes.
    ///   - timeout: silence after it that ends the connection.
    ///   - withoutCalls: whether it asks while no call is open.
    package init(interval: Duration, timeout: Duration = .seconds(20), withoutCalls: Bool = false) {
        self.init(
            exactly: max(interval, Self.minimumInterval), timeout: timeout, withoutCalls: withoutCalls)
    }

    /// As asked, also more often than is allowed.
    init(exactly interval: Duration, timeout: Duration, withoutCalls: Bool) {
        firstInterval = interval
        self.timeout = timeout
        self.withoutCalls = withoutCalls
    }

    /// The server has said `too_many_pings`.
    func slowDown() { doublings.withLock { $0 = min($0 + 1, 16) } }
}

/// The keep-alive of one connection, without its timer.
struct KeepAliveState {
    /// What to do when the time has come, and when to look again.
    enum Due: Equatable {
        case rest(Duration)
        case ping(Duration)
        case dead
    }

    /// What our PINGs carry.
    static let opaque: UInt64 = 0x6b65_6570_616c_6976

    private let settings: GRPCKeepAlive
    private var hasHeard = false
    /// Silence after our PING that is still allowed; nil when no PING is out.
    private var left: Duration?

    init(_ settings: GRPCKeepAlive) { self.settings = settings }

    /// When to look first.
    var first: Duration { settings.interval }

    /// Octets came.
    mutating func hear() {
        hasHeard = true
        left = nil
    }

    /// The time has come. A PING goes out after one to two intervals of silence.
    mutating func due(hasCalls: Bool) -> Due {
        if let left {
            return left > .zero ? .rest(wait(left)) : .dead
        }
        let wasSilent = !hasHeard
        hasHeard = false
        guard wasSilent, hasCalls || settings.withoutCalls else { return .rest(settings.interval) }
        return .ping(wait(settings.timeout))
    }

    /// Until when to wait, at most an interval: an answer that comes at once does not put off the next PING.
    private mutating func wait(_ time: Duration) -> Duration {
        let step = min(time, settings.interval)
        left = time - step
        return step
    }
}
