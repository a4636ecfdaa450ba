// One bin as full as possible from a handful of items: depth first, largest first, cut off after a few hundred steps.

/// Fills bins one after the other from a pool of items.
struct BinFill {
    private let problem: VectorProblem
    private let weights: [Int]
    private let dimensions: Int
    private var pool: [Int32] = []
    private var keys: [Int] = []
    private var used: [Bool] = []
    /// The sum of weights from an index on.
    private var behind: [Int] = []
    private var room: [Int]
    private var chosen: [Int32] = []
    private var bestChosen: [Int32] = []
    private var bestWeight = 0
    private var nodes = 0
    /// Steps for each bin.
    private let most = 150

    init(_ problem: VectorProblem, weights: [Int]) {
        self.problem = problem
        self.weights = weights
        dimensions = problem.dimensions
        room = problem.capacity
    }

    /// Takes a pool, largest first, with a little disorder.
    mutating func load(_ items: [Int32], random: inout PackingRandom) {
        keys.removeAll(keepingCapacity: true)
        pool.removeAll(keepingCapacity: true)
        for item in items {
            let weight = weights[Int(item)]
            let key = weight - weight * random.below(64) / 256
            // Insertion: pools are small.
            var place = keys.count
            keys.append(key)
            pool.append(item)
            while place > 0, keys[place - 1] < key {
                keys[place] = keys[place - 1]
                pool[place] = pool[place - 1]
                place -= 1
            }
            keys[place] = key
            pool[place] = item
        }
    }

    /// The fullest bin that the search finds, with its weight; its items leave the pool.
    mutating func take(random: inout PackingRandom) -> ([Int32], Int) {
        let count = pool.count
        behind.removeAll(keepingCapacity: true)
        behind.append(contentsOf: repeatElement(0, count: count + 1))
        for index in stride(from: count - 1, through: 0, by: -1) {
            behind[index] = behind[index + 1] + weights[Int(pool[index])]
        }
        room = problem.capacity
        chosen.removeAll(keepingCapacity: true)
        bestChosen.removeAll(keepingCapacity: true)
        bestWeight = -1
        nodes = 0
        search(from: 0, weight: 0)
        let items = bestChosen.map { pool[Int($0)] }
        for index in bestChosen.reversed() { pool.remove(at: Int(index)) }
        return (items, max(bestWeight, 0))
    }

    /// What nobody took, and its weight.
    func rest() -> ([Int32], Int) { (pool, pool.reduce(0) { $0 + weights[Int($1)] }) }

    /// True when the search is over.
    @discardableResult
    private mutating func search(from start: Int, weight: Int) -> Bool {
        var index = start
        let count = pool.count
        var extended = false
        while index < count {
            if weight + behind[index] <= bestWeight { return false }
            let item = Int(pool[index])
            if fits(item) {
                extended = true
                nodes += 1
                chosen.append(Int32(index))
                for dimension in 0..<dimensions {
                    room[dimension] -= problem.sizes[item * dimensions + dimension]
                }
                let over = search(from: index + 1, weight: weight + weights[item])
                chosen.removeLast()
                for dimension in 0..<dimensions {
                    room[dimension] += problem.sizes[item * dimensions + dimension]
                }
                if over || nodes >= most { return true }
            }
            index += 1
        }
        if !extended || weight > bestWeight, weight > bestWeight {
            bestWeight = weight
            bestChosen.removeAll(keepingCapacity: true)
            bestChosen.append(contentsOf: chosen)
            for dimension in 0..<dimensions where room[dimension] > 0 { return false }
            return true
        }
        return false
    }

    private func fits(_ item: Int) -> Bool {
        for dimension in 0..<dimensions where problem.sizes[item * dimensions + dimension] > room[dimension] {
            return false
        }
        guard !problem.groups.isEmpty, problem.groups[item] >= 0 else { return true }
        let group = problem.groups[item]
        return !chosen.contains { problem.groups[Int(pool[Int($0)])] == group }
    }
}
