// Signals as a stream. The handler writes the number into a pipe, the only thing a handler may do; a signalfd would need
// the signals blocked in every thread, also those that were there first.

internal import CLinux
internal import Glibc

/// Signals that a daemon handles.
public enum Signal: Int32, Sendable {
    case hangup = 1
    case interrupt = 2
    case kill = 9
    case terminate = 15
}

/// Turns signals into a stream; a process makes at most one watcher for a signal.
public final class SignalWatcher: Sendable {
    /// The signals as they come; ends never.
    public let signals: AsyncStream<Signal>

    private let reader: FileDescriptor
    private let writer: FileDescriptor

    /// Takes over `watched`: they no longer end the process.
    public init(_ watched: [Signal] = [.terminate, .interrupt], loop: EventLoop = .shared)
        throws(SystemError)
    {
        var pipe: [Int32] = [-1, -1]
        guard ganglion_pipe(&pipe) == 0 else { throw SystemError("make", "a pipe") }
        let reader = FileDescriptor(pipe[0])
        self.reader = reader
        writer = FileDescriptor(pipe[1])
        let (signals, continuation) = AsyncStream.makeStream(
            of: Signal.self, bufferingPolicy: .bufferingNewest(16))
        self.signals = signals
        // The registration lives as long as the process does: so does the disposition of a signal.
        _ = try loop.register(reader, .readable) { _ in
            var number: UInt8 = 0
            while read(reader.number, &number, 1) == 1 {
                if let signal = Signal(rawValue: Int32(number)) { continuation.yield(signal) }
            }
        }
        for signal in watched {
            guard ganglion_watch_signal(signal.rawValue, pipe[1]) == 0 else {
                throw SystemError("handle signal", "\(signal.rawValue)")
            }
        }
    }

    /// Waits for the first of the signals.
    public func first() async -> Signal? {
        for await signal in signals { return signal }
        return nil
    }
}
