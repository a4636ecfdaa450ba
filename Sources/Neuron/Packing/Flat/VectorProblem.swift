// The core of packing: items of one or several dimensions into bins that are all alike. Everything is an integer within
// limits that are checked once, here, so that no sum behind it can overflow.

/// Items to be packed into equal bins.
package struct VectorProblem: Sendable {
    /// What a bin holds in each dimension.
    package let capacity: [Int]
    /// The sizes, item by item: dimension `d` of item `i` is at `i * dimensions + d`.
    package let sizes: [Int]
    /// Items of the same group are kept in different bins; -1 for an item of no group. Empty when there are none.
    package let groups: [Int]

    /// The most that a bin may hold in a dimension.
    package static let largestCapacity = 1 << 40
    /// The most items.
    package static let mostItems = 1 << 21
    /// The most dimensions.
    package static let mostDimensions = 16

    /// Dimensions of an item.
    package var dimensions: Int { capacity.count }
    /// How many items there are.
    package let count: Int

    /// Why a problem is none.
    package enum Fault: Error, Equatable {
        /// There are no dimensions or too many, no sensible capacity, or too many items.
        case limits
        /// An item that no bin holds, or with a negative size.
        case item(Int)
    }

    /// A problem.
    ///
    /// - Throws: `Fault` with the first thing that is wrong.
    package init(capacity: [Int], sizes: [Int], groups: [Int] = []) throws(Fault) {
        let dimensions = capacity.count
        guard (1...Self.mostDimensions).contains(dimensions),
            capacity.allSatisfy({ (1...Self.largestCapacity).contains($0) }),
            sizes.count % dimensions == 0, sizes.count / dimensions <= Self.mostItems,
            groups.isEmpty || groups.count == sizes.count / dimensions
        else { throw .limits }
        for (index, size) in sizes.enumerated()
        where size < 0 || size > capacity[index % dimensions] {
            throw .item(index / dimensions)
        }
        self.capacity = capacity
        self.sizes = sizes
        self.groups = groups.allSatisfy { $0 < 0 } ? [] : groups
        count = sizes.count / dimensions
    }

    /// The sum of a dimension's sizes.
    func total(_ dimension: Int) -> Int {
        var sum = 0
        for item in 0..<count { sum += sizes[item * dimensions + dimension] }
        return sum
    }

    /// How large each item is in all, in parts of 2^20 of a bin: dimensions of which there is more to pack count more.
    func weights() -> [Int] {
        let loads = (0..<dimensions).map { Double(total($0)) / Double(capacity[$0]) }
        let most = max(loads.max() ?? 0, 1e-9)
        let factors = (0..<dimensions).map { (loads[$0] / most) * 0x1p20 / Double(capacity[$0]) }
        return (0..<count).map { item in
            var sum = 0.0
            for dimension in 0..<dimensions {
                sum += Double(sizes[item * dimensions + dimension]) * factors[dimension]
            }
            return Int(sum) + 1
        }
    }
}

/// Which bin each item is in.
package struct VectorPacking: Equatable, Sendable {
    /// The items of each bin; no bin is empty.
    package var bins: [[Int32]]

    /// How many bins are used.
    package var count: Int { bins.count }

    /// Whether every item is in exactly one bin, and no bin holds more than it can.
    package func isValid(for problem: VectorProblem) -> Bool {
        var seen = [Bool](repeating: false, count: problem.count)
        let dimensions = problem.dimensions
        for bin in bins {
            guard !bin.isEmpty else { return false }
            var load = [Int](repeating: 0, count: dimensions)
            var members = Set<Int>()
            for item in bin.map(Int.init) {
                guard item >= 0, item < problem.count, !seen[item] else { return false }
                seen[item] = true
                if !problem.groups.isEmpty, problem.groups[item] >= 0 {
                    guard members.insert(problem.groups[item]).inserted else { return false }
                }
                for dimension in 0..<dimensions {
                    load[dimension] += problem.sizes[item * dimensions + dimension]
                }
            }
            guard zip(load, problem.capacity).allSatisfy({ $0 <= $1 }) else { return false }
        }
        return seen.allSatisfy { $0 }
    }
}
