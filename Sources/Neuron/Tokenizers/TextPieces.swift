// A text on its way through the splitters: its octets, and the pieces that it has been cut into so far.

/// Octets and the ranges of them that are left.
struct TextPieces {
    /// UTF-8.
    var octets: [UInt8]
    /// In order; what lies between two has been dropped.
    var ranges: [Range<Int>]
    /// Whether the octets begin where the whole text begins.
    let isAtStart: Bool
    /// Where each octet comes from in the text as it was given; nil where nobody asks.
    private(set) var origins: [Range<Int>]?

    init(_ octets: [UInt8], isAtStart: Bool, origins: [Range<Int>]? = nil) {
        self.octets = octets
        ranges = octets.isEmpty ? [] : [octets.indices]
        self.isAtStart = isAtStart
        self.origins = origins
    }

    /// Cuts each piece.
    ///
    /// - Parameter matches: says where a match begins at a place before `end`, and where it ends; nil where none does.
    mutating func split(
        _ behavior: SplitBehavior, isInverted: Bool = false,
        _ matches: (_ octets: [UInt8], _ place: Int, _ end: Int) -> Int?
    ) {
        // An array for each piece would cost more than to cut it.
        var parts = SplitParts(behavior, capacity: max(ranges.count, octets.count / 8))
        for range in ranges {
            parts.begin()
            var place = range.lowerBound
            var plainStart = place
            while place < range.upperBound {
                guard let end = matches(octets, place, range.upperBound), end > place else {
                    place += octets.scalarLength(at: place)
                    continue
                }
                if plainStart < place { parts.add(plainStart..<place, isMatch: isInverted) }
                parts.add(place..<end, isMatch: !isInverted)
                place = end
                plainStart = end
            }
            if plainStart < place { parts.add(plainStart..<place, isMatch: isInverted) }
            parts.end()
        }
        ranges = parts.parts
    }

    /// Cuts at characters of a kind, each a match of its own.
    mutating func split(_ behavior: SplitBehavior, at isDelimiter: (Unicode.Scalar) -> Bool) {
        split(behavior) { octets, place, _ in
            isDelimiter(octets.scalar(at: place)) ? place + octets.scalarLength(at: place) : nil
        }
    }

    /// Writes each piece anew.
    ///
    /// - Parameters:
    ///   - blank: what each blank becomes.
    ///   - prefix: what is put before a piece; it comes from where the piece's first character does.
    mutating func rewrite(
        blank: [UInt8] = [0x20], _ prefix: (_ piece: ArraySlice<UInt8>, _ isFirst: Bool) -> [UInt8]
    ) {
        var written: [UInt8] = []
        written.reserveCapacity(octets.count + ranges.count * 3)
        var sources: [Range<Int>] = []
        var places: [Range<Int>] = []
        places.reserveCapacity(ranges.count)
        for range in ranges {
            let start = written.count
            let before = prefix(octets[range], isAtStart && range.lowerBound == 0)
            written += before
            if let origins, let first = range.first {
                sources += repeatElement(origins[first], count: before.count)
            }
            for place in range {
                let isBlank = octets[place] == 0x20
                if isBlank { written += blank } else { written.append(octets[place]) }
                if let origins { sources += repeatElement(origins[place], count: isBlank ? blank.count : 1) }
            }
            if start < written.count { places.append(start..<written.count) }
        }
        octets = written
        ranges = places
        if origins != nil { origins = sources }
    }
}

/// What becomes of what a splitter looks for; the names are those of `tokenizer.json`.
enum SplitBehavior: String, CaseIterable, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
}

/// The parts of pieces as they come, from the left.
private struct SplitParts {
    let behavior: SplitBehavior
    private(set) var parts: [Range<Int>] = []
    /// Where those of the piece at hand begin.
    private var first = 0
    private var wasMatch = false
    /// A match that waits for what comes behind it.
    private var waiting: Range<Int>?

    init(_ behavior: SplitBehavior, capacity: Int) {
        self.behavior = behavior
        parts.reserveCapacity(capacity)
    }

    /// Another piece begins.
    mutating func begin() {
        first = parts.count
        wasMatch = false
    }

    mutating func add(_ range: Range<Int>, isMatch: Bool) {
        switch behavior {
        case .removed:
            if !isMatch { parts.append(range) }
        case .isolated: parts.append(range)
        case .contiguous:
            if isMatch == wasMatch, let last = popLast() {
                parts.append(last.lowerBound..<range.upperBound)
            } else {
                parts.append(range)
            }
        case .mergedWithPrevious:
            if isMatch, !wasMatch, let last = popLast() {
                parts.append(last.lowerBound..<range.upperBound)
            } else {
                parts.append(range)
            }
        case .mergedWithNext:
            if let waiting, !isMatch {
                parts.append(waiting.lowerBound..<range.upperBound)
                self.waiting = nil
            } else if isMatch {
                if let waiting { parts.append(waiting) }
                waiting = range
            } else {
                parts.append(range)
            }
        }
        wasMatch = isMatch
    }

    /// The last part of this piece.
    private mutating func popLast() -> Range<Int>? { parts.count > first ? parts.removeLast() : nil }

    /// The piece ends.
    mutating func end() {
        if let waiting { parts.append(waiting) }
        waiting = nil
    }
}

extension [UInt8] {
    /// Octets of the character that begins at a place of valid UTF-8.
    func scalarLength(at place: Int) -> Int {
        let octet = self[place]
        return octet < 0x80 ? 1 : octet < 0xe0 ? 2 : octet < 0xf0 ? 3 : 4
    }

    /// The character that begins at a place of valid UTF-8.
    func scalar(at place: Int) -> Unicode.Scalar {
        let octet = self[place]
        guard octet >= 0x80 else { return Unicode.Scalar(octet) }
        let length = scalarLength(at: place)
        guard place + length <= count else { return "\u{fffd}" }
        var value = UInt32(octet) & (0x7f >> UInt32(length))
        for next in place + 1..<place + length { value = value << 6 | UInt32(self[next] & 0x3f) }
        return Unicode.Scalar(value) ?? "\u{fffd}"
    }

    /// Characters as UTF-8.
    init(utf8 scalars: [Unicode.Scalar]) {
        self = []
        reserveCapacity(scalars.count)
        for scalar in scalars {
            if scalar.isASCII {
                append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }
}
