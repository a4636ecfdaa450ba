// Where does an item fit best, and where first? Asked a hundred thousand times over thousands of bins, so not by a look at all
// of them: bins lie on a grid of what they have left of the two scarcest dimensions, and under a tree of what each half of them
// has at most.

/// Bins by what they have left: an item fills best the one with the least in all among those that take it.
struct RoomGrid {
    /// Cells of a side: a row of them is a word of bits.
    private static let side = 64
    private let capacity: [Int]
    private let dimensions: Int
    /// The dimensions of rows and columns; the same one twice where there is only one.
    private let axes: (Int, Int)
    /// What no item is below in all: bins that have less left are full.
    private let least: Int
    /// By bin and dimension, what it has left.
    private(set) var room: [Int] = []
    /// By cell, what each of its bins has left in all (times 2^32) and the bin, ascending.
    private var cells: [[Int]]
    /// By row, a bit for each cell that is not empty.
    private var used: [UInt64]

    /// - Parameters:
    ///   - axes: the two dimensions of which there is the most to pack.
    ///   - least: what the smallest item takes in all.
    init(capacity: [Int], axes: (Int, Int), least: Int) {
        self.capacity = capacity
        self.axes = axes
        self.least = least
        dimensions = capacity.count
        cells = [[Int]](repeating: [], count: Self.side * Self.side)
        used = [UInt64](repeating: 0, count: Self.side)
    }

    /// What sizes come to over all dimensions, in parts of 2^20 of a bin and dimension.
    static func total(_ sizes: ArraySlice<Int>, of capacity: [Int]) -> Int {
        var sum = 0
        var index = sizes.startIndex
        for capacity in capacity {
            sum += (sizes[index] << 20) / capacity
            index += 1
        }
        return sum
    }

    private func total(_ bin: Int) -> Int {
        Self.total(room[bin * dimensions..<(bin + 1) * dimensions], of: capacity)
    }

    private func place(_ value: Int, _ dimension: Int) -> Int {
        min(value * Self.side / capacity[dimension], Self.side - 1)
    }

    private func cell(_ bin: Int) -> (row: Int, column: Int) {
        let row = place(room[bin * dimensions + axes.0], axes.0)
        return (row, axes.0 == axes.1 ? 0 : place(room[bin * dimensions + axes.1], axes.1))
    }

    /// A new bin takes an item.
    mutating func open(_ sizes: ArraySlice<Int>) {
        let bin = room.count / dimensions
        for (capacity, size) in zip(capacity, sizes) { room.append(capacity - size) }
        add(bin)
    }

    /// A bin takes an item.
    mutating func put(_ sizes: ArraySlice<Int>, in bin: Int) {
        let (row, column) = cell(bin)
        let cell = row * Self.side + column
        let index = index(of: total(bin) << 32 | bin, in: cells[cell])
        if index < cells[cell].count, cells[cell][index] & 0xffff_ffff == bin {
            cells[cell].remove(at: index)
            if cells[cell].isEmpty { used[row] &= ~(1 << UInt64(column)) }
        }
        for (dimension, size) in sizes.enumerated() { room[bin * dimensions + dimension] -= size }
        add(bin)
    }

    private mutating func add(_ bin: Int) {
        let total = total(bin)
        guard total + dimensions >= least else { return }
        let (row, column) = cell(bin)
        let key = total << 32 | bin
        let cell = row * Self.side + column
        cells[cell].insert(key, at: index(of: key, in: cells[cell]))
        used[row] |= 1 << UInt64(column)
    }

    /// Where a key is, or would be.
    private func index(of key: Int, in keys: [Int]) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The bin with the least left in all of those that take the item, the first of equal ones.
    func best(_ sizes: ArraySlice<Int>, admits: (Int) -> Bool) -> Int? {
        let first = sizes.startIndex
        let needed = max(0, Self.total(sizes, of: capacity) - dimensions) << 32
        let row = place(sizes[first + axes.0], axes.0)
        let column = axes.0 == axes.1 ? 0 : place(sizes[first + axes.1], axes.1)
        var best = Int.max
        for row in row..<Self.side {
            // What bins of this row have at least, less what rounding may have taken.
            guard (Self.floor(row, column) - dimensions) << 32 < best else { break }
            var left = used[row] & (UInt64.max << UInt64(column))
            while left != 0 {
                let column = left.trailingZeroBitCount
                left &= left - 1
                guard (Self.floor(row, column) - dimensions) << 32 < best else { break }
                let keys = cells[row * Self.side + column]
                var index = index(of: needed, in: keys)
                while index < keys.count, keys[index] < best {
                    let bin = keys[index] & 0xffff_ffff
                    var fits = true
                    for dimension in 0..<dimensions
                    where room[bin * dimensions + dimension] < sizes[first + dimension] {
                        fits = false
                        break
                    }
                    if fits, admits(bin) { best = keys[index] }
                    index += 1
                }
            }
        }
        return best == Int.max ? nil : best & 0xffff_ffff
    }

    /// What a bin of a cell has left in all at least, in parts of 2^20.
    private static func floor(_ row: Int, _ column: Int) -> Int { (row + column) << 14 }
}

/// Bins in their order: the first that has room in every dimension.
struct RoomTree {
    private let dimensions: Int
    /// Leaves, a power of two.
    private var leaves = 1
    /// By node (1 is the root) and dimension, the most that a bin below has left.
    private var most: [Int]

    init(dimensions: Int) {
        self.dimensions = dimensions
        most = [Int](repeating: -1, count: 2 * dimensions)
    }

    /// Notes what a bin has left; bins come in their order.
    mutating func set(_ bin: Int, room: ArraySlice<Int>) {
        if bin >= leaves { grow() }
        var node = leaves + bin
        for (dimension, room) in room.enumerated() { most[node * dimensions + dimension] = room }
        node /= 2
        while node > 0 {
            for dimension in 0..<dimensions {
                most[node * dimensions + dimension] = max(
                    most[2 * node * dimensions + dimension], most[(2 * node + 1) * dimensions + dimension])
            }
            node /= 2
        }
    }

    private mutating func grow() {
        let old = self
        leaves *= 2
        most = [Int](repeating: -1, count: 2 * leaves * dimensions)
        for bin in 0..<old.leaves {
            let from = (old.leaves + bin) * dimensions
            for dimension in 0..<dimensions {
                most[(leaves + bin) * dimensions + dimension] = old.most[from + dimension]
            }
        }
        for node in stride(from: leaves - 1, to: 0, by: -1) {
            for dimension in 0..<dimensions {
                most[node * dimensions + dimension] = max(
                    most[2 * node * dimensions + dimension], most[(2 * node + 1) * dimensions + dimension])
            }
        }
    }

    /// The first bin with so much left that `admits` the item.
    func first(_ sizes: ArraySlice<Int>, admits: (Int) -> Bool) -> Int? { first(sizes, below: 1, admits) }

    private func first(_ sizes: ArraySlice<Int>, below node: Int, _ admits: (Int) -> Bool) -> Int? {
        for (dimension, size) in sizes.enumerated() where most[node * dimensions + dimension] < size {
            return nil
        }
        if node >= leaves { return admits(node - leaves) ? node - leaves : nil }
        return first(sizes, below: 2 * node, admits) ?? first(sizes, below: 2 * node + 1, admits)
    }
}
