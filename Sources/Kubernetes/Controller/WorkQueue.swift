// The work queue with waiting: what reconcilers take their keys from.

public import SystemIO

/// Keys to work on, shared by those who ask for work and those who do it.
public final class WorkQueue<Key: Hashable & Sendable & Comparable>: Sendable {
    private struct State {
        var queue: WorkQueueState<Key>
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isShutDown = false
        var timer: ScheduledTimer?
        var timerDue: Duration?
        var addedAt: [Key: Duration] = [:]
        var startedAt: [Key: Duration] = [:]
    }

    private let state: Lock<State>
    private let loop: EventLoop
    private let metrics: ControllerMetrics?

    /// An empty queue.
    ///
    /// - Parameter backoff: the pauses after failures of a key in a row.
    public init(
        loop: EventLoop = .shared, backoff: Backoff = .workQueue, metrics: ControllerMetrics? = nil
    ) {
        self.loop = loop
        self.metrics = metrics
        state = Lock(State(queue: WorkQueueState(backoff: backoff)))
    }

    /// Whether `shutDown` was called.
    public var isShutDown: Bool { state.withLock(\.isShutDown) }

    /// Asks for work on a key.
    public func add(_ key: Key) {
        change { state in
            let now = MonotonicClock.time
            if state.queue.add(key, now: now) { added(key, now, &state) }
        }
    }

    private func added(_ key: Key, _ now: Duration, _ state: inout State) {
        metrics?.added()
        state.addedAt[key] = now
    }

    /// Asks for work on a key after a while.
    public func add(_ key: Key, after delay: Duration) {
        guard delay > .zero else { return add(key) }
        change { $0.queue.add(key, at: MonotonicClock.time + delay) }
    }

    /// Asks for work on a key that has just failed, after a pause that grows with each failure in a row.
    ///
    /// - Returns: the pause.
    @discardableResult
    public func addAfterFailure(_ key: Key) -> Duration {
        metrics?.retried()
        let pause = state.withLock { $0.queue.failed(key, random: .random(in: 0...1)) }
        add(key, after: pause)
        return pause
    }

    /// Work on a key has succeeded: its next failure counts as the first.
    public func forget(_ key: Key) { state.withLock { $0.queue.forget(key) } }

    /// The next key; call `done` with it afterwards. Nil when the queue was shut down.
    public func next() async -> Key? {
        while true {
            let (key, isShutDown) = state.withLock { state -> (Key?, Bool) in
                guard !state.isShutDown else { return (nil, true) }
                let key = state.queue.next()
                if let key {
                    let now = MonotonicClock.time
                    if let added = state.addedAt.removeValue(forKey: key) { metrics?.waited(now - added) }
                    state.startedAt[key] = now
                    metrics?.depth(state.queue.depth)
                }
                return (key, false)
            }
            if isShutDown { return nil }
            if let key { return key }
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.queue.depth == 0, !state.isShutDown else { return false }
                    state.waiters.append(continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        }
    }

    /// Work on a key is over.
    ///
    /// - Parameter rest: how long the key is left alone, whoever asks for it.
    public func done(_ key: Key, rest: Duration = .zero) {
        change { state in
            let now = MonotonicClock.time
            if let started = state.startedAt.removeValue(forKey: key) { metrics?.worked(now - started) }
            state.queue.done(key, now: now, rest: rest)
        }
    }

    /// Ends: whoever waits gets nil.
    public func shutDown() {
        change { state in
            state.isShutDown = true
            state.timer?.cancel()
        }
    }

    /// What the queue holds, for whoever asks why nothing happens.
    public var dump: String { state.withLock { $0.queue.dump(now: MonotonicClock.time) } }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            body(&state)
            let now = MonotonicClock.time
            var promoted: [Key] = []
            let due = state.queue.promote(now: now) { promoted.append($0) }
            for key in promoted { added(key, now, &state) }
            if let due, due != state.timerDue, !state.isShutDown {
                state.timer?.cancel()
                state.timerDue = due
                state.timer = loop.schedule(after: due - now) { [weak self] in
                    self?.change { $0.timerDue = nil }
                }
            }
            metrics?.depth(state.queue.depth)
            guard state.queue.depth > 0 || state.isShutDown else { return [] }
            // Who is woken without a key has been woken for nothing.
            let count = state.isShutDown ? state.waiters.count : min(state.queue.depth, state.waiters.count)
            defer { state.waiters.removeFirst(count) }
            return Array(state.waiters.prefix(count))
        }
        for waiter in waiters { waiter.resume() }
    }
}
