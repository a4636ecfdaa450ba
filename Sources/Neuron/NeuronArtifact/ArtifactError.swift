// Everything that can be wrong with a file that says it is a compiled model, in the shape of all errors about files: which,
// what, and what to do about it.

/// A file that is no artifact, or no NEFF, that can be used.
package struct ArtifactError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    package enum Reason: Equatable, Sendable {
        /// It cannot be opened, mapped or read.
        case unreadable
        /// It is something else.
        case notAnArtifact
        /// It is of a version that this program does not know.
        case version
        /// It contradicts itself, or is cut off.
        case damaged
        /// It is more than is taken in.
        case tooLarge
    }

    /// The kind of fault.
    package let reason: Reason
    /// The file.
    package let path: String
    /// What is wrong, with the value.
    package let problem: String
    /// What to do about it.
    package let mend: String

    init(_ reason: Reason, _ path: String, _ problem: String, _ mend: String = "compile the model again") {
        self.reason = reason
        self.path = path
        self.problem = problem
        self.mend = mend
    }

    /// One sentence.
    package var description: String { "\(path) \(problem): \(mend)" }
}
