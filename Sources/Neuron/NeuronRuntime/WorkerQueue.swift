// Threads with a queue, from which jobs are taken in the order in which they were queued: one thread for a NeuronCore of the
// fake device and for whoever waits for libnrt, several for the host's part of inference.

internal import CLinux
internal import Glibc

/// Threads that start with the first job and end when they are told to, after what is queued.
package final class WorkerQueue: @unchecked Sendable {
    /// Threads at most.
    package let threadCount: Int

    private let name: String
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let wakeUp: UnsafeMutablePointer<pthread_cond_t>
    // Guarded by `mutex`.
    private var jobs: [@Sendable () -> Void] = []
    private var isRunning = false
    private var isStopped = false

    /// A queue without a thread yet.
    ///
    /// - Parameters:
    ///   - threads: how many jobs are done at a time, at least 1.
    ///   - name: the threads' in the system's lists, at most 15 octets.
    package init(threads: Int = 1, name: String = "neuron-core") {
        threadCount = max(1, threads)
        self.name = name
        mutex = .allocate(capacity: 1)
        wakeUp = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wakeUp, nil)
    }

    deinit {
        pthread_cond_destroy(wakeUp)
        pthread_mutex_destroy(mutex)
        wakeUp.deallocate()
        mutex.deallocate()
    }

    /// Jobs that wait.
    package var waiting: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return jobs.count
    }

    /// Queues a job.
    ///
    /// - Returns: false when there is no thread for it, or the queue has been stopped.
    package func add(_ job: @escaping @Sendable () -> Void) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if !isRunning, !isStopped {
            // One is enough to go on.
            for _ in 0..<threadCount where start() { isRunning = true }
        }
        guard isRunning, !isStopped else { return false }
        jobs.append(job)
        pthread_cond_signal(wakeUp)
        return true
    }

    /// Lets the threads end when nothing is queued any more.
    package func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_cond_broadcast(wakeUp)
        pthread_mutex_unlock(mutex)
    }

    private func start() -> Bool {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            guard let context else { return nil }
            let queue = Unmanaged<WorkerQueue>.fromOpaque(context).takeRetainedValue()
            ganglion_set_thread_name(queue.name)
            queue.work()
            return nil
        }
        guard pthread_create(&thread, nil, body, context) == 0 else {
            Unmanaged<WorkerQueue>.fromOpaque(context).release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private func work() {
        pthread_mutex_lock(mutex)
        while true {
            if !jobs.isEmpty {
                let job = jobs.removeFirst()
                pthread_mutex_unlock(mutex)
                job()
                pthread_mutex_lock(mutex)
            } else if isStopped {
                break
            } else {
                pthread_cond_wait(wakeUp, mutex)
            }
        }
        pthread_mutex_unlock(mutex)
    }
}
