// One sentence for whoever reads the log: the file, what is wrong with which value, and what to do about it.

/// A tokenizer that cannot be used.
package struct TokenizerError: Error, Equatable, Sendable {
    /// The file, and the key in it.
    package let subject: String
    /// What is wrong, with the value.
    package let problem: String
    /// What to do about it.
    package let mend: String

    init(_ subject: String, _ problem: String, _ mend: String) {
        self.subject = subject
        self.problem = problem
        self.mend = mend
    }
}

extension TokenizerError: CustomStringConvertible {
    /// One sentence.
    package var description: String { "\(subject) \(problem): \(mend)" }
}
