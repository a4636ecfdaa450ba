// What the rounds of a solve know: the best packing, the bound, the patterns. It says what each stream does next.

/// Between the rounds of a solve.
struct VectorSearchState: Sendable {
    private(set) var solution: VectorSolution
    private let kinds: PatternProblem?
    /// The patterns of the linear program, once it has been solved.
    private var pool: [Pattern]?

    /// What a stream does in a round.
    enum Job: Sendable {
        case search(start: VectorPacking, bound: Int, steps: Int, seed: UInt64)
        case generate(PatternProblem, columns: [Pattern], known: Int, target: Int)
        case dive(PatternProblem, pool: [Pattern], goal: Int, disorder: Int, steps: Int, seed: UInt64)
    }

    /// What came of it.
    enum Outcome: Sendable {
        case packing(VectorPacking?)
        case columns([Pattern], bound: Int)
    }

    init(solution: VectorSolution, kinds: PatternProblem?) {
        self.solution = solution
        self.kinds = kinds
    }

    /// The work of a round, one job for each stream.
    func jobs(round: Int, solver: VectorSolver) -> [Job] {
        let steps = min(1_200 << min(round, 8), 200_000)
        func seed(_ stream: Int) -> UInt64 {
            solver.seed &* 1_000_003 &+ UInt64(round * VectorSolver.streams + stream)
        }
        func search(_ stream: Int) -> Job {
            .search(start: solution.packing, bound: solution.bound, steps: steps, seed: seed(stream))
        }
        return (0..<VectorSolver.streams).map { stream in
            guard let kinds, round > 0 else { return search(stream) }
            guard let pool else {
                guard stream == 0 else { return search(stream) }
                return .generate(
                    kinds, columns: kinds.patterns(of: solution.packing), known: solution.bound,
                    target: solution.packing.count)
            }
            // Mostly dives; every other round one stream goes on searching.
            if stream == 3, round % 2 == 1 { return search(stream) }
            return .dive(
                kinds, pool: pool, goal: solution.packing.count - 1,
                disorder: stream == 0 && round == 2 ? 0 : 1 + min(round, 6), steps: min(steps, 6_000),
                seed: seed(stream))
        }
    }

    /// Takes a round's outcomes over.
    ///
    /// - Returns: whether the packing or the bound is better.
    mutating func take(_ outcomes: [Outcome]) -> Bool {
        let before = (solution.packing.count, solution.bound)
        for outcome in outcomes {
            switch outcome {
            case .packing(let packing?) where packing.count < solution.packing.count:
                solution.packing = packing
            case .packing: break
            case .columns(let found, let bound):
                pool = found
                solution.bound = max(solution.bound, bound)
            }
        }
        return (solution.packing.count, solution.bound) != before
    }
}
