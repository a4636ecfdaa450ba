// Connecting without blocking the loop, and with an end to waiting.

internal import CLinux
internal import Glibc

/// Connects a stream socket.
///
/// - Parameters:
///   - address: whom to connect to.
///   - timeout: after which to give up.
/// - Returns: a connected, non-blocking socket.
/// - Throws: `SystemError` with the system's reason, ETIMEDOUT, or ECANCELED when the task is cancelled.
public func connect(
    to address: SocketAddress, loop: EventLoop = .shared, timeout: Duration = .seconds(10)
) async throws(SystemError) -> FileDescriptor {
    let descriptor = try address.streamSocket()
    let started = try address.withSocketAddress { _, pointer, length -> Int32 in
        while Glibc.connect(descriptor.number, pointer, length) != 0 {
            if errno != EINTR { return errno }
        }
        return 0
    }
    if started == 0 { return descriptor }
    guard started == EINPROGRESS else { throw SystemError("connect to", address.description, code: started) }

    let attempt = ConnectAttempt(descriptor, loop)
    let code = await withTaskCancellationHandler {
        await attempt.wait(timeout)
    } onCancel: {
        attempt.cancel()
    }
    guard code == 0 else { throw SystemError("connect to", address.description, code: code) }
    return descriptor
}

/// Waits for writability, the time-out or the end of the task, whichever comes first.
private final class ConnectAttempt: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Int32, Never>?
        var registration: EventLoop.Registration?
        var timer: ScheduledTimer?
        /// What has come of it; nil while it is not over.
        var code: Int32?
    }

    private let descriptor: FileDescriptor
    private let loop: EventLoop
    private let state = Lock(State())

    init(_ descriptor: FileDescriptor, _ loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    /// - Returns: 0, or why there is no connection.
    func wait(_ timeout: Duration) async -> Int32 {
        await withCheckedContinuation { continuation in
            let code = state.withLock { state in
                if state.code == nil { state.continuation = continuation }
                return state.code
            }
            if let code { continuation.resume(returning: code) } else { start(timeout) }
        }
    }

    /// On the loop, so that it cannot fall between the steps of `start`.
    func cancel() { loop.execute { self.finish(ECANCELED) } }

    private func start(_ timeout: Duration) {
        loop.execute { [self] in
            guard state.withLock({ $0.code == nil }) else { return }
            do throws(SystemError) {
                let registration = try loop.register(descriptor, .writable) { _ in
                    self.finish(self.pendingError)
                }
                let timer = loop.schedule(after: timeout) { self.finish(ETIMEDOUT) }
                state.withLock {
                    $0.registration = registration
                    $0.timer = timer
                }
            } catch {
                finish(error.code)
            }
        }
    }

    private var pendingError: Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor.number, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
    }

    private func finish(_ code: Int32) {
        let last = state.withLock { state -> State? in
            guard state.code == nil else { return nil }
            defer { state = State(code: code) }
            return state
        }
        guard let last else { return }
        if let registration = last.registration { loop.deregister(registration) }
        last.timer?.cancel()
        last.continuation?.resume(returning: code)
    }
}
