// The two ways to wait for an execution. A thread that has nothing else to do waits for it; a task gives its thread away.

internal import Glibc

extension LoadedProgram {
    /// Executes and waits, as nrt_execute does. Not for threads of an executor.
    package func execute(_ inputs: any NeuronTensorSet, _ outputs: any NeuronTensorSet) throws(NRTError) {
        let waiter = ExecutionWaiter()
        try submit(inputs, outputs, completion: waiter.finish)
        if let error = waiter.wait() { throw error }
    }

    /// Executes; the task's thread is free meanwhile.
    package func run(_ inputs: any NeuronTensorSet, _ outputs: any NeuronTensorSet) async throws(NRTError) {
        let error = await withCheckedContinuation { continuation in
            do throws(NRTError) {
                try submit(inputs, outputs) { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(returning: error)
            }
        }
        if let error { throw error }
    }
}

/// One thread that waits for one execution.
private final class ExecutionWaiter: @unchecked Sendable {
    // @unchecked: written before the post, read after the wait.
    private let done: UnsafeMutablePointer<sem_t>
    private var error: NRTError?

    init() {
        done = .allocate(capacity: 1)
        sem_init(done, 0, 0)
    }

    deinit {
        sem_destroy(done)
        done.deallocate()
    }

    func finish(_ error: NRTError?) {
        self.error = error
        sem_post(done)
    }

    func wait() -> NRTError? {
        // Only a signal ends it early.
        while sem_wait(done) != 0 {}
        return error
    }
}
