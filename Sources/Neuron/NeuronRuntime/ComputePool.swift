// The threads that stand for NeuronCores. There are as many as the CPU has, whatever number of cores is emulated: a
// busy machine runs one whole inference per thread, an idle one spreads the cores of a single inference over all of
// them. Inference leaves the event loop through `run` and comes back once, when it is done.

import CLinux
import Glibc

/// A fixed set of worker threads with a queue of jobs, and fork and join inside a job.
package final class ComputePool: @unchecked Sendable {
    /// One thread per CPU; it lives as long as the process.
    package static let shared = ComputePool(threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    /// Worker threads.
    package let threadCount: Int

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let wakeUp: UnsafeMutablePointer<pthread_cond_t>
    private let joined: UnsafeMutablePointer<pthread_cond_t>
    // Guarded by `mutex`.
    private var jobs: [@Sendable () -> Void] = []
    private var forks: [Fork] = []

    /// A pool that never ends; tests make small ones.
    package init(threads: Int) {
        threadCount = threads
        mutex = .allocate(capacity: 1)
        wakeUp = .allocate(capacity: 1)
        joined = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wakeUp, nil)
        pthread_cond_init(joined, nil)
        for _ in 0..<threads {
            var thread = pthread_t()
            let context = Unmanaged.passRetained(self).toOpaque()
            let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
                guard let context else { return nil }
                ganglion_set_thread_name("neuron-core")
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

    /// Calls `body` with 0..<count, here and on workers that have nothing to do, and returns when all have returned.
    /// The calling thread could do all of it alone, so that a job never waits for a worker that is not there.
    func fork(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        guard count > 1, threadCount > 1 else {
            for index in 0..<count { body(index) }
            return
        }
        let fork = Fork(count: count, body: body)
        pthread_mutex_lock(mutex)
        forks.append(fork)
        pthread_cond_broadcast(wakeUp)
        help(fork)
        while fork.finished < count { pthread_cond_wait(joined, mutex) }
        pthread_mutex_unlock(mutex)
    }

    /// Takes indices of `fork` until there are none. Called and returns with the mutex held.
    private func help(_ fork: Fork) {
        while fork.next < fork.count {
            let index = fork.next
            fork.next += 1
            if fork.next == fork.count { forks.removeAll { $0 === fork } }
            pthread_mutex_unlock(mutex)
            fork.body(index)
            pthread_mutex_lock(mutex)
            fork.finished += 1
            if fork.finished == fork.count { pthread_cond_broadcast(joined) }
        }
    }

    /// A worker's life. Started inferences come before new ones: their callers have waited longer.
    private func work() -> Never {
        pthread_mutex_lock(mutex)
        while true {
            if let fork = forks.first {
                help(fork)
            } else if !jobs.isEmpty {
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

/// One fork; all but `body` is guarded by the pool's mutex.
private final class Fork: @unchecked Sendable {
    let count: Int
    let body: @Sendable (Int) -> Void
    var next = 0
    var finished = 0

    init(count: Int, body: @escaping @Sendable (Int) -> Void) {
        self.count = count
        self.body = body
    }
}
