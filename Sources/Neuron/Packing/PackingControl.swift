// When a solve has to end is not the solver's matter: whoever asks says how long it may take and whether it is still
// wanted. The answer so far is given then, with its bound.

/// When to stop.
package struct PackingControl: Sendable {
    /// What is asked every few hundred steps: true ends the solve with the answer that there is.
    package let isCancelled: @Sendable () -> Bool
    /// The end of the time limit.
    package let deadline: ContinuousClock.Instant?

    /// A limit of time from now on, and whether the solve is still wanted.
    package init(
        timeLimit: Duration? = nil, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        self.isCancelled = isCancelled
        deadline = timeLimit.map { ContinuousClock.now + $0 }
    }

    /// Whether the solve has to end now.
    var isOver: Bool {
        if isCancelled() { return true }
        guard let deadline else { return false }
        return ContinuousClock.now >= deadline
    }
}
