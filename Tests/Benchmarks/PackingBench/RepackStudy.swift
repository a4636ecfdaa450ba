// A fleet of 3,000 models and 1,000 changes: how much of what packing anew would save is saved by a twentieth of its moves.
//
// Savings are chips that a fleet has less than one to which nothing is done but to place what comes and what outgrows its chip,
// best fit. Moves are models that had a chip and end on another, detours counted; those of packing anew are counted after its
// chips were matched with those of the fleet that they are most like. Repacking comes after every so many changes: after all of
// them at once, as `ganglion plan --current` does, or after each of them.

import Packing
import PackingStudy
import Placement

/// The study of repacking.
struct RepackStudy {
    private let capacity = [7_400, 8_300]
    private let range: [ClosedRange<Int>]
    private let change: ClosedRange<Int>?
    private let limit: Duration
    private var random: PackingRandom
    /// Sizes by model.
    private var sizes: [Int: [Int]] = [:]
    private var next = 3_000
    /// By chip, its models: ours, and the fleet to which nothing is done.
    private var ours: [[Int]] = []
    private var idle: [[Int]] = []

    /// How the models are drawn, and how one changes.
    enum Kind: String, CaseIterable {
        /// 16 or so on a chip; a change draws a model anew.
        case small
        /// The same; a change is one by a fifth at most.
        case smallByFifth = "small-by-fifth"
        /// Three or so on a chip.
        case large
    }

    init?(_ kind: Kind, seed: Int, limit: Int) async {
        range = kind == .large ? [500...4_000, 500...4_500] : [100...799, 100...875]
        change = kind == .smallByFifth ? 80...120 : nil
        self.limit = .seconds(limit)
        random = PackingRandom(seed: UInt64(seed) &+ 77)
        for id in 0..<3_000 { sizes[id] = range.map { Int.random(in: $0, using: &random) } }
        guard let start = await anew() else { return nil }
        ours = start.bins
        idle = ours
    }

    /// The models, each with its index in what is solved.
    private var ids: [Int] { sizes.keys.sorted() }

    /// Packed from nothing.
    private func anew() async -> (bins: [[Int]], bound: Int)? {
        let ids = ids
        guard let problem = try? VectorProblem(capacity: capacity, sizes: ids.flatMap { sizes[$0] ?? [] })
        else { return nil }
        let solution = await VectorSolver(problem).solve(control: PackingControl(timeLimit: limit))
        return (solution.packing.bins.map { $0.map { ids[Int($0)] } }, solution.bound)
    }

    /// A model comes, goes or changes: each as often as the others.
    private mutating func changeOne() {
        let ids = ids
        let kind = Int.random(in: 0...2, using: &random)
        let id = kind == 0 ? next : ids[Int.random(in: 0..<ids.count, using: &random)]
        if kind == 0 { next += 1 }
        guard kind != 1 else { return sizes[id] = nil }
        if let change, let old = sizes[id] {
            sizes[id] = zip(old, capacity).map { min($0 * Int.random(in: change, using: &random) / 100, $1) }
        } else {
            sizes[id] = range.map { Int.random(in: $0, using: &random) }
        }
    }

    /// Repacks after every so many changes, each time with at most a twentieth of the moves of packing anew then.
    mutating func run(every: Int, changes: Int = 1_000) async {
        var (sumIdle, sumOurs, sumAnew, moves, movesAnew, forced) = (0, 0, 0, 0, 0, 0)
        var worst = 0.0
        for _ in 1...changes / every {
            for _ in 0..<every { changeOne() }
            forced += settle(&idle)
            guard let anew = await anew() else { return }
            let elsewhere = moved(anew.bins)
            let began = ContinuousClock.now
            guard let made = await repack(budget: elsewhere / 20) else { return }
            let took = (ContinuousClock.now - began).components
            worst = max(worst, Double(took.seconds) + Double(took.attoseconds) / 1e18)
            moves += made
            movesAnew += elsewhere
            sumIdle += idle.count
            sumOurs += ours.count
            sumAnew += anew.bins.count
        }
        let rounds = changes / every
        let savings = Double(sumIdle - sumOurs) / Double(max(sumIdle - sumAnew, 1))
        print(
            "every \(every) changes: chips, mean: nothing \(mean(sumIdle, rounds)), ours \(mean(sumOurs, rounds)), "
                + "anew \(mean(sumAnew, rounds)); \(share(savings)) % of the savings, "
                + "\(share(Double(moves) / Double(max(movesAnew, 1)))) % of the moves (\(moves) of \(movesAnew)); "
                + "without repacking \(forced) moves; at most \(Main.short(worst)) s")
    }

