// How many bins are needed at least, without packing: the sum of the sizes, and dual feasible functions, which change sizes
// so that whatever fitted still fits. Several dimensions are weighed together into one that any packing has to respect, too.

/// Lower bounds that cost little.
enum VectorBounds {
    /// The best of all bounds here; at least that of the sums, where the control ends it.
    static func bound(_ problem: VectorProblem, control: PackingControl = PackingControl()) -> Int {
        guard problem.count > 0 else { return 0 }
        var best = 1
        for dimension in 0..<problem.dimensions {
            let total = problem.total(dimension)
            best = max(best, (total + problem.capacity[dimension] - 1) / problem.capacity[dimension])
        }
        var members: [Int: Int] = [:]
        for group in problem.groups where group >= 0 { members[group, default: 0] += 1 }
        best = max(best, members.values.max() ?? 0)
        for dimension in 0..<problem.dimensions {
            if control.isOver { return best }
            let line = (0..<problem.count).map { problem.sizes[$0 * problem.dimensions + dimension] }
            best = max(best, bound(line, capacity: problem.capacity[dimension], control: control))
        }
        if problem.dimensions > 1 {
            for mixture in mixtures(problem.dimensions) {
                if control.isOver { return best }
                best = max(best, bound(mixed(problem, mixture), capacity: scale, control: control))
            }
        }
        return best
    }

    /// A bin of weighed dimensions.
    private static let scale = 1 << 20

    /// Shares of the dimensions: every pair in eighths.
    private static func mixtures(_ dimensions: Int) -> [[Int]] {
        var found: [[Int]] = []
        for first in 0..<dimensions {
            for second in first + 1..<max(first + 1, dimensions) {
                for share in 1..<8 {
                    var mixture = [Int](repeating: 0, count: dimensions)
                    mixture[first] = share
                    mixture[second] = 8 - share
                    found.append(mixture)
                }
            }
        }
        return found
    }

    /// Each item's sizes weighed by shares that sum to 8, rounded down, so that a bin of them never exceeds `scale`.
    private static func mixed(_ problem: VectorProblem, _ mixture: [Int]) -> [Int] {
        (0..<problem.count).map { item in
            var sum = 0
            for (dimension, share) in mixture.enumerated() where share > 0 {
                let size = problem.sizes[item * problem.dimensions + dimension]
                // 2^40 at most times 2^20 is within an integer.
                sum += size * (share * (scale >> 3)) / problem.capacity[dimension]
            }
            return min(sum, scale)
        }
    }

    /// The best of Martello and Toth's L2 and of the rounding functions of Fekete and Schepers (u(k), k up to 20).
    static func bound(
        _ sizes: [Int], capacity: Int, control: PackingControl = PackingControl()
    ) -> Int {
        let sorted = sizes.filter { $0 > 0 }.sorted(by: >)
        guard !sorted.isEmpty else { return 0 }
        var best = martelloToth(sorted, capacity: capacity)
        // u(k): a size s becomes floor((k+1)s / c) / k, or stays where (k+1)s/c is whole.
        // Sums of 20 times as much have to stay within an integer.
        guard sorted.count < Int.max / 32 / capacity else { return best }
        for parts in 2...20 {
            if control.isOver { return best }
            var sum = 0
            for size in sorted {
                let product = (parts + 1) * size
                sum += product % capacity == 0 ? size * parts : product / capacity * capacity
            }
            let bin = parts * capacity
            best = max(best, (sum + bin - 1) / bin)
        }
        return best
    }

    /// L2: for each threshold, large items count whole, the middle alone, the small ones fill what is left.
    ///
    /// - Parameter sorted: largest first, all positive.
    static func martelloToth(_ sorted: [Int], capacity: Int) -> Int {
        let count = sorted.count
        var sums = [Int](repeating: 0, count: count + 1)
        for (index, size) in sorted.enumerated() { sums[index + 1] = sums[index] + size }
        var best = (sums[count] + capacity - 1) / capacity
        // Items before `half` exceed half a bin.
        let half = sorted.firstIndex { 2 * $0 <= capacity } ?? count
        var large = 0  // items before this exceed capacity - threshold
        var previous = -1
        var thresholds = Array(sorted[half...].reversed())
        thresholds.insert(0, at: 0)
        large = half
        var end = count  // items before this are at least the threshold
        for threshold in thresholds where threshold != previous {
            previous = threshold
            while large > 0, sorted[large - 1] <= capacity - threshold { large -= 1 }
            while large < half, sorted[large] > capacity - threshold { large += 1 }
            while end > half, sorted[end - 1] < threshold { end -= 1 }
            let middle = half - large
            let small = sums[end] - sums[half]
            let room = middle * capacity - (sums[half] - sums[large])
            let more = max(0, small - room)
            best = max(best, large + middle + (more + capacity - 1) / capacity)
        }
        return best
    }
}
