// A tool's command is a function from options to what it prints, so that tests read it whole.

/// What a command came to.
package struct CommandOutput: Equatable, Sendable {
    /// For standard output, with its line ends.
    package var text: String
    /// For standard error, a sentence each.
    package var warnings: [String]
    /// Why the command failed: one sentence; nil when it did not.
    package var failure: String?

    /// A result.
    package init(text: String = "", warnings: [String] = [], failure: String? = nil) {
        self.text = text
        self.warnings = warnings
        self.failure = failure
    }

    /// 0, or 1 when the command failed.
    package var exitCode: Int32 { failure == nil ? 0 : 1 }
}
