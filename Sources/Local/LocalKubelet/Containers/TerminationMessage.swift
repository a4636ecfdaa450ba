// Why a container ended, in its own words, for `kubectl describe` and for the controllers that read a pod's status. The
// rules are those of the kubelet's getTerminationMessage (pkg/kubelet/kuberuntime/kuberuntime_container.go).
//
// A container here sees the machine's own /dev, so it cannot be given a /dev/termination-log: the file is beside its
// log, and GANGLION_TERMINATION_LOG says where.

internal import Glibc
internal import SystemIO

/// Finds the termination message of a container's run.
enum TerminationMessage {
    /// The variable that names the file a container may write to.
    static let variable = "GANGLION_TERMINATION_LOG"
    /// The file's name in the directory of the run.
    static let fileName = "termination-log"

    /// The octets of the file that count, from its beginning.
    static let fileLimit = 4096
    /// What is taken of the end of a log.
    static let logLimit = (lines: 80, octets: 2048)

    /// What the container has left; nil where that is nothing.
    ///
    /// - Parameters:
    ///   - directory: the run's directory.
    ///   - log: the run's log.
    ///   - fallsBackToLog: whether the log speaks for a container that wrote no message.
    static func read(directory: String, log: String, fallsBackToLog: Bool) -> String? {
        let written = octets(directory + "/" + fileName, limit: fileLimit) { _ in 0 }
        let message =
            !written.isEmpty || !fallsBackToLog
            ? written
            : octets(log, limit: logLimit.octets) { file in
                let end = Int64(lseek(file.number, 0, SEEK_END))
                let lines = ContainerLog.offset(ofLast: logLimit.lines, in: file)
                return max(lines, end - Int64(logLimit.octets), 0)
            }
        // A cut inside a character leaves octets that begin none.
        let text = String(decoding: message.drop { $0 & 0xc0 == 0x80 }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }

    /// Whether a container with this policy falls back to its log after a run that ended so.
    static func fallsBackToLog(policy: String?, exitCode: Int) -> Bool {
        policy == "FallbackToLogsOnError" && exitCode != 0
    }

    private static func octets(
        _ path: String, limit: Int, from start: (borrowing FileDescriptor) -> Int64
    ) -> [UInt8] {
        // The container may have put anything there, a pipe too, which must not hold the kubelet up.
        guard Files.kind(path) == .file, let file = try? FileDescriptor.open(path, flags: O_RDONLY)
        else { return [] }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = pread(file.number, &bytes, limit, off_t(start(file)))
        return Array(bytes.prefix(max(0, count)))
    }
}
