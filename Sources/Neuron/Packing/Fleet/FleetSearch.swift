// Fleets of several kinds of units, of models that span chips, or of copies that are kept apart: instances are emptied and
// their models placed anew, in the others first and then in instances that are bought for them; what comes out cheaper, or
// fuller at the same price, stays (ruin and recreate; Schrimpf and others, 2000).

/// A search for a cheaper fleet.
struct FleetSearch: Sendable {
    let problem: FleetProblem
    /// What each model costs at least: by it, models are ordered and instances compared.
    let values: [Double]
    private var random: PackingRandom
    private(set) var instances: [OpenInstance] = []
    private(set) var cost = 0
    private(set) var best: [FleetInstance] = []
    private(set) var bestCost = Int.max

    /// An instance with what it has left.
    struct OpenInstance: Sendable {
        var type: Int
        /// By unit and dimension.
        var room: [Int]
        var places: [FleetInstance.Place] = []
        /// The values of its models.
        var value = 0.0
    }

    init(_ problem: FleetProblem, values: [Double], seed: UInt64) {
        self.problem = problem
        self.values = values
        random = PackingRandom(seed: seed)
    }

    /// Places all models: widest first, of equal width the dearest.
    mutating func build() {
        insert(ordered(Array(problem.models.indices), noise: 0))
        keep()
    }

    /// Goes on from a fleet.
    mutating func start(from fleet: [FleetInstance]) {
        instances = fleet.map { known in
            var instance = fresh(known.type)
            for place in known.places { put(place.model, at: place.start, in: &instance) }
            return instance
        }
        cost = fleet.reduce(0) { $0 + problem.types[$1.type].price }
        keep()
    }

    /// Searches until the bound is reached, so many steps are made, or the control says so.
    mutating func run(bound: Int, steps: Int, control: PackingControl) {
        let price = Double(problem.types.map(\.price).max() ?? 0)
        for step in 0..<steps {
            if bestCost <= bound { return }
            // With many models a step takes long.
            if step % 16 == 0 || problem.models.count > 2_000, control.isOver { return }
            let left = 1 - Double(step) / Double(steps)
            move(heat: 0.02 * price * left * left)
        }
    }

    /// Lower is better: the price, less something for instances that are full.
    private func objective() -> Double {
        var sum = Double(cost)
        for instance in instances {
            let price = Double(problem.types[instance.type].price)
            guard price > 0 else { continue }
            let fill = min(instance.value / price, 1)
            sum -= 0.25 * price * fill * fill
        }
        return sum
    }

    private mutating func move(heat: Double) {
        guard !instances.isEmpty else { return }
        let before = (instances, cost)
        let old = objective()
        let count = min(1 + random.below(3), instances.count)
        var models: [Int] = []
        for turn in 0..<count {
            var chosen = random.below(instances.count)
            // The emptier of two goes first: it is the one to be got rid of.
            if turn == 0 {
                let other = random.below(instances.count)
                if fill(other) < fill(chosen) { chosen = other }
            }
            cost -= problem.types[instances[chosen].type].price
            models += instances[chosen].places.map(\.model)
            instances.swapAt(chosen, instances.count - 1)
            instances.removeLast()
        }
        insert(ordered(models, noise: 0.3))
        if cost < bestCost { keep() }
        let worse = objective() - old
        if worse > 0, heat <= 0 || random.fraction() > max(0, 1 - worse / heat) {
            (instances, cost) = before
        }
    }

    private func fill(_ index: Int) -> Double {
        instances[index].value / Double(max(problem.types[instances[index].type].price, 1))
    }

    private mutating func keep() {
        guard cost < bestCost else { return }
        bestCost = cost
        best = instances.map { FleetInstance(type: $0.type, places: $0.places) }
    }

