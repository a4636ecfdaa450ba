// The whole of it: a request becomes a problem, the problem a plan, the plan a report.

package import Neuron
package import Packing

/// Plans what models need.
package enum Planner {
    /// How a plan is made.
    package struct Settings: Sendable {
        /// The same seed gives the same plan, unless the time limit ends the search.
        package var seed: UInt64
        /// Rounds of searching without a proof, after which it ends by itself.
        package var rounds: Int
        /// Requests a second of all models together, where the models do not say.
        package var rate: Double?
        /// Types of which to say what they alone would cost.
        package var alternatives: [InstanceType]

        /// Settings.
        package init(
            seed: UInt64 = 1, rounds: Int = 40, rate: Double? = nil, alternatives: [InstanceType] = []
        ) {
            self.seed = seed
            self.rounds = rounds
            self.rate = rate
            self.alternatives = alternatives
        }
    }

    /// Plans.
    ///
    /// - Parameters:
    ///   - control: when to stop; the plan so far is the answer then.
    ///   - progress: told of each better plan: instances, dollars an hour and the least that is possible, in millionths.
    /// - Throws: what is wrong with the models, before anything is searched.
    package static func plan(
        _ request: PlanRequest, settings: Settings = Settings(), control: PackingControl = PackingControl(),
        progress: @escaping @Sendable (_ instances: Int, _ cost: Int, _ bound: Int) -> Void = { _, _, _ in }
    ) async throws(PlanInputError) -> PlanReport {
        let began = ContinuousClock.now
        let problem = try PlanProblem(request)
        let solver = FleetSolver(problem.fleet, seed: settings.seed, rounds: settings.rounds)
        let plan = await solver.solve(control: control) { progress($0.instances.count, $0.cost, $0.bound) }
        var report = PlanReport(plan, of: problem, rate: settings.rate)
        for type in settings.alternatives {
            report.alternatives.append(await alternative(type, request, settings))
        }
        let took = (ContinuousClock.now - began).components
        report.seconds = Double(took.seconds) + Double(took.attoseconds) / 1e18
        return report
    }

    /// What one type alone would cost, at a first look.
    private static func alternative(
        _ type: InstanceType, _ request: PlanRequest, _ settings: Settings
    ) async -> PlanReport.Alternative {
        var other = request
        other.measuredOn = request.reference
        other.types = [type]
        guard let problem = try? PlanProblem(other) else {
            return .init(type: type.name, instances: nil, cost: nil)
        }
        let plan = await FleetSolver(problem.fleet, seed: settings.seed, rounds: 2).solve(
            control: PackingControl(timeLimit: .milliseconds(500)))
        return .init(type: type.name, instances: plan.instances.count, cost: plan.cost)
    }
}
