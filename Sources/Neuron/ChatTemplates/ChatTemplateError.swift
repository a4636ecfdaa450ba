// What is wrong with a template, or with what it was given.

/// A template that cannot be read or filled in.
package struct ChatTemplateError: Error, Equatable, Sendable {
    /// The line of the template, from 1.
    package let line: Int
    /// What is wrong there.
    package let problem: String

    init(_ line: Int, _ problem: String) {
        self.line = line
        self.problem = problem
    }
}

extension ChatTemplateError: CustomStringConvertible {
    /// One sentence.
    package var description: String { "line \(line) of the chat template: \(problem)" }
}
