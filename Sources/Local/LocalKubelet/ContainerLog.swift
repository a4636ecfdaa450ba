// A container's log is a file; `follow` reads on until the container has ended.

internal import Glibc
internal import SystemIO

/// Reads logs of containers.
enum ContainerLog {
    /// Where a log is, or why there is none.
    enum Location: Equatable, Sendable {
        /// The directory of the run.
        case file(String)
        case noPod
        case noContainer
        case notStarted
        case noPrevious
    }

    /// Where the last `lines` lines of a file begin.
    static func offset(ofLast lines: Int, in file: FileDescriptor) -> Int64 {
        let end = lseek(file.number, 0, SEEK_END)
        guard end > 0, lines > 0 else { return max(0, Int64(end)) }
        var found = 0
        var position = Int64(end)
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while position > 0 {
            let size = Int(min(Int64(chunk.count), position))
            position -= Int64(size)
            guard pread(file.number, &chunk, size, off_t(position)) == size else { return 0 }
            for index in stride(from: size - 1, through: 0, by: -1) where chunk[index] == UInt8(ascii: "\n") {
                if position + Int64(index) == Int64(end) - 1 { continue }  // the last line's own end
                found += 1
                if found == lines { return position + Int64(index) + 1 }
            }
        }
        return 0
    }

    /// Sends a log.
    ///
    /// - Parameters:
    ///   - directory: the run's directory.
    ///   - tailLines: nil for all.
    ///   - limit: octets at most; nil for all.
    ///   - send: throws when the reader is gone.
    static func send(
        directory: String, tailLines: Int?, limit: Int?, follow: Bool,
        _ send: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        let file = try FileDescriptor.open(directory + "/log", flags: O_RDONLY)
        var position = tailLines.map { offset(ofLast: $0, in: file) } ?? 0
        var left = limit ?? Int.max
        func drain() async throws {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while left > 0 {
                let count = pread(file.number, &chunk, min(chunk.count, left), off_t(position))
                guard count > 0 else { return }
                position += Int64(count)
                left -= count
                try await send(Array(chunk[..<count]))
            }
        }
        while true {
            let ended = Files.exists(directory + "/" + ExitRecord.fileName)
            try await drain()
            guard follow, !ended, left > 0, Files.exists(directory) else { return }
            // Many containers may be followed and inotify instances are few: growth is looked for now and
            // then.
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
