// Some requests of a process matter more than others. An API server that carries out a thousand bindings is as busy with the
// thousand events about them: who waits for a binding would wait twice as long.

public import SystemIO

/// Counts work that other work gives way to.
public final class Precedence: Sendable {
    private struct Waiter {
        let continuation: CheckedContinuation<Void, Never>
        var timer: ScheduledTimer?

        func resume() {
            timer?.cancel()
            continuation.resume()
        }
    }

    private struct State {
        var underWay = 0
        var waiting: [Int: Waiter] = [:]
        var last = 0
    }

    private let state = Lock(State())

    /// Nothing is under way.
    public init() {}

    /// How many give way now.
    var waiters: Int { state.withLock { $0.waiting.count } }

    /// Work has begun that others give way to.
    public func begin() { state.withLock { $0.underWay += 1 } }

    /// One piece of it has ended.
    public func end() {
        let released = state.withLock { state -> [Waiter] in
            state.underWay = max(0, state.underWay - 1)
            guard state.underWay == 0 else { return [] }
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for waiter in released { waiter.resume() }
    }

    /// Waits until nothing is under way, but no longer than this, and not in a task that is cancelled.
    ///
    /// - Parameter loop: whose timer ends the pause.
    public func giveWay(atMost limit: Duration, loop: EventLoop) async {
        guard limit > .zero else { return }
        let number = state.withLock { state in
            state.last &+= 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { wait($0, number, limit, loop) }
        } onCancel: {
            resume(number)
        }
    }

    private func wait(
        _ continuation: CheckedContinuation<Void, Never>, _ number: Int, _ limit: Duration, _ loop: EventLoop
    ) {
        let waits = state.withLock { state in
            guard state.underWay > 0, !Task.isCancelled else { return false }
            state.waiting[number] = Waiter(continuation: continuation)
            return true
        }
        guard waits else { return continuation.resume() }
        let timer = loop.schedule(after: limit) { [weak self] in self?.resume(number) }
        let stillWaits = state.withLock { state in
            state.waiting[number]?.timer = timer
            return state.waiting[number] != nil
        }
        if !stillWaits { timer.cancel() }
    }

    private func resume(_ number: Int) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
    }
}
