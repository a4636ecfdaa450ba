// Why a server cannot start. The sentence goes to the log and into the pod's termination message, where `kubectl
// describe pod` and the operator's status show it.

/// A fault of the configuration or the surroundings.
package struct ServerError: Error, Equatable, CustomStringConvertible {
    /// One sentence: the thing, the value, the mend.
    package let description: String

    /// An error with its sentence.
    package init(_ description: String) { self.description = description }
}
