// inotify on one directory. Its instances are few on a node with many containers, so whoever watches must be able to do
// without: opening one throws, and the caller falls back to looking now and then.

internal import CLinux
internal import Glibc

/// Tells what happens to the entries of a directory.
public final class FileWatcher: Sendable {
    /// One thing that has happened.
    public enum Event: Equatable, Sendable {
        /// An entry was made or moved in.
        case created(String)
        /// An entry was removed or moved out.
        case removed(String)
        /// A file was closed after writing.
        case written(String)
        /// The directory itself is gone; no event follows.
        case directoryRemoved
        /// Events were lost: look for yourself.
        case overflow
    }

    /// The events; ends with `close()`. At most 256 wait; when more come, the oldest are lost.
    public let events: AsyncStream<Event>

    private let continuation: AsyncStream<Event>.Continuation
    private let descriptor: FileDescriptor
    private let loop: EventLoop
    private let registration: Lock<EventLoop.Registration?>

    /// Begins to watch.
    ///
    /// - Throws: `SystemError`, EMFILE where the system's inotify instances are used up.
    public init(directory: String, loop: EventLoop = .shared) throws(SystemError) {
        let number = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard number >= 0 else {
            throw SystemError("watch", directory, hint: "raise fs.inotify.max_user_instances")
        }
        let descriptor = FileDescriptor(number)
        let mask =
            IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE_SELF
            | IN_MOVE_SELF
        guard inotify_add_watch(number, directory, UInt32(mask)) >= 0 else {
            throw SystemError("watch", directory)
        }
        self.descriptor = descriptor
        self.loop = loop
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(256))
        registration = Lock(nil)
        let registered = try loop.register(descriptor, .readable) { [weak self] _ in self?.drain() }
        registration.withLock { $0 = registered }
    }

    deinit { close() }

    /// Ends the watch and the stream of events.
    public func close() {
        let registered = registration.withLock { registration in
            defer { registration = nil }
            return registration
        }
        if let registered { loop.deregister(registered) }
        descriptor.close()
        continuation.finish()
    }

    private func drain() {
        let buffer = loop.readBuffer
        while true {
            let count = read(descriptor.number, buffer.baseAddress, buffer.count)
            guard count > 0 else { return }
            var offset = 0
            while offset + MemoryLayout<inotify_event>.size <= count {
                let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                let start = offset + MemoryLayout<inotify_event>.size
                let end = start + Int(event.len)
                guard end <= count else { return }
                let name = String(decoding: buffer[start..<end].prefix { $0 != 0 }, as: UTF8.self)
                deliver(Int32(bitPattern: event.mask), name)
                offset = end
            }
        }
    }

    private func deliver(_ mask: Int32, _ name: String) {
        let result: AsyncStream<Event>.Continuation.YieldResult
        if mask & Int32(IN_Q_OVERFLOW) != 0 {
            result = continuation.yield(.overflow)
        } else if mask & Int32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED) != 0 {
            result = continuation.yield(.directoryRemoved)
        } else if mask & Int32(IN_CREATE | IN_MOVED_TO) != 0 {
            result = continuation.yield(.created(name))
        } else if mask & Int32(IN_DELETE | IN_MOVED_FROM) != 0 {
            result = continuation.yield(.removed(name))
        } else {
            result = continuation.yield(.written(name))
        }
        if case .dropped = result { continuation.yield(.overflow) }
    }
}
