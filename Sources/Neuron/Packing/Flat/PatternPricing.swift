// The column that a linear program lacks: the pattern of the greatest value for given values of the rows. All in integers,
// so that the bound which follows is exact. One dimension of moderate capacity is a table; else depth first with the bound
// of a knapsack whose dimensions are weighed together.

/// Finds the most valuable pattern.
struct PatternPricing {
    private let problem: PatternProblem
    private let most: [Int]
    /// Sizes weighed together in several ways, in parts of 2^30 of a bin, rounded down.
    private let mixtures: [[Int]]
    private static let whole = 1 << 30
    /// Capacities up to this are done by table as they are, larger ones divided down to about this.
    private static let tableSize = 4_096
    /// Tables of more than this are not made.
    private static let largestTable = 1 << 18
    private let table: PatternTable?

    /// Patterns that help, and what none exceeds.
    struct Answer {
        /// Patterns worth more than asked for, best first; empty when none was found.
        var patterns: [Pattern]
        /// A value that no pattern exceeds; nil when it is not known.
        var limit: Int?
    }

    init(_ problem: PatternProblem) {
        self.problem = problem
        most = (0..<problem.rows).map { problem.most($0) }
        let dimensions = problem.dimensions
        table =
            dimensions == 1
            ? PatternTable(sizes: problem.sizes, capacity: problem.capacity[0], most: most) : nil
        mixtures = Self.shares(dimensions).map { shares in
            (0..<problem.rows).map { row in
                var weight = 0
                for dimension in 0..<dimensions where shares[dimension] > 0 {
                    let size = problem.sizes[row * dimensions + dimension]
                    // The capacity is at least the size, so the quotient is at most 2^30.
                    let product = UInt64(size).multipliedFullWidth(by: UInt64(shares[dimension]))
                    weight += Int(UInt64(problem.capacity[dimension]).dividingFullWidth(product).quotient)
                }
                return weight
            }
        }
    }

    /// Each dimension alone, pairs in quarters, and all alike.
    private static func shares(_ dimensions: Int) -> [[Int]] {
        var found = (0..<dimensions).map { dimension in (0..<dimensions).map { $0 == dimension ? whole : 0 } }
        guard dimensions > 1 else { return found }
        for first in 0..<min(dimensions, 4) {
            for second in (first + 1)..<max(first + 1, min(dimensions, 4)) {
                for part in 1..<4 {
                    var shares = [Int](repeating: 0, count: dimensions)
                    shares[first] = whole / 4 * part
                    shares[second] = whole - shares[first]
                    found.append(shares)
                }
            }
        }
        if dimensions > 2 { found.append([Int](repeating: whole / dimensions, count: dimensions)) }
        return found
    }

    /// Patterns for `values` that are worth more than `least`.
    ///
    /// - Parameters:
    ///   - values: by row, none negative.
    ///   - effort: steps of a search.
    ///   - wantsLimit: whether to find out, at some cost, what no pattern exceeds when none is worth more than `least`.
    ///   - turn: another turn finds other patterns of equal worth.
    ///   - control: when to stop; what no pattern exceeds is not known then.
    func patterns(
        _ values: [Int], least: Int, effort: Int, wantsLimit: Bool, turn: Int, control: PackingControl
    ) -> Answer {
        guard let table else { return bySearch(values, least: least, limit: effort, control: control) }
        let capacity = problem.capacity[0]
        let divisor = (capacity + Self.tableSize - 1) / Self.tableSize
        if divisor <= 3 {
            let (value, patterns) = table.best(values, .up(divisor: 1), patterns: 6, least: least, turn: turn)
            return Answer(patterns: patterns, limit: value)
        }
        let rough = table.best(values, .up(divisor: divisor), patterns: 6, least: least, turn: turn)
        if !rough.patterns.isEmpty { return Answer(patterns: rough.patterns, limit: nil) }
        guard wantsLimit else { return Answer(patterns: [], limit: nil) }
        guard capacity <= Self.largestTable else {
            return Answer(
                patterns: [],
                limit: table.best(values, .down(divisor: divisor), patterns: 0, least: least, turn: 0).value)
        }
        if control.isOver { return Answer(patterns: [], limit: nil) }
        let exact = table.best(values, .up(divisor: 1), patterns: 6, least: least, turn: turn)
        return Answer(patterns: exact.patterns, limit: exact.value)
    }

    /// What no pattern exceeds, from a rough table; nil where there is none.
    func roughLimit(_ values: [Int]) -> Int? {
        guard let table else { return nil }
        let divisor = (problem.capacity[0] + Self.tableSize - 1) / Self.tableSize
        guard divisor > 3 else { return nil }
        return table.best(values, .down(divisor: divisor), patterns: 0, least: .max, turn: 0).value
    }

