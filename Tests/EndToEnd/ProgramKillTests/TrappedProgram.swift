// A program of ours as a process, that is killed at one of the things that it does.

import CSyscallTrap
import Glibc
import SystemIO

/// A program that runs, and is killed at a step if one is named.
final class TrappedProgram: Sendable {
    /// What it is started with.
    struct Launch: Sendable {
        var path: String
        var arguments: [String]
        var environment: [String: String]
        /// Where its log goes.
        var log: String
    }

    /// Whether this kernel, and the container that this runs in, allow it: seccomp's notifications, since Linux 5.19.
    static let isAvailable: Bool = {
        let launch = Launch(path: "/bin/true", arguments: [], environment: [:], log: "/dev/null")
        guard let program = try? TrappedProgram(launch, killedAt: 0) else { return false }
        program.free()
        return true
    }()

    private let trap: UInt
    private let strings: UInt
    private var pointer: OpaquePointer? { OpaquePointer(bitPattern: trap) }

    /// Starts it.
    ///
    /// - Parameter step: the system call, of those that change something, before which it is killed; 0 for none.
    init(_ launch: Launch, killedAt step: Int) throws {
        let output = open(launch.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(output) }
        let environment = launch.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let words = [launch.path] + launch.arguments
        // The thread that forks reads them; they are kept as long as the program.
        let all = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(
            capacity: words.count + environment.count + 2)
        for (index, text) in words.enumerated() { all[index] = strdup(text) }
        all[words.count] = nil
        for (index, text) in environment.enumerated() { all[words.count + 1 + index] = strdup(text) }
        all[words.count + 1 + environment.count] = nil
        guard
            let trap = syscall_trap_start(
                all[0], all, all + words.count + 1, output, UInt32(clamping: step))
        else { throw SystemError("trap", launch.path) }
        self.trap = UInt(bitPattern: trap)
        strings = UInt(bitPattern: all)
    }

    /// The process.
    var pid: Int32 { pointer.map { syscall_trap_pid($0) } ?? 0 }
    /// Steps until now.
    var steps: Int { pointer.map { Int(syscall_trap_count($0)) } ?? 0 }
    /// Whether it was killed at its step.
    var isKilled: Bool { pointer.map { syscall_trap_has_killed($0) != 0 } ?? false }
    /// At what it was killed.
    var last: String { pointer.map { String(cString: syscall_trap_last($0)) } ?? "" }
    /// Whether it has ended, by itself or not.
    var hasEnded: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT | WNOHANG) == 0
            && information.si_signo == SIGCHLD
    }

    /// Kills it.
    func kill() { _ = Glibc.kill(pid, SIGKILL) }

    /// Everything that it started has ended.
    func free() { if let pointer { syscall_trap_free(pointer) } }
}
