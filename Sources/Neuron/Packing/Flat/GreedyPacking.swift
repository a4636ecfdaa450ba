// A first answer at once: items in decreasing order into the bin that they fill best, or bin after bin with the item that
// uses best what the bin has left (Panigrahy, Talwar, Uyeda and Wieder, 2011).

/// Packing without looking back.
struct GreedyPacking {
    let problem: VectorProblem
    let weights: [Int]

    init(_ problem: VectorProblem, weights: [Int]) {
        self.problem = problem
        self.weights = weights
    }

    /// Every item in decreasing order into the bin that it leaves least in; the first of equal ones.
    func bestFit(_ key: [Int]) -> VectorPacking {
        bestFit(key, control: nil) ?? VectorPacking(bins: [])
    }

    /// The same; nil where the control ended it.
    func bestFit(_ key: [Int], control: PackingControl?) -> VectorPacking? {
        let dimensions = problem.dimensions
        var bins: [[Int32]] = []
        func sizes(_ item: Int) -> ArraySlice<Int> {
            problem.sizes[item * dimensions..<(item + 1) * dimensions]
        }
        var least = Int.max
        for item in 0..<problem.count {
            least = min(least, RoomGrid.total(sizes(item), of: problem.capacity))
        }
        var index = RoomGrid(capacity: problem.capacity, axes: scarcest(), least: least)
        for (step, item) in order(key).enumerated() {
            if step % 512 == 0, control?.isOver == true { return nil }
            let sizes = sizes(Int(item))
            if let bin = index.best(sizes, admits: { admits(bins[$0], item) }) {
                index.put(sizes, in: bin)
                bins[bin].append(item)
            } else {
                index.open(sizes)
                bins.append([item])
            }
        }
        return VectorPacking(bins: bins)
    }

    /// The two dimensions of which there is the most to pack; the same twice where there is only one.
    private func scarcest() -> (Int, Int) {
        let loads = (0..<problem.dimensions).map { Double(problem.total($0)) / Double(problem.capacity[$0]) }
        let order = loads.indices.sorted { (loads[$0], $1) > (loads[$1], $0) }
        return (order[0], order.count > 1 ? order[1] : order[0])
    }

    /// Every item in decreasing order into the first bin that takes it; nil where the control ended it.
    func firstFit(_ key: [Int], control: PackingControl) -> VectorPacking? {
        let dimensions = problem.dimensions
        var bins: [[Int32]] = []
        var room: [Int] = []
        var tree = RoomTree(dimensions: dimensions)
        for (step, item) in order(key).enumerated() {
            if step % 512 == 0, control.isOver { return nil }
            let base = Int(item) * dimensions
            let sizes = problem.sizes[base..<base + dimensions]
            let bin = tree.first(sizes) { admits(bins[$0], item) } ?? bins.count
            if bin == bins.count {
                bins.append([])
                room += problem.capacity
            }
            bins[bin].append(item)
            for dimension in 0..<dimensions {
                room[bin * dimensions + dimension] -= problem.sizes[base + dimension]
            }
            tree.set(bin, room: room[bin * dimensions..<(bin + 1) * dimensions])
        }
        return VectorPacking(bins: bins)
    }

    /// Items by falling key, equal ones in their own order.
    func order(_ key: [Int]) -> [Int32] {
        var pairs = (0..<problem.count).map { (key: key[$0], item: Int32($0)) }
        pairs.sort { $0.key != $1.key ? $0.key > $1.key : $0.item < $1.item }
        return pairs.map(\.item)
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

    /// Whether a bin has no item of the same group.
    func admits(_ bin: [Int32], _ item: Int32) -> Bool {
        guard !problem.groups.isEmpty, problem.groups[Int(item)] >= 0 else { return true }
        let group = problem.groups[Int(item)]
        return !bin.contains { problem.groups[Int($0)] == group }
    }

    /// Bin after bin, each time the item with the largest product of what it needs and what the bin has left.
    ///
    /// - Parameter window: how many of the remaining items, largest first, are looked at for each place.
    /// - Returns: nil where the control ended it.
    func byProduct(window: Int, control: PackingControl) -> VectorPacking? {
        let dimensions = problem.dimensions
        let loads = (0..<dimensions).map { Double(problem.total($0)) / Double(problem.capacity[$0]) }
        let factors = (0..<dimensions).map {
            loads[$0] / Double(problem.capacity[$0]) / Double(problem.capacity[$0])
        }
        var rest = order(weights)
        var bins: [[Int32]] = []
        while !rest.isEmpty {
            if bins.count % 8 == 0, control.isOver { return nil }
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
