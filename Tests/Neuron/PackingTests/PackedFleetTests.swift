import PackingStudy
import Testing

@testable import Packing

@Suite("A fleet that stays packed")
struct PackedFleetTests {
    /// Checks that no bin holds too much, and no group is together, after each of `moves` from `fleet`.
    static func follow(_ moves: [PackedFleet.Move], from fleet: PackedFleet) {
        var loads: [Int: [Int]] = [:]
        var members: [Int: [Int: Int]] = [:]
        let known = Dictionary(uniqueKeysWithValues: fleet.models.map { ($0.id, $0) })
        var bins = Dictionary(uniqueKeysWithValues: fleet.models.map { ($0.id, fleet.bin(of: $0.id) ?? -1) })
        func put(_ id: Int, _ sign: Int) {
            guard let model = known[id], let bin = bins[id] else { return }
            let load = loads[bin] ?? fleet.capacity.map { _ in 0 }
            loads[bin] = zip(load, model.sizes).map { $0 + sign * $1 }
            if model.group >= 0 { members[bin, default: [:]][model.group, default: 0] += sign }
        }
        for id in bins.keys { put(id, 1) }
        for move in moves {
            #expect(bins[move.model] == move.from)
            put(move.model, -1)
            bins[move.model] = move.to
            put(move.model, 1)
            #expect(zip(loads[move.to] ?? [], fleet.capacity).allSatisfy { $0 <= $1 })
            #expect((members[move.to] ?? [:]).values.allSatisfy { $0 <= 1 })
        }
    }

    @Test("empties a bin by few moves, each of which has room")
    func empties() {
        var fleet = PackedFleet(capacity: [10])
        for (model, size) in [(0, 6), (1, 6), (2, 6)] { fleet.set(model, sizes: [size]) }
        fleet.set(3, sizes: [4])
        fleet.set(4, sizes: [4])
        fleet.set(5, sizes: [4])
        fleet.remove(0)
        fleet.remove(1)
        #expect(fleet.binCount == 3)
        let before = fleet
        let moves = fleet.consolidate(budget: 5)
        #expect(fleet.binCount == 2)
        #expect(moves.count == 1)
        Self.follow(moves, from: before)
    }

    @Test("moves nothing without a budget, and nothing where nothing is won")
    func noBudget() {
        var fleet = PackedFleet(capacity: [10])
        fleet.set(0, sizes: [4])
        fleet.set(1, sizes: [7])
        fleet.set(2, sizes: [3])
        #expect(fleet.binCount == fleet.bound)
        #expect(fleet.consolidate(budget: 100).isEmpty)
        fleet.remove(2)
        fleet.set(1, sizes: [2])
        let count = fleet.binCount
        #expect(fleet.consolidate(budget: 0).isEmpty)
        #expect(fleet.binCount == count)
    }

    @Test("moves a model that has outgrown its bin, and says so")
    func grows() {
        var fleet = PackedFleet(capacity: [10])
        fleet.set(0, sizes: [4])
        fleet.set(1, sizes: [6])
        #expect(fleet.binCount == 1)
        #expect(fleet.set(1, sizes: [5]) == nil)
        #expect(fleet.set(1, sizes: [7]) == PackedFleet.Move(model: 1, from: 0, to: 1))
        #expect(fleet.binCount == 2)
    }

    @Test("keeps copies apart, also while it moves them")
    func groups() {
        var fleet = PackedFleet(capacity: [100, 100])
        var random = PackingRandom(seed: 9)
        for model in 0..<200 {
            fleet.set(
                model,
                sizes: [Int.random(in: 5...40, using: &random), Int.random(in: 5...40, using: &random)],
                group: model / 4)
        }
        for model in stride(from: 0, to: 200, by: 3) { fleet.remove(model) }
        let before = fleet
        let moves = fleet.consolidate(budget: 200)
        #expect(!moves.isEmpty)
        #expect(moves.count <= 200)
        #expect(fleet.binCount < before.binCount)
        Self.follow(moves, from: before)
    }

    @Test("stays valid through a thousand changes, and close to what packing anew would need")
    func changes() async throws {
        let problem = try #require(VectorClasses.mixed(300, number: 1))
        let start = await VectorSolver(problem).solve()
        var fleet = PackedFleet(problem, start.packing)
        var random = PackingRandom(seed: 5)
        func sizes() -> [Int] {
            [Int.random(in: 100...799, using: &random), Int.random(in: 100...875, using: &random)]
        }
        var next = 300
        for _ in 0..<1_000 {
            let ids = fleet.models.map(\.id)
            switch Int.random(in: 0...2, using: &random) {
            case 0:
                fleet.set(next, sizes: sizes())
                next += 1
            case 1: fleet.remove(ids[Int.random(in: 0..<ids.count, using: &random)])
            default: fleet.set(ids[Int.random(in: 0..<ids.count, using: &random)], sizes: sizes())
            }
            let before = fleet
            Self.follow(fleet.consolidate(budget: 30, level: 1), from: before)
        }
        #expect(fleet.binCount <= fleet.bound + 2)
    }
}
