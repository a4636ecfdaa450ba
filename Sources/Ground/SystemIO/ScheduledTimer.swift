// Timers live in a binary heap by deadline. Most are time-outs that are cancelled long before they are due,
// so cancelled ones are dropped in bulk when they outnumber the others.

internal import Synchronization

/// Something that happens once on its loop, unless cancelled.
public final class ScheduledTimer: Sendable {
    /// What happens.
    enum Action: Sendable {
        case run(@Sendable () -> Void)
        /// In the timer's actor, if that still lives.
        case runInActor(@Sendable (any LoopActor) -> Void)
    }

    /// The action in a struct of its own: were it the lock's value itself, each access through the generic
    /// lock would write it back wrapped once more, and a timer that is looked at often enough would end in a
    /// stack overflow.
    private struct Body {
        /// Beside the action and not in it: a closure that holds an actor weakly has a box for it, one more allocation for
        /// each call with a deadline.
        weak var actor: (any LoopActor)?
        var action: Action?
    }

    /// Nanoseconds of the monotonic clock.
    let deadline: UInt64
    private let body: Lock<Body>

    init(deadline: UInt64, actor: (any LoopActor)? = nil, _ action: Action) {
        self.deadline = deadline
        body = Lock(Body(actor: actor, action: action))
    }

    /// Keeps it from happening and lets go of what it holds. May be called from any thread, and late.
    public func cancel() { body.withLock { $0.action = nil } }

    /// Whether it was cancelled or has happened.
    var isDone: Bool { body.withLock { $0.action == nil } }

    func fire() {
        let last = body.withLock { body in
            defer { body.action = nil }
            return body
        }
        switch last.action {
        case .run(let run): run()
        case .runInActor(let run): if let actor = last.actor { run(actor) }
        case nil: break
        }
    }
}

/// Timers by deadline, the earliest first.
struct TimerHeap {
    private var timers: [ScheduledTimer] = []
    private var insertionsSincePurge = 0

    var isEmpty: Bool { timers.isEmpty }

    mutating func insert(_ timer: ScheduledTimer) {
        insertionsSincePurge += 1
        if insertionsSincePurge > 64, insertionsSincePurge > timers.count / 2 { purge() }
        timers.append(timer)
        siftUp(timers.count - 1)
    }

    func hasExpired(now: UInt64) -> Bool { timers.first.map { $0.deadline <= now } ?? false }

    /// The earliest timer that is due, removed.
    mutating func popExpired(now: UInt64) -> ScheduledTimer? {
        guard let first = timers.first, first.deadline <= now else { return nil }
        removeFirst()
        return first
    }

    /// Milliseconds for epoll_wait, rounded up; -1 for ever.
    mutating func millisecondsToNext(now: UInt64) -> Int32 {
        while let first = timers.first, first.isDone { removeFirst() }
        guard let first = timers.first else { return -1 }
        guard first.deadline > now else { return 0 }
        return Int32(clamping: min((first.deadline - now) / 1_000_000 + 1, 3_600_000))
    }

    private mutating func purge() {
        insertionsSincePurge = 0
        timers.removeAll { $0.isDone }
        // An array in ascending order is a heap.
        timers.sort { $0.deadline < $1.deadline }
    }

    private mutating func removeFirst() {
        timers.swapAt(0, timers.count - 1)
        timers.removeLast()
        siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard timers[child].deadline < timers[parent].deadline else { return }
            timers.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < timers.count {
                if timers[child].deadline < timers[least].deadline { least = child }
            }
            guard least != parent else { return }
            timers.swapAt(parent, least)
            parent = least
        }
    }
}