    /// Models by width and value, falling.
    private mutating func ordered(_ models: [Int], noise: Double) -> [Int] {
        let keys = models.map { model in
            let width = problem.models[model].demands.compactMap { $0?.width }.max() ?? 1
            return Double(width) * 1e18 + values[model] * (1 + noise * (random.fraction() - 0.5))
        }
        return models.indices.sorted { (keys[$0], models[$1]) > (keys[$1], models[$0]) }.map { models[$0] }
    }

    /// Every model into the instance that it fills best, then the rest into new ones.
    private mutating func insert(_ models: [Int]) {
        var rest: [Int] = []
        for model in models {
            var chosen: (instance: Int, start: Int)?
            var least = Double.infinity
            for index in instances.indices {
                guard let (start, left) = place(model, in: instances[index]), left < least else { continue }
                least = left
                chosen = (index, start)
            }
            if let chosen {
                put(model, at: chosen.start, in: &instances[chosen.instance])
            } else {
                rest.append(model)
            }
        }
        while !rest.isEmpty {
            guard let (instance, left) = bought(for: rest) else { return }
            instances.append(instance)
            cost += problem.types[instance.type].price
            rest = left
        }
    }

    /// The new instance that takes most for its price, filled, and the models that are left.
    private func bought(for models: [Int]) -> (OpenInstance, [Int])? {
        var best: (instance: OpenInstance, left: [Int], ratio: Double)?
        for type in problem.types.indices {
            var instance = fresh(type)
            var left: [Int] = []
            // So many misses in a row, and the instance counts as full: with very many models a look at all costs too much.
            var misses = 0
            for (index, model) in models.enumerated() {
                if misses < 400, let (start, _) = place(model, in: instance) {
                    put(model, at: start, in: &instance)
                    misses = 0
                } else {
                    left.append(model)
                    misses += 1
                    if misses == 400 {
                        left += models[(index + 1)...]
                        break
                    }
                }
            }
            guard left.count < models.count else { continue }
            let ratio = Double(problem.types[type].price) / max(instance.value, 1e-9)
            if best == nil || ratio < (best?.ratio ?? 0) { best = (instance, left, ratio) }
        }
        return best.map { ($0.instance, $0.left) }
    }

    private func fresh(_ type: Int) -> OpenInstance {
        let known = problem.types[type]
        return OpenInstance(
            type: type, room: (0..<known.units).flatMap { _ in problem.capacities[known.kind] })
    }

    /// The run of an instance that a model fills best, with the room that it leaves there; nil where it does not fit.
    private func place(_ model: Int, in instance: OpenInstance) -> (start: Int, left: Double)? {
        let type = problem.types[instance.type]
        guard let demand = problem.models[model].demands[type.kind] else { return nil }
        let group = problem.models[model].group
        if group >= 0, instance.places.contains(where: { problem.models[$0.model].group == group }) {
            return nil
        }
        let dimensions = problem.dimensions
        let capacity = problem.capacities[type.kind]
        var best: (start: Int, left: Double)?
        for start in type.starts(demand.width) {
            var left = 0.0
            var fits = true
            for unit in start..<start + demand.width where fits {
                for dimension in 0..<dimensions {
                    let rest = instance.room[unit * dimensions + dimension] - demand.sizes[dimension]
                    if rest < 0 {
                        fits = false
                        break
                    }
                    left += Double(rest) / Double(capacity[dimension])
                }
            }
            guard fits else { continue }
            left /= Double(demand.width)
            if left < (best?.left ?? .infinity) { best = (start, left) }
        }
        return best
    }

    private func put(_ model: Int, at start: Int, in instance: inout OpenInstance) {
        guard let demand = problem.models[model].demands[problem.types[instance.type].kind] else { return }
        let dimensions = problem.dimensions
        for unit in start..<start + demand.width {
            for dimension in 0..<dimensions {
                instance.room[unit * dimensions + dimension] -= demand.sizes[dimension]
            }
        }
        instance.places.append(FleetInstance.Place(model: model, start: start))
        instance.value += values[model]
    }
}
