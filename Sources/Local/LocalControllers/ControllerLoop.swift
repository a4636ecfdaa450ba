// How the cluster's own controllers work: something they care about changes, and shortly after they look at everything and
// mend what is not as it should be. A local cluster is small; looking at all of it is cheaper than being clever.

internal import APIMachinery
internal import JSON
internal import LocalAPIServer
internal import SystemIO

/// Runs a reconciliation after changes, never two at a time, and at least once in an interval.
actor ControllerLoop: LoopActor {
    nonisolated let loop: EventLoop

    private let interval: Duration
    private let reconcile: @Sendable () async -> Void
    private var isRunning = false
    private var isDirty = false
    private var isStopped = false
    private var timer: ScheduledTimer?

    /// - Parameter interval: the longest time between two runs.
    init(loop: EventLoop, interval: Duration, reconcile: @escaping @Sendable () async -> Void) {
        self.loop = loop
        self.interval = interval
        self.reconcile = reconcile
    }

    /// Follows changes of these resources from now on, and runs once.
    func start(_ server: APIServer, watching resources: Set<GroupResource>) async {
        await server.observe { [weak self] resource, _ in
            guard resources.contains(resource) else { return }
            self?.assumeIsolated { $0.mark() }
        }
        mark()
    }

    func stop() {
        isStopped = true
        timer?.cancel()
    }

    /// Asks for a run.
    func mark() {
        isDirty = true
        guard !isRunning, !isStopped else { return }
        isRunning = true
        timer?.cancel()
        Task { await self.run() }
    }

    private func run() async {
        while isDirty, !isStopped {
            isDirty = false
            await reconcile()
        }
        isRunning = false
        guard !isStopped else { return }
        timer = loop.schedule(after: interval, on: self) { $0.mark() }
    }
}
