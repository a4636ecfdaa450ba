// Models on instances: a model takes a run of units of an instance, a unit being a chip or a core, whichever has memory of
// its own. Which runs there are is `Placement`'s knowledge; here they are numbers.

package import Placement

/// A type of instance that can be bought.
package struct FleetType: Hashable, Sendable {
    /// The type's name.
    package let name: String
    /// Which kind of units it has: an index into the problem's capacities.
    package let kind: Int
    /// How many units.
    package let units: Int
    /// What an hour costs, in millionths of the currency.
    package let price: Int
    /// Cores in a unit.
    package let coresPerUnit: Int
    /// By width, the units at which a valid run of that many begins; index 0 is empty.
    let starts: [[Int]]

    /// A type whose instances have this topology.
    ///
    /// - Parameters:
    ///   - coresPerUnit: 1, or the cores of a chip.
    ///   - price: an hour, in millionths; at least 0.
    package init(name: String, kind: Int, topology: CoreTopology, coresPerUnit: Int, price: Int) {
        self.name = name
        self.kind = kind
        self.price = max(price, 0)
        self.coresPerUnit = max(coresPerUnit, 1)
        let units = topology.coreCount / max(coresPerUnit, 1)
        self.units = units
        let size = max(coresPerUnit, 1)
        starts =
            [[]]
            + (1...max(units, 1)).map { width in
                (0..<max(units - width + 1, 0)).filter { start in
                    let (first, count) = (start * size, width * size)
                    guard topology.isValidGroup(start: first, size: count) else { return false }
                    // Groups that fill chips begin at a chip, smaller ones stay on one: neither touches a chip more than need be.
                    return count >= topology.coresPerChip
                        ? first % topology.coresPerChip == 0
                        : first / topology.coresPerChip == (first + count - 1) / topology.coresPerChip
                }
            }
    }

    /// The places for a run of `width` units.
    func starts(_ width: Int) -> [Int] { starts.indices.contains(width) ? starts[width] : [] }
}

/// What a model takes of a kind of unit.
package struct FleetDemand: Hashable, Sendable {
    /// Units in a row, at least 1.
    package var width: Int
    /// What it takes of each of them, by dimension.
    package var sizes: [Int]

    /// A demand.
    package init(width: Int, sizes: [Int]) {
        self.width = width
        self.sizes = sizes
    }
}

/// A model that wants a place.
package struct FleetModel: Hashable, Sendable {
    /// By kind of unit; nil where it cannot run.
    package var demands: [FleetDemand?]
    /// Models of the same group are kept on different instances; -1 for none.
    package var group: Int

    /// A model.
    package init(demands: [FleetDemand?], group: Int = -1) {
        self.demands = demands
        self.group = group
    }
}

/// Models and the instances that they may go to.
package struct FleetProblem: Sendable {
    /// By kind of unit, what one holds in each dimension.
    package let capacities: [[Int]]
    /// What can be bought.
    package let types: [FleetType]
    /// What wants a place.
    package let models: [FleetModel]

    /// Why a problem is none.
    package enum Fault: Error, Equatable {
        /// There is no type, or capacities or demands are out of the solver's limits.
        case limits
        /// No type of instance can hold the model.
        case model(Int)
    }

    /// A problem; demands that no instance can meet count as not given.
    ///
    /// - Throws: `Fault` with the first thing that is wrong.
    package init(capacities: [[Int]], types: [FleetType], models: [FleetModel]) throws(Fault) {
        let dimensions = capacities.first?.count ?? 0
        guard !types.isEmpty, (1...VectorProblem.mostDimensions).contains(dimensions),
            capacities.allSatisfy({ capacity in
                capacity.count == dimensions
                    && capacity.allSatisfy { (1...VectorProblem.largestCapacity).contains($0) }
            }),
            types.allSatisfy({
                capacities.indices.contains($0.kind) && (1...512).contains($0.units) && $0.price <= 1 << 40
            }),
            models.count <= VectorProblem.mostItems
        else { throw .limits }
        var kept = models
        for (index, model) in models.enumerated() {
            guard model.demands.count == capacities.count else { throw .limits }
            for (kind, demand) in model.demands.enumerated() {
                guard let demand else { continue }
                let isPossible =
                    demand.sizes.count == dimensions
                    && zip(demand.sizes, capacities[kind]).allSatisfy { $0 >= 0 && $0 <= $1 }
                    && types.contains { $0.kind == kind && !$0.starts(demand.width).isEmpty }
                if !isPossible { kept[index].demands[kind] = nil }
            }
            guard kept[index].demands.contains(where: { $0 != nil }) else { throw .model(index) }
        }
        self.capacities = capacities
        self.types = types
        self.models = kept
    }

    /// Dimensions of a unit.
    package var dimensions: Int { capacities[0].count }
}

