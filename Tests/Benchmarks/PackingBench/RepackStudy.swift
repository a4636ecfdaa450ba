// A fleet of 3,000 models and 1,000 changes: how much of what packing anew would save is saved by a twentieth of its moves.
// Savings are chips that a fleet has less than one to which nothing is done but to place what comes and what outgrows its chip;
// moves of packing anew are models that are elsewhere when its chips are matched with those of the fleet that they are most like.

import Packing
import PackingStudy

/// The study of repacking.
struct RepackStudy {
    private let problem: VectorProblem
    private let range: [ClosedRange<Int>]
    private var random: PackingRandom
    private var fleet: PackedFleet
    private var next: Int

    /// How the models are drawn.
    enum Sizes: String, CaseIterable {
        /// 16 or so on a chip.
        case small
        /// Three or so on a chip.
        case large
    }

    init?(_ sizes: Sizes, seed: Int) async {
        range = sizes == .small ? [100...799, 100...875] : [500...4_000, 500...4_500]
        random = PackingRandom(seed: UInt64(seed) &+ 77)
        var drawn: [Int] = []
        for _ in 0..<3_000 { for range in range { drawn.append(Int.random(in: range, using: &random)) } }
        guard let problem = try? VectorProblem(capacity: [7_400, 8_300], sizes: drawn) else { return nil }
        self.problem = problem
        let start = await VectorSolver(problem).solve(control: PackingControl(timeLimit: .seconds(10)))
        fleet = PackedFleet(problem, start.packing)
        next = 3_000
    }

    /// Comes, goes or changes: one of the three.
    private mutating func change(_ fleets: inout [PackedFleet]) -> Int {
        let ids = fleets[0].models.map(\.id)
        let kind = Int.random(in: 0...2, using: &random)
        let id = kind == 0 ? next : ids[Int.random(in: 0..<ids.count, using: &random)]
        if kind == 0 { next += 1 }
        let sizes = kind == 1 ? [] : range.map { Int.random(in: $0, using: &random) }
        var moved = 0
        for index in fleets.indices {
            if kind == 1 {
                fleets[index].remove(id)
            } else if fleets[index].set(id, sizes: sizes) != nil, index == 0 {
                moved += 1
            }
        }
        return moved
    }

    /// Repacks after every so many changes, each time with at most a twentieth of the moves of packing anew then.
    mutating func run(every: Int, changes: Int = 1_000, level: Int) async {
        var fleets = [fleet, fleet]
        var (sumNone, sumOurs, sumAnew, moves, movesAnew, forced) = (0, 0, 0, 0, 0, 0)
        for change in 1...changes {
            forced += self.change(&fleets)
            guard change % every == 0 else { continue }
            let models = fleets[0].models
            guard let now = try? VectorProblem(capacity: problem.capacity, sizes: models.flatMap(\.sizes))
            else { return }
            let anew = await VectorSolver(now).solve(control: PackingControl(timeLimit: .seconds(10)))
            let elsewhere = Self.moved(fleets[0], models.map(\.id), anew.packing)
            let made = fleets[0].consolidate(budget: elsewhere / 20, level: level).count
            moves += made
            movesAnew += elsewhere
            sumNone += fleets[1].binCount
            sumOurs += fleets[0].binCount
            sumAnew += anew.packing.count
        }
        let savings = Double(sumNone - sumOurs) / Double(max(sumNone - sumAnew, 1))
        print(
            "every \(every) changes: chips, mean: nothing \(mean(sumNone, changes / every)), ours "
                + "\(mean(sumOurs, changes / every)), anew \(mean(sumAnew, changes / every)); "
                + "\((savings * 1_000).rounded() / 10) % of the savings, "
                + "\((Double(moves) / Double(max(movesAnew, 1)) * 1_000).rounded() / 10) % of the moves "
                + "(\(moves) of \(movesAnew); \(forced) more for models that outgrew their chip)")
    }

    private func mean(_ sum: Int, _ count: Int) -> String {
        "\((Double(sum) / Double(max(count, 1)) * 10).rounded() / 10)"
    }

    static func run(seeds: Int, level: Int) async {
        for sizes in Sizes.allCases {
            for seed in 1...max(seeds, 1) {
                guard let study = await RepackStudy(sizes, seed: seed) else { return }
                print("\(sizes.rawValue) models, seed \(seed):")
                for every in [1_000, 100, 20] {
                    var study = study
                    await study.run(every: every, level: level)
                }
            }
        }
    }

    /// Models that are elsewhere after packing anew, bins named so that most stay.
    private static func moved(_ fleet: PackedFleet, _ ids: [Int], _ packing: VectorPacking) -> Int {
        var pairs: [(shared: Int, new: Int, old: Int)] = []
        for (new, items) in packing.bins.enumerated() {
            var shared: [Int: Int] = [:]
            for item in items { if let old = fleet.bin(of: ids[Int(item)]) { shared[old, default: 0] += 1 } }
            pairs += shared.map { ($0.value, new, $0.key) }
        }
        pairs.sort { ($0.shared, $1.new, $1.old) > ($1.shared, $0.new, $0.old) }
        var (new, old) = (Set<Int>(), Set<Int>())
        var kept = 0
        for pair in pairs where !new.contains(pair.new) && !old.contains(pair.old) {
            new.insert(pair.new)
            old.insert(pair.old)
            kept += pair.shared
        }
        return ids.count - kept
    }
}
