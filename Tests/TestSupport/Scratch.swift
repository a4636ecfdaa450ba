// Tests leave nothing behind: whatever they put into the file system stands in one directory of the process, which goes
// with it.

internal import Glibc
internal import SystemIO

/// Places in the file system that no other test uses.
package enum Scratch {
    /// The directory of this process; removed when it exits.
    package static let directory: String = {
        var template = Array("/tmp/ganglion-tests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("cannot make \(template): \(errno)") }
        atexit { try? Files.removeTree(Scratch.directory) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    /// A path that is not there yet, short enough for a socket.
    package static func path(_ suffix: String = "") -> String {
        "\(directory)/\(UInt32.random(in: 0 ... .max))\(suffix)"
    }

    /// A path for a Unix socket.
    package static func socket() -> String { path(".sock") }
}

/// A directory of its own for a test, removed with the value.
package final class TemporaryDirectory: Sendable {
    /// Where it is.
    package let path: String

    /// Makes an empty one.
    package init() throws {
        path = Scratch.path()
        try Files.makeDirectory(path, mode: 0o700)
    }

    deinit { try? Files.removeTree(path) }
}
