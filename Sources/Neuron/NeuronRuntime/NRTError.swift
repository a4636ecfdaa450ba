// One error for everything that a runtime refuses, whichever it is: its code, what was being done, and a sentence.

/// A call of the runtime that failed.
package struct NRTError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The code.
    package let status: NRTStatus
    /// What was being done: `load minilm on cores 0-1`.
    package let action: String
    /// What is wrong, with figures where there are some; else what the code says.
    package let problem: String
    /// What to do about it.
    package let mend: String

    /// An error; where problem or mend are not given, those of the code.
    package init(_ status: NRTStatus, _ action: String, problem: String? = nil, mend: String? = nil) {
        self.status = status
        self.action = action
        self.problem = problem ?? status.problem
        self.mend = mend ?? status.mend
    }

    /// Without what was being done, for whoever says that himself.
    package var reason: String { "\(problem): \(mend) (\(status.name) \(status.rawValue))" }

    /// `cannot load minilm on cores 0-1 (NRT_RESOURCE 4): device memory is missing: use more cores`.
    package var description: String {
        "cannot \(action) (\(status.name) \(status.rawValue)): \(problem): \(mend)"
    }
}
