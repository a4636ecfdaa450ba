// Everything that can be wrong with a model's files. One sentence for whoever reads the log or the pod's termination
// message: the file, what is wrong with which value, and what to do about it.

/// A model that cannot be used.
package struct ModelError: Error, Equatable, Sendable {
    /// The file, and where it helps the tensor or the key in it.
    package let subject: String
    /// What is wrong, with the value.
    package let problem: String
    /// What to do about it.
    package let mend: String

    /// "subject problem: mend".
    package init(_ subject: String, _ problem: String, _ mend: String) {
        self.subject = subject
        self.problem = problem
        self.mend = mend
    }
}

extension ModelError: CustomStringConvertible {
    /// One sentence.
    package var description: String { "\(subject) \(problem): \(mend)" }
}
