// All of it in order: a first answer and cheap bounds, then rounds of searching and of diving, several streams side by side.
// Streams are seeded and of fixed length, and a round's best is the best of all of its streams, so the number of cores
// changes how long a solve takes and not what comes out.

/// An answer with what is known about it.
package struct VectorSolution: Sendable {
    /// The bins.
    package var packing: VectorPacking
    /// Bins that any packing needs.
    package var bound: Int
    /// Whether no packing has fewer bins.
    package var isOptimal: Bool { packing.count <= bound }
    /// What best-fit decreasing needs, for comparison.
    package var bestFitDecreasing: Int
    /// What first-fit decreasing needs; nil where that is not known: the solve ended before, or it
    /// would have taken too long.
    package var firstFitDecreasing: Int?
}

/// Packs items into as few equal bins as it can.
package struct VectorSolver: Sendable {
    /// The streams that search side by side.
    static let streams = 4

    let problem: VectorProblem
    let weights: [Int]
    let seed: UInt64
    /// Rounds of searching before the solve ends by itself.
    let rounds: Int

    /// A solver.
    ///
    /// - Parameters:
    ///   - seed: the same seed gives the same answer, unless the time limit cuts it off elsewhere.
    ///   - rounds: how long to try when there is no proof, in rounds of some 10 ms to 1 s.
    package init(_ problem: VectorProblem, seed: UInt64 = 1, rounds: Int = 40) {
        self.problem = problem
        weights = problem.weights()
        self.seed = seed
        self.rounds = rounds
    }

    /// The answer that takes next to no time: best-fit decreasing always, then other rules and the bounds, as long as the control
    /// lets it.
    package func first(control: PackingControl = PackingControl()) -> VectorSolution {
        guard problem.count > 0 else {
            return VectorSolution(
                packing: VectorPacking(bins: []), bound: 0, bestFitDecreasing: 0, firstFitDecreasing: 0)
        }
        let greedy = GreedyPacking(problem, weights: weights)
        var best = greedy.bestFit(weights)
        var solution = VectorSolution(packing: best, bound: 1, bestFitDecreasing: best.count)
        solution.bound = VectorBounds.bound(problem, control: control)
        func tryOut(_ packing: VectorPacking?) {
            if let packing, packing.count < best.count { best = packing }
        }
        if best.count > solution.bound, problem.dimensions > 1 {
            tryOut(greedy.bestFit(greedy.largestShares(), control: control))
            if best.count > solution.bound {
                let window = problem.count > 20_000 ? 256 : problem.count > 5_000 ? 1_024 : .max
                tryOut(greedy.byProduct(window: window, control: control))
            }
        }
        // For comparison; with very many items of several dimensions it takes longer than it is worth.
        if problem.dimensions == 1 || problem.count <= 20_000 {
            let firstFit = greedy.firstFit(weights, control: control)
            solution.firstFitDecreasing = firstFit?.count
            tryOut(firstFit)
        }
        solution.packing = best
        return solution
    }

    /// Packs.
    ///
    /// - Parameters:
    ///   - control: when to stop.
    ///   - progress: told of each better answer.
    package func solve(
        control: PackingControl = PackingControl(),
        progress: @Sendable (VectorSolution) -> Void = { _ in }
    ) async -> VectorSolution {
        var solution = first(control: control)
        progress(solution)
        if solution.isOptimal || control.isOver { return solution }
        let kinds = problem.groups.isEmpty ? PatternProblem(problem) : nil
        var state = VectorSearchState(solution: solution, kinds: kinds.flatMap { $0.rows <= 700 ? $0 : nil })
        for round in 0..<rounds {
            let jobs = state.jobs(round: round, solver: self)
            let results = await withTaskGroup(of: (Int, VectorSearchState.Outcome).self) { group in
                for (index, job) in jobs.enumerated() {
                    group.addTask { (index, self.perform(job, control: control)) }
                }
                var found: [(Int, VectorSearchState.Outcome)] = []
                for await result in group { found.append(result) }
                return found.sorted { $0.0 < $1.0 }.map(\.1)
            }
            if state.take(results) { progress(state.solution) }
            solution = state.solution
            if solution.isOptimal || control.isOver { break }
        }
        return solution
    }

    /// One stream of one round; it does not wait.
    private func perform(_ job: VectorSearchState.Job, control: PackingControl) -> VectorSearchState.Outcome {
        switch job {
        case .search(let start, let bound, let steps, let seed):
            var search = BinElimination(problem, weights: weights, start: start, seed: seed)
            search.run(bound: bound, steps: steps, control: control)
            return .packing(search.best)
        case .generate(let kinds, let columns, let known, let target):
            var generation = ColumnGeneration(kinds, columns: columns)
            generation.run(
                rounds: 4_000, effort: 200_000, target: target, known: known, wantsBound: true,
                control: control)
            return .columns(generation.master.columns, bound: generation.bound)
        case .dive(let kinds, let pool, let goal, let disorder, let steps, let seed):
            var dive = PatternDive(problem, weights: weights, kinds: kinds, pool: pool, seed: seed)
            return .packing(
                dive.run(goal: goal, disorder: disorder, retreats: 12, searchSteps: steps, control: control))
        }
    }
}
