// A plan as it is told: what is bought, what is where, what it costs and how sure that is.

internal import Neuron
internal import Packing

/// A plan with its figures.
package struct PlanReport: Sendable {
    /// A model on an instance.
    package struct Block: Equatable, Sendable {
        /// The copy's name.
        package var name: String
        /// The model's number in the input, from 0: its colour.
        package var model: Int
        /// Its cores, first and last, as the instance counts them.
        package var cores: ClosedRange<Int>
        /// What of the instance's permitted memory it takes, from 0 to 1.
        package var memory: Double
        /// What of the instance's permitted compute it takes, from 0 to 1.
        package var compute: Double
        /// Its memory in octets.
        package var octets: Int
        /// Its share of a chip in percent.
        package var percent: Double
    }

    /// An instance.
    package struct Instance: Equatable, Sendable {
        /// Its type.
        package var type: String
        /// Its models, by core and then as packed.
        package var blocks: [Block]
        /// What of its permitted memory is taken, from 0 to 1.
        package var memory: Double { blocks.reduce(0) { $0 + $1.memory } }
        /// What of its permitted compute is taken, from 0 to 1.
        package var compute: Double { blocks.reduce(0) { $0 + $1.compute } }
    }

    /// What the same models would cost elsewhere.
    package struct Alternative: Equatable, Sendable {
        /// The type alone.
        package var type: String
        /// How many of it, or nil where some model does not fit.
        package var instances: Int?
        /// Millionths of a dollar an hour.
        package var cost: Int?
    }

    /// The instances.
    package var instances: [Instance]
    /// Models, copies counted.
    package var models: Int
    /// Millionths of a dollar an hour.
    package var cost: Int
    /// What an hour costs at least, in millionths.
    package var bound: Int
    /// What simple rules would cost, in millionths.
    package var simple: [(rule: String, cost: Int)]
    /// Each type alone.
    package var alternatives: [Alternative] = []
    /// Where the prices are from.
    package var prices: String
    /// Requests a second of all models together; nil where none is known.
    package var rate: Double?
    /// What a chip may hold, for the picture: `7.4 GB`.
    package var memoryLimit: String
    /// How busy a chip may be: `83 %`.
    package var computeLimit: String
    /// What clocks say: a sentence for each model that has one.
    package var clocks: [String] = []
    /// How long the solve took, in seconds.
    package var seconds = 0.0

    /// Whether nothing is cheaper.
    package var isOptimal: Bool { cost <= bound }
    /// How many of each type, in the order of the plan.
    package var counts: [(type: String, count: Int)] {
        instances.reduce(into: []) { found, instance in
            if let index = found.firstIndex(where: { $0.type == instance.type }) {
                found[index].count += 1
            } else {
                found.append((instance.type, 1))
            }
        }
    }
    /// Millionths of a dollar for a model and hour.
    package var costPerModelHour: Double { models > 0 ? Double(cost) / Double(models) : 0 }
    /// Millionths of a dollar for a million requests; nil where no rate is known.
    package var costPerMillionRequests: Double? {
        rate.map { Double(cost) / 3600 / $0 * 1_000_000 }
    }

    init(_ plan: FleetPlan, of problem: PlanProblem, rate: Double?) {
        let request = problem.request
        let fleet = problem.fleet
        instances = plan.instances.map { instance in
            let type = fleet.types[instance.type]
            let capacity = fleet.capacities[type.kind]
            let blocks = instance.places.compactMap { place -> Block? in
                guard let demand = fleet.models[place.model].demands[type.kind] else { return nil }
                let first = place.start * type.coresPerUnit
                let copy = problem.copies[place.model]
                let total = demand.sizes.map { $0 * demand.width }
                // On chips whose cores share their memory, a model that asks for fewer cores has the chip's first ones by time.
                let cores = max(1, request.cores(of: request.models[copy.model], request.families[type.kind]))
                return Block(
                    name: copy.name, model: copy.model, cores: first...(first + max(cores, 1) - 1),
                    memory: Double(total[0]) / Double(capacity[0] * type.units),
                    compute: Double(total[1]) / Double(capacity[1] * type.units), octets: total[0],
                    percent: Double(total[1]) / Double(PlanProblem.fine) / 1e6)
            }
            return Instance(
                type: type.name,
                blocks: blocks.sorted {
                    ($0.cores.lowerBound, $0.model, $0.name) < ($1.cores.lowerBound, $1.model, $1.name)
                })
        }
        models = problem.copies.count
        cost = plan.cost
        bound = plan.bound
        simple = plan.simple.map { ($0.rule, $0.cost) }
        prices = request.prices.origin
        let known = request.models.compactMap(\.rate)
        self.rate = rate ?? (known.isEmpty ? nil : known.reduce(0, +))
        let limits = request.families.map { MemorySize.text(request.memory($0)) }
        memoryLimit = limits.joined(separator: ", ")
        computeLimit = Money.decimal(Double(request.computeLimit) / 1e6, 1, trim: true) + " %"
        clocks = problem.needs.sorted { $0.key < $1.key }.map { index, need in
            let model = request.models[index]
            return "\(model.name): \(need.copies) \(need.copies == 1 ? "core" : "cores") for "
                + "\(Money.decimal(model.rate ?? 0, 1, trim: true)) requests/s, batches of up to \(need.batch), "
                + "\(Money.decimal(need.utilization * 100, 0)) % busy, P90 \(Money.decimal(need.p90, 1)) ms"
        }
    }
}
