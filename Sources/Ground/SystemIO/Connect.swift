// Connecting without blocking the loop, and with an end to waiting.

internal import CLinux
internal import Glibc

/// Connects a stream socket.
///
/// - Parameters:
///   - address: whom to connect to.
///   - timeout: after which to give up.
/// - Returns: a connected, non-blocking socket.
/// - Throws: `SystemError` with the system's reason, or ETIMEDOUT.
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

    let code: Int32 = await withCheckedContinuation { continuation in
        let attempt = ConnectAttempt(descriptor, loop, continuation)
        attempt.start(timeout)
    }
    guard code == 0 else { throw SystemError("connect to", address.description, code: code) }
    return descriptor
}

/// Waits for writability or the time-out, whichever comes first.
private final class ConnectAttempt: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Int32, Never>?
        var registration: EventLoop.Registration?
        var timer: ScheduledTimer?
    }

    private let descriptor: FileDescriptor
    private let loop: EventLoop
    private let state: Lock<State>

    init(_ descriptor: FileDescriptor, _ loop: EventLoop, _ continuation: CheckedContinuation<Int32, Never>) {
        self.descriptor = descriptor
        self.loop = loop
        state = Lock(State(continuation: continuation))
    }

    func start(_ timeout: Duration) {
        loop.execute { [self] in
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
        let (continuation, registration, timer) = state.withLock { state in
            defer { state = State() }
            return (state.continuation, state.registration, state.timer)
        }
        if let registration { loop.deregister(registration) }
        timer?.cancel()
        continuation?.resume(returning: code)
    }
}
