// From a command's output to the process's streams.

internal import Glibc

/// A command that failed, for the program to print and to end with exit code 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
}

/// Prints what a command came to.
///
/// - Throws: the failure's sentence, after everything else has been printed.
package func print(_ output: CommandOutput) throws {
    write(output.text, to: STDOUT_FILENO)
    for warning in output.warnings { write("ganglion: \(warning)\n", to: STDERR_FILENO) }
    if let failure = output.failure { throw CommandFailure(description: failure) }
}

/// Writes all of `text`; a reader that has gone away ends it quietly.
private func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}
