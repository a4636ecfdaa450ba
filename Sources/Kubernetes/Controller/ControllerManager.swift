// Starts what controllers need, then the controllers, and ends all of it the other way round:
//
//     lead ──▶ runnables and copies ──▶ all copies whole ──▶ sources, workers ──┬─ stop: workers, then the rest, then
//                                                                               │  leadership is given back
//                                                                               └─ leadership lost: workers, at once

public import Observability
public import SystemIO

/// Controllers that start and end together.
public actor ControllerManager: LoopActor {
    /// Why a manager has ended.
    public enum Ending: Equatable, Sendable {
        /// `stop` was called.
        case stopped
        /// Another process may lead by now. Requests that are under way may still be carried out: end the process.
        case leadershipLost
    }

    /// The manager's loop, on which workers call `reconcile`.
    public nonisolated let loop: EventLoop

    private let leadership: (any Leadership)?
    private let log: Logger
    private let parts = Lock(Parts())
    private var hasStarted = false
    private var isStopping = false
    private var ending: Ending?
    private var waiters: [CheckedContinuation<Ending, Never>] = []
    private var keeper: Task<Void, Never>?
    private var reading: CheckedContinuation<Void, Never>?
    private var tasks: [Task<Void, Never>] = []

    private struct Parts {
        var isCandidate: Bool = false
        var runnables: [any Runnable] = []
        /// Those among the runnables that are copies.
        var caches: [any Cache] = []
        var controllers: [any ManagedController] = []
    }

    /// A manager of nothing yet.
    ///
    /// - Parameter leadership: nil where this process is the only one.
    public init(
        leadership: (any Leadership)? = nil, log: Logger = .silent, loop: EventLoop = .shared
    ) {
        self.leadership = leadership
        self.log = log
        self.loop = loop
        parts.withLock { $0.isCandidate = leadership != nil }
    }

    /// Adds something that controllers need, before `start`. What is added first starts first and ends last.
    public nonisolated func add(_ runnable: any Runnable) {
        parts.withLock { $0.runnables.append(runnable) }
    }

    /// Adds a controller with the copies that it reads, before `start`. A copy that several read is started once.
    public nonisolated func add<Key>(_ controller: Controller<Key>) {
        parts.withLock { parts in
            parts.controllers.append(controller)
            for cache in controller.caches where !parts.caches.contains(where: { $0 === cache }) {
                parts.caches.append(cache)
                parts.runnables.append(cache)
            }
        }
    }

    /// Whether every copy has been whole once.
    public nonisolated var isSynced: Bool { parts.withLock(\.caches).allSatisfy(\.isSynced) }

    /// Why nothing can be decided, or only on what was true before, in one sentence; nil while everything is followed. A
    /// candidate that waits for another to go is as ready as it can be.
    public nonisolated var problem: String? {
        let (isCandidate, caches) = parts.withLock { ($0.isCandidate, $0.caches) }
        guard !isCandidate else { return leadership?.problem }
        // One sentence is enough: most troubles are those of the API server as a whole.
        for cache in caches {
            if let problem = cache.problem { return "cannot follow \(cache.name): \(problem)" }
        }
        return caches.allSatisfy(\.isSynced) ? nil : "the cluster has not been read yet"
    }

    /// What a readiness probe asks, by name: each with its problem in one sentence, nil while it is well. A candidate that
    /// waits for another to go reads nothing yet.
    public nonisolated var checks: [(name: String, problem: String?)] {
        let (isCandidate, caches) = parts.withLock { ($0.isCandidate, $0.caches) }
        let election = leadership.map { [(name: "leader election", problem: $0.problem)] } ?? []
        guard !isCandidate else { return election }
        return election
            + caches.map { cache in
                (
                    "copy of \(cache.name)",
                    cache.problem ?? (cache.isSynced ? nil : "it has not been read yet")
                )
            }
    }

    /// What the controllers' queues hold, for whoever asks why nothing happens.
    public nonisolated var dump: String {
        parts.withLock(\.controllers).map { "controller \($0.name): \($0.queueDump)" }.joined(separator: "\n")
    }

    /// Works until `stop` is called or leadership is lost.
    public func run() async -> Ending {
        await start()
        if let ending { return ending }
        return await withCheckedContinuation { waiters.append($0) }
    }

    /// Begins to work; returns when this process leads, everything has been read once and keys are worked on, or when it was
    /// stopped before.
    public func start() async {
        guard !hasStarted, !isStopping else { return }
        hasStarted = true
        if let leadership {
            guard await leadership.acquire(), !isStopping else { return }
            parts.withLock { $0.isCandidate = false }
            keeper = Task { await keep(leadership) }
        }
        for runnable in parts.withLock(\.runnables) {
            guard isWorking else { return }
            await runnable.start()
        }
        // Nothing is decided before all is known: what was not read yet would seem not to be there.
        await readAll()
        guard isWorking, isSynced else { return }
        for controller in parts.withLock(\.controllers) { tasks += start(controller) }
    }

    /// Waits until every copy is whole, or there is no more work to do: a server that is away keeps nobody from ending.
    private func readAll() async {
        let caches = parts.withLock(\.caches)
        // None of those that `stop` waits for: it ends when the copies do, which comes later.
        Task {
            for cache in caches {
                // A copy that has ended is never whole: after `stop` nobody may wait for one.
                guard isWorking else { break }
                await cache.synced()
            }
            endReading()
        }
        await suspend(while: { isWorking && !isSynced }, keeping: { reading = $0 })
    }

    private func endReading() {
        reading?.resume()
        reading = nil
    }

    private func start(_ controller: some ManagedController) -> [Task<Void, Never>] {
        // On the loop, where clients and copies live: a call that goes through five functions changes threads nowhere.
        controller.sourceBodies.map { body in Task(executorPreference: loop) { await body() } }
            + (0..<controller.workers).map { _ in
                Task(executorPreference: loop) { await controller.work() }
            }
    }

    private var isWorking: Bool { !isStopping && ending == nil }

    private func keep(_ leadership: any Leadership) async {
        await leadership.keep()
        guard isWorking else { return }
        log.error("no longer leading")
        shutDown()
        end(.leadershipLost)
    }

    /// No call begins from here on, and those under way are cancelled.
    private func shutDown() {
        endReading()
        for controller in parts.withLock(\.controllers) { controller.shutDown() }
        for task in tasks { task.cancel() }
    }

    private func end(_ ending: Ending) {
        guard self.ending == nil else { return }
        self.ending = ending
        for waiter in waiters { waiter.resume(returning: ending) }
        waiters = []
    }

    /// Ends: calls under way come to their end, what they have brought about stays. Nothing runs afterwards.
    public func stop() async {
        isStopping = true
        shutDown()
        let tasks = tasks
        self.tasks = []
        for task in tasks { await task.value }
        for runnable in parts.withLock(\.runnables).reversed() { await runnable.stop() }
        await leadership?.release()
        keeper?.cancel()
        await keeper?.value
        // Whoever made the controllers may be held by them.
        parts.withLock { $0.controllers = [] }
        end(.stopped)
    }
}

/// A controller whatever its keys are.
protocol ManagedController: Sendable {
    var name: String { get }
    var workers: Int { get }
    /// What its queue holds.
    var queueDump: String { get }
    /// What brings keys, each until it is cancelled.
    var sourceBodies: [@Sendable () async -> Void] { get }
    /// Works on keys until `shutDown`.
    func work() async
    /// No key is taken any more.
    func shutDown()
}

extension Controller: ManagedController {
    var queueDump: String { queue.dump }

    var sourceBodies: [@Sendable () async -> Void] {
        sources.map { source in { [queue] in await source(queue) } }
    }

    func shutDown() { queue.shutDown() }
}
