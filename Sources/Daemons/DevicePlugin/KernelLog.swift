// The runtime tells hardware errors to the kernel log. /dev/kmsg gives one record for each read, from the boot on; where
// only a text file of a log daemon can be had, its new lines are read.

internal import CLinux
internal import Glibc
internal import SystemIO

/// Reads what has come to a kernel log. Used on one loop only.
final class KernelLog {
    /// A line.
    struct Line: Equatable {
        var text: String
        /// Since the boot; nil where the log does not say.
        var time: Duration?
    }

    /// Lines that one call of `read` gives at most, so that a flood does not hold up the loop.
    static let maximumLines = 1_024
    /// Octets of a line beyond this are cut off.
    private static let maximumLine = 8_192

    private let path: String
    private let descriptor: FileDescriptor
    /// A device gives whole records; a file gives octets.
    let isFile: Bool
    private var rest: [UInt8] = []
    private var offset = 0

    /// Opens a log: a device from its oldest record on, a file from its end on.
    ///
    /// - Parameter fromStart: read a file from its first line on, because it has replaced another.
    init(path: String, fromStart: Bool = false) throws(SystemError) {
        self.path = path
        isFile = Files.kind(path, following: true) == .file
        descriptor = try FileDescriptor.open(path, flags: O_RDONLY | O_NONBLOCK)
        if isFile, !fromStart { offset = max(0, Int(lseek(descriptor.number, 0, Int32(SEEK_END)))) }
    }

    /// Tells of new records, where it is a device.
    func watch(
        _ loop: EventLoop, _ onReadable: @escaping @Sendable () -> Void
    ) throws(SystemError) -> EventLoop.Registration? {
        guard !isFile else { return nil }
        return try loop.register(descriptor, .readable) { _ in onReadable() }
    }

    /// Whether the path leads to another file now, or the file has been cut: open it anew.
    var isReplaced: Bool {
        guard isFile else { return false }
        var open = stat()
        guard fstat(descriptor.number, &open) == 0 else { return true }
        var there = stat()
        // Between the old file's move and the new one's making there is none.
        guard stat(path, &there) == 0 else { return false }
        return Int(open.st_size) < offset || there.st_ino != open.st_ino || there.st_dev != open.st_dev
    }

    /// What has come since the last call.
    func read() -> [Line] {
        var lines: [Line] = []
        var buffer = [UInt8](repeating: 0, count: Self.maximumLine)
        while lines.count < Self.maximumLines {
            let count = buffer.withUnsafeMutableBytes {
                Glibc.read(descriptor.number, $0.baseAddress, $0.count)
            }
            if count < 0 {
                // EPIPE: records were overwritten before they were read; the next ones are there.
                if errno == EINTR || errno == EPIPE { continue }
                break
            }
            if count == 0 { break }
            offset += count
            if isFile {
                takeOctets(buffer[..<count], &lines)
            } else {
                lines.append(Self.line(buffer[..<count].prefix { $0 != UInt8(ascii: "\n") }))
            }
        }
        return lines
    }

    private func takeOctets(_ octets: ArraySlice<UInt8>, _ lines: inout [Line]) {
        for octet in octets {
            if octet == UInt8(ascii: "\n") {
                lines.append(Self.line(rest[...]))
                rest = []
            } else if rest.count < Self.maximumLine {
                rest.append(octet)
            }
        }
    }

    /// `6,1234,5678901,-;text`: priority, number, microseconds since the boot, flags (Documentation/ABI, dev-kmsg). Other
    /// lines are taken as they are.
    static func line(_ octets: ArraySlice<UInt8>) -> Line {
        let text = String(decoding: octets, as: UTF8.self)
        guard let semicolon = text.firstIndex(of: ";") else { return Line(text: text, time: nil) }
        let fields = text[..<semicolon].split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count >= 4, let microseconds = Int64(fields[2]), microseconds >= 0 else {
            return Line(text: text, time: nil)
        }
        return Line(text: String(text[text.index(after: semicolon)...]), time: .microseconds(microseconds))
    }
}
