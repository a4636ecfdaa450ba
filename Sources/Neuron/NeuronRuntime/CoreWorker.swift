// A thread with a queue, which does one thing after the other in the order in which they were queued: a NeuronCore of the
// fake device, and whoever waits for libnrt.

internal import CLinux
internal import Glibc

/// A core's thread. It starts with the first job and ends when the worker is told to, after what is queued.
package final class CoreWorker: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let wakeUp: UnsafeMutablePointer<pthread_cond_t>
    // Guarded by `mutex`.
    private var jobs: [@Sendable () -> Void] = []
    private var isRunning = false
    private var isStopped = false

    /// A queue without a thread yet.
    package init() {
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
    /// - Returns: false when there is no thread for it, or the core has been stopped.
    package func add(_ job: @escaping @Sendable () -> Void) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if !isRunning, !isStopped { isRunning = start() }
        guard isRunning, !isStopped else { return false }
        jobs.append(job)
        pthread_cond_signal(wakeUp)
        return true
    }

    /// Lets the thread end when nothing is queued any more.
    package func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_cond_signal(wakeUp)
        pthread_mutex_unlock(mutex)
    }

    private func start() -> Bool {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            guard let context else { return nil }
            ganglion_set_thread_name("neuron-core")
            Unmanaged<CoreWorker>.fromOpaque(context).takeRetainedValue().work()
            return nil
        }
        guard pthread_create(&thread, nil, body, context) == 0 else {
            Unmanaged<CoreWorker>.fromOpaque(context).release()
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
