// The linear program of patterns: as few bins as possible, parts of bins allowed, so that every row is covered. The simplex
// method with the inverse of the basis written out: there are at most a few hundred rows.

/// A linear program over patterns, which grows by columns.
struct PatternMaster: Sendable {
    private let rows: Int
    private let demands: [Double]
    /// The inverse of the basis, row by row, eight cells at a time.
    private var inverse: [SIMD8<Double>]
    /// Cells of a row in eights.
    private let width: Int
    /// What each basis row holds: a column, or -1 - row for the surplus of a row.
    private var basis: [Int]
    /// How much of it.
    private var amounts: [Double]
    /// What one more of each row would cost.
    private(set) var prices: [Double]
    private(set) var columns: [Pattern]
    /// The columns again, one behind the other, for a quick look at all of them.
    private var entryRows: [Int32] = []
    private var entryCounts: [Double] = []
    private var starts: [Int] = [0]
    private var direction: [Double]
    private var isInBasis: [Bool]
    /// Pivots so far.
    private(set) var pivots = 0
    /// Pivots since the inverse was last worked out anew.
    private var age = 0

    /// - Parameter problem: its singletons are the first basis.
    init(_ problem: PatternProblem, columns known: [Pattern]) {
        rows = problem.rows
        // A little more than asked for, by row: without it the method stands still on ties.
        demands = problem.demands.enumerated().map { Double($1) + Double(($0 * 7919) % 1009 + 1) * 1e-9 }
        width = (rows + 7) / 8
        inverse = [SIMD8<Double>](repeating: .zero, count: rows * width)
        columns = []
        basis = []
        amounts = []
        prices = []
        direction = [Double](repeating: 0, count: rows)
        isInBasis = [Bool](repeating: true, count: rows)
        for row in 0..<rows {
            let most = Double(max(problem.most(row), 1))
            inverse[row * width + row / 8][row % 8] = 1 / most
            append(Pattern(rows: [Int32(row)], counts: [Int32(max(problem.most(row), 1))]))
            basis.append(row)
            amounts.append(demands[row] / most)
            prices.append(1 / most)
        }
        for column in known { add(column) }
    }

    /// Bins of the present basis.
    var value: Double {
        var sum = 0.0
        for (row, column) in basis.enumerated() where column >= 0 { sum += amounts[row] }
        return sum
    }

    mutating func add(_ column: Pattern) {
        append(column)
        isInBasis.append(false)
    }

    private mutating func append(_ column: Pattern) {
        columns.append(column)
        entryRows += column.rows
        entryCounts += column.counts.map { Double($0) }
        starts.append(entryRows.count)
    }

    /// The columns of the basis with how much of each is used.
    var used: [(pattern: Pattern, amount: Double)] {
        basis.indices.filter { basis[$0] >= 0 }.map { (columns[basis[$0]], amounts[$0]) }
    }

    /// Brings in known columns until none helps.
    ///
    /// - Returns: false when the control ended it.
    mutating func optimise(control: PackingControl) -> Bool {
        var refused = 0
        while true {
            if pivots % 64 == 0, control.isOver { return false }
            // The surplus of a row with a negative price, or the column of the least reduced cost.
            var chosen = Int.min
            var least = -1e-9
            for row in 0..<rows where prices[row] < least {
                least = prices[row]
                chosen = -1 - row
            }
            var entry = 0
            for index in columns.indices {
                var cost = 1.0
                let end = starts[index + 1]
                while entry < end {
                    cost -= prices[Int(entryRows[entry])] * entryCounts[entry]
                    entry += 1
                }
                if cost < least, !isInBasis[index] {
                    least = cost
                    chosen = index
                }
            }
            guard chosen != Int.min else { return true }
            guard enter(chosen, cost: least) else {
                refused += 1
                if refused > 3 { return true }
                continue
            }
        }
    }

    private mutating func enter(_ entering: Int, cost: Double) -> Bool {
        aim(entering)
        var leaving = -1
        var step = Double.infinity
        for row in 0..<rows where direction[row] > 1e-9 {
            let ratio = max(amounts[row], 0) / direction[row]
            if ratio < step - 1e-12
                || (ratio < step + 1e-12 && leaving >= 0 && direction[row] > direction[leaving])
            {
                step = min(step, ratio)
                leaving = row
            }
        }
        guard leaving >= 0 else { return false }
        exchange(leaving, for: entering, cost: cost, step: step)
        return true
    }

