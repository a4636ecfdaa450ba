// A descriptor is closed once, by whoever holds it last, so that no number is ever closed after it has been given out
// again.

internal import CLinux
internal import Glibc
internal import Synchronization

/// An open file, socket or the like; closed with the last reference or by `close()`.
public final class FileDescriptor: Sendable {
    private let value: Atomic<Int32>

    /// Takes over an open descriptor.
    public init(_ number: Int32) { value = Atomic(number) }

    deinit { close() }

    /// The number for a system call, -1 once closed.
    public var number: Int32 { value.load(ordering: .relaxed) }

    /// Closes now; later calls do nothing.
    public func close() {
        let number = value.exchange(-1, ordering: .acquiringAndReleasing)
        if number >= 0 { _ = Glibc.close(number) }
    }

    /// Opens a file with close-on-exec.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - flags: `O_RDONLY` and so on.
    ///   - mode: permissions of a file that is created.
    public static func open(_ path: String, flags: Int32, mode: UInt32 = 0o600) throws(SystemError)
        -> FileDescriptor
    {
        let number = ganglion_open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw SystemError("open", path) }
        return FileDescriptor(number)
    }
}
