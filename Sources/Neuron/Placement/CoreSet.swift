// Placement compares hundreds of candidate groups per answer, so a set of cores is eight machine words rather than
// a hash table. Ids come from kubelets, annotations and files: one that does not fit is left out, never a trap.

/// A set of logical core numbers, 0 to 511.
///
/// The driver's own table has 64 devices of 8 cores (neuron_crwl.c), so 512 holds every host it can drive.
package struct CoreSet: Hashable, Sendable {
    /// Core numbers are below this.
    package static let capacity = 512

    private var words: SIMD8<UInt64>

    /// The empty set.
    package init() { words = SIMD8() }

    /// The cores of `ids`, in any order; ids outside 0..<512 are left out.
    package init(_ ids: some Sequence<Int>) {
        self.init()
        for id in ids { insert(id) }
    }

    /// The cores of `range`; those outside 0..<512 are left out.
    package init(_ range: Range<Int>) {
        self.init()
        let range = range.clamped(to: 0..<Self.capacity)
        guard let last = range.last else { return }
        for lane in range.lowerBound >> 6...last >> 6 {
            let low = Swift.max(range.lowerBound - lane << 6, 0)
            let high = Swift.min(range.upperBound - lane << 6, 64)
            words[lane] = UInt64.max << UInt64(low) & UInt64.max >> UInt64(64 - high)
        }
    }

    private init(words: SIMD8<UInt64>) { self.words = words }

    /// Adds `core`.
    ///
    /// - Returns: false when `core` is outside 0..<512 and so was not added.
    @discardableResult
    package mutating func insert(_ core: Int) -> Bool {
        guard Self.fits(core) else { return false }
        words[core >> 6] |= 1 << UInt64(core & 63)
        return true
    }

    /// Takes `core` out; a core that is not in the set changes nothing.
    package mutating func remove(_ core: Int) {
        guard Self.fits(core) else { return }
        words[core >> 6] &= ~(1 << UInt64(core & 63))
    }

    /// Whether `core` is in the set; false for numbers outside 0..<512.
    package func contains(_ core: Int) -> Bool {
        Self.fits(core) && words[core >> 6] & (1 << UInt64(core & 63)) != 0
    }

    /// How many cores the set has.
    package var count: Int {
        var total = 0
        for lane in 0..<8 { total += words[lane].nonzeroBitCount }
        return total
    }

    /// Whether the set has no core.
    package var isEmpty: Bool { words == SIMD8() }

    /// The lowest core.
    package var first: Int? {
        for lane in 0..<8 where words[lane] != 0 { return lane << 6 + words[lane].trailingZeroBitCount }
        return nil
    }

    /// The highest core.
    package var last: Int? {
        for lane in stride(from: 7, through: 0, by: -1) where words[lane] != 0 {
            return lane << 6 + 63 - words[lane].leadingZeroBitCount
        }
        return nil
    }

    /// The cores in either set.
    package func union(_ other: CoreSet) -> CoreSet { CoreSet(words: words | other.words) }

    /// The cores in both sets.
    package func intersection(_ other: CoreSet) -> CoreSet { CoreSet(words: words & other.words) }

    /// The cores of this set that `other` has not.
    package func subtracting(_ other: CoreSet) -> CoreSet { CoreSet(words: words & ~other.words) }

    /// Whether every core of this set is in `other`.
    package func isSubset(of other: CoreSet) -> Bool { subtracting(other).isEmpty }

    /// Whether the sets share no core.
    package func isDisjoint(with other: CoreSet) -> Bool { intersection(other).isEmpty }

    private static func fits(_ core: Int) -> Bool { core >= 0 && core < capacity }
}

extension CoreSet: Sequence {
    /// Visits the cores from the lowest to the highest.
    package struct Iterator: IteratorProtocol {
        fileprivate var words: SIMD8<UInt64>
        fileprivate var lane = 0

        /// The next core.
        package mutating func next() -> Int? {
            while lane < 8 {
                let word = words[lane]
                if word != 0 {
                    words[lane] = word & (word - 1)
                    return lane << 6 + word.trailingZeroBitCount
                }
                lane += 1
            }
            return nil
        }
    }

    /// The cores, ascending.
    package func makeIterator() -> Iterator { Iterator(words: words) }

    /// The exact count, for whoever reserves room.
    package var underestimatedCount: Int { count }
}

extension CoreSet: ExpressibleByArrayLiteral {
    /// A set written as `[0, 1, 2]`.
    package init(arrayLiteral elements: Int...) { self.init(elements) }
}

extension CoreSet: CustomStringConvertible {
    /// Ascending runs as the runtime writes them: `0-3,8,10-11`; empty for the empty set.
    package var description: String {
        runs().map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound - 1)" }
            .joined(separator: ",")
    }

    /// The maximal runs of consecutive cores, ascending.
    package func runs() -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start = -1
        var end = -1
        for core in self {
            if core != end {
                if start >= 0 { runs.append(start..<end) }
                start = core
            }
            end = core + 1
        }
        if start >= 0 { runs.append(start..<end) }
        return runs
    }
}
