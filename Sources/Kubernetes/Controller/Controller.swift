// Controllers: programs that watch what is wanted and what is, and do what is missing. This module has the engine that all
// of them share, in the words of Kubernetes' controller-runtime; what a controller decides is its own.
//
//     for      ─┐
//     owns     ─┼─ keys ─▶ WorkQueue ─ one key at a time each ─▶ reconcile(key) ─▶ done
//     watches  ─┤             ▲  ▲                                   │     │
//     every    ─┘             │  └──────── requeue(after:) ──────────┘     │ throws
//                             └─────────────── growing pause ◀─────────────┘
//
// A **source** turns what happens into keys: an `Informer`'s changes (`for`, `owns`, `watches`), any AsyncSequence such as
// a watch inside of the process or of a file, or a timer (`every`). The key says only where to look. The **queue**
// coalesces: a hundred changes of one object while it waits are one call, and changes while it is worked on are one call
// afterwards. **Workers** call `reconcile`. A `ControllerManager` starts and ends all of it in the right order, and only
// while this process leads, where there are several.
//
// # What `reconcile` is called for, and what it owes
//
// - It is told a key, never a change: it reads what is wanted and what is, from the informers' copies, and does what is
//   missing. So it does not matter which changes it has missed, and a new process begins where the old one ended.
// - It may be called at any time, again, and without any reason: the second call after the first finds nothing to do.
// - An object that the copy does not have is gone: what belonged to it can go.
// - No two calls for one key run at the same time; calls for different keys do, up to `workers`.
// - The copy may be older than its own last write. What must not happen twice must be refused by the API server (a name,
//   a uid, a resource version), not prevented by the copy.
// - `.done` means that nothing is to be done until something changes; `.requeue(after:)` that time alone may bring
//   something. A thrown error means another call after a pause that grows with each failure in a row of that key. Whatever
//   is not worth another try is no error: say it in the object's status.
// - No first call before every copy that the manager knows of is whole, and none after `stop`; what runs then has its task
//   cancelled.

public import Observability
public import SystemIO

/// Keys, where they come from, and what is done about each.
///
///     let controller = Controller(named: "modelserver", workers: 4) { key in try await self.reconcile(key) }
///         .for(servers)
///         .owns(pods, by: .modelServers)
///         .watches(neuronNodes) { change in self.serversOn(node: change.key.name) }
///     manager.add(controller)
///
/// A value: each source gives a controller with one source more. All of them share one queue.
public struct Controller<Key: Hashable & Comparable & Sendable>: Sendable {
    /// Brings in order what belongs to a key.
    public typealias Reconcile = @Sendable (Key) async throws -> ReconcileResult

    /// The controller's name: in logs, and the label `controller` and `name` of metrics.
    public let name: String
    /// Keys that are worked on at a time.
    public let workers: Int
    /// The queue of keys: whoever has news that no source brings adds them here.
    public let queue: WorkQueue<Key>

    var sources: [@Sendable (WorkQueue<Key>) async -> Void] = []
    /// Copies that must be whole before the first key is worked on.
    var caches: [any Cache] = []

    private let pace: ReconcilePace
    private let log: Logger
    private let metrics: ControllerMetrics?
    private let reconcile: Reconcile
    /// What went wrong last, by key: an outage of an hour is one warning.
    private let failures = Lock<[Key: String]>([:])

    /// A controller without sources.
    ///
    /// - Parameters:
    ///   - workers: how many keys are worked on at a time, at least 1.
    ///   - pace: the pauses after failures and between calls.
    public init(
        named name: String, workers: Int = 1, pace: ReconcilePace = ReconcilePace(), log: Logger = .silent,
        registry: MetricsRegistry? = nil, loop: EventLoop = .shared, reconcile: @escaping Reconcile
    ) {
        self.name = name
        self.workers = max(1, workers)
        self.pace = pace
        self.log = log.with(["controller": name])
        metrics = registry.map { ControllerMetrics($0, name: name, workers: max(1, workers)) }
        queue = WorkQueue(loop: loop, backoff: pace.backoff, metrics: metrics)
        self.reconcile = reconcile
    }

    /// Works on keys until the queue is shut down.
    func work() async {
        while let key = await queue.next() {
            let rest = await workOn(key)
            queue.done(key, rest: rest)
        }
    }

    /// - Returns: how long the key has to be left alone.
    private func workOn(_ key: Key) async -> Duration {
        let start = MonotonicClock.time
        metrics?.began()
        do {
            let result = try await reconcile(key)
            metrics?.ended(result.label, took: MonotonicClock.time - start)
            queue.forget(key)
            if failures.withLock({ $0.removeValue(forKey: key) }) != nil {
                log.info("reconciled again", ["key": "\(key)"])
            }
            if case .requeue(let delay) = result { queue.add(key, after: delay) }
            return pace.minimumInterval
        } catch {
            metrics?.ended("error", took: MonotonicClock.time - start)
            // What fails because it was cancelled says nothing.
            guard !queue.isShutDown else { return .zero }
            let pause = queue.addAfterFailure(key)
            let message = "\(error)"
            let isNew = failures.withLock { $0.updateValue(message, forKey: key) != message }
            log.log(
                isNew ? .warning : .debug, "cannot reconcile",
                ["key": "\(key)", "error": message, "again": pause])
            return pace.waitsOutBackoff ? max(pace.minimumInterval, pause) : pace.minimumInterval
        }
    }
}
