// The loop's timers count in milliseconds, which is enough for time-outs. What has to happen to the microsecond, such as the
// end of an execution that is only timed or a request of a load test, goes by a descriptor of the kernel's timers: one for
// all of a process, and no thread that sleeps.

internal import CLinux
internal import Glibc

/// Calls back at points of the monotonic clock, on a loop.
public final class PreciseTimer: @unchecked Sendable {
    // @unchecked: `registration` is set once, before anybody else has the timer.

    /// The process's, on its shared loop.
    public static let shared = PreciseTimer(loop: .shared)

    private struct Call {
        /// Nanoseconds of the monotonic clock.
        let due: UInt64
        let body: @Sendable () -> Void
    }

    private let loop: EventLoop
    /// Nil where the system gives none: then calls are late by up to a millisecond.
    private let descriptor: FileDescriptor?
    private var registration: EventLoop.Registration?
    /// The last of them is due first.
    private let calls = Lock<[Call]>([])

    /// A timer with a descriptor of its own.
    public init(loop: EventLoop) {
        self.loop = loop
        let number = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC))
        let own = number >= 0 ? FileDescriptor(number) : nil
        descriptor = own
        guard let own else { return }
        weak let timer = self
        registration = try? loop.register(own, .readable) { _ in timer?.fire() }
    }

    deinit {
        if let registration { loop.deregister(registration) }
        descriptor?.close()
    }

    /// Calls back after a while, never on the caller's stack.
    public func call(after time: Duration, _ body: @escaping @Sendable () -> Void) {
        call(at: MonotonicClock.now + time.nanoseconds, body)
    }

    /// Calls back at a time of the monotonic clock in nanoseconds, never on the caller's stack; soon where it is over.
    public func call(at due: UInt64, _ body: @escaping @Sendable () -> Void) {
        guard let descriptor, registration != nil else {
            let now = MonotonicClock.now
            loop.schedule(after: .nanoseconds(Int64(clamping: due > now ? due - now : 0)), body)
            return
        }
        calls.withLock { calls in
            // Behind those that are due at the same time and came before.
            var place = calls.count
            while place > 0, calls[place - 1].due <= due { place -= 1 }
            calls.insert(Call(due: due, body: body), at: place)
            if place == calls.count - 1 { Self.set(descriptor, due) }
        }
    }

    private func fire() {
        guard let descriptor else { return }
        var count: UInt64 = 0
        _ = read(descriptor.number, &count, 8)
        let now = MonotonicClock.now
        var due: [Call] = []
        calls.withLock { calls in
            while let last = calls.last, last.due <= now { due.append(calls.removeLast()) }
            if let last = calls.last { Self.set(descriptor, last.due) }
        }
        for call in due { call.body() }
    }

    private static func set(_ descriptor: FileDescriptor, _ due: UInt64) {
        var setting = itimerspec()
        // Zero would stop it.
        let due = max(1, due)
        setting.it_value = timespec(tv_sec: Int(due / 1_000_000_000), tv_nsec: Int(due % 1_000_000_000))
        timerfd_settime(descriptor.number, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }
}
