// The one lock of the project. `Synchronization.Mutex` gives false ThreadSanitizer reports on Linux, since its contended
// path is in a library that is not instrumented; pthread's is understood.

internal import Glibc

/// A value that one thread at a time may touch. Hold it shortly and never across an await.
public final class Lock<Value>: @unchecked Sendable {
    // @unchecked: the value is only touched between lock and unlock.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    /// A lock around a value.
    public init(_ value: sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` with the value, alone. Not re-entrant.
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