    /// Repacks as a plan of a running fleet does; how many moves that took, nil where the budget is too small for what must move.
    private mutating func repack(budget: Int) async -> Int? {
        let ids = ids
        let index = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
        let topology = CoreTopology(chipCount: 1, coresPerChip: 1)
        let type = FleetType(name: "chip", kind: 0, topology: topology, coresPerUnit: 1, price: 1)
        let models = ids.map {
            FleetModel(demands: [FleetDemand(width: 1, sizes: sizes[$0] ?? [])], group: -1)
        }
        let instances = ours.map { bin in
            FleetInstance(
                type: 0, places: bin.compactMap { index[$0] }.map { .init(model: $0, start: 0) })
        }
        guard let problem = try? FleetProblem(capacities: [capacity], types: [type], models: models) else {
            return nil
        }
        do {
            let answer = try await FleetRepacker(problem, instances, budget: budget).solve(
                rounds: 400, control: PackingControl(timeLimit: limit))
            ours = answer.instances.map { $0.places.map { ids[$0.model] } }.filter { !$0.isEmpty }
            return answer.moveCount
        } catch {
            print("no answer with \(budget) moves: \(error)")
            return nil
        }
    }

    /// Places what is new and what its chip has no room for, best fit; how many had a chip.
    private func settle(_ bins: inout [[Int]]) -> Int {
        var room = bins.map { _ in capacity }
        func fits(_ size: [Int], _ bin: Int) -> Bool { zip(size, room[bin]).allSatisfy { $0 <= $1 } }
        func take(_ size: [Int], _ bin: Int) { for (d, value) in size.enumerated() { room[bin][d] -= value } }
        let known = Set(bins.joined())
        var waiting = ids.filter { !known.contains($0) }
        let new = waiting.count
        for bin in bins.indices {
            var kept: [Int] = []
            for id in bins[bin] {
                guard let size = sizes[id] else { continue }
                if fits(size, bin) {
                    take(size, bin)
                    kept.append(id)
                } else {
                    waiting.append(id)
                }
            }
            bins[bin] = kept
        }
        for id in waiting {
            guard let size = sizes[id] else { continue }
            var best = -1
            var least = Int.max
            for bin in bins.indices where !bins[bin].isEmpty && fits(size, bin) {
                let rest = zip(size, room[bin]).reduce(0) { $0 + $1.1 - $1.0 }
                if rest < least { (best, least) = (bin, rest) }
            }
            if best < 0 {
                best = bins.count
                bins.append([])
                room.append(capacity)
            }
            bins[best].append(id)
            take(size, best)
        }
        bins.removeAll { $0.isEmpty }
        return waiting.count - new
    }

    /// Models of ours that are elsewhere in another packing, its bins named so that most stay.
    private func moved(_ packing: [[Int]]) -> Int {
        var place: [Int: Int] = [:]
        for (bin, models) in ours.enumerated() { for model in models { place[model] = bin } }
        var pairs: [(shared: Int, new: Int, old: Int)] = []
        var known = 0
        for (new, models) in packing.enumerated() {
            var shared: [Int: Int] = [:]
            for model in models { if let old = place[model] { shared[old, default: 0] += 1 } }
            known += shared.values.reduce(0, +)
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
        return known - kept
    }

    private func mean(_ sum: Int, _ count: Int) -> String {
        "\((Double(sum) / Double(max(count, 1)) * 10).rounded() / 10)"
    }

    private func share(_ value: Double) -> Double { (value * 1_000).rounded() / 10 }

    static func run(seeds: Int, limit: Int, every: [Int], kinds: [Kind]) async {
        for kind in kinds {
            for seed in 1...max(seeds, 1) {
                guard let study = await RepackStudy(kind, seed: seed, limit: limit) else { return }
                print("\(kind.rawValue), seed \(seed):")
                for every in every {
                    var study = study
                    await study.run(every: every)
                }
            }
        }
    }
}