/// An instance with its models.
package struct FleetInstance: Hashable, Sendable {
    /// Index of its type.
    package var type: Int
    /// Its models, and the unit at which each begins.
    package var places: [Place]

    /// Where a model is.
    package struct Place: Hashable, Sendable {
        /// Index of the model.
        package var model: Int
        /// The first of its units.
        package var start: Int

        /// A model at a place.
        package init(model: Int, start: Int) {
            self.model = model
            self.start = start
        }
    }

    /// An instance of a type.
    package init(type: Int, places: [Place]) {
        self.type = type
        self.places = places
    }
}

/// Where every model goes, and what is known about it.
package struct FleetPlan: Sendable {
    /// The instances.
    package var instances: [FleetInstance]
    /// What an hour of them costs, in millionths.
    package var cost: Int
    /// What an hour costs at least, whatever the packing.
    package var bound: Int
    /// What first answers come to, by name; for comparison.
    package var simple: [Simple]

    /// What a simple rule needs.
    package struct Simple: Equatable, Sendable {
        /// The rule: `best fit decreasing`.
        package var rule: String
        /// Its cost of an hour, in millionths.
        package var cost: Int
    }

    /// A plan that is known.
    package init(instances: [FleetInstance], cost: Int, bound: Int, simple: [Simple]) {
        self.instances = instances
        self.cost = cost
        self.bound = bound
        self.simple = simple
    }

    /// Whether nothing is cheaper.
    package var isOptimal: Bool { cost <= bound }
    /// How much dearer than the bound it may be, from 0.
    package var gap: Double { bound > 0 ? Double(cost - bound) / Double(bound) : 0 }

    /// Whether every model has one valid place, no unit holds too much, and groups are kept apart.
    package func isValid(for problem: FleetProblem) -> Bool {
        var seen = [Bool](repeating: false, count: problem.models.count)
        for instance in instances {
            guard problem.types.indices.contains(instance.type) else { return false }
            let type = problem.types[instance.type]
            var load = [[Int]](repeating: [Int](repeating: 0, count: problem.dimensions), count: type.units)
            var groups = Set<Int>()
            for place in instance.places {
                guard seen.indices.contains(place.model), !seen[place.model],
                    let demand = problem.models[place.model].demands[type.kind],
                    type.starts(demand.width).contains(place.start)
                else { return false }
                seen[place.model] = true
                let group = problem.models[place.model].group
                if group >= 0, !groups.insert(group).inserted { return false }
                for unit in place.start..<place.start + demand.width {
                    for dimension in 0..<problem.dimensions {
                        load[unit][dimension] += demand.sizes[dimension]
                    }
                }
            }
            for unit in load where !zip(unit, problem.capacities[type.kind]).allSatisfy({ $0 <= $1 }) {
                return false
            }
        }
        return seen.allSatisfy { $0 } && cost == instances.reduce(0) { $0 + problem.types[$1.type].price }
    }
}

extension FleetType {
    /// Whether no run of `width` units is valid on it.
    package func isTooSmall(for width: Int) -> Bool { starts(width).isEmpty }
}

extension FleetProblem {
    /// Whether a model may begin at a unit of a type, whatever else is there.
    package func canStand(_ model: Int, on type: Int, at start: Int) -> Bool {
        guard models.indices.contains(model), let demand = models[model].demands[types[type].kind] else {
            return false
        }
        return types[type].starts(demand.width).contains(start)
    }
}
