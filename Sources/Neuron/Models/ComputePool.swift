// The host's part of inference: texts cut into ids, vectors made of hidden states, and to wait for the cores meanwhile. There
// are as many threads as the CPU has, so that no more batches are on the way than can be. Inference leaves the event loop
// through `run` and comes back once, when it is done.

import CLinux
import Glibc

/// A fixed set of worker threads with a queue of jobs.
package final class ComputePool: @unchecked Sendable {
    /// One thread per CPU; it lives as long as the process.
    package static let shared = ComputePool(threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    /// Worker threads.
    package let threadCount: Int

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let wakeUp: UnsafeMutablePointer<pthread_cond_t>
    // Guarded by `mutex`.
    private var jobs: [@Sendable () -> Void] = []

    /// A pool that never ends; tests make small ones.
    package init(threads: Int) {
        threadCount = threads
        mutex = .allocate(capacity: 1)
        wakeUp = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wakeUp, nil)
        for _ in 0..<threads {
            var thread = pthread_t()
            let context = Unmanaged.passRetained(self).toOpaque()
            let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
                guard let context else { return nil }
                ganglion_set_thread_name("neuron-host")
                Unmanaged<ComputePool>.fromOpaque(context).takeUnretainedValue().work()
            }
            guard pthread_create(&thread, nil, body, context) == 0 else { break }
            pthread_detach(thread)
        }
    }

    /// Runs `body` on a worker thread; the caller's thread is free meanwhile.
    package func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            pthread_mutex_lock(mutex)
            jobs.append { continuation.resume(returning: body()) }
            pthread_cond_signal(wakeUp)
            pthread_mutex_unlock(mutex)
        }
    }

    /// A worker's life.
    private func work() -> Never {
        pthread_mutex_lock(mutex)
        while true {
            if !jobs.isEmpty {
                let job = jobs.removeFirst()
                pthread_mutex_unlock(mutex)
                job()
                pthread_mutex_lock(mutex)
            } else {
                pthread_cond_wait(wakeUp, mutex)
            }
        }
    }
}
