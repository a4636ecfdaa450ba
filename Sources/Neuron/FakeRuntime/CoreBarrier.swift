// Where the cores of a group wait for each other: four times and more in each layer. A core that is early looks for
// some hundred microseconds before it sleeps, since to wake a thread takes as long as a small product.

import Glibc
import Synchronization

/// A meeting point of a fixed number of threads.
final class CoreBarrier: @unchecked Sendable {
    // @unchecked: the condition's memory is touched by its own functions only.
    private let parties: Int
    private let looks: Int
    private let arrived = Atomic<Int>(0)
    private let generation = Atomic<Int>(0)
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let passed: UnsafeMutablePointer<pthread_cond_t>

    /// CPUs of the machine, asked once: the system reads a file for it.
    private static let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))

    /// A barrier for so many threads.
    init(_ parties: Int) {
        self.parties = parties
        // With more cores than CPUs whoever is awaited needs the CPU of whoever looks.
        looks = parties <= Self.processors ? 100_000 : 0
        mutex = .allocate(capacity: 1)
        passed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(passed, nil)
    }

    deinit {
        pthread_cond_destroy(passed)
        pthread_mutex_destroy(mutex)
        passed.deallocate()
        mutex.deallocate()
    }

    /// Returns when all have come. What each wrote before, all see afterwards.
    func wait() {
        guard parties > 1 else { return }
        let own = generation.load(ordering: .acquiring)
        if arrived.add(1, ordering: .acquiringAndReleasing).newValue == parties {
            arrived.store(0, ordering: .relaxed)
            pthread_mutex_lock(mutex)
            generation.add(1, ordering: .releasing)
            pthread_cond_broadcast(passed)
            pthread_mutex_unlock(mutex)
            return
        }
        for _ in 0..<looks where generation.load(ordering: .acquiring) != own { return }
        pthread_mutex_lock(mutex)
        while generation.load(ordering: .acquiring) == own { pthread_cond_wait(passed, mutex) }
        pthread_mutex_unlock(mutex)
    }
}
