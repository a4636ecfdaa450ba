// One value for many readers of different speed. A reader that is slow, because its peer does not read, misses values
// in between and gets the newest: for lists and states that are complete each time, nothing else is worth sending.

internal import SystemIO

/// The newest value, for whoever reads.
final class Broadcast<Value: Sendable & Equatable>: Sendable {
    private struct State {
        var latest: Value?
        var readers: [Int: AsyncStream<Value>.Continuation] = [:]
        var next = 0
    }

    private let state = Lock(State())

    /// The newest value; nil before the first.
    var latest: Value? { state.withLock { $0.latest } }

    /// Gives a value to all readers, and to those that come later; a value that is no other is not sent again.
    ///
    /// - Returns: whether it was another.
    @discardableResult
    func send(_ value: Value) -> Bool {
        let readers: [AsyncStream<Value>.Continuation]? = state.withLock { state in
            guard state.latest != value else { return nil }
            state.latest = value
            return Array(state.readers.values)
        }
        guard let readers else { return false }
        for reader in readers { reader.yield(value) }
        return true
    }

    /// The newest value, if there is one, and what follows; ends at `finish`.
    func values() -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Value.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.next += 1
            state.readers[state.next] = continuation
            if let latest = state.latest { continuation.yield(latest) }
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.readers.removeValue(forKey: number) }
        }
        return stream
    }

    /// Ends the streams of all present readers.
    func finish() {
        let readers = state.withLock { state in
            defer { state.readers = [:] }
            return Array(state.readers.values)
        }
        for reader in readers { reader.finish() }
    }
}
