// Who waits for a group. Nothing ends a call to a core from outside, so a wait ends without its result when it has taken too
// long, or when the group has not answered somebody else.

package import SystemIO

/// Waits for groups that can be given up.
package final class GroupWaits: Sendable {
    private struct Wait {
        let group: Int
        let end: @Sendable () -> Void
    }

    private struct State {
        var next = 0
        var waits: [Int: Wait] = [:]
        /// Groups that have been given up, for good.
        var ended: Set<Int> = []
    }

    private let loop: EventLoop
    private let state = Lock(State())

    /// Nobody waits.
    package init(loop: EventLoop = .shared) { self.loop = loop }

    /// Waits for work of a group. Work that takes longer is left to itself, and what comes of it counts for nothing.
    ///
    /// - Parameters:
    ///   - group: its first core.
    ///   - limit: from now on.
    /// - Returns: nil where it took longer, or the group was given up meanwhile.
    func wait<Result: Sendable>(
        for group: Int, _ limit: Duration, _ work: @escaping @Sendable () async -> Result
    ) async -> Result? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Result?, Never>) in
            let waiting = Lock<CheckedContinuation<Result?, Never>?>(continuation)
            let resume = { @Sendable (result: Result?) in
                let first = waiting.withLock { waiting -> CheckedContinuation<Result?, Never>? in
                    defer { waiting = nil }
                    return waiting
                }
                first?.resume(returning: result)
            }
            let number = state.withLock { state -> Int? in
                guard !state.ended.contains(group) else { return nil }
                state.next += 1
                state.waits[state.next] = Wait(group: group) { resume(nil) }
                return state.next
            }
            guard let number else { return resume(nil) }
            let timer = loop.schedule(after: limit) { [self] in
                remove(number)
                resume(nil)
            }
            Task {
                let result = await work()
                remove(number)
                timer.cancel()
                resume(result)
            }
        }
    }

    /// A group has been given up: nobody waits for it any more.
    func end(group: Int) {
        let ends = state.withLock { state in
            state.ended.insert(group)
            let own = state.waits.filter { $0.value.group == group }
            for number in own.keys { state.waits[number] = nil }
            return Array(own.values)
        }
        for wait in ends { wait.end() }
    }

    private func remove(_ number: Int) { state.withLock { $0.waits[number] = nil } }
}
