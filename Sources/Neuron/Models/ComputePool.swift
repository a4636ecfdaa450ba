// The host's part of inference: texts cut into ids, vectors made of hidden states. There are as many threads as the CPU has;
// none of them waits for the cores, so that as many batches are on the way as there are groups.

import Glibc
import NeuronRuntime

/// A fixed set of worker threads with a queue of jobs.
package final class ComputePool: Sendable {
    /// One thread per CPU; it lives as long as the process.
    package static let shared = ComputePool(threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    private let queue: WorkerQueue

    /// A pool whose threads end with it; tests make small ones.
    package init(threads: Int) { queue = WorkerQueue(threads: threads, name: "neuron-host") }

    deinit { queue.stop() }

    /// Worker threads.
    package var threadCount: Int { queue.threadCount }

    /// Runs `body` on a worker thread; the caller's thread is free meanwhile, unless the system has no thread to give.
    package func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            add { continuation.resume(returning: body()) }
        }
    }

    /// Queues a job; it runs at once where the system has no thread to give.
    func add(_ job: @escaping @Sendable () -> Void) {
        if !queue.add(job) { job() }
    }
}
