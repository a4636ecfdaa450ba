// The cores of a group. What all of them execute together is queued on all of them at once, so that two executions meet in
// the same order on every core; a pipeline's stages are queued one after the other.

import NeuronRuntime
import SystemIO

/// Workers by position in the group.
final class CoreWorkers: Sendable {
    /// Executions that may wait before others are refused, as in a core's queue.
    static let queueLimit = 64

    /// Threads of each core.
    let threads: Int
    private let workers: [WorkerQueue]
    /// Whether all have their threads; held while something is queued.
    private let order = Lock(false)

    init(count: Int, threads: Int = 1) {
        self.threads = threads
        workers = (0..<count * threads).map { _ in WorkerQueue() }
    }

    deinit { for worker in workers { worker.stop() } }

    /// Whether another execution may be queued.
    var hasRoom: Bool { workers[0].waiting < Self.queueLimit }

    /// Queues a job on every core.
    ///
    /// - Parameters:
    ///   - onlyFirst: on the first thread of each core, or on all.
    ///   - job: gets the thread's number among those that it is queued on.
    /// - Returns: false when a core has no thread; then none of them runs it.
    func addToAll(
        onlyFirst: Bool = false, _ job: @escaping @Sendable (_ thread: Int) -> Void
    ) -> Bool {
        order.withLock { isStarted in
            // Threads are made with the first job; a core that has none must not leave the others at a barrier.
            if !isStarted { isStarted = workers.allSatisfy { $0.add {} } }
            guard isStarted else { return false }
            let step = onlyFirst ? threads : 1
            return (0..<workers.count / step).allSatisfy { place in
                workers[place * step].add { job(place) }
            }
        }
    }

    /// Queues a job on one core.
    func add(to core: Int, _ job: @escaping @Sendable () -> Void) -> Bool {
        order.withLock { _ in workers[core * threads].add(job) }
    }
}
