// Commands that the user names for what no API can do.

import Arguments
import Glibc
import SystemIO

/// Runs a command of the user's by the shell; what it prints goes to standard error.
///
/// - Parameter argument: `$1` of the command.
/// - Throws: `CaseFailure` where it does not succeed.
func shell(_ command: String, _ argument: String = "") async throws {
    let output = FileDescriptor(dup(STDERR_FILENO))
    var environment: [String: String] = [:]
    for name in ["PATH", "HOME", "KUBECONFIG"] { environment[name] = Command.environment(name) }
    let process = try ChildProcess.spawn(
        "/bin/sh", ["-c", command, "sh", argument], environment: environment,
        descriptors: .init(output: output, error: output))
    let status = await process.wait()
    try require(status == .exited(0), "the command \"\(command)\" ended with \(status)")
}
