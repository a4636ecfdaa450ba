// Getting rid of a bin: its items are left over, and then a few bins at a time are emptied together with some of the
// left-over items and filled again, each as full as a short search finds, until nothing is left over. This is the idea of
// consistent neighbourhood search (Buljubašić and Vasquez, 2016): no bin ever holds too much, what shrinks is the rest.

/// A search for a packing with one bin less, and then with one less again.
struct BinElimination {
    private let problem: VectorProblem
    private let weights: [Int]
    private var random: PackingRandom
    private var fill: BinFill

    private var bins: [[Int32]]
    private var binWeights: [Int]
    private var left: [Int32] = []
    private var leftWeight = 0
    /// The last packing of all items.
    private(set) var best: VectorPacking
    /// Moves tried so far.
    private(set) var steps = 0

    init(_ problem: VectorProblem, weights: [Int], start: VectorPacking, seed: UInt64) {
        self.problem = problem
        self.weights = weights
        random = PackingRandom(seed: seed)
        fill = BinFill(problem, weights: weights)
        best = start
        bins = start.bins
        binWeights = start.bins.map { $0.reduce(0) { $0 + weights[Int($1)] } }
    }

    /// Searches until `bound` bins are reached, `steps` moves are made or the control says so.
    mutating func run(bound: Int, steps limit: Int, control: PackingControl) {
        let end = steps + limit
        var failures = 0
        while best.count > bound, steps < end {
            if left.isEmpty { openBin() }
            let share = Double(end - steps) / Double(max(limit, 1))
            let heat = 0.02 * share * share * 0x1p20
            for _ in 0..<256 where steps < end {
                move(heat: heat)
                steps += 1
                if left.isEmpty { break }
            }
            if left.isEmpty {
                best = VectorPacking(bins: bins.filter { !$0.isEmpty })
                failures = 0
            }
            failures += 1
            if control.isOver { return }
        }
    }

    /// Empties the bin that holds least.
    private mutating func openBin() {
        var chosen = 0
        for bin in bins.indices where binWeights[bin] < binWeights[chosen] { chosen = bin }
        left = bins[chosen]
        leftWeight = binWeights[chosen]
        bins.swapAt(chosen, bins.count - 1)
        binWeights.swapAt(chosen, bins.count - 1)
        bins.removeLast()
        binWeights.removeLast()
    }

    /// Empties one to three bins and fills them again, with some of what is left over.
    private mutating func move(heat: Double) {
        guard !bins.isEmpty else { return }
        let draw = random.below(16)
        let wanted = min(draw < 3 ? 1 : draw < 13 ? 2 : 3, bins.count)
        var chosen = (random.below(bins.count), -1, -1)
        if wanted > 1 {
            repeat { chosen.1 = random.below(bins.count) } while chosen.1 == chosen.0
        }
        if wanted > 2 {
            repeat { chosen.2 = random.below(bins.count) } while chosen.2 == chosen.0 || chosen.2 == chosen.1
        }
        var pool = bins[chosen.0]
        if wanted > 1 { pool += bins[chosen.1] }
        if wanted > 2 { pool += bins[chosen.2] }
        // A few of the left-over items come to the front of their list and take part.
        let part = min(left.count, 6)
        for index in 0..<part { left.swapAt(index, index + random.below(left.count - index)) }
        pool += left[0..<part]
        var before = 0
        for item in left[0..<part] { before += weights[Int(item)] }

        fill.load(pool, random: &random)
        let first = fill.take(random: &random)
        let second = wanted > 1 ? fill.take(random: &random) : ([], 0)
        let third = wanted > 2 ? fill.take(random: &random) : ([], 0)
        let (rest, after) = fill.rest()
        let worse = after - before
        if worse > 0 {
            guard heat > 0, random.fraction() * 0x1p20 < 0x1p20 * exponential(-Double(worse) / heat) else {
                return
            }
        }
        bins[chosen.0] = first.0
        binWeights[chosen.0] = first.1
        if wanted > 1 {
            bins[chosen.1] = second.0
            binWeights[chosen.1] = second.1
        }
        if wanted > 2 {
            bins[chosen.2] = third.0
            binWeights[chosen.2] = third.1
        }
        left.removeFirst(part)
        left += rest
        leftWeight += worse
    }

    /// e to the power of a number from -∞ to 0, near enough for chance: (1 + x/64)^64.
    private func exponential(_ power: Double) -> Double {
        guard power > -32 else { return 0 }
        var value = 1 + power / 64
        for _ in 0..<6 { value *= value }
        return value
    }
}
