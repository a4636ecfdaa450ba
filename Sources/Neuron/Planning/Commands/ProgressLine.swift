// A long solve says how far it is, on a terminal's standard error only, and on one line that is wiped in the end.

internal import Glibc
internal import SystemIO

/// The line of progress.
final class ProgressLine: Sendable {
    private let isShown: Bool
    private let began = ContinuousClock.now
    private let state = Lock(State())

    private struct State {
        var hasPrinted = false
    }

    init(isShown: Bool) { self.isShown = isShown && isatty(STDERR_FILENO) == 1 }

    /// A better plan.
    func show(_ instances: Int, _ cost: Int, _ bound: Int) {
        guard isShown else { return }
        let seconds = (ContinuousClock.now - began).components.seconds
        let text =
            "\r\u{1b}[K\(seconds) s: \(Money.grouped(instances)) instances, \(Money.dollars(Double(cost))) an hour, "
            + "at least \(Money.dollars(Double(bound)))"
        state.withLock { $0.hasPrinted = true }
        Self.write(text)
    }

    /// Wipes it.
    func end() {
        if state.withLock({ $0.hasPrinted }) { Self.write("\r\u{1b}[K") }
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// Whether an interrupt has come; with a second one the process ends as usual.
final class InterruptWatch: Sendable {
    init() {
        // The handler may only note it: a store to a flag that is never taken down again.
        signal(SIGINT) { _ in
            interrupted = 1
            signal(SIGINT, SIG_DFL)
        }
    }

    deinit { signal(SIGINT, SIG_DFL) }

    var hasCome: Bool { interrupted != 0 }
}

/// Set by the handler of SIGINT.
nonisolated(unsafe) private var interrupted: sig_atomic_t = 0
