// The host's part of inference: texts cut into ids, vectors made of hidden states, and to wait for the cores meanwhile. There
// are as many threads as the CPU has, so that no more batches are on the way than can be. Inference leaves the event loop
// through `run` and comes back once, when it is done.

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
            let job: @Sendable () -> Void = { continuation.resume(returning: body()) }
            if !queue.add(job) { job() }
        }
    }
}
