import Placement
import Testing

@testable import Packing

@Suite("Fleets of instances")
struct FleetTests {
    /// inf2: cores with 16 GB each; 1 chip, or 6 in a line.
    static let types = [
        FleetType(
            name: "inf2.xlarge", kind: 0, topology: CoreTopology(chipCount: 1, coresPerChip: 2),
            coresPerUnit: 1,
            price: 758_200),
        FleetType(
            name: "inf2.24xlarge", kind: 0, topology: CoreTopology(chipCount: 6, coresPerChip: 2),
            coresPerUnit: 1,
            price: 6_490_630),
    ]

    static func model(_ width: Int, _ memory: Int, _ compute: Int = 1, group: Int = -1) -> FleetModel {
        FleetModel(demands: [FleetDemand(width: width, sizes: [memory, compute])], group: group)
    }

    @Test("give a model of four cores two neighbouring chips, which only the larger type has")
    func wide() async throws {
        let problem = try FleetProblem(
            capacities: [[16, 100]], types: Self.types,
            models: [Self.model(4, 10), Self.model(4, 10), Self.model(4, 10)])
        let plan = await FleetSolver(problem, rounds: 2).solve()
        #expect(plan.isValid(for: problem))
        #expect(plan.instances.map(\.type) == [1])
        #expect(plan.instances[0].places.map(\.start).sorted() == [0, 4, 8])
    }

    @Test("begin groups that fill chips at a chip, and keep smaller ones on one")
    func starts() {
        #expect(Self.types[1].starts(4) == [0, 2, 4, 6, 8])
        #expect(Self.types[1].starts(1).count == 12)
        #expect(Self.types[0].starts(4) == [])
        let trainium = FleetType(
            name: "trn1.32xlarge", kind: 0,
            topology: CoreTopology(chipCount: 16, coresPerChip: 2, groups: .trainium), coresPerUnit: 1,
            price: 1)
        #expect(trainium.starts(8) == [0, 8, 16, 24])
        #expect(trainium.starts(6) == [])
    }

    @Test("keep copies on different instances")
    func spread() async throws {
        let problem = try FleetProblem(
            capacities: [[16, 100]], types: [Self.types[0]],
            models: (0..<3).map { _ in Self.model(1, 1, group: 7) })
        let plan = await FleetSolver(problem, rounds: 2).solve()
        #expect(plan.isValid(for: problem))
        #expect(plan.instances.count == 3)
        #expect(plan.isOptimal)
    }

    @Test("take the cheaper kind for each model")
    func kinds() async throws {
        let small = FleetType(
            name: "inf1.xlarge", kind: 1, topology: CoreTopology(chipCount: 1, coresPerChip: 4),
            coresPerUnit: 4,
            price: 228_000)
        // The first fits only the dear chip, the second both, but is cheaper where it has room for nothing.
        let models = [
            FleetModel(demands: [FleetDemand(width: 1, sizes: [16, 100]), nil]),
            FleetModel(demands: [
                FleetDemand(width: 1, sizes: [2, 60]), FleetDemand(width: 1, sizes: [2, 90]),
            ]),
            FleetModel(demands: [
                FleetDemand(width: 1, sizes: [2, 60]), FleetDemand(width: 1, sizes: [2, 90]),
            ]),
        ]
        let problem = try FleetProblem(
            capacities: [[16, 100], [8, 100]], types: [Self.types[0], small], models: models)
        let plan = await FleetSolver(problem, rounds: 4).solve()
        #expect(plan.isValid(for: problem))
        // Both cores of one Inf2 chip, and one Inf1 chip for the third.
        #expect(plan.cost == 758_200 + 228_000)
    }

    @Test("of single chips are packed with proof, and bought at the least price")
    func units() async throws {
        let types = [
            FleetType(
                name: "inf1.6xlarge", kind: 0, topology: CoreTopology(chipCount: 4, coresPerChip: 4),
                coresPerUnit: 4,
                price: 1_180_000)
        ]
        // The seed: 3,040 equal models, 19 to a chip, 76 to an instance, 40 instances for $47.20.
        let problem = try FleetProblem(
            capacities: [[7_600, 8_300]], types: types,
            models: (0..<3_040).map { _ in Self.model(1, 400, 430) })
        let plan = await FleetSolver(problem).solve()
        #expect(plan.isValid(for: problem))
        #expect(plan.instances.count == 40)
        #expect(plan.instances.allSatisfy { $0.places.count == 76 })
        #expect(plan.cost == 47_200_000)
        #expect(plan.isOptimal)
    }

    @Test("give the same plan for the same seed")
    func sameSeed() async throws {
        var random = PackingRandom(seed: 3)
        let models = (0..<120).map { index in
            Self.model(
                index % 9 == 0 ? 4 : 1, Int.random(in: 1...12, using: &random),
                Int.random(in: 1...40, using: &random),
                group: index < 10 ? index / 5 : -1)
        }
        let problem = try FleetProblem(capacities: [[16, 100]], types: Self.types, models: models)
        let first = await FleetSolver(problem, seed: 2, rounds: 3).solve()
        let second = await FleetSolver(problem, seed: 2, rounds: 3).solve()
        #expect(first.isValid(for: problem))
        #expect(first.instances == second.instances)
        #expect(first.bound <= first.cost)
        #expect(first.cost <= first.simple[0].cost)
    }

    @Test("name the model that fits nowhere")
    func tooLarge() {
        #expect(throws: FleetProblem.Fault.model(1)) {
            try FleetProblem(
                capacities: [[16, 100]], types: Self.types, models: [Self.model(1, 1), Self.model(1, 17)])
        }
    }
}
