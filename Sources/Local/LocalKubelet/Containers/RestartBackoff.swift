// When a container that ended is started again: the first time at once, then after 10 s, 20 s, ... 5 min; a
// container that has run for twice the longest pause begins anew (the kubelet's client-go backoff).

/// The pauses of one container.
struct RestartBackoff: Equatable, Sendable {
    /// The pause before the second restart.
    var initial: Duration = .seconds(10)
    /// The longest pause.
    var maximum: Duration = .seconds(300)

    /// The pause that the next end brings; nil before the first restart.
    private(set) var current: Duration?

    init(initial: Duration = .seconds(10), maximum: Duration = .seconds(300)) {
        self.initial = initial
        self.maximum = maximum
    }

    /// The container ended after it had run for `ran`.
    ///
    /// - Returns: how long to wait before it is started again.
    mutating func ended(ran: Duration) -> Duration {
        if ran > maximum * 2 { current = nil }
        guard let pause = current else {
            current = initial
            return .zero
        }
        current = min(pause * 2, maximum)
        return pause
    }
}

extension Duration {
    /// As Go prints a duration of whole seconds: `10s`, `1m20s`, `5m0s`.
    var goDescription: String {
        let seconds = components.seconds
        return seconds < 60 ? "\(seconds)s" : "\(seconds / 60)m\(seconds % 60)s"
    }
}
