// A process's number is given out again after it has ended; number and start time together never are.

internal import Glibc
internal import SystemIO

/// One very process of this machine.
struct ProcessIdentity: Equatable, Sendable {
    var pid: Int32
    /// Clock ticks from the machine's boot to the process's start: field 22 of /proc/PID/stat (proc(5)).
    var start: UInt64

    /// The process that has the number now; nil where there is none or it is a zombie.
    static func current(_ pid: Int32) -> ProcessIdentity? {
        guard pid > 0, let stat = try? Files.readText("/proc/\(pid)/stat", limit: 4096) else { return nil }
        return parse(stat, pid: pid)
    }

    /// Reads the text of /proc/PID/stat. The program's name, field 2, stands in parentheses and may hold
    /// anything.
    static func parse(_ stat: String, pid: Int32) -> ProcessIdentity? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let start = UInt64(fields[19]) else {
            return nil
        }
        return ProcessIdentity(pid: pid, start: start)
    }

    /// Whether this very process still runs.
    var isRunning: Bool { Self.current(pid) == self }

    /// Signals the process group it leads, if it still runs.
    func signalGroup(_ signal: Signal) { if isRunning { _ = kill(-pid, signal.rawValue) } }
}
