// What an hour costs at least. A unit of any kind can be filled with no more than a whole of weighed sizes, and no unit is
// cheaper than those of the cheapest instance with such units: so every model costs at least its share.

/// Bounds on what a fleet costs.
struct FleetBounds {
    let problem: FleetProblem
    /// By kind, the least that a unit costs, as a fraction: price of so many units; nil where no type has such units.
    private let cheapest: [(price: Int, units: Int)?]

    init(_ problem: FleetProblem) {
        self.problem = problem
        cheapest = problem.capacities.indices.map { kind in
            problem.types.filter { $0.kind == kind }.map { ($0.price, $0.units) }.min {
                $0.0 * $1.1 < $1.0 * $0.1
            }
        }
    }

    /// The bound, and what each model costs at least for the weights that it comes from.
    func bound() -> (cost: Int, values: [Double]) {
        var best = (cost: 0.0, values: [Double](repeating: 0, count: problem.models.count))
        for shares in mixtures() {
            var sum = 0.0
            let values = problem.models.map { model in
                let value = least(model, shares)
                sum += value
                return value
            }
            if sum > best.cost || best.cost == 0 { best = (sum, values) }
        }
        var cost = Int((best.cost * (1 - 1e-12)).rounded(.up))
        // Copies that are kept apart need an instance each.
        var members: [Int: Int] = [:]
        for model in problem.models where model.group >= 0 { members[model.group, default: 0] += 1 }
        cost = max(cost, (members.values.max() ?? 0) * (problem.types.map(\.price).min() ?? 0))
        if !problem.models.isEmpty { cost = max(cost, problem.types.map(\.price).min() ?? 0) }
        if let units = unitBound() {
            let types = problem.types.enumerated().map { ($0.offset, $0.element.units, $0.element.price) }
            cost = max(cost, InstanceCover.cheapest(units, of: types).cost)
        }
        return (cost, best.values)
    }

    /// Where all units are of one kind: how many are needed, each piece of a model by itself.
    private func unitBound() -> Int? {
        guard let kind = problem.types.first?.kind, problem.types.allSatisfy({ $0.kind == kind }) else {
            return nil
        }
        var sizes: [Int] = []
        for model in problem.models {
            guard let demand = model.demands[kind] else { return nil }
            guard sizes.count < VectorProblem.mostItems / 2 else { return nil }
            for _ in 0..<demand.width { sizes += demand.sizes }
        }
        guard let pieces = try? VectorProblem(capacity: problem.capacities[kind], sizes: sizes) else {
            return nil
        }
        return VectorBounds.bound(pieces)
    }

    private func mixtures() -> [[Double]] {
        let dimensions = problem.dimensions
        var found = (0..<dimensions).map { dimension in
            (0..<dimensions).map { $0 == dimension ? 1.0 : 0.0 }
        }
        for first in 0..<dimensions {
            for second in (first + 1)..<max(first + 1, dimensions) {
                for part in 1..<8 {
                    var shares = [Double](repeating: 0, count: dimensions)
                    shares[first] = Double(part) / 8
                    shares[second] = 1 - shares[first]
                    found.append(shares)
                }
            }
        }
        return found
    }

    private func least(_ model: FleetModel, _ shares: [Double]) -> Double {
        var least = Double.infinity
        for (kind, demand) in model.demands.enumerated() {
            guard let demand, let (price, units) = cheapest[kind] else { continue }
            var share = 0.0
            for dimension in shares.indices {
                share +=
                    shares[dimension] * Double(demand.sizes[dimension])
                    / Double(problem.capacities[kind][dimension])
            }
            least = min(least, share * Double(demand.width) * Double(price) / Double(units))
        }
        return least.isFinite ? least : 0
    }
}
