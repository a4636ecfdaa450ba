// A repacking as it is told: who moves when, which instances are given up, what that saves.

internal import Neuron
internal import Packing

/// A repacking with its figures.
package struct RepackReport: Sendable {
    /// A model's way.
    package struct Move: Equatable, Sendable {
        /// The copy's name.
        package var name: String
        /// Where it was; nil for one that had no place.
        package var from: Spot?
        /// Where it goes.
        package var to: Spot
    }

    /// A place on the fleet.
    package struct Spot: Equatable, Sendable {
        /// What the fleet's file calls the instance.
        package var instance: String
        /// Its type.
        package var type: String
        /// The cores that are meant.
        package var cores: ClosedRange<Int>
    }

    /// The moves, in their order.
    package var moves: [Move]
    /// How many moves of models that had a place were permitted.
    package var budget: Int
    /// Labels and types of the instances that are given up.
    package var closed: [(label: String, type: String)]
    /// Labels and types of the instances that are bought.
    package var bought: [(label: String, type: String)]
    /// Millionths of a dollar an hour before.
    package var costBefore: Int
    /// The fleet afterwards.
    package var after: PlanReport
    /// Its instances' labels.
    package var labels: [String]

    /// Moves of models that had a place.
    package var moveCount: Int { moves.count { $0.from != nil } }

    init(_ answer: FleetRepacking, of problem: PlanProblem, placement: CurrentPlacement, budget: Int) {
        let known = placement.instances.map(\.label)
        let all = known + (0..<answer.bought).map { "new-\($0 + 1)" }
        let types = answer.instances.map { problem.fleet.types[$0.type].name }
        func spot(_ spot: FleetRepacking.Spot, _ model: Int) -> Spot {
            let type = problem.fleet.types[answer.instances[spot.instance].type]
            let first = spot.start * type.coresPerUnit
            let cores = problem.request.cores(
                of: problem.request.models[problem.copies[model].model], problem.request.families[type.kind])
            return Spot(
                instance: all[spot.instance], type: type.name, cores: first...(first + max(cores, 1) - 1))
        }
        moves = answer.moves.map { move in
            Move(
                name: problem.copies[move.model].name, from: move.from.map { spot($0, move.model) },
                to: spot(move.to, move.model))
        }
        self.budget = budget
        closed = answer.closed.map { (all[$0], types[$0]) }
        bought = (known.count..<all.count).map { (all[$0], types[$0]) }
        costBefore = answer.costBefore
        let given = Set(answer.closed)
        let kept = answer.instances.indices.filter { !given.contains($0) }
        labels = kept.map { all[$0] }
        after = PlanReport(
            FleetPlan(
                instances: kept.map { answer.instances[$0] }, cost: answer.cost, bound: answer.bound,
                simple: []),
            of: problem, rate: nil)
    }
}

extension RepackReport {
    /// For a terminal.
    var table: String {
        var rows = [["#", "MODEL", "FROM", "TO"]]
        for (index, move) in moves.enumerated() {
            rows.append([
                "\(index + 1)", String(move.name.prefix(60)), move.from.map(Self.text) ?? "-",
                Self.text(move.to),
            ])
        }
        var lines: [[String]] = []
        let moved =
            moves.isEmpty
            ? "nothing is won by moving" : "\(Money.grouped(moveCount)) of \(Money.grouped(budget)) permitted"
        lines.append(["moves", moved])
        if !closed.isEmpty { lines.append(["given up", Self.list(closed)]) }
        if !bought.isEmpty { lines.append(["bought", Self.list(bought)]) }
        lines.append([
            "an hour", "\(Money.dollars(Double(after.cost))), \(Money.dollars(Double(costBefore))) before",
        ])
        lines.append([
            "proof",
            after.isOptimal
                ? "nothing is cheaper"
                : "no fleet for these models is below \(Money.dollars(Double(after.bound)))",
        ])
        lines.append(["took", Money.decimal(after.seconds, 2) + " s"])
        return (moves.isEmpty ? "" : PlanTable.lined(rows) + "\n") + PlanTable.lined(lines)
    }

    private static func text(_ spot: Spot) -> String {
        "\(spot.instance) \(spot.type)@\(PlanTable.cores(spot.cores))"
    }

    private static func list(_ instances: [(label: String, type: String)]) -> String {
        let shown = instances.prefix(12).map { "\($0.label) (\($0.type))" }.joined(separator: ", ")
        return "\(Money.grouped(instances.count)): \(shown)\(instances.count > 12 ? " ..." : "")"
    }
}
