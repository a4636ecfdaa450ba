// One way in for every fleet: what is really a packing of single chips is solved as that, with its proofs; the rest is
// searched.

/// Plans fleets.
package struct FleetSolver: Sendable {
    /// The streams that search side by side, whatever the number of cores.
    static let streams = 4

    let problem: FleetProblem
    let seed: UInt64
    let rounds: Int

    /// A solver.
    ///
    /// - Parameters:
    ///   - seed: the same seed gives the same plan, unless the time limit cuts it off elsewhere.
    ///   - rounds: how long to try without a proof.
    package init(_ problem: FleetProblem, seed: UInt64 = 1, rounds: Int = 40) {
        self.problem = problem
        self.seed = seed
        self.rounds = rounds
    }

    /// Plans.
    ///
    /// - Parameters:
    ///   - control: when to stop.
    ///   - progress: told of each better plan.
    package func solve(
        control: PackingControl = PackingControl(), progress: @Sendable (FleetPlan) -> Void = { _ in }
    ) async -> FleetPlan {
        guard !problem.models.isEmpty else { return FleetPlan(instances: [], cost: 0, bound: 0, simple: []) }
        if let units = unitProblem() {
            return await solve(units, control: control, progress: progress)
        }
        return await search(control: control, progress: progress)
    }

    /// The packing of single units that the problem comes to; nil where it is more than that.
    private func unitProblem() -> VectorProblem? {
        guard let kind = problem.types.first?.kind, problem.types.allSatisfy({ $0.kind == kind }),
            problem.models.allSatisfy({ $0.group < 0 && $0.demands[kind]?.width == 1 })
        else { return nil }
        return try? VectorProblem(
            capacity: problem.capacities[kind],
            sizes: problem.models.flatMap { $0.demands[kind]?.sizes ?? [] })
    }

    private func solve(
        _ units: VectorProblem, control: PackingControl, progress: @Sendable (FleetPlan) -> Void
    ) async -> FleetPlan {
        let solution = await VectorSolver(units, seed: seed, rounds: rounds).solve(control: control) {
            progress(plan($0))
        }
        return plan(solution)
    }

    /// The instances for packed units.
    private func plan(_ solution: VectorSolution) -> FleetPlan {
        let types = problem.types.enumerated().map {
            (index: $0.offset, units: $0.element.units, price: $0.element.price)
        }
        let cover = InstanceCover.cheapest(solution.packing.count, of: types)
        var instances: [FleetInstance] = []
        var bins = solution.packing.bins[...]
        for type in cover.types {
            var places: [FleetInstance.Place] = []
            for (unit, bin) in bins.prefix(problem.types[type].units).enumerated() {
                places += bin.map { FleetInstance.Place(model: Int($0), start: unit) }
            }
            bins = bins.dropFirst(problem.types[type].units)
            instances.append(FleetInstance(type: type, places: places))
        }
        return FleetPlan(
            instances: instances, cost: cover.cost,
            bound: InstanceCover.cheapest(solution.bound, of: types).cost,
            simple: [
                ("first fit decreasing", solution.firstFitDecreasing),
                ("best fit decreasing", solution.bestFitDecreasing),
            ].compactMap { rule, bins in
                bins.map { .init(rule: rule, cost: InstanceCover.cheapest($0, of: types).cost) }
            })
    }

    private func search(
        control: PackingControl, progress: @Sendable (FleetPlan) -> Void
    ) async -> FleetPlan {
        let (bound, values) = FleetBounds(problem).bound()
        var first = FleetSearch(problem, values: values, seed: seed)
        first.build()
        let simple = FleetPlan.Simple(rule: "best fit decreasing", cost: first.bestCost)
        var plan = FleetPlan(instances: first.best, cost: first.bestCost, bound: bound, simple: [simple])
        progress(plan)
        // With very many models a step costs more, and there are fewer of them in a round.
        let steps = max(8, 400_000 / max(problem.models.count, 200))
        for round in 0..<rounds {
            if plan.isOptimal || control.isOver { break }
            let start = plan.instances
            let found = await withTaskGroup(of: (Int, [FleetInstance], Int).self) { group in
                for stream in 0..<Self.streams {
                    let streamSeed = seed &* 1_000_003 &+ UInt64(1 + round * Self.streams + stream)
                    group.addTask {
                        var search = FleetSearch(problem, values: values, seed: streamSeed)
                        search.start(from: start)
                        search.run(bound: bound, steps: steps, control: control)
                        return (stream, search.best, search.bestCost)
                    }
                }
                var all: [(Int, [FleetInstance], Int)] = []
                for await result in group { all.append(result) }
                return all.min { ($0.2, $0.0) < ($1.2, $1.0) }
            }
            if let found, found.2 < plan.cost {
                plan.instances = found.1
                plan.cost = found.2
                progress(plan)
            }
        }
        return plan
    }
}
