import PackingStudy
import Synchronization
import Testing

@testable import Packing

@Suite("Packing into equal bins")
struct VectorSolverTests {
    /// Optima for so few items by trying everything.
    static func optimum(_ problem: VectorProblem) -> Int {
        var best = problem.count
        var loads: [[Int]] = []
        var groups: [Set<Int>] = []
        func place(_ item: Int) {
            if loads.count >= best { return }
            guard item < problem.count else {
                best = loads.count
                return
            }
            let sizes = (0..<problem.dimensions).map { problem.sizes[item * problem.dimensions + $0] }
            let group = problem.groups.isEmpty ? -1 : problem.groups[item]
            for bin in loads.indices
            where !groups[bin].contains(group)
                && zip(zip(loads[bin], sizes), problem.capacity).allSatisfy({ $0.0 + $0.1 <= $1 })
            {
                let (load, members) = (loads[bin], groups[bin])
                loads[bin] = zip(load, sizes).map { $0 + $1 }
                if group >= 0 { groups[bin].insert(group) }
                place(item + 1)
                (loads[bin], groups[bin]) = (load, members)
            }
            loads.append(sizes)
            groups.append(group >= 0 ? [group] : [])
            place(item + 1)
            loads.removeLast()
            groups.removeLast()
        }
        place(0)
        return best
    }

    @Test("finds what trying everything finds, and its bound is never above it", arguments: 0..<60)
    func againstEverything(number: Int) async throws {
        var random = PackingRandom(seed: UInt64(number))
        let dimensions = 1 + number % 3
        let count = Int.random(in: 1...9, using: &random)
        let problem = try VectorProblem(
            capacity: (0..<dimensions).map { _ in 20 },
            sizes: (0..<count * dimensions).map { _ in Int.random(in: 0...20, using: &random) },
            groups: number % 4 == 0 ? (0..<count).map { $0 % 3 - 1 } : [])
        let optimum = Self.optimum(problem)
        #expect(VectorBounds.bound(problem) <= optimum)
        let solution = await VectorSolver(problem, rounds: 8).solve()
        #expect(solution.packing.isValid(for: problem))
        #expect(solution.packing.count == optimum)
        #expect(solution.bound <= optimum)
    }

