// Passes of a group come one after the other, and so does the removal of a model. Who waits for its turn holds no thread: a
// server of many groups has as many passes on the way, and a few threads for the host's part of all of them.

import SystemIO

/// Lets one in at a time, in the order of asking.
final class GroupTurn: Sendable {
    private struct State {
        var isTaken = false
        /// Those that wait, from `first` on.
        var waiters: [CheckedContinuation<Void, Never>] = []
        var first = 0

        mutating func next() -> CheckedContinuation<Void, Never>? {
            guard first < waiters.count else {
                waiters.removeAll(keepingCapacity: true)
                first = 0
                isTaken = false
                return nil
            }
            first += 1
            return waiters[first - 1]
        }
    }

    private let state = Lock(State())

    /// Waits for a turn. Whoever has had it calls `end`.
    func begin() async {
        let isFree = state.withLock { state in
            defer { state.isTaken = true }
            return !state.isTaken
        }
        guard !isFree else { return }
        await withCheckedContinuation { continuation in
            // It may have become free since.
            let isFree = state.withLock { state in
                defer { state.isTaken = true }
                guard state.isTaken else { return true }
                state.waiters.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Hands the turn to the next.
    func end() { state.withLock { $0.next() }?.resume() }
}
