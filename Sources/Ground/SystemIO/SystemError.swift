// Every failed system call is told the same way: what was tried, on what, and what the system said.

internal import Glibc

/// A system call that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was tried, as a verb phrase: "open", "listen on".
    public let action: String
    /// The path, address or program it was tried on; may be empty.
    public let subject: String
    /// The system's error number; 0 where the fault was found before a call was made.
    public let code: Int32
    /// What else to say: the mend, or the fault where `code` is 0.
    public let hint: String

    /// An error from a number, by default the calling thread's `errno`.
    public init(_ action: String, _ subject: String, code: Int32? = nil, hint: String = "") {
        self.action = action
        self.subject = subject
        self.code = code ?? errno
        self.hint = hint
    }

    /// One sentence: `cannot open /dev/neuron0: Permission denied (run as root)`.
    public var description: String {
        var sentence = "cannot " + action
        if !subject.isEmpty { sentence += " " + subject }
        if code != 0 { sentence += ": " + Self.text(code) }
        guard !hint.isEmpty else { return sentence }
        return code == 0 ? sentence + ": " + hint : sentence + " (" + hint + ")"
    }

    /// The system's words for an error number.
    public static func text(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress, strerror_r(code, base, 256) == 0 else {
                return "error \(code)"
            }
            return String(cString: base)
        }
    }
}
