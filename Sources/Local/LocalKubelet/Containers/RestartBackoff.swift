// When a container that ended is started again: the first time at once, then after 10 s, 20 s, ... 5 min; a
// container that has run for twice the longest pause begins anew (the kubelet's client-go backoff).

internal import SystemIO

/// The pauses of one container.
struct RestartBackoff: Equatable, Sendable {
    private let backoff: Backoff
    private let resetAfter: Duration
    /// Ends in a row that came too early.
    private var ends = 0

    /// Pauses that begin with `initial` before the second restart and grow up to `maximum`.
    init(initial: Duration = .seconds(10), maximum: Duration = .seconds(300)) {
        backoff = Backoff(base: initial, limit: maximum)
        resetAfter = maximum * 2
    }

    /// The container ended after it had run for `ran`.
    ///
    /// - Returns: how long to wait before it is started again.
    mutating func ended(ran: Duration) -> Duration {
        if ran > resetAfter { ends = 0 }
        defer { ends = min(ends + 1, 1 << 20) }
        return backoff.pause(after: ends)
    }
}

extension Duration {
    /// As Go prints a duration of whole seconds: `10s`, `1m20s`, `5m0s`.
    var goDescription: String {
        let seconds = components.seconds
        return seconds < 60 ? "\(seconds)s" : "\(seconds / 60)m\(seconds % 60)s"
    }
}
