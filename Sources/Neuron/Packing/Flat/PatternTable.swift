// The knapsack of one dimension as a table over what is left of the bin. Large capacities are divided down: sizes rounded up
// give patterns that fit, sizes rounded down a value that no pattern exceeds.

/// Finds valuable patterns of one dimension.
struct PatternTable {
    private let sizes: [Int]
    private let capacity: Int
    private let most: [Int]

    /// A way of dividing sizes.
    enum Rounding {
        /// Sizes as they are, or rounded up.
        case up(divisor: Int)
        /// Sizes rounded down: values are bounds, patterns need not fit.
        case down(divisor: Int)
    }

    /// - Parameters:
    ///   - sizes: by row, none above the capacity.
    ///   - most: by row, how many a bin takes.
    init(sizes: [Int], capacity: Int, most: [Int]) {
        self.sizes = sizes
        self.capacity = capacity
        self.most = most
    }

    /// The greatest value, and patterns of more than `least`, best first.
    ///
    /// - Parameters:
    ///   - values: by row, none negative.
    ///   - patterns: how many at most.
    ///   - turn: where the rows begin: another turn finds other patterns of the same value.
    func best(
        _ values: [Int], _ rounding: Rounding, patterns: Int, least: Int, turn: Int
    ) -> (value: Int, patterns: [Pattern]) {
        let (divisor, isUp) =
            switch rounding {
            case .up(let divisor): (divisor, true)
            case .down(let divisor): (divisor, false)
            }
        let room = capacity / divisor
        // Counts in powers of two, each an item of its own.
        var parts: [(row: Int, count: Int, size: Int, value: Int)] = []
        let rows = values.count
        for step in 0..<rows {
            let row = (step + turn) % rows
            guard values[row] > 0 else { continue }
            let size = isUp ? (sizes[row] + divisor - 1) / divisor : sizes[row] / divisor
            var left = most[row]
            var count = 1
            while left > 0 {
                let part = min(count, left)
                if part * size <= room { parts.append((row, part, part * size, part * values[row])) }
                left -= part
                count *= 2
            }
        }
        let words = room / 64 + 1
        var table = [Int](repeating: 0, count: words * 64)
        var taken = [UInt64](repeating: 0, count: words * parts.count)
        table.withUnsafeMutableBufferPointer { table in
            taken.withUnsafeMutableBufferPointer { taken in
                for (index, part) in parts.enumerated() {
                    let (size, value) = (part.size, part.value)
                    var word = words - 1
                    while word * 64 + 63 >= size {
                        var bits: UInt64 = 0
                        var place = word * 64 + 63
                        let lowest = max(word * 64, size)
                        while place >= lowest {
                            let with = table[place - size] + value
                            let old = table[place]
                            let isBetter = with > old
                            table[place] = isBetter ? with : old
                            bits |= (isBetter ? 1 : 0) << UInt64(place & 63)
                            place -= 1
                        }
                        taken[index * words + word] = bits
                        word -= 1
                        if word < 0 { break }
                    }
                }
            }
        }
        guard isUp else { return (table[room], []) }
        var found: [Pattern] = []
        var last = parts.count - 1
        while last >= 0, found.count < patterns {
            // The best pattern of the parts up to the last that changed the whole bin.
            while last >= 0, taken[last * words + room >> 6] & 1 << UInt64(room & 63) == 0 { last -= 1 }
            guard last >= 0 else { break }
            var counts = [Int](repeating: 0, count: rows)
            var value = 0
            var place = room
            for index in stride(from: last, through: 0, by: -1)
            where taken[index * words + place >> 6] & 1 << UInt64(place & 63) != 0 {
                counts[parts[index].row] += parts[index].count
                value += parts[index].value
                place -= parts[index].size
            }
            guard value > least else { break }
            found.append(Pattern(counts: counts))
            last -= 1
        }
        return (table[room], found)
    }
}
