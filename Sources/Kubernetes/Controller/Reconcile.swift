// What a reconciliation comes to, and how soon another may follow.

public import SystemIO

/// What a reconciliation that did not fail came to.
public enum ReconcileResult: Equatable, Sendable {
    /// Everything is in order until something changes.
    case done
    /// Look again after this time, even if nothing has changed.
    case requeue(after: Duration)

    /// Look again after this time, or only when something has changed where there is none.
    public static func requeue(afterIfAny delay: Duration?) -> ReconcileResult {
        delay.map(requeue(after:)) ?? .done
    }

    /// The label `result` of controller-runtime's metric.
    var label: String {
        switch self {
        case .done: "success"
        case .requeue: "requeue_after"
        }
    }
}

/// How soon a key is worked on again.
public struct ReconcilePace: Sendable {
    /// The pauses after failures of one key in a row.
    public var backoff = Backoff.workQueue
    /// The least time from the end of a call to the next one for that key, whoever asks for it: for controllers whose
    /// calls cost somebody else something.
    public var minimumInterval = Duration.zero
    /// Whether a key that has failed waits for its whole pause. Otherwise, as in controller-runtime, whatever is new about
    /// it is reason enough to try again at once.
    public var waitsOutBackoff = false

    /// controller-runtime's: pauses from 5 ms to 1000 s after failures, none otherwise.
    public init() {}
}

extension Backoff {
    /// client-go's pauses for work queues: 5 ms, doubled up to 1000 s.
    public static var workQueue: Backoff { Backoff(base: .milliseconds(5), limit: .seconds(1000)) }
}
