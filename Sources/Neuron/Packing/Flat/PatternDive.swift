// From parts of bins to bins: what the linear program uses whole is fixed, then what it uses most, the rest is solved anew;
// after every step a search tries whether the rest can be packed into what is left of the goal.

/// A dive through the linear program towards a packing of few bins.
struct PatternDive {
    private let problem: VectorProblem
    private let weights: [Int]
    private let kinds: PatternProblem
    private var pool: [Pattern]
    private var random: PackingRandom

    init(
        _ problem: VectorProblem, weights: [Int], kinds: PatternProblem, pool: [Pattern], seed: UInt64
    ) {
        self.problem = problem
        self.weights = weights
        self.kinds = kinds
        self.pool = pool
        random = PackingRandom(seed: seed)
    }

    /// Where a dive stands.
    private struct Level {
        var demands: [Int]
        /// The counts of fixed bins, by row.
        var fixed: [[Int]] = []
        /// Bins to fix next, best first; nil before the linear program has been solved here.
        var ways: [[[Int]]]?
    }

    /// A packing of at most `goal` bins, or nil.
    ///
    /// - Parameters:
    ///   - disorder: 0 always takes the pattern that is used most; more lets chance choose among the first.
    ///   - retreats: how often another way is tried where one has failed.
    mutating func run(
        goal: Int, disorder: Int, retreats: Int, searchSteps: Int, control: PackingControl
    ) -> VectorPacking? {
        var levels = [Level(demands: kinds.demands)]
        var retreats = retreats
        var searched = Int.max
        while let level = levels.last {
            if control.isOver { return nil }
            if let ways = level.ways {
                // Everything below has failed; so does what has no way left.
                guard let way = ways.first else {
                    levels.removeLast()
                    continue
                }
                levels[levels.count - 1].ways?.removeFirst()
                var next = Level(demands: level.demands, fixed: level.fixed)
                for bin in way { fix(bin, in: &next) }
                levels.append(next)
                continue
            }
            if level.demands.allSatisfy({ $0 == 0 }) { return assemble(level.fixed) }
            let left = goal - level.fixed.count
            if left > 0, left <= 12, left <= searched - 2 {
                searched = left
                if let packing = self.searched(
                    kinds.restricted(to: level.demands).problem, goal: left, steps: searchSteps,
                    control: control)
                {
                    return assemble(level.fixed, with: packing)
                }
            }
            guard left > 0, let solved = solve(level.demands, goal: left, control: control) else {
                levels.removeLast()
                guard retreats > 0 else { return nil }
                retreats -= 1
                continue
            }
            var next = level
            var isChanged = false
            for (way, amount) in solved where amount >= 1 - 1e-6 {
                for _ in 0..<Int(amount + 1e-6) where next.fixed.count < goal {
                    isChanged = fix(way, in: &next) || isChanged
                }
            }
            if isChanged {
                // Whole bins are taken without a choice: a retreat goes past them.
                levels[levels.count - 1].ways = []
                levels.append(next)
                continue
            }
            var ways = solved.map(\.way)
            let first = random.below(min(disorder + 1, ways.count))
            if first > 0 { ways.swapAt(0, first) }
            levels[levels.count - 1].ways = ways.prefix(3).map {
                group($0, of: ways, level.demands, most: left / 10)
            }
        }
        return nil
    }

