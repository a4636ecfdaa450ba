// Executions of a group that take the hardware's time and compute nothing: one after the other, and no thread waits for them.

import SystemIO

/// The queue of a group under the hardware's clock.
final class TimedExecutions: Sendable {
    private struct State {
        var waiting: [FakeExecution] = []
        var isBusy = false
    }

    private let state = Lock(State())

    /// Whether another execution may be queued.
    var hasRoom: Bool { state.withLock { $0.waiting.count < CoreWorkers.queueLimit } }

    /// Queues an execution; it begins at once where nothing executes.
    func add(_ execution: FakeExecution) {
        let isFirst = state.withLock { state in
            defer { state.isBusy = true }
            if state.isBusy { state.waiting.append(execution) }
            return !state.isBusy
        }
        if isFirst { start(execution) }
    }

    private func start(_ execution: FakeExecution) {
        PreciseTimer.shared.call(after: execution.begin()) {
            // Its outputs are written before the next one's inputs are read: the tensors may be the same.
            execution.end()
            let next = self.state.withLock { state -> FakeExecution? in
                guard !state.waiting.isEmpty else {
                    state.isBusy = false
                    return nil
                }
                return state.waiting.removeFirst()
            }
            if let next { self.start(next) }
        }
    }
}
