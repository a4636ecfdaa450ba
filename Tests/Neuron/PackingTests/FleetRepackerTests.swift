import Placement
import Testing

@testable import Packing

@Suite("Repacking a running fleet")
struct FleetRepackerTests {
    static let types = FleetTests.types

    /// Checks that no unit holds too much, and no copies are together, after each move.
    static func follow(_ answer: FleetRepacking, _ problem: FleetProblem, _ start: [FleetInstance]) {
        let types = answer.instances.map { problem.types[$0.type] }
        var load = types.map {
            [[Int]](repeating: [Int](repeating: 0, count: problem.dimensions), count: $0.units)
        }
        var groups = types.map { _ in [Int: Int]() }
        var spots: [Int: FleetRepacking.Spot] = [:]
        func put(_ model: Int, _ spot: FleetRepacking.Spot, _ sign: Int) {
            guard let demand = problem.models[model].demands[types[spot.instance].kind] else { return }
            for unit in spot.start..<spot.start + demand.width {
                for dimension in 0..<problem.dimensions {
                    load[spot.instance][unit][dimension] += sign * demand.sizes[dimension]
                }
            }
            if problem.models[model].group >= 0 {
                groups[spot.instance][problem.models[model].group, default: 0] += sign
            }
        }
        for (index, instance) in start.enumerated() {
            for place in instance.places {
                spots[place.model] = .init(instance: index, start: place.start)
                put(place.model, .init(instance: index, start: place.start), 1)
            }
        }
        for move in answer.moves {
            #expect(spots[move.model] == move.from)
            // It is loaded at the new place before it leaves the old one.
            put(move.model, move.to, 1)
            let capacity = problem.capacities[types[move.to.instance].kind]
            guard let demand = problem.models[move.model].demands[types[move.to.instance].kind] else {
                Issue.record("a model where it cannot run")
                return
            }
            for unit in move.to.start..<move.to.start + demand.width {
                #expect(zip(load[move.to.instance][unit], capacity).allSatisfy { $0 <= $1 })
            }
            if let from = move.from { put(move.model, from, -1) }
            #expect(groups[move.to.instance].values.allSatisfy { $0 <= 1 })
            spots[move.model] = move.to
        }
        for (index, instance) in answer.instances.enumerated() {
            for place in instance.places {
                #expect(spots[place.model] == FleetRepacking.Spot(instance: index, start: place.start))
            }
        }
        for instance in answer.closed { #expect(answer.instances[instance].places.isEmpty) }
        let kept = answer.instances.indices.filter { !answer.closed.contains($0) }
        let plan = FleetPlan(
            instances: kept.map { answer.instances[$0] }, cost: answer.cost, bound: answer.bound, simple: [])
        #expect(plan.isValid(for: problem))
    }

    /// Models of one core and of four, some in copies kept apart, one after the other on instances that are a third empty.
    static func fleet(_ seed: UInt64) throws -> (FleetProblem, [FleetInstance]) {
        var random = PackingRandom(seed: seed)
        let models = (0..<150).map { index in
            FleetTests.model(
                index % 10 == 0 ? 4 : 1, Int.random(in: 1...9, using: &random),
                Int.random(in: 1...50, using: &random),
                group: index % 10 == 1 ? index / 30 : -1)
        }
        let problem = try FleetProblem(capacities: [[16, 100]], types: types, models: models)
        var search = FleetSearch(problem, values: FleetBounds(problem).bound().values, seed: seed)
        search.build()
        // Every third model has left, and the rest is renumbered.
        let kept = models.indices.filter { $0 % 3 != 0 || $0 % 10 == 0 }
        let number = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
        let instances = search.best.map { instance in
            FleetInstance(
                type: instance.type,
                places: instance.places.compactMap { place in
                    number[place.model].map { .init(model: $0, start: place.start) }
                })
        }
        return (
            try FleetProblem(capacities: [[16, 100]], types: types, models: kept.map { models[$0] }),
            instances
        )
    }

    @Test("gives instances up within the budget, by moves that each have room", arguments: 1...6)
    func repacks(seed: UInt64) async throws {
        let (problem, start) = try Self.fleet(seed)
        let answer = try await FleetRepacker(problem, start, budget: 25, seed: seed).solve(rounds: 0)
        #expect(answer.moveCount <= 25)
        #expect(!answer.closed.isEmpty)
        #expect(answer.cost < answer.costBefore)
        #expect(answer.cost >= answer.bound)
        Self.follow(answer, problem, start)
    }

    @Test("moves nothing without a budget")
    func noBudget() async throws {
        let (problem, start) = try Self.fleet(1)
        let answer = try await FleetRepacker(problem, start, budget: 0).solve(rounds: 1)
        #expect(answer.moves.isEmpty)
        // What is empty is given up all the same.
        #expect(answer.closed.allSatisfy { start[$0].places.isEmpty })
    }

    @Test("gives the same moves for the same seed")
    func sameSeed() async throws {
        let (problem, start) = try Self.fleet(2)
        let first = try await FleetRepacker(problem, start, budget: 20, seed: 3).solve(rounds: 0)
        let second = try await FleetRepacker(problem, start, budget: 20, seed: 3).solve(rounds: 0)
        #expect(first.moves == second.moves)
    }

    @Test("keeps copies apart, though one instance has room for both")
    func spread() async throws {
        let models = [FleetTests.model(1, 1, group: 4), FleetTests.model(1, 1, group: 4)]
        let problem = try FleetProblem(capacities: [[16, 100]], types: [Self.types[0]], models: models)
        let start = (0..<2).map { FleetInstance(type: 0, places: [.init(model: $0, start: 0)]) }
        let answer = try await FleetRepacker(problem, start, budget: 5).solve(rounds: 2)
        #expect(answer.closed.isEmpty)
        #expect(answer.moves.isEmpty)
    }

    @Test("places what is new, for nothing of the budget, and buys where there is no room")
    func arrivals() async throws {
        let problem = try FleetProblem(
            capacities: [[16, 100]], types: [Self.types[0]],
            models: [FleetTests.model(2, 12), FleetTests.model(1, 3), FleetTests.model(2, 9)])
        let start = [FleetInstance(type: 0, places: [.init(model: 0, start: 0)])]
        let answer = try await FleetRepacker(problem, start, budget: 0).solve(rounds: 1)
        #expect(answer.bought == 1)
        #expect(answer.moveCount == 0)
        #expect(answer.moves.count == 2)
        Self.follow(answer, problem, start)
    }

    @Test("moves what has outgrown its place, and says how many moves that needs")
    func outgrown() async throws {
        let problem = try FleetProblem(
            capacities: [[16, 100]], types: [Self.types[0]],
            models: [FleetTests.model(1, 10), FleetTests.model(1, 9), FleetTests.model(1, 8)])
        let start = [
            FleetInstance(
                type: 0,
                places: [.init(model: 0, start: 0), .init(model: 1, start: 0), .init(model: 2, start: 0)])
        ]
        let answer = try await FleetRepacker(problem, start, budget: 2).solve(rounds: 1)
        #expect(answer.moveCount == 2)
        await #expect(throws: FleetRepacker.Fault.budget(needed: 2)) {
            try await FleetRepacker(problem, start, budget: 1).solve(rounds: 1)
        }
    }

