// A peer whose machine is gone sends no FIN: over TCP a connection to it looks alive for hours. A PING after a time of
// silence finds out. Any octet is an answer.

/// When a side asks its peer whether it is still there.
public struct HTTP2KeepAlive: Equatable, Sendable {
    /// Silence before a PING.
    public var interval: Duration
    /// After a PING, silence that ends the connection.
    public var timeout: Duration
    /// Whether it asks while no stream is open.
    public var withoutStreams: Bool

    /// A keep-alive with all that there is to say.
    public init(interval: Duration, timeout: Duration, withoutStreams: Bool) {
        self.interval = interval
        self.timeout = timeout
        self.withoutStreams = withoutStreams
    }
}

/// The keep-alive of one connection, without its timer.
struct KeepAliveState {
    /// What to do when the time has come, and when to look again.
    enum OnTimer: Equatable {
        case wait(Duration)
        case ping(Duration)
        case end
    }

    /// What our PINGs carry.
    static let opaque: UInt64 = 0x6b65_6570_616c_6976

    private let settings: HTTP2KeepAlive
    private var hasReceived = false
    /// Silence after our PING that is still allowed; nil when no PING is out.
    private var left: Duration?

    init(_ settings: HTTP2KeepAlive) { self.settings = settings }

    /// When to look first.
    var first: Duration { settings.interval }

    /// Octets came.
    mutating func receive() {
        hasReceived = true
        left = nil
    }

    /// The time has come. A PING goes out after one to two intervals of silence.
    mutating func timerFired(hasStreams: Bool) -> OnTimer {
        if let left {
            return left > .zero ? .wait(spend(left)) : .end
        }
        let wasSilent = !hasReceived
        hasReceived = false
        guard wasSilent, hasStreams || settings.withoutStreams else { return .wait(settings.interval) }
        return .ping(spend(settings.timeout))
    }

    /// Until when to wait, at most an interval: an answer that comes at once does not put off the next PING.
    private mutating func spend(_ time: Duration) -> Duration {
        let step = min(time, settings.interval)
        left = time - step
        return step
    }
}
