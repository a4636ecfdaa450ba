// Shares of the groups' time, for models that say how much they need. While several models wait, the one goes first that has
// had the least time since it began to wait, measured by its share: weighted start-time fair queueing, one level above lanes.
// A model that needs less than its share waits for nobody's surplus, and what it leaves is the others'.

internal import SystemIO

extension BatchQueue {
    /// A model's place among those that wait, in microseconds of a group divided by its weight.
    struct Turn {
        var tag = 0
        /// Percent of a group's time.
        var weight = 100
        /// What a token takes of late, in nanoseconds, each new pass by an eighth; 0 before the first.
        var tokenTime = 0.0
    }

    /// What all turns are measured by.
    struct Shares {
        /// The tag of the turn that was taken last.
        var virtualTime = 0
    }

    /// Divides the groups' time anew among the models that are there: those without a share of their own have equal parts of the rest.
    mutating func divideShares() {
        let present = groups.values.reduce(into: Set<String>()) { $0.formUnion($1.models) }
        let own = present.compactMap { models[$0]?.policy.share }
        guard !own.isEmpty else { return shares = nil }
        let rest = max(1, (100 - own.reduce(0, +)) / max(1, present.count - own.count))
        for name in present {
            let share = models[name]?.policy.share ?? rest
            models[name]?.turn.weight = max(1, share)
        }
        shares = shares ?? Shares()
    }

    /// A model begins to wait: what it did not use before is nobody's debt.
    mutating func enterTurn(_ name: String) {
        guard let shares, let turn = models[name]?.turn else { return }
        models[name]?.turn.tag = max(turn.tag, shares.virtualTime)
    }

    /// A pass of a model goes to a group; what it takes is guessed from its passes of late.
    mutating func takeTurn(_ name: String, tokens: Int) {
        guard let now = shares?.virtualTime, let turn = models[name]?.turn else { return }
        shares?.virtualTime = max(now, turn.tag)
        let nanoseconds = Double(max(1, tokens)) * (turn.tokenTime > 0 ? turn.tokenTime : 1_000)
        let charge = max(1, Int(min(nanoseconds / Double(turn.weight * 10), 1e12)))
        models[name]?.turn.tag = turn.tag.addingReportingOverflow(charge).partialValue
    }

    /// What a pass has taken.
    package mutating func note(_ batch: Batch, took: Duration) {
        guard let turn = models[batch.model]?.turn else { return }
        let time = Double(took.nanoseconds) / Double(max(1, batch.cost))
        models[batch.model]?.turn.tokenTime =
            turn.tokenTime > 0 ? turn.tokenTime + (time - turn.tokenTime) / 8 : time
    }
}
