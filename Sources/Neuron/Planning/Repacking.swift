// What becomes of a running fleet: its placement becomes a repacking problem, and the answer is told in its own labels.

internal import Neuron
package import Packing

extension Planner {
    /// Repacks a running fleet.
    ///
    /// - Parameters:
    ///   - request: whose types are those of the fleet and those that may be bought.
    ///   - moves: how many models may move at most; nil for a twentieth of those that have a place.
    ///   - control: when to stop; what has been found by then is the answer.
    ///   - progress: told of each better answer: instances, dollars an hour and the least that is possible, in millionths.
    /// - Throws: what is wrong with the models or the placement, or that the moves are too few for what has outgrown its place.
    package static func repack(
        _ request: PlanRequest, _ placement: CurrentPlacement, moves: Int?, settings: Settings = Settings(),
        control: PackingControl = PackingControl(),
        progress: @escaping @Sendable (_ instances: Int, _ cost: Int, _ bound: Int) -> Void = { _, _, _ in }
    ) async throws(PlanInputError) -> RepackReport {
        let began = ContinuousClock.now
        let problem = try PlanProblem(request)
        let (instances, placed) = try standing(placement, problem)
        let budget = moves ?? max(1, placed / 20)
        let repacker = FleetRepacker(problem.fleet, instances, budget: budget, seed: settings.seed)
        let result = await answer(repacker, settings.rounds, control, progress)
        switch result {
        case .failure(.budget(let needed)):
            throw PlanInputError(
                placement.file,
                "models have no room where they are: \(needed) have to move, \(budget) may; permit more by --moves"
            )
        case .success(let answer):
            var report = RepackReport(answer, of: problem, placement: placement, budget: budget)
            let took = (ContinuousClock.now - began).components
            report.after.seconds = Double(took.seconds) + Double(took.attoseconds) / 1e18
            return report
        }
    }

    private static func answer(
        _ repacker: FleetRepacker, _ rounds: Int, _ control: PackingControl,
        _ progress: @escaping @Sendable (Int, Int, Int) -> Void
    ) async -> Result<FleetRepacking, FleetRepacker.Fault> {
        do throws(FleetRepacker.Fault) {
            return .success(try await repacker.solve(rounds: rounds, control: control, progress: progress))
        } catch { return .failure(error) }
    }

    /// The instances as they stand, and how many of the models have a place on them.
    ///
    /// What is on an instance and not among the models has left. A model whose cores are another number now than its place has
    /// room for is placed anew.
    private static func standing(
        _ placement: CurrentPlacement, _ problem: PlanProblem
    ) throws(PlanInputError) -> (instances: [FleetInstance], placed: Int) {
        var indices: [String: Int] = [:]
        for (index, copy) in problem.copies.enumerated() {
            indices[copy.name] = index
            // One copy of several that were.
            if problem.request.models[copy.model].copies == 1 { indices[copy.name + "#1"] = index }
        }
        var lines: [Int: Int] = [:]
        var instances: [FleetInstance] = []
        for known in placement.instances {
            guard let type = problem.fleet.types.firstIndex(where: { $0.name == known.type.name }) else {
                throw PlanInputError(
                    placement.file, "there is no price of \(known.type.name): give one by --prices")
            }
            var instance = FleetInstance(type: type, places: [])
            for model in known.models {
                guard let index = indices[model.name] else { continue }
                if let first = lines.updateValue(model.line, forKey: index) {
                    throw PlanInputError(
                        placement.file, line: model.line,
                        "\"\(model.name.prefix(80))\" is there already, on line \(first)")
                }
                let start = model.core / problem.fleet.types[type].coresPerUnit
                guard problem.fleet.canStand(index, on: type, at: start) else { continue }
                instance.places.append(.init(model: index, start: start))
            }
            instances.append(instance)
        }
        return (instances, lines.count)
    }
}
