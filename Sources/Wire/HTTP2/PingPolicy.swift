// A PING costs its receiver more than its sender, and a client that keeps idle connections alive with many of them costs
// a server all its idle connections. gRPC servers count them (gRFC A8, "Server Enforcement").

/// How often a client may send PING.
///
/// A PING that comes too early is a strike; each HEADERS or DATA that the server sends forgives all, since clients
/// measure bandwidth with a PING for an answer.
public struct PingPolicy: Equatable, Sendable {
    /// What must be between two PINGs while calls are open, in nanoseconds.
    public var interval: UInt64
    /// The same while no call is open.
    public var idleInterval: UInt64
    /// Strikes that are forgiven; one more ends the connection.
    public var strikes: Int
    /// When the last PING came; nil before the first.
    private var lastAt: UInt64?
    private var counted = 0

    /// gRPC's defaults: 5 minutes, 2 hours, 2 strikes.
    public init(
        interval: UInt64 = 300_000_000_000, idleInterval: UInt64 = 7_200_000_000_000, strikes: Int = 2
    ) {
        self.interval = interval
        self.idleInterval = idleInterval
        self.strikes = strikes
    }

    /// A PING came.
    ///
    /// - Parameters:
    ///   - now: nanoseconds of a clock that never goes back.
    ///   - isIdle: whether no call is open.
    /// - Returns: false when it was one too many.
    public mutating func note(at now: UInt64, isIdle: Bool) -> Bool {
        defer { lastAt = now }
        guard let lastAt else { return true }
        let passed = now >= lastAt ? now - lastAt : 0
        guard passed < (isIdle ? idleInterval : interval) else { return true }
        counted += 1
        return counted <= strikes
    }

    /// HEADERS or DATA went out.
    public mutating func forgive() {
        counted = 0
        lastAt = nil
    }
}
