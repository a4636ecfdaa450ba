// What a case came to.

/// The result of one case.
package struct CaseResult: Equatable, Sendable {
    /// How it ended.
    package enum Outcome: Equatable, Sendable {
        case passed
        /// Why, and what the cluster said.
        case failed(String, details: [String])
        /// Why it was left out.
        case skipped(String)
    }

    package var name: String
    package var sentence: String
    package var outcome: Outcome
    /// How long it took.
    package var duration: Duration

    /// A result.
    package init(_ name: String, _ sentence: String, _ outcome: Outcome, took duration: Duration = .zero) {
        self.name = name
        self.sentence = sentence
        self.outcome = outcome
        self.duration = duration
    }
}

extension [CaseResult] {
    /// The cases that failed.
    package var failures: [CaseResult] {
        filter { if case .failed = $0.outcome { true } else { false } }
    }

    /// A line for each case that was left out: `NAME (REASON)`.
    package var leftOut: [String] {
        compactMap { if case .skipped(let reason) = $0.outcome { "\($0.name) (\(reason))" } else { nil } }
    }

    /// `18 cases: 16 passed, 0 failed, 2 left out`.
    package var summary: String {
        "\(count) cases: \(count - failures.count - leftOut.count) passed, \(failures.count) failed, "
            + "\(leftOut.count) left out"
    }
}

extension Duration {
    /// Seconds with three decimals.
    var seconds: String {
        let (whole, attoseconds) = components
        let thousandths = String(1_000 + attoseconds / 1_000_000_000_000_000)
        return "\(whole).\(thousandths.dropFirst())"
    }
}
