// Processes are held by pidfd: a number may be given to another process at any time after the first has been reaped, a
// descriptor never.

internal import CLinux
internal import Glibc

/// How a process ended.
public enum ProcessStatus: Equatable, Sendable, CustomStringConvertible {
    /// It returned this code.
    case exited(Int32)
    /// A signal ended it.
    case signalled(Int32)
    /// It ended, but it was not our child, so nobody told us how.
    case unknown

    /// 128 + signal for a signal, as shells and Kubernetes say it; 255 where unknown.
    public var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signalled(let signal): 128 + signal
        case .unknown: 255
        }
    }

    /// `exit code 1`, `signal 9`.
    public var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signalled(let signal): "signal \(signal)"
        case .unknown: "unknown exit code"
        }
    }
}

/// A running process: our child, or another that was found by its number.
public final class ChildProcess: Sendable {
    /// The process's number; it may be reused once the process is reaped.
    public let pid: Int32

    private struct Ending {
        var status: ProcessStatus?
        var registration: EventLoop.Registration?
        var waiters: [CheckedContinuation<ProcessStatus, Never>] = []
    }

    private let pidfd: FileDescriptor
    private let isChild: Bool
    private let loop: EventLoop
    private let ending = Lock(Ending())

    /// What a child's standard descriptors are.
    public struct Descriptors: Sendable {
        /// nil is /dev/null.
        public var input: FileDescriptor?
        /// nil is /dev/null.
        public var output: FileDescriptor?
        /// nil is /dev/null.
        public var error: FileDescriptor?

        /// Those given; the others are /dev/null.
        public init(
            input: FileDescriptor? = nil, output: FileDescriptor? = nil, error: FileDescriptor? = nil
        ) {
            self.input = input
            self.output = output
            self.error = error
        }
    }

    /// Starts a program. It gets no descriptor but the three, default signal dispositions and an empty mask.
    ///
    /// - Parameters:
    ///   - path: the program's file.
    ///   - arguments: without the program's name, which becomes `path`.
    ///   - environment: the whole of it.
    ///   - newSession: whether it leads a session and process group of its own.
    ///   - parentDeathSignal: sent to it when this process ends.
    /// - Throws: `SystemError`, also when it is exec that failed.
    public static func spawn(
        _ path: String, _ arguments: [String] = [], environment: [String: String] = [:],
        directory: String? = nil,
        descriptors: Descriptors = Descriptors(), newSession: Bool = false, parentDeathSignal: Signal? = nil,
        loop: EventLoop = .shared
    ) throws(SystemError) -> ChildProcess {
        // PR_SET_PDEATHSIG is about the thread that forks: only the loop's lives as long as the process.
        if parentDeathSignal != nil, !loop.isCurrent {
            return try onLoop(loop) { () throws(SystemError) in
                try spawn(
                    path, arguments, environment: environment, directory: directory, descriptors: descriptors,
                    newSession: newSession, parentDeathSignal: parentDeathSignal, loop: loop)
            }
        }
        var pid: Int32 = -1
        var code: Int32 = 0
        withStrings([path] + arguments) { argumentPointers in
            withStrings(environment.sorted { $0.key < $1.key }.map { $0.key + "=" + $0.value }) {
                environmentPointers in
                withOptionalString(directory) { directoryPointer in
                    var options = ganglion_spawn_options()
                    options.standard_input = descriptors.input?.number ?? -1
                    options.standard_output = descriptors.output?.number ?? -1
                    options.standard_error = descriptors.error?.number ?? -1
                    options.directory = directoryPointer
                    options.new_session = newSession ? 1 : 0
                    options.parent_death_signal = parentDeathSignal?.rawValue ?? 0
                    pid = ganglion_spawn(path, argumentPointers, environmentPointers, &options)
                    code = errno
                }
            }
        }
        withExtendedLifetime(descriptors) {}
        guard pid > 0 else { throw SystemError("run", path, code: code) }
        return try ChildProcess(pid: pid, isChild: true, loop: loop)
    }

