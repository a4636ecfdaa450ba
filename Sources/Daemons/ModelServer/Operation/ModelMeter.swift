// What is counted of one model, behind one lock: the names that others give to these numbers are made when they are read.

internal import SystemIO

/// Counts the answers of a model.
final class ModelMeter: Sendable {
    /// The counts since the start.
    struct Counts: Sendable {
        /// Answers by status.
        var answers: [Int: Int] = [:]
        /// Passes that the answered requests ended with.
        var passes = 0
        var texts = 0
        var tokens = 0
        /// From the first octet of the request that was looked at to the answer.
        var requestTime: Duration { successTime + failureTime }
        /// Of it, for those that were answered with 2xx.
        var successTime = Duration.zero
        var failureTime = Duration.zero
        /// When the last answer was given, in nanoseconds since 1970; 0 before the first.
        var last: Int64 = 0
        var queueTime = Duration.zero
        var computeTime = Duration.zero

        var successes: Int { answers.reduce(0) { $0 + (200..<300 ~= $1.key ? $1.value : 0) } }

        /// Answers that were none, by Triton's reasons.
        var failures: [String: Int] {
            var failures: [String: Int] = [:]
            for (status, count) in answers where status >= 300 {
                let reason =
                    switch status {
                    case 499: "CANCELED"
                    case 429, 503: "REJECTED"
                    case 500...: "BACKEND"
                    default: "OTHER"
                    }
                failures[reason, default: 0] += count
            }
            return failures
        }
    }

    private let state = Lock(Counts())

    var counts: Counts { state.withLock { $0 } }

    func count(_ status: Int, took: Duration) {
        state.withLock { counts in
            counts.answers[status, default: 0] += 1
            if 200..<300 ~= status { counts.successTime += took } else { counts.failureTime += took }
            counts.last = WallClock.now
        }
    }

    func count(_ prediction: Dispatcher.Prediction) {
        state.withLock { counts in
            counts.passes += 1
            counts.texts += prediction.tokens.count
            counts.tokens += prediction.tokens.reduce(0, +)
            counts.queueTime += prediction.queued
            counts.computeTime += prediction.computed
        }
    }
}
