// Drivers from 2.28 on can tell a change of health at once: sysfs_notify makes a file ready for a priority event. The
// poll stays, since notifying is off until somebody writes info/notify_delay, and older drivers never do it.

internal import Glibc
internal import SystemIO

/// Waits for the driver to tell of changed files. Used on one loop only.
final class HealthNotifier {
    private struct Watched {
        var descriptor: FileDescriptor
        var registration: EventLoop.Registration
    }

    private let loop: EventLoop
    private let onChange: @Sendable (String) -> Void
    private var watched: [String: Watched] = [:]

    /// - Parameter onChange: told the path, on the loop; `forget` it then, or it is told again and again.
    init(loop: EventLoop, onChange: @escaping @Sendable (String) -> Void) {
        self.loop = loop
        self.onChange = onChange
    }

    /// Watches exactly these files; those that are not there or cannot tell anything are left to the poll.
    func watch(_ paths: Set<String>) {
        for path in watched.keys where !paths.contains(path) { forget(path) }
        for path in paths where watched[path] == nil {
            guard let descriptor = try? FileDescriptor.open(path, flags: O_RDONLY | O_NONBLOCK) else {
                continue
            }
            // A sysfs file that was opened tells of changes only after it has been read.
            var octets = [UInt8](repeating: 0, count: 4_096)
            _ = pread(descriptor.number, &octets, octets.count, 0)
            // An ordinary file, which a fake device has, is refused here with EPERM.
            let registration = try? loop.register(descriptor, .priority) { [onChange] _ in onChange(path) }
            guard let registration else { continue }
            watched[path] = Watched(descriptor: descriptor, registration: registration)
        }
    }

    /// How many files can tell of changes.
    var count: Int { watched.count }

    /// Watches a file no more. One of a chip that is gone would be ready without end.
    func forget(_ path: String) {
        guard let file = watched.removeValue(forKey: path) else { return }
        loop.deregister(file.registration)
        file.descriptor.close()
    }
}
