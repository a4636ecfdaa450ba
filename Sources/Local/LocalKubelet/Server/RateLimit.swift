// The PodResources socket takes 100 calls a second, 10 at once, over all callers; the kubelet refuses the
// others.

/// A bucket of tokens.
struct RateLimit: Equatable, Sendable {
    /// Tokens a second.
    let rate: Double
    /// Tokens at most.
    let burst: Double
    private var tokens: Double
    private var last: UInt64?

    init(rate: Double = 100, burst: Double = 10) {
        self.rate = rate
        self.burst = burst
        tokens = burst
    }

    /// Takes a token if there is one.
    ///
    /// - Parameter now: nanoseconds of the monotonic clock.
    mutating func take(now: UInt64) -> Bool {
        if let last, now > last { tokens = min(burst, tokens + Double(now - last) / 1e9 * rate) }
        last = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
