// Equal items are one row: columns are then patterns of counts, and there are far fewer rows than items.

/// A packing problem by kinds of items.
struct PatternProblem {
    /// What a bin holds in each dimension.
    let capacity: [Int]
    /// The sizes of each kind, kind by kind.
    let sizes: [Int]
    /// How many items there are of each kind, each at least 1.
    var demands: [Int]
    /// The items of each kind.
    var items: [[Int32]]

    var rows: Int { demands.count }
    var dimensions: Int { capacity.count }

    /// Kinds, in the order of their sizes, largest first.
    init(_ problem: VectorProblem) {
        let dimensions = problem.dimensions
        var kinds: [[Int]: [Int32]] = [:]
        for item in 0..<problem.count {
            kinds[Array(problem.sizes[item * dimensions..<(item + 1) * dimensions]), default: []].append(
                Int32(item))
        }
        let sorted = kinds.sorted { $1.key.lexicographicallyPrecedes($0.key) }
        capacity = problem.capacity
        sizes = sorted.flatMap(\.key)
        items = sorted.map(\.value)
        demands = items.map(\.count)
    }

    private init(capacity: [Int], sizes: [Int], demands: [Int], items: [[Int32]]) {
        self.capacity = capacity
        self.sizes = sizes
        self.demands = demands
        self.items = items
    }

    /// How many items of a kind one bin holds, at most its demand.
    func most(_ row: Int) -> Int {
        var most = demands[row]
        for dimension in 0..<dimensions {
            let size = sizes[row * dimensions + dimension]
            if size > 0 { most = min(most, capacity[dimension] / size) }
        }
        return most
    }

    /// The bins of a packing as patterns.
    func patterns(of packing: VectorPacking) -> [Pattern] {
        var rowOf: [Int32: Int] = [:]
        for (row, items) in items.enumerated() {
            for item in items { rowOf[item] = row }
        }
        return packing.bins.map { bin in
            var counts = [Int](repeating: 0, count: rows)
            for item in bin { if let row = rowOf[item] { counts[row] += 1 } }
            return Pattern(counts: counts)
        }
    }

    /// The problem of some rows with other demands; the rows' numbers in this one.
    func restricted(to demands: [Int]) -> (problem: PatternProblem, rows: [Int]) {
        let kept = (0..<rows).filter { demands[$0] > 0 }
        return (
            PatternProblem(
                capacity: capacity,
                sizes: kept.flatMap { sizes[$0 * dimensions..<($0 + 1) * dimensions] },
                demands: kept.map { demands[$0] }, items: kept.map { Array(items[$0].prefix(demands[$0])) }),
            kept
        )
    }
}

/// What may lie in one bin: rows, ascending, with counts of at least 1.
struct Pattern: Hashable, Sendable {
    var rows: [Int32]
    var counts: [Int32]

    init(rows: [Int32], counts: [Int32]) {
        self.rows = rows
        self.counts = counts
    }

    /// From the counts of all rows.
    init(counts all: [Int]) {
        rows = all.indices.filter { all[$0] > 0 }.map { Int32($0) }
        counts = rows.map { Int32(all[Int($0)]) }
    }
}
