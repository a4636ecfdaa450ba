// The course of a repacking: how many instances to give up next, and how hard to try. First one, then twice as many as long as it
// succeeds, then halves between what succeeded and what failed; in the end what failed is tried again, longer.

/// What is known between the attempts of a repacking.
struct RepackCourse: Sendable {
    private let base: RepackState
    private let budget: Int
    private let seed: UInt64
    /// Instances that there were at first; those that are bought come behind them.
    private let running: Int
    /// What an hour of any fleet for these models costs at least.
    let bound: Int
    private let costBefore: Int
    /// Instances in the order in which they are given up: those first that cost most for what they hold.
    private let order: [Int]
    /// By instance, how hard it is to give up.
    private let hardness: [Double]

    /// Instances given up in the best answer.
    private var reached = 0
    /// The fewest that have failed at the present level; one more than there are before any have.
    private var failed: Int
    private var level = 0
    private var tries = 0
    private var best: Found

    /// An attempt to give up some instances.
    struct Attempt: Sendable {
        /// How many.
        var count: Int
        /// How hard to try.
        var level: Int
        /// How often it has been tried.
        var tries: Int
    }

    /// An attempt that succeeded.
    struct Found: Sendable {
        var state: RepackState
        var steps: [RepackOrder.Step]
    }

    init(_ repacker: FleetRepacker) throws(FleetRepacker.Fault) {
        budget = repacker.budget
        seed = repacker.seed
        var state = RepackState(repacker.problem, repacker.instances)
        costBefore = state.cost
        bound = FleetBounds(repacker.problem).bound().cost
        let needed = state.displaced
        guard needed <= budget else { throw .budget(needed: needed) }
        guard let settled = Self.settled(state, budget: budget, seed: seed) else {
            throw .budget(needed: needed)
        }
        best = settled
        // The search begins anew with what was left over, and with the instances that were bought for it empty: fewer of them
        // may do, and what was moved to make room need not move.
        running = state.types.count
        for type in settled.state.types.dropFirst(state.types.count) { state.add(type: type) }
        base = state
        hardness = state.types.indices.map { instance in
            let models = state.models(on: instance)
            // A model counts for itself, too: each is a move.
            let sum = models.reduce(0.0) { $0 + Double(state.weights[$1]) / 0x1p20 + 0.025 }
            return sum / Double(max(state.problem.types[state.types[instance]].price, 1))
        }
        let hardness = hardness
        order = state.types.indices.sorted { (hardness[$0], $0) < (hardness[$1], $1) }
        failed = order.count + 1
    }

    /// Every model with a place: where the running instances have no room, more are bought.
    private static func settled(_ start: RepackState, budget: Int, seed: UInt64) -> Found? {
        guard !start.left.isEmpty else { return Found(state: start, steps: []) }
        let running = start.types.count
        var last = start
        for level in 0..<3 {
            var search = RepackSearch(
                start, budget: budget, effort: .level(level, models: start.left.count),
                seed: seed &+ UInt64(level))
            let isSettled = search.run(control: PackingControl())
            last = search.state
            guard isSettled else { continue }
            var order = RepackOrder(search.state, running: running)
            if let steps = order.steps(budget: budget) {
                return Found(state: search.state, steps: steps)
            }
        }
        // What the search moved is undone: what was left over at first goes to new instances.
        for state in [last, start] {
            guard let found = boughtFor(state, budget: budget) else { continue }
            return found
        }
        return nil
    }

    private static func boughtFor(_ start: RepackState, budget: Int) -> Found? {
        let running = start.types.count
        var state = start
        let models = state.left.map(Int.init).sorted()
        let problem = state.problem
        guard
            let rest = try? FleetProblem(
                capacities: problem.capacities, types: problem.types,
                models: models.map { problem.models[$0] })
        else { return nil }
        var search = FleetSearch(rest, values: FleetBounds(rest).bound().values, seed: 1)
        search.build()
        for instance in search.best {
            let number = state.add(type: instance.type)
            for place in instance.places {
                let unit = state.firstUnit[number] + place.start
                guard state.fits(models[place.model], at: unit) else { return nil }
                state.insert(models[place.model], at: unit)
            }
        }
        var order = RepackOrder(state, running: running)
        guard state.left.isEmpty, let steps = order.steps(budget: budget) else { return nil }
        return Found(state: state, steps: steps)
    }