    @Test("goes by a detour where models change places, or not at all")
    func circle() throws {
        // Two cores of 16, a model of 9 on each: they change places by way of the instance that is given up.
        let problem = try FleetProblem(
            capacities: [[16, 100]], types: [Self.types[0]],
            models: [FleetTests.model(1, 9), FleetTests.model(1, 9)])
        let start = [
            FleetInstance(type: 0, places: [.init(model: 0, start: 0), .init(model: 1, start: 1)]),
            FleetInstance(type: 0, places: []),
        ]
        var state = RepackState(problem, start)
        for model in 0...1 { state.eject(model) }
        state.insert(0, at: 1)
        state.insert(1, at: 0)
        state.close(1)
        var order = RepackOrder(state, running: state.types.count)
        let found = order.steps(budget: 3)
        let steps = try #require(found)
        #expect(steps.count == 3)
        #expect(steps[0].to >= 2)
        var short = RepackOrder(state, running: state.types.count)
        let none = short.steps(budget: 2)
        #expect(none == nil)
    }

    @Test("fills the gaps that others left with newcomers, by few moves, and buys nothing")
    func gaps() async throws {
        var random = PackingRandom(seed: 4)
        func draw() -> [Int] { [100...799, 100...875].map { Int.random(in: $0, using: &random) } }
        let capacity = [7_400, 8_300]
        let before = (0..<600).map { _ in draw() }
        let packed = await VectorSolver(
            try VectorProblem(capacity: capacity, sizes: before.flatMap { $0 })
        ).solve(control: PackingControl(timeLimit: .seconds(10)))
        try #require(packed.packing.count == 37)
        // Every sixth leaves, and as many come: the sums need 37 chips again, and these are full but for a hundredth.
        let kept = before.indices.filter { $0 % 6 != 0 }
        let models = kept.map { before[$0] } + (0..<100).map { _ in draw() }
        let number = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
        let topology = CoreTopology(chipCount: 1, coresPerChip: 1)
        let problem = try FleetProblem(
            capacities: [capacity],
            types: [FleetType(name: "chip", kind: 0, topology: topology, coresPerUnit: 1, price: 1)],
            models: models.map { FleetModel(demands: [FleetDemand(width: 1, sizes: $0)], group: -1) })
        let start = packed.packing.bins.map { bin in
            FleetInstance(
                type: 0, places: bin.compactMap { number[Int($0)] }.map { .init(model: $0, start: 0) })
        }
        let answer = try await FleetRepacker(problem, start, budget: 15).solve(rounds: 3)
        #expect(answer.bought == 0)
        #expect(answer.instances.count == 37)
        #expect(answer.moveCount <= 15)
        Self.follow(answer, problem, start)
    }
}
