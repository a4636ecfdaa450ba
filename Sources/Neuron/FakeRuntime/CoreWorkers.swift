// The cores of a group. What all of them execute together is queued on all of them at once, so that two executions meet in
// the same order on every core; a pipeline's stages are queued one after the other.

import NeuronRuntime
import SystemIO

/// Workers by position in the group.
final class CoreWorkers: Sendable {
    /// Executions that may wait before others are refused, as in a core's queue.
    static let queueLimit = 64

    private let workers: [WorkerQueue]
    /// Whether all have their threads; held while something is queued.
    private let order = Lock(false)

    init(count: Int) { workers = (0..<count).map { _ in WorkerQueue() } }

    deinit { for worker in workers { worker.stop() } }

    /// Whether another execution may be queued.
    var hasRoom: Bool { workers[0].waiting < Self.queueLimit }

    /// Queues a job on every core.
    ///
    /// - Returns: false when a core has no thread; then none of them runs it.
    func addToAll(_ job: @escaping @Sendable (_ core: Int) -> Void) -> Bool {
        order.withLock { isStarted in
            // Threads are made with the first job; a core that has none must not leave the others at a barrier.
            if !isStarted { isStarted = workers.allSatisfy { $0.add {} } }
            guard isStarted else { return false }
            return workers.indices.allSatisfy { core in workers[core].add { job(core) } }
        }
    }

    /// Queues a job on one core.
    func add(to core: Int, _ job: @escaping @Sendable () -> Void) -> Bool {
        order.withLock { _ in workers[core].add(job) }
    }
}
