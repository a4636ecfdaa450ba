// Waiting longer after each fault in a row, with jitter so that clients that failed together do not come back together.

/// Growing pauses. Pure: the caller brings the random numbers and the time.
package struct Backoff: Sendable {
    private let base: Duration
    private let limit: Duration
    private let jitter: Double
    private let quiet: Duration
    private var next: Duration
    private var lastFault: Duration?

    /// Pauses that begin with `base`, double with every fault and stop growing at `limit`.
    ///
    /// - Parameters:
    ///   - base: the first pause.
    ///   - limit: the longest pause before jitter.
    ///   - jitter: how much may be added, as a part of the pause; 1 means up to twice as long.
    ///   - resetAfter: a time without a fault after which pauses begin anew.
    package init(base: Duration, limit: Duration, jitter: Double, resetAfter: Duration) {
        self.base = base
        self.limit = limit
        self.jitter = jitter
        quiet = resetAfter
        next = base
    }

    /// What client-go's reflector uses: 800 ms, doubled up to 30 s, jitter 1, anew after two quiet minutes.
    package static var reflector: Backoff {
        Backoff(base: .milliseconds(800), limit: .seconds(30), jitter: 1, resetAfter: .seconds(120))
    }

    /// The pause after a fault.
    ///
    /// - Parameters:
    ///   - now: a monotonic time of the caller's choice.
    ///   - random: 0 to 1.
    package mutating func fault(now: Duration, random: Double) -> Duration {
        if let lastFault, now - lastFault > quiet { next = base }
        lastFault = now
        let pause = next
        next = min(limit, next * 2)
        return pause + pause * (jitter * min(1, max(0, random)))
    }

    /// Begins anew.
    package mutating func reset() {
        next = base
        lastFault = nil
    }
}