    /// The linear program of the rest: its patterns by how much they are used; nil when the goal cannot be reached.
    private mutating func solve(
        _ demands: [Int], goal: Int, control: PackingControl
    ) -> [(way: [Int], amount: Double)]? {
        let (rest, rows) = kinds.restricted(to: demands)
        var place = [Int](repeating: -1, count: kinds.rows)
        for (index, row) in rows.enumerated() { place[row] = index }
        var generation = ColumnGeneration(rest, columns: pool.compactMap { cut($0, place, rest) })
        let known = generation.master.columns.count
        generation.run(
            rounds: 14, effort: 5_000, target: goal + 1, known: goal, wantsBound: false, control: control)
        guard generation.bound <= goal else { return nil }
        for column in generation.master.columns[known...] {
            pool.append(Pattern(rows: column.rows.map { Int32(rows[Int($0)]) }, counts: column.counts))
        }
        return generation.master.used.filter { $0.amount > 1e-6 }.sorted { $0.amount > $1.amount }.map {
            pattern, amount in
            var counts = [Int](repeating: 0, count: kinds.rows)
            for (row, count) in zip(pattern.rows, pattern.counts) { counts[rows[Int(row)]] = Int(count) }
            return (counts, amount)
        }
    }

    /// A pattern in the rows of a smaller problem, nil where little is left of it.
    private func cut(_ pattern: Pattern, _ place: [Int], _ rest: PatternProblem) -> Pattern? {
        var rows: [Int32] = []
        var counts: [Int32] = []
        for (row, count) in zip(pattern.rows, pattern.counts) {
            let index = place[Int(row)]
            guard index >= 0 else { continue }
            rows.append(Int32(index))
            counts.append(min(count, Int32(clamping: rest.demands[index])))
        }
        return rows.count > 1 ? Pattern(rows: rows, counts: counts) : nil
    }

    /// A bin, and up to `most` of the others that take no items from those before them.
    private func group(_ first: [Int], of ways: [[Int]], _ demands: [Int], most: Int) -> [[Int]] {
        var bins = [first]
        guard most > 0 else { return bins }
        var left = zip(demands, first).map { $0 - $1 }
        for way in ways where way != first && zip(way, left).allSatisfy({ $0 <= max($1, 0) }) {
            bins.append(way)
            for row in way.indices { left[row] -= way[row] }
            if bins.count > most { break }
        }
        return bins
    }

    /// Fixes a bin of a pattern, as far as there are items for it.
    ///
    /// - Returns: whether there were any.
    @discardableResult
    private func fix(_ way: [Int], in level: inout Level) -> Bool {
        let counts = zip(way, level.demands).map { min($0, $1) }
        guard counts.contains(where: { $0 > 0 }) else { return false }
        for (row, count) in counts.enumerated() { level.demands[row] -= count }
        level.fixed.append(counts)
        return true
    }

    /// What a search makes of the rest.
    private mutating func searched(
        _ rest: PatternProblem, goal: Int, steps: Int, control: PackingControl
    ) -> VectorPacking? {
        let items = rest.items.flatMap { $0 }
        guard
            let part = try? VectorProblem(
                capacity: problem.capacity,
                sizes: items.flatMap {
                    problem.sizes[Int($0) * problem.dimensions..<(Int($0) + 1) * problem.dimensions]
                })
        else { return nil }
        let partWeights = items.map { weights[Int($0)] }
        let greedy = GreedyPacking(part, weights: partWeights)
        var search = BinElimination(
            part, weights: partWeights, start: greedy.bestFit(partWeights), seed: random.next()
        )
        search.run(bound: goal, steps: search.best.count <= goal ? 0 : steps, control: control)
        guard search.best.count <= goal else { return nil }
        return VectorPacking(bins: search.best.bins.map { $0.map { items[Int($0)] } })
    }

    /// The bins of fixed patterns, and those of a packing of the rest.
    private func assemble(_ fixed: [[Int]], with rest: VectorPacking? = nil) -> VectorPacking {
        // The rest took the first items of each kind, so the patterns take the last.
        var left = kinds.items
        var bins: [[Int32]] = []
        for counts in fixed {
            var bin: [Int32] = []
            for (row, count) in counts.enumerated() where count > 0 {
                bin += left[row].suffix(count)
                left[row].removeLast(count)
            }
            bins.append(bin)
        }
        return VectorPacking(bins: bins + (rest?.bins ?? []))
    }
}
