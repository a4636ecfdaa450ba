// A fleet of 3,000 models and 1,000 changes: how much of what packing anew would save is saved by few moves.

import Packing
import PackingStudy

/// The study of repacking.
enum RepackStudy {
    static func run() async {
        guard let problem = VectorClasses.mixed(3_000, number: 5) else { return }
        let start = await VectorSolver(problem).solve(control: PackingControl(timeLimit: .seconds(20)))
        var (ours, none) = (PackedFleet(problem, start.packing), PackedFleet(problem, start.packing))
        var random = PackingRandom(seed: 5)
        func sizes() -> [Int] {
            [Int.random(in: 100...799, using: &random), Int.random(in: 100...875, using: &random)]
        }
        var (next, moves, credit) = (3_000, 0, 0)
        var (sumNone, sumOurs, sumAnew, movesAnew, looks) = (0, 0, 0, 0, 0)
        print("changes, chips without moves, ours, packed anew, at least, moves so far")
        for change in 1...1_000 {
            let ids = ours.models.map(\.id)
            switch Int.random(in: 0...2, using: &random) {
            case 0:
                let size = sizes()
                ours.set(next, sizes: size)
                none.set(next, sizes: size)
                next += 1
            case 1:
                let id = ids[Int.random(in: 0..<ids.count, using: &random)]
                ours.remove(id)
                none.remove(id)
            default:
                let (id, size) = (ids[Int.random(in: 0..<ids.count, using: &random)], sizes())
                if ours.set(id, sizes: size) != nil { moves += 1 }
                none.set(id, sizes: size)
            }
            // A twentieth of what packing anew would move, saved up.
            credit += 120
            let made = ours.consolidate(budget: credit).count
            credit -= made
            moves += made
            guard change % 50 == 0 else { continue }
            let models = ours.models
            guard let now = try? VectorProblem(capacity: problem.capacity, sizes: models.flatMap(\.sizes))
            else { return }
            let anew = await VectorSolver(now).solve(control: PackingControl(timeLimit: .seconds(10)))
            sumNone += none.binCount
            sumOurs += ours.binCount
            sumAnew += anew.packing.count
            movesAnew += moved(ours, models.map(\.id), anew.packing)
            looks += 1
            print(
                "\(change), \(none.binCount), \(ours.binCount), \(anew.packing.count), \(anew.bound), \(moves)"
            )
        }
        let savings = Double(sumNone - sumOurs) / Double(max(sumNone - sumAnew, 1))
        let share = Double(moves) / Double(max(movesAnew / looks * 1_000, 1))
        print("savings of packing anew: \((savings * 1_000).rounded() / 10) %")
        print("moves, of those of packing anew after each change: \((share * 10_000).rounded() / 100) %")
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