    /// One pivot; `direction` is that of the entering column.
    private mutating func exchange(_ leaving: Int, for entering: Int, cost: Double, step: Double) {
        let pivot = direction[leaving]
        let factor = cost / pivot
        let (count, width, from) = (rows, width, leaving * width)
        for column in 0..<count { prices[column] += factor * inverse[from + column / 8][column % 8] }
        for block in 0..<width { inverse[from + block] /= pivot }
        inverse.withUnsafeMutableBufferPointer { inverse in
            for row in 0..<count where row != leaving && abs(direction[row]) > 1e-12 {
                let amount = SIMD8<Double>(repeating: direction[row])
                let to = row &* width
                for block in 0..<width { inverse[to &+ block] -= amount * inverse[from &+ block] }
            }
        }
        for row in 0..<rows where row != leaving { amounts[row] -= direction[row] * step }
        amounts[leaving] = step
        if basis[leaving] >= 0 { isInBasis[basis[leaving]] = false }
        basis[leaving] = entering
        if entering >= 0 { isInBasis[entering] = true }
        pivots += 1
        age += 1
        if age >= 400 { renew() }
    }

    /// Works the inverse out anew from the basis, for errors add up; stays as it is where that fails.
    mutating func renew() {
        age = 0
        let (count, width) = (rows, width)
        // Gauss and Jordan on the basis, row by row of demands, with the unit matrix beside it.
        var left = [SIMD8<Double>](repeating: .zero, count: count * width)
        var right = [SIMD8<Double>](repeating: .zero, count: count * width)
        for place in 0..<count {
            right[place * width + place / 8][place % 8] = 1
            let column = basis[place]
            if column < 0 {
                left[(-1 - column) * width + place / 8][place % 8] = -1
                continue
            }
            for entry in starts[column]..<starts[column + 1] {
                left[Int(entryRows[entry]) * width + place / 8][place % 8] = entryCounts[entry]
            }
        }
        var order = Array(0..<count)
        for place in 0..<count {
            let (block, lane) = (place / 8, place % 8)
            var chosen = place
            for row in place..<count
            where abs(left[order[row] * width + block][lane]) > abs(left[order[chosen] * width + block][lane])
            {
                chosen = row
            }
            order.swapAt(place, chosen)
            let from = order[place] * width
            let pivot = left[from + block][lane]
            guard abs(pivot) > 1e-9 else { return }
            for cell in block..<width { left[from + cell] /= pivot }
            for cell in 0..<width { right[from + cell] /= pivot }
            for row in 0..<count where row != order[place] {
                let to = row * width
                let factor = left[to + block][lane]
                guard factor != 0 else { continue }
                let amount = SIMD8<Double>(repeating: factor)
                for cell in block..<width { left[to &+ cell] -= amount * left[from &+ cell] }
                for cell in 0..<width { right[to &+ cell] -= amount * right[from &+ cell] }
            }
        }
        for place in 0..<count {
            for cell in 0..<width { inverse[place * width + cell] = right[order[place] * width + cell] }
        }
        prices = [Double](repeating: 0, count: count)
        for row in 0..<count {
            var sum = 0.0
            for column in 0..<count { sum += inverse[row * width + column / 8][column % 8] * demands[column] }
            amounts[row] = sum
            guard basis[row] >= 0 else { continue }
            for column in 0..<count { prices[column] += inverse[row * width + column / 8][column % 8] }
        }
    }

    /// How much of each basis row one unit of a column takes the place of.
    private mutating func aim(_ entering: Int) {
        let stride = width * 8 * MemoryLayout<Double>.stride
        let (first, end) = entering >= 0 ? (starts[entering], starts[entering + 1]) : (0, 0)
        inverse.withUnsafeBytes { cells in
            for row in 0..<rows {
                var sum = 0.0
                if entering >= 0 {
                    for entry in first..<end {
                        let offset = row &* stride &+ Int(entryRows[entry]) &* 8
                        sum += cells.load(fromByteOffset: offset, as: Double.self) * entryCounts[entry]
                    }
                } else {
                    sum = -cells.load(fromByteOffset: row &* stride &+ (-1 - entering) &* 8, as: Double.self)
                }
                direction[row] = sum
            }
        }
    }
}