    /// What to try next; nil where nothing is left to try.
    func next(rounds: Int) -> Attempt? {
        var count = failed > order.count ? min(max(1, 2 * reached), order.count - 1) : (reached + failed) / 2
        // What has failed is tried again, but for what cannot be.
        guard tries <= rounds, isThinkable(reached + 1) else { return nil }
        count = max(count, reached + 1)
        while count > reached + 1, !isThinkable(count) { count -= 1 }
        return Attempt(count: count, level: level, tries: tries)
    }

    /// Whether the bound and the budget let so many instances be given up.
    private func isThinkable(_ count: Int) -> Bool {
        guard count < order.count else { return false }
        var cost = base.cost
        var moves = base.displaced
        for instance in order.prefix(count) {
            cost -= base.problem.types[base.types[instance]].price
            moves += base.models(on: instance).count { base.home[$0] >= 0 && base.home[$0] == base.place[$0] }
        }
        return cost >= bound && moves <= budget
    }

    /// Searches; it does not wait.
    func perform(_ attempt: Attempt, stream: Int, control: PackingControl) -> Found? {
        var random = PackingRandom(
            seed: seed &* 1_000_003 &+ UInt64(attempt.count * 64 + attempt.tries * 4 + stream))
        var victims = order
        // Some streams try other instances than those that seem the easiest.
        if stream % 2 == 1 {
            let keys = hardness.map { $0 * (0.8 + 0.4 * random.fraction()) }
            victims.sort { (keys[$0], $0) < (keys[$1], $1) }
        }
        var state = base
        for instance in victims.prefix(attempt.count) { state.close(instance) }
        guard state.cost >= bound, state.displaced <= budget else { return nil }
        var search = RepackSearch(
            state, budget: budget, effort: .level(attempt.level, models: state.left.count),
            seed: random.next())
        guard search.run(control: control) else { return nil }
        var order = RepackOrder(search.state, running: running)
        guard let steps = order.steps(budget: budget) else { return nil }
        return Found(state: search.state, steps: steps)
    }

    /// Takes an attempt's outcome over.
    mutating func take(_ attempt: Attempt, _ found: Found?) {
        if let found, found.state.cost < best.state.cost {
            best = found
            reached = attempt.count
            if failed <= reached { failed = order.count + 1 }
            return
        }
        failed = min(failed, attempt.count)
        guard failed <= reached + 1 else { return }
        // Closed in between: the next is tried longer.
        tries += 1
        level = min(level + 1, 9)
        failed = reached + 2
    }

    /// What an hour of the best answer costs.
    var cost: Int { best.state.cost }
    /// Its instances.
    var instanceCount: Int { best.state.isOpen.count { $0 } }

    /// The best answer: bought instances that it does without are none.
    func answer() -> FleetRepacking {
        let state = best.state
        let kept = state.types.indices.filter { $0 < running || state.isOpen[$0] }
        var numbers = [Int](repeating: 0, count: state.types.count)
        for (number, instance) in kept.enumerated() { numbers[instance] = number }
        func spot(_ unit: Int) -> FleetRepacking.Spot {
            let instance = Int(state.instanceOf[unit])
            return FleetRepacking.Spot(
                instance: numbers[instance], start: unit - state.firstUnit[instance])
        }
        var instances = kept.map { FleetInstance(type: state.types[$0], places: []) }
        for model in state.place.indices {
            let spot = spot(Int(state.place[model]))
            instances[spot.instance].places.append(.init(model: model, start: spot.start))
        }
        return FleetRepacking(
            instances: instances, closed: (0..<running).filter { !state.isOpen[$0] },
            bought: kept.count - running,
            moves: best.steps.map { step in
                FleetRepacking.Move(
                    model: step.model, from: step.from >= 0 ? spot(step.from) : nil, to: spot(step.to))
            }, costBefore: costBefore, cost: state.cost, bound: bound)
    }
}