    @Test(
        "proves the optimum of classic sets",
        arguments: [
            (ClassicSet.falkenauerUniform, 120), (.falkenauerUniform, 1_000), (.falkenauerTriplet, 60),
            (.falkenauerTriplet, 120), (.scholl1, 200), (.scholl2, 200), (.scholl3, 200), (.schwerin, 120),
            (.waescher, 120),
            (.hard, 160),
        ])
    func classics(set: ClassicSet, count: Int) async throws {
        let problem = try #require(set.instance(count, number: 1))
        let solution = await VectorSolver(problem).solve()
        #expect(solution.packing.isValid(for: problem))
        #expect(solution.isOptimal, "\(solution.packing.count) bins, \(solution.bound) are needed at least")
        if set == .falkenauerTriplet { #expect(solution.packing.count == count / 3) }
    }

    @Test("proves the optimum of two dimensions", arguments: [1, 2, 3, 4, 5, 6, 7, 8, 10])
    func classes(kind: Int) async throws {
        let problem = try #require(VectorClasses.instance(kind, 50, number: 1))
        let solution = await VectorSolver(problem).solve()
        #expect(solution.packing.isValid(for: problem))
        #expect(solution.isOptimal, "\(solution.packing.count) bins, \(solution.bound) are needed at least")
    }

    @Test("packs 78 models onto the 23 chips that they were cut out of, and proves it", arguments: 0..<3)
    func planted(number: Int) async throws {
        let problem = try #require(VectorClasses.planted(bins: 23, models: 78, number: number))
        let solution = await VectorSolver(problem).solve()
        #expect(solution.packing.isValid(for: problem))
        #expect(solution.packing.count == 23)
        #expect(solution.bound == 23)
    }

    @Test("packs 3,040 models of mixed sizes within one chip of the bound")
    func mixed() async throws {
        let problem = try #require(VectorClasses.mixed(3_040, number: 1))
        let solution = await VectorSolver(problem).solve()
        #expect(solution.packing.isValid(for: problem))
        #expect(solution.packing.count <= solution.bound + 1)
    }

    @Test("gives the same answer for the same seed")
    func sameSeed() async throws {
        let problem = try #require(VectorClasses.instance(6, 100, number: 3))
        let first = await VectorSolver(problem, seed: 7, rounds: 6).solve()
        let second = await VectorSolver(problem, seed: 7, rounds: 6).solve()
        #expect(first.packing == second.packing)
        #expect(first.bound == second.bound)
    }

    @Test("that is cancelled at once is best-fit decreasing, and has a bound", arguments: [3_000, 20_000])
    func cancelled(count: Int) async throws {
        let problem = try #require(VectorClasses.mixed(count, number: 2))
        let solution = await VectorSolver(problem).solve(control: PackingControl(isCancelled: { true }))
        #expect(solution.packing.isValid(for: problem))
        #expect(solution.packing.count <= solution.bestFitDecreasing)
        #expect(solution.firstFitDecreasing == nil)
        #expect(solution.bound >= (problem.total(0) + problem.capacity[0] - 1) / problem.capacity[0])
    }

    @Test(
        "that is cancelled at any of its checks is no worse than best-fit decreasing",
        arguments: [0, 1, 2, 3, 5, 8, 13, 40, 100, 400])
    func cancelledLater(checks: Int) async throws {
        let problem = try #require(VectorClasses.mixed(2_000, number: 2))
        let count = CheckCounter()
        let solution = await VectorSolver(problem).solve(
            control: PackingControl(isCancelled: { count.next() > checks }))
        #expect(solution.packing.isValid(for: problem))
        #expect(solution.packing.count <= solution.bestFitDecreasing)
        #expect(solution.bound <= solution.packing.count)
        // Each stream ends at its next check, and none begins anew.
        #expect(count.value <= checks + 64)
    }

    @Test("fits best what a look at every bin fits best", arguments: 0..<20)
    func bestFit(number: Int) throws {
        var random = PackingRandom(seed: UInt64(number))
        let dimensions = 1 + number % 3
        let capacity = (0..<dimensions).map { _ in Int.random(in: 100...5_000, using: &random) }
        let sizes = (0..<200).flatMap { _ in capacity.map { Int.random(in: 0...$0 / 2, using: &random) } }
        let groups = number % 4 == 3 ? (0..<200).map { $0 % 40 } : []
        let problem = try VectorProblem(capacity: capacity, sizes: sizes, groups: groups)
        let greedy = GreedyPacking(problem, weights: problem.weights())
        let order = greedy.order(problem.weights())
        var bins: [[Int32]] = []
        func left(_ bin: [Int32]) -> [Int] {
            (0..<dimensions).map { dimension in
                capacity[dimension] - bin.reduce(0) { $0 + sizes[Int($1) * dimensions + dimension] }
            }
        }
        func total(_ room: [Int]) -> Int { zip(room, capacity).reduce(0) { $0 + ($1.0 << 20) / $1.1 } }
        var firstBins: [[Int32]] = []
        for item in order {
            let own = Array(sizes[Int(item) * dimensions..<(Int(item) + 1) * dimensions])
            func fits(_ bin: [Int32]) -> Bool {
                zip(own, left(bin)).allSatisfy { $0 <= $1 } && greedy.admits(bin, item)
            }
            let best = bins.indices.filter { fits(bins[$0]) }.min {
                (total(left(bins[$0])), $0) < (total(left(bins[$1])), $1)
            }
            if let best { bins[best].append(item) } else { bins.append([item]) }
            if let first = firstBins.firstIndex(where: fits) {
                firstBins[first].append(item)
            } else {
                firstBins.append([item])
            }
        }
        #expect(greedy.bestFit(problem.weights()).bins == bins)
        #expect(greedy.firstFit(problem.weights(), control: PackingControl())?.bins == firstBins)
    }

    @Test("has no bins for no items, and one for items of no size")
    func nothing() async throws {
        let none = await VectorSolver(try VectorProblem(capacity: [10], sizes: [])).solve()
        #expect(none.packing.count == 0)
        #expect(none.isOptimal)
        let empty = await VectorSolver(try VectorProblem(capacity: [10], sizes: [0, 0, 0])).solve()
        #expect(empty.packing.count == 1)
    }

    @Test("keeps items of a group apart")
    func groups() async throws {
        let problem = try VectorProblem(capacity: [10], sizes: [1, 1, 1, 1], groups: [5, 5, 5, -1])
        let solution = await VectorSolver(problem).solve()
        #expect(solution.packing.isValid(for: problem))
        #expect(solution.packing.count == 3)
        #expect(solution.isOptimal)
    }

    @Test("refuses what is no problem")
    func faults() {
        #expect(throws: VectorProblem.Fault.limits) { try VectorProblem(capacity: [], sizes: []) }
        #expect(throws: VectorProblem.Fault.limits) { try VectorProblem(capacity: [0], sizes: []) }
        #expect(throws: VectorProblem.Fault.limits) { try VectorProblem(capacity: [1 << 41], sizes: []) }
        #expect(throws: VectorProblem.Fault.limits) { try VectorProblem(capacity: [1, 1], sizes: [1]) }
        #expect(throws: VectorProblem.Fault.item(1)) { try VectorProblem(capacity: [10], sizes: [1, -1]) }
        #expect(throws: VectorProblem.Fault.item(0)) { try VectorProblem(capacity: [10], sizes: [11]) }
    }

    @Test("stays within integers at the limits of sizes")
    func largest() async throws {
        let capacity = VectorProblem.largestCapacity
        let problem = try VectorProblem(
            capacity: [capacity, capacity],
            sizes: [capacity, 1, capacity - 1, capacity, 1, 0, 0, capacity - 1])
        let solution = await VectorSolver(problem).solve()
        #expect(solution.packing.isValid(for: problem))
        #expect(solution.packing.count == 2)
    }
}

/// Counts how often a solve asks whether it is still wanted.
final class CheckCounter: Sendable {
    private let count = Atomic(0)

    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
    var value: Int { count.load(ordering: .relaxed) }
}

@Suite("Bounds on bins")
struct VectorBoundsTests {
    @Test(
        "count what no two items can share",
        arguments: [
            ([6, 6, 6], 10, 3), ([5, 5, 5, 5], 10, 2), ([7, 7, 4, 4, 4], 10, 4), ([3, 3, 3, 3], 10, 2),
            ([10, 10], 10, 2),
        ])
    func bound(sizes: [Int], capacity: Int, bins: Int) {
        #expect(VectorBounds.bound(sizes, capacity: capacity) == bins)
    }
}
