// Byte-pair encoding of one word: of all neighbours the pair that was learnt first is joined, the leftmost of equals, until
// no two are a pair. A heap has the pairs that there are, so a word of a million characters takes the time of its length.

/// The pairs, by what is joined.
struct PairMerges: Sendable {
    private struct Merge {
        var rank: Int32
        var id: Int32
    }

    private var merges: [UInt64: Merge]

    init(capacity: Int) { merges = Dictionary(minimumCapacity: capacity) }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Adds a pair; an earlier one stays.
    mutating func add(_ left: Int32, _ right: Int32, rank: Int, id: Int32) {
        let key = Self.key(left, right)
        if merges[key] == nil { merges[key] = Merge(rank: Int32(clamping: rank), id: id) }
    }

    /// Joins what can be joined.
    func apply(to symbols: inout [Int32]) {
        // Most words are short: looking at all pairs again is faster than a heap.
        if symbols.count <= 24 { joinShort(&symbols) } else { joinLong(&symbols) }
    }

    private func joinShort(_ symbols: inout [Int32]) {
        while symbols.count > 1 {
            var best: (merge: Merge, place: Int)?
            for place in 0..<symbols.count - 1 {
                guard let merge = merges[Self.key(symbols[place], symbols[place + 1])] else { continue }
                if best.map({ merge.rank < $0.merge.rank }) ?? true { best = (merge, place) }
            }
            guard let best else { return }
            symbols[best.place] = best.merge.id
            symbols.remove(at: best.place + 1)
        }
    }

    /// A pair that was there when it was found.
    private struct Candidate: Comparable {
        let rank: Int32
        let place: Int32
        /// What both were, to know whether they are it still.
        let key: UInt64
        let id: Int32

        static func < (one: Candidate, other: Candidate) -> Bool {
            (one.rank, one.place) < (other.rank, other.place)
        }
    }

    private func joinLong(_ symbols: inout [Int32]) {
        let count = symbols.count
        var before = (0..<count).map { $0 - 1 }
        var after = (0..<count).map { $0 + 1 }
        var heap = BinaryHeap<Candidate>()
        var isGone = [Bool](repeating: false, count: count)
        func candidate(_ left: Int, _ right: Int) -> Candidate? {
            let key = Self.key(symbols[left], symbols[right])
            return merges[key].map {
                Candidate(rank: $0.rank, place: Int32(clamping: left), key: key, id: $0.id)
            }
        }
        for place in 0..<count - 1 { if let found = candidate(place, place + 1) { heap.insert(found) } }
        while let next = heap.popFirst() {
            let left = Int(next.place)
            let right = after[left]
            guard !isGone[left], right < count, Self.key(symbols[left], symbols[right]) == next.key else {
                continue
            }
            symbols[left] = next.id
            isGone[right] = true
            after[left] = after[right]
            if after[right] < count { before[after[right]] = left }
            if before[left] >= 0, let found = candidate(before[left], left) { heap.insert(found) }
            if after[left] < count, let found = candidate(left, after[left]) { heap.insert(found) }
        }
        var kept = 0
        for place in 0..<count where !isGone[place] {
            symbols[kept] = symbols[place]
            kept += 1
        }
        symbols.removeLast(count - kept)
    }
}

/// The least element first.
struct BinaryHeap<Element: Comparable> {
    private var elements: [Element] = []

    mutating func insert(_ element: Element) {
        elements.append(element)
        var place = elements.count - 1
        while place > 0, elements[place] < elements[(place - 1) / 2] {
            elements.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func popFirst() -> Element? {
        guard let first = elements.first, let last = elements.popLast() else { return nil }
        guard !elements.isEmpty else { return first }
        elements[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < elements.count {
                if elements[child] < elements[least] { least = child }
            }
            guard least != place else { return first }
            elements.swapAt(place, least)
            place = least
        }
    }
}
