// One thread that waits in epoll and is a Swift executor as well: actors pinned to it and the readiness of their sockets
// take turns on the same thread, so that a whole RPC runs without a lock and without a hop between threads, which
// would cost far more than the work.

internal import CLinux
internal import Glibc
internal import Synchronization

/// What a descriptor is ready for.
public struct Readiness: OptionSet, Sendable {
    /// The bits as epoll has them.
    public let rawValue: UInt32

    /// From epoll's bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// There is something to read, or the end.
    public static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    /// There is room to write.
    public static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// An urgent condition: what sysfs_notify raises.
    public static let priority = Readiness(rawValue: EPOLLPRI.rawValue)
    /// The peer will send no more.
    public static let readEnded = Readiness(rawValue: EPOLLRDHUP.rawValue)
    /// Both ends are closed.
    public static let hungUp = Readiness(rawValue: EPOLLHUP.rawValue)
    /// An error is pending on the descriptor.
    public static let failed = Readiness(rawValue: EPOLLERR.rawValue)
}

/// An epoll thread and a Swift executor.
///
/// Actors join it as `LoopActor`. Closures given to `register`, `schedule` and `execute` run on the thread, where such an
/// actor's state may be reached: see `LoopActor.callback`.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // @unchecked: `local` is only touched by the loop's thread, everything else is immutable, locked or atomic.

    /// The loop that a process uses where none is given. Without epoll no part of the program could work, so a failure
    /// to make it ends the process with the system's words.
    public static let shared: EventLoop = {
        do {
            return try EventLoop(name: "loop")
        } catch {
            fatalError("\(error)")
        }
    }()

    /// State that other threads add to.
    private struct Inbox {
        var jobs: [Work] = []
        var registrations = RegistrationTable()
        var stopped = false
        /// The thread runs nothing that comes now.
        var ended = false

        /// Ends it, unless there is something left to run or to let go of.
        mutating func end() -> Bool {
            ended = jobs.isEmpty && registrations.isEmpty
            return ended
        }
    }

    /// What the thread runs.
    enum Work {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
        case timer(ScheduledTimer)
    }

    /// State of the thread alone.
    private struct Local {
        var jobs: [Work] = []
        /// Empty: the memory of what has run, for what comes next.
        var spare: [Work] = []
        var timers = TimerHeap()
        var stopped = false
        /// When this turn began.
        var now: UInt64 = 0
    }

    private let epoll: FileDescriptor
    private let wakeup: FileDescriptor
    private let inbox = Lock(Inbox())
    /// Set after something was put into the inbox: a turn to which nobody has added takes no lock.
    private let inboxFilled = Atomic<Bool>(false)
    private let sleeping = Atomic<Bool>(false)
    private let thread = Atomic<UInt>(0)
    private var local = Local()
    /// One buffer for all reads of the loop: a connection that is idle holds none.
    public let readBuffer: UnsafeMutableRawBufferPointer

    /// Starts the thread.
    ///
    /// - Parameter name: the thread's name in /proc, at most 15 octets.
    public init(name: String) throws(SystemError) {
        let epollNumber = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epollNumber >= 0 else { throw SystemError("create", "an epoll instance") }
        epoll = FileDescriptor(epollNumber)
        let wakeupNumber = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard wakeupNumber >= 0 else { throw SystemError("create", "an eventfd") }
        wakeup = FileDescriptor(wakeupNumber)
        readBuffer = .allocate(byteCount: 65_536, alignment: 16)
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.u64 = 0
        guard epoll_ctl(epollNumber, EPOLL_CTL_ADD, wakeupNumber, &event) == 0 else {
            throw SystemError("watch", "an eventfd")
        }

        var identifier = pthread_t()
        let start = Unmanaged.passRetained(Start(loop: self, name: name))
        let code = pthread_create(
            &identifier, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                ganglion_set_thread_name(start.name)
                start.loop.run()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw SystemError("start", "a thread", code: code)
        }
        pthread_detach(identifier)
    }

    deinit { readBuffer.deallocate() }

    private final class Start {
        let loop: EventLoop
        let name: String
        init(loop: EventLoop, name: String) {
            self.loop = loop
            self.name = name
        }
    }

    /// Ends the thread after the work that is queued. For loops made by tests; the shared one lives with the process.
    public func stop() {
        inbox.withLock { $0.stopped = true }
        inboxFilled.store(true, ordering: .sequentiallyConsistent)
        wake()
    }

    // MARK: Executor

    /// Queues a job of Swift concurrency.
    public func enqueue(_ job: consuming ExecutorJob) { add(.job(UnownedJob(job))) }

    /// Whether the caller runs on the loop's thread.
    public var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Lets `assumeIsolated` find that a callback of the loop is the actor's own context.
    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Traps unless on the loop's thread: reached only by a fault in this program, never by input.
    public func checkIsolated() { precondition(isCurrent, "not on the event loop's thread") }

    /// This loop as an executor of actors.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Nanoseconds of the monotonic clock when this turn of the loop began; for use on its thread.
    public var turnStart: UInt64 { local.now }

    /// Runs a closure on the thread, later.
    public func execute(_ body: @escaping @Sendable () -> Void) { add(.closure(body)) }

    /// Runs a closure on the thread after a while.
    ///
    /// - Returns: a handle to cancel with; dropping it cancels nothing.
    @discardableResult
    public func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) -> ScheduledTimer {
        schedule(after: delay, actor: nil, .run(body))
    }

    func schedule(
        after delay: Duration, actor: (any LoopActor)?, _ action: ScheduledTimer.Action
    ) -> ScheduledTimer {
        let (deadline, overflow) = MonotonicClock.now.addingReportingOverflow(delay.nanoseconds)
        let timer = ScheduledTimer(deadline: overflow ? .max : deadline, actor: actor, action)
        if isCurrent {
            local.timers.insert(timer)
        } else {
            add(.timer(timer))
        }
        return timer
    }

    private func add(_ work: Work) {
        if isCurrent {
            local.jobs.append(work)
            return
        }
        inbox.withLock { if !$0.ended { $0.jobs.append(work) } }
        inboxFilled.store(true, ordering: .sequentiallyConsistent)
        if sleeping.load(ordering: .sequentiallyConsistent) { wake() }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeup.number, &one, 8)
    }

    // MARK: Descriptors

    /// A descriptor under watch.
    public struct Registration: Sendable {
        fileprivate let identifier: UInt64
        fileprivate let descriptor: Int32
    }

    /// Watches a descriptor (level-triggered). The caller keeps it open until `deregister`.
    ///
    /// - Parameters:
    ///   - descriptor: a socket or anything that epoll takes.
    ///   - interest: what to be told of; errors and hang-ups always are.
    ///   - handler: called on the loop's thread.
    public func register(
        _ descriptor: FileDescriptor, _ interest: Readiness,
        _ handler: @escaping @Sendable (Readiness) -> Void
    ) throws(SystemError) -> Registration {
        let identifier = inbox.withLock { $0.registrations.add(handler) }
        let registration = Registration(identifier: identifier, descriptor: descriptor.number)
        var event = epoll_event()
        event.events = interest.rawValue
        event.data.u64 = identifier
        guard epoll_ctl(epoll.number, EPOLL_CTL_ADD, registration.descriptor, &event) == 0 else {
            let error = SystemError("watch", "descriptor \(registration.descriptor)")
            inbox.withLock { _ = $0.registrations.remove(identifier) }
            throw error
        }
        return registration
    }

    /// Changes what a registration is told of.
    public func update(_ registration: Registration, _ interest: Readiness) {
        var event = epoll_event()
        event.events = interest.rawValue
        event.data.u64 = registration.identifier
        _ = epoll_ctl(epoll.number, EPOLL_CTL_MOD, registration.descriptor, &event)
    }

    /// Ends a watch; no call comes after it when made on the loop's thread. Call it before the descriptor is closed.
    public func deregister(_ registration: Registration) {
        let known = inbox.withLock { $0.registrations.remove(registration.identifier) }
        guard known else { return }
        var event = epoll_event()
        _ = epoll_ctl(epoll.number, EPOLL_CTL_DEL, registration.descriptor, &event)
    }

    // MARK: The thread

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 256)
        defer { events.deallocate() }
        local.now = MonotonicClock.now
        while true {
            if !runJobs() { return end() }
            let count = wait(events)
            local.now = MonotonicClock.now
            for index in 0..<count { handle(events[index]) }
            while let timer = local.timers.popExpired(now: local.now) { timer.fire() }
        }
    }

    /// The end of the thread: handlers and timers that nobody will call any more hold their owners no longer, who often
    /// hold the loop.
    private func end() {
        repeat {
            // Let go outside the lock: what goes may take it, and add work.
            let handlers = inbox.withLock { $0.registrations.removeAll() }
            let timers = local.timers
            local.timers = TimerHeap()
            withExtendedLifetime((handlers, timers)) {}
        } while runJobs() || !local.timers.isEmpty || !inbox.withLock({ $0.end() })
        // The number may come again, of another thread.
        thread.store(0, ordering: .relaxed)
    }

    /// How often what jobs have added is run before the sockets get their turn: a request goes from job to job a few times,
    /// and each look at the sockets is a call of the kernel.
    private static let rounds = 8

    /// Runs queued work until there is none, or for so many rounds. False when the loop was stopped.
    private func runJobs() -> Bool {
        for _ in 0..<Self.rounds {
            if inboxFilled.exchange(false, ordering: .sequentiallyConsistent) { takeInbox() }
            guard !local.jobs.isEmpty else { return !local.stopped }
            var batch: [Work] = []
            swap(&batch, &local.spare)
            swap(&batch, &local.jobs)
            for work in batch {
                switch work {
                case .job(let job):
                    job.runSynchronously(on: asUnownedSerialExecutor())
                case .closure(let body): body()
                case .timer(let timer): local.timers.insert(timer)
                }
            }
            // Before the jobs are looked at: what a closure lets go of may add some.
            batch.removeAll(keepingCapacity: true)
            swap(&batch, &local.spare)
            if !local.timers.isEmpty, local.timers.hasExpired(now: MonotonicClock.now) { return true }
        }
        // Sockets get their turn even while jobs make more jobs.
        return true
    }

    private func takeInbox() {
        inbox.withLock { inbox in
            local.jobs.append(contentsOf: inbox.jobs)
            inbox.jobs.removeAll(keepingCapacity: true)
            local.stopped = inbox.stopped
        }
    }

    private func wait(_ events: UnsafeMutableBufferPointer<epoll_event>) -> Int {
        sleeping.store(true, ordering: .sequentiallyConsistent)
        // Checked after `sleeping` is set: what is added later wakes the thread.
        let idle = local.jobs.isEmpty && !inboxFilled.load(ordering: .sequentiallyConsistent)
        let timeout: Int32
        if !idle {
            timeout = 0
        } else if local.timers.isEmpty {
            timeout = -1
        } else {
            timeout = local.timers.millisecondsToNext(now: MonotonicClock.now)
        }
        let count = epoll_wait(epoll.number, events.baseAddress, Int32(events.count), timeout)
        sleeping.store(false, ordering: .sequentiallyConsistent)
        return max(0, Int(count))
    }

    private func handle(_ event: epoll_event) {
        let identifier = event.data.u64
        if identifier == 0 {
            var drained: UInt64 = 0
            _ = read(wakeup.number, &drained, 8)
            return
        }
        // A handler may have ended a watch whose event is in this batch already: then there is none.
        guard let handler = inbox.withLock({ $0.registrations[identifier] }) else { return }
        handler.run(Readiness(rawValue: event.events))
    }
}