    /// The rows of any value, by value for weight, falling.
    private static func byWorth(_ values: [Int], _ mixed: [Int]) -> [Int] {
        values.indices.filter { values[$0] > 0 }.sorted {
            (Double(values[$0]) * Double(max(mixed[$1], 1)), $1) > (
                Double(values[$1]) * Double(max(mixed[$0], 1)), $0
            )
        }
    }

    /// What a bin is worth at most by one mixture, parts of items allowed.
    private func relaxed(_ values: [Int], _ mixed: [Int], _ order: [Int]) -> Double {
        var left = Self.whole
        var worth = 0.0
        for row in order {
            let total = mixed[row] * most[row]
            if total > left { return worth + Double(values[row]) * Double(left) / Double(max(mixed[row], 1)) }
            left -= total
            worth += Double(values[row] * most[row])
        }
        return worth
    }

    private func bySearch(_ values: [Int], least: Int, limit effort: Int, control: PackingControl) -> Answer {
        var limit = effort
        let dimensions = problem.dimensions
        // The mixture by which the whole bin is worth least: its bounds are the closest.
        var order: [Int] = []
        var mixed: [Int] = []
        var closest = Double.infinity
        for mixture in mixtures {
            let sorted = Self.byWorth(values, mixture)
            let worth = relaxed(values, mixture, sorted)
            if worth < closest { (order, mixed, closest) = (sorted, mixture, worth) }
        }
        let count = order.count
        let worth = order.map { values[$0] }
        let weight = order.map { mixed[$0] }
        let ratio = order.map { Double(values[$0]) / Double(max(mixed[$0], 1)) }
        let limits = order.map { most[$0] }
        let sizes = order.flatMap { problem.sizes[$0 * dimensions..<($0 + 1) * dimensions] }
        // The smallest size behind an index, to see early that nothing more fits.
        var smallest = [Int](repeating: Int.max, count: (count + 1) * dimensions)
        for index in stride(from: count - 1, through: 0, by: -1) {
            for dimension in 0..<dimensions {
                smallest[index * dimensions + dimension] = min(
                    smallest[(index + 1) * dimensions + dimension], sizes[index * dimensions + dimension])
            }
        }
        var room = problem.capacity
        var roomMixed = Self.whole + dimensions * 2
        var value = 0
        var best = 0
        var stack: [(index: Int, count: Int)] = []
        var bestStack: [(index: Int, count: Int)] = []
        var index = 0
        var steps = 0
        while true {
            steps += 1
            if steps % 4_096 == 0, control.isOver { limit = steps }
            var goesOn = index < count && steps < limit
            if goesOn {
                // What the rest is worth at most, by the knapsack of weighed sizes.
                var left = roomMixed
                var bound = Double(value)
                var next = index
                while next < count {
                    let total = weight[next] * limits[next]
                    if total > left {
                        bound += Double(left) * ratio[next]
                        break
                    }
                    left -= total
                    bound += Double(worth[next] * limits[next])
                    next += 1
                }
                if bound <= Double(best) + 0.5 { goesOn = false }
                for dimension in 0..<dimensions
                where smallest[index * dimensions + dimension] > room[dimension] {
                    goesOn = false
                }
            }
            if goesOn {
                var fit = limits[index]
                for dimension in 0..<dimensions {
                    let size = sizes[index * dimensions + dimension]
                    if size > 0 { fit = min(fit, room[dimension] / size) }
                }
                if fit > 0 {
                    for dimension in 0..<dimensions {
                        room[dimension] -= fit * sizes[index * dimensions + dimension]
                    }
                    roomMixed -= fit * weight[index]
                    value += fit * worth[index]
                    stack.append((index, fit))
                    if value > best {
                        best = value
                        bestStack = stack
                    }
                }
                index += 1
                continue
            }
            guard steps < limit, let last = stack.popLast() else { break }
            // One fewer of the last kind taken.
            for dimension in 0..<dimensions { room[dimension] += sizes[last.index * dimensions + dimension] }
            roomMixed += weight[last.index]
            value -= worth[last.index]
            if last.count > 1 { stack.append((last.index, last.count - 1)) }
            index = last.index + 1
        }
        var counts = [Int](repeating: 0, count: problem.rows)
        for entry in bestStack { counts[order[entry.index]] = entry.count }
        return Answer(
            patterns: best > least ? [Pattern(counts: counts)] : [], limit: steps < limit ? best : nil)
    }
}