    /// A process that somebody else started.
    ///
    /// - Throws: `SystemError`, ESRCH where there is none.
    public convenience init(existing pid: Int32, loop: EventLoop = .shared) throws(SystemError) {
        try self.init(pid: pid, isChild: false, loop: loop)
    }

    private init(pid: Int32, isChild: Bool, loop: EventLoop) throws(SystemError) {
        let number = ganglion_pidfd_open(pid)
        guard number >= 0 else { throw SystemError("find process", "\(pid)") }
        self.pid = pid
        self.isChild = isChild
        self.loop = loop
        pidfd = FileDescriptor(number)
        let registration = try loop.register(pidfd, .readable) { [self] _ in end() }
        // The process may have ended already, and the loop's thread may know it before this one goes on.
        let isOver = ending.withLock { ending in
            if ending.status == nil { ending.registration = registration }
            return ending.status != nil
        }
        if isOver { loop.deregister(registration) }
    }

    /// Sends a signal to the process; nothing happens when it has ended.
    public func send(_ signal: Signal) { _ = ganglion_pidfd_send_signal(pidfd.number, signal.rawValue) }

    /// Sends a signal to the process group that the process leads.
    public func sendToGroup(_ signal: Signal) {
        if ending.withLock({ $0.status == nil }) { _ = kill(-pid, signal.rawValue) }
    }

    /// How it ended; nil while it runs.
    public var status: ProcessStatus? { ending.withLock { $0.status } }

    /// Waits for the end.
    public func wait() async -> ProcessStatus {
        await withCheckedContinuation { continuation in
            let known = ending.withLock { ending -> ProcessStatus? in
                if ending.status == nil { ending.waiters.append(continuation) }
                return ending.status
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    private func end() {
        // Told again before the watch could be ended: the process has been reaped, there is no status left to get.
        guard ending.withLock({ $0.status == nil }) else { return }
        var status = ProcessStatus.unknown
        if isChild {
            var raw: Int32 = 0
            var reaped: Int32 = 0
            repeat { reaped = waitpid(pid, &raw, WNOHANG) } while reaped < 0 && errno == EINTR
            if reaped == 0 { return }
            if reaped == pid { status = raw & 0x7f == 0 ? .exited(raw >> 8 & 0xff) : .signalled(raw & 0x7f) }
        }
        let (registration, waiters) = ending.withLock { ending in
            ending.status = status
            defer {
                ending.waiters = []
                ending.registration = nil
            }
            return (ending.registration, ending.waiters)
        }
        if let registration { loop.deregister(registration) }
        for waiter in waiters { waiter.resume(returning: status) }
    }
}

/// Runs a closure on the loop and blocks the calling thread, which is not the loop's, until it is done.
private func onLoop<Value: Sendable>(
    _ loop: EventLoop, _ body: @escaping @Sendable () throws(SystemError) -> Value
) throws(SystemError) -> Value {
    let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
    defer {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }
    let result = Lock<Result<Value, SystemError>?>(nil)
    let address = UInt(bitPattern: semaphore)
    loop.execute {
        let value = Result { () throws(SystemError) in try body() }
        result.withLock { $0 = value }
        if let semaphore = UnsafeMutablePointer<sem_t>(bitPattern: address) { sem_post(semaphore) }
    }
    while sem_wait(semaphore) != 0 {}
    guard let value = result.withLock({ $0 }) else { throw SystemError("run", "on the loop", code: 0) }
    return try value.get()
}

/// Calls `body` with a null-terminated array of C strings.
private func withStrings(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Void) {
    let pointers = strings.map { strdup($0) } + [nil]
    body(pointers)
    for pointer in pointers { free(pointer) }
}

private func withOptionalString(_ string: String?, _ body: (UnsafePointer<CChar>?) -> Void) {
    if let string { string.withCString(body) } else { body(nil) }
}
