// A first answer at once: items in decreasing order into the bin that they fill best, or bin after bin with the item that
// uses best what the bin has left (Panigrahy, Talwar, Uyeda and Wieder, 2011).

/// Packing without looking back.
struct GreedyPacking {
    let problem: VectorProblem
    let weights: [Int]

    /// Bins under construction.
    struct Bins {
        var items: [[Int32]] = []
        /// What each bin has left, bin by bin.
        var room: [Int] = []
    }

    init(_ problem: VectorProblem, weights: [Int]) {
        self.problem = problem
        self.weights = weights
    }

    /// Every item in decreasing order into the fullest bin that takes it (`best`), or the first.
    func decreasing(_ key: [Int], best: Bool) -> VectorPacking {
        var bins = Bins()
        for item in order(key) { place(item, in: &bins, best: best) }
        return VectorPacking(bins: bins.items)
    }

    /// Items by falling key, equal ones in their own order.
    func order(_ key: [Int]) -> [Int32] {
        (0..<Int32(problem.count)).sorted { (key[Int($0)], $1) > (key[Int($1)], $0) }
    }

    /// The largest of an item's sizes, in parts of 2^20 of a bin.
    func largestShares() -> [Int] {
        let dimensions = problem.dimensions
        return (0..<problem.count).map { item in
            var most = 0
            for dimension in 0..<dimensions {
                most = max(
                    most, (problem.sizes[item * dimensions + dimension] << 20) / problem.capacity[dimension])
            }
            return most
        }
    }

    private func place(_ item: Int32, in bins: inout Bins, best: Bool) {
        let dimensions = problem.dimensions
        let base = Int(item) * dimensions
        var chosen = -1
        var least = Int.max
        for bin in bins.items.indices {
            var fits = true
            var left = 0
            for dimension in 0..<dimensions {
                let rest = bins.room[bin * dimensions + dimension] - problem.sizes[base + dimension]
                if rest < 0 {
                    fits = false
                    break
                }
                left += (rest << 20) / problem.capacity[dimension]
            }
            guard fits, left < least, admits(bins.items[bin], item) else { continue }
            chosen = bin
            least = left
            if !best || left == 0 { break }
        }
        if chosen < 0 {
            chosen = bins.items.count
            bins.items.append([])
            bins.room.append(contentsOf: problem.capacity)
        }
        bins.items[chosen].append(item)
        for dimension in 0..<dimensions {
            bins.room[chosen * dimensions + dimension] -= problem.sizes[base + dimension]
        }
    }

    /// Whether a bin has no item of the same group.
    func admits(_ bin: [Int32], _ item: Int32) -> Bool {
        guard !problem.groups.isEmpty, problem.groups[Int(item)] >= 0 else { return true }
        let group = problem.groups[Int(item)]
        return !bin.contains { problem.groups[Int($0)] == group }
    }

    /// Bin after bin, each time the item with the largest product of what it needs and what the bin has left.
    ///
    /// - Parameter window: how many of the remaining items, largest first, are looked at for each place.
    func byProduct(window: Int) -> VectorPacking {
        let dimensions = problem.dimensions
        let loads = (0..<dimensions).map { Double(problem.total($0)) / Double(problem.capacity[$0]) }
        let factors = (0..<dimensions).map {
            loads[$0] / Double(problem.capacity[$0]) / Double(problem.capacity[$0])
        }
        var rest = order(weights)
        var bins: [[Int32]] = []
        while !rest.isEmpty {
            var room = problem.capacity
            var bin: [Int32] = []
            while true {
                var chosen = -1
                var most = -1.0
                var seen = 0
                for index in rest.indices {
                    let base = Int(rest[index]) * dimensions
                    var product = 0.0
                    var fits = true
                    for dimension in 0..<dimensions {
                        let size = problem.sizes[base + dimension]
                        if size > room[dimension] {
                            fits = false
                            break
                        }
                        product += Double(size) * Double(room[dimension]) * factors[dimension]
                    }
                    guard fits, admits(bin, rest[index]) else { continue }
                    if product > most {
                        most = product
                        chosen = index
                    }
                    seen += 1
                    if seen >= window { break }
                }
                guard chosen >= 0 else { break }
                let item = rest.remove(at: chosen)
                bin.append(item)
                for dimension in 0..<dimensions {
                    room[dimension] -= problem.sizes[Int(item) * dimensions + dimension]
                }
            }
            bins.append(bin)
        }
        return VectorPacking(bins: bins)
    }
}
