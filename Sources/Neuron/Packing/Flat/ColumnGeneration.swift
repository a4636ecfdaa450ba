// The strongest bound there is for bins, that of Gilmore and Gomory (1961): the linear program over all patterns, which
// are made one by one where they help. The bound is Farley's, in integers, and so exact whatever the floating point did.

/// A linear program over patterns, solved or cut short.
struct ColumnGeneration {
    /// Values of rows are in parts of this.
    static let unit = 1_000_000_000

    let problem: PatternProblem
    private let pricing: PatternPricing
    private(set) var master: PatternMaster
    /// Bins that are needed at least.
    private(set) var bound = 0
    /// Whether the linear program was solved to its end.
    private(set) var isOptimal = false

    init(_ problem: PatternProblem, columns: [Pattern]) {
        self.problem = problem
        pricing = PatternPricing(problem)
        master = PatternMaster(problem, columns: columns)
    }

    /// Adds patterns until none helps, the bound has reached the rounded value or `target`, or the control says so.
    ///
    /// - Parameters:
    ///   - rounds: how often patterns are made.
    ///   - effort: steps of the search for each pattern.
    ///   - known: a bound from elsewhere; patterns that cannot raise it are not looked for.
    ///   - wantsBound: whether a bound is worth some time.
    mutating func run(
        rounds: Int, effort: Int, target: Int, known: Int = 0, wantsBound: Bool, control: PackingControl
    ) {
        bound = max(bound, known)
        for round in 0..<rounds {
            guard master.optimise(control: control), !control.isOver else { return }
            if master.value <= Double(known) { return }
            let values = master.prices.enumerated().map { row, price in
                price > 0 && problem.demands[row] > 0 ? Int(price * Double(Self.unit)) : 0
            }
            let answer = pricing.patterns(
                values, least: Self.unit + Self.unit / 1_000_000, effort: effort, wantsLimit: wantsBound,
                turn: round * 7, control: control)
            note(values, limit: answer.limit)
            if answer.patterns.isEmpty, answer.limit == nil {
                note(values, limit: pricing.roughLimit(values))
            }
            if bound >= target { return }
            if answer.patterns.isEmpty || Double(bound) >= master.value - 1e-6 {
                isOptimal = answer.limit != nil
                return
            }
            // A bound on the way, now and then: it may already be enough.
            if wantsBound, round % 16 == 15, answer.limit == nil {
                note(values, limit: pricing.roughLimit(values))
            }
            if Double(bound) >= master.value - 1e-6 {
                isOptimal = true
                return
            }
            for pattern in answer.patterns { master.add(pattern) }
        }
    }

    /// What values by row prove when no pattern is worth more than `limit`.
    private mutating func note(_ values: [Int], limit: Int?) {
        guard let limit, limit > 0 else { return }
        var total = 0
        for (row, value) in values.enumerated() { total += value * problem.demands[row] }
        bound = max(bound, (total + limit - 1) / limit)
    }
}
