// How far a command is, for whoever watches: results alone go to standard output.

internal import Glibc

/// A line on a terminal's standard error that is written over.
struct StatusLine {
    private let isShown = isatty(STDERR_FILENO) == 1

    func show(_ text: String) { if isShown { write("\r\u{1b}[K\(text)") } }

    func wipe() { if isShown { write("\r\u{1b}[K") } }

    func finish(_ text: String) { if isShown { write("\r\u{1b}[K\(text)\n") } }

    private func write(_ text: String) {
        let octets = Array(text.utf8)
        _ = octets.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
