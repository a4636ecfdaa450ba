// A server that is in distress and says "later" must not be asked more often for that. One request is repeated within the
// time that its caller gives it; all of a client together spend from a budget, by the rule of gRPC's retry throttling
// (gRFC A6): what fails costs a token, what succeeds earns one, and nothing is repeated while less than half is left. A
// storm of failures is so answered with as many requests as there are callers, and 50 more at most.

internal import SystemIO

/// What a client may spend on repeating requests.
final class RetryBudget: Sendable {
    /// Tokens at the start, which are also the most.
    static let maximum = 100

    private let tokens = Lock(RetryBudget.maximum)

    /// An answer has come.
    func receive(_ code: Int) {
        tokens.withLock {
            $0 = KubernetesError.isTransient(code: code) ? max(0, $0 - 1) : min(Self.maximum, $0 + 1)
        }
    }

    /// Whether a request may be repeated now.
    var allowsRetry: Bool { tokens.withLock { $0 > Self.maximum / 2 } }
}

/// The repetitions of one request.
struct RequestRepetition {
    /// The most repetitions: client-go's.
    static let maximum = 10

    private let deadline: Duration
    private var count = 0

    /// - Parameter deadline: a time of the monotonic clock at which the last answer has to be there.
    init(until deadline: Duration) { self.deadline = deadline }

    /// What is left of the caller's time, at least a moment.
    var left: Duration { max(.milliseconds(1), deadline - MonotonicClock.time) }

    /// How long to wait before the request is repeated.
    ///
    /// - Parameter seconds: of the answer's Retry-After, without which client-go repeats nothing.
    /// - Returns: nil where it is not: the server does not say when, says too late, or too much has failed.
    mutating func pause(
        afterCode code: Int, retryAfter seconds: Int?, _ budget: RetryBudget,
        now: Duration = MonotonicClock.time
    ) -> Duration? {
        guard KubernetesError.isTransient(code: code), let seconds, seconds >= 0, count < Self.maximum,
            seconds < 1 << 32, now + .seconds(seconds) < deadline,
            budget.allowsRetry
        else { return nil }
        count += 1
        return .seconds(seconds)
    }
}
