// Waiting longer after each failure in a row, with jitter so that those that failed together do not come back together.
// The one back-off of the house; numbers stand where they are used, such as client-go's for what follows client-go.

/// Growing pauses: the first, doubled with every failure in a row, up to the longest. Pure: the caller brings the time and
/// the random numbers.
public struct Backoff: Equatable, Sendable {
    /// Failures in a row.
    public private(set) var failures = 0

    private let base: Duration
    private let limit: Duration
    private let jitter: ClosedRange<Double>
    private let resetAfter: Duration?
    private var lastFailure: Duration?

    /// Pauses that begin with `base`, double with every failure and stop growing at `limit`.
    ///
    /// - Parameters:
    ///   - base: the first pause.
    ///   - limit: the longest pause before jitter.
    ///   - jitter: how much is added, as a part of the pause: `0...1` makes it up to twice as long, `-0.2...0.2` up to a
    ///     fifth shorter or longer.
    ///   - resetAfter: a time without a failure after which pauses begin anew; nil for only `reset`.
    public init(
        base: Duration, limit: Duration, jitter: ClosedRange<Double> = 0...0, resetAfter: Duration? = nil
    ) {
        self.base = base
        self.limit = limit
        self.jitter = jitter
        self.resetAfter = resetAfter
    }

    /// The pause after this many failures in a row: none after none. For callers that count for themselves.
    ///
    /// - Parameter random: 0 to 1, where in the range of the jitter.
    public func pause(after failures: Int, random: Double = 0) -> Duration {
        guard failures > 0 else { return .zero }
        // 2^40 milliseconds are 34 years: every limit comes first, and no product overflows.
        let pause = min(limit, base * (1 << min(failures - 1, 40)))
        let part = jitter.lowerBound + (jitter.upperBound - jitter.lowerBound) * min(1, max(0, random))
        return part == 0 ? pause : pause + pause * part
    }

    /// Counts a failure.
    ///
    /// - Parameters:
    ///   - now: a monotonic time of the caller's choice; only `resetAfter` needs it.
    ///   - random: 0 to 1.
    /// - Returns: how long to wait.
    public mutating func failed(now: Duration = .zero, random: Double = 0) -> Duration {
        if let resetAfter, let lastFailure, now - lastFailure > resetAfter { failures = 0 }
        lastFailure = now
        failures = min(failures + 1, 1 << 20)
        return pause(after: failures, random: random)
    }

    /// Begins anew.
    public mutating func reset() {
        failures = 0
        lastFailure = nil
    }
}
