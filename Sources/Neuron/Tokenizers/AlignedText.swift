// A text in the course of its normalization, each character with the place that it comes from: what `tokenizers` calls alignments.
// A step that changes characters one by one is watched one by one; one that looks at several (compositions, marks that change
// places) cluster by cluster, and of a cluster's characters the nth comes from the nth that was there. The character map says
// itself what it looks at. Characters that it drops count for the places behind them, which `tokenizers` forgets where they are
// a text's first ones: an answer would be cut out beside its place.

/// Characters and where they come from.
struct AlignedText {
    private(set) var scalars: [Unicode.Scalar]
    /// Octets of the text as it was given, for each character.
    private(set) var origins: [Range<Int>]

    /// A piece of valid UTF-8.
    init(_ octets: [UInt8], _ range: Range<Int>) {
        scalars = []
        origins = []
        var place = range.lowerBound
        while place < range.upperBound {
            let end = min(place + octets.scalarLength(at: place), range.upperBound)
            scalars.append(octets.scalar(at: place))
            origins.append(place..<end)
            place = end
        }
    }

    /// As UTF-8, with an origin for each octet.
    var octets: (octets: [UInt8], origins: [Range<Int>]) {
        var result: [UInt8] = []
        var sources: [Range<Int>] = []
        for (scalar, origin) in zip(scalars, origins) {
            let encoded = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            result += encoded
            sources += repeatElement(origin, count: encoded.count)
        }
        return (result, sources)
    }

    /// Does a step.
    mutating func apply(_ step: TextNormalization) {
        guard !scalars.isEmpty else { return }
        switch step {
        case .strip(let left, _):
            let kept = step.apply(scalars)
            let start = left ? scalars.firstIndex { !$0.properties.isWhitespace } ?? 0 : 0
            replace(with: kept, from: Array(origins[start..<start + kept.count]))
        case .prepend(let first):
            let sources = [Range<Int>](repeating: origins[0], count: first.count)
            replace(with: first + scalars, from: sources + origins)
        case .replace(let pattern, let other): replace(pattern, with: other)
        case .characterMap(let map): replace(by: map)
        default: applyByParts(step)
        }
    }

    private mutating func replace(with scalars: [Unicode.Scalar], from origins: [Range<Int>]) {
        self.scalars = scalars
        self.origins = origins
    }

    private mutating func replace(_ pattern: TextPattern, with other: [Unicode.Scalar]) {
        var written: [Unicode.Scalar] = []
        var sources: [Range<Int>] = []
        var place = 0
        while place < scalars.count {
            if let end = pattern.end(in: scalars, at: place), end > place {
                let own = origins[place].lowerBound..<origins[end - 1].upperBound
                written += other
                sources += repeatElement(own, count: other.count)
                place = end
            } else {
                written.append(scalars[place])
                sources.append(origins[place])
                place += 1
            }
        }
        replace(with: written, from: sources)
    }

    private mutating func replace(by map: CharacterMap) {
        var written: [Unicode.Scalar] = []
        var sources: [Range<Int>] = []
        map.walk(scalars) { part, other in
            guard let other else {
                written.append(scalars[part.lowerBound])
                sources.append(origins[part.lowerBound])
                return
            }
            for (number, scalar) in other.enumerated() {
                written.append(scalar)
                sources.append(origins[part.lowerBound + min(number, part.count - 1)])
            }
        }
        replace(with: written, from: sources)
    }

    private mutating func applyByParts(_ step: TextNormalization) {
        let whole = step.apply(scalars)
        guard whole != scalars else { return }
        let ones = scalars.indices.map { $0..<$0 + 1 }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        for parts in [ones, Self.clusters(String(view)), [scalars.indices]] {
            var written: [Unicode.Scalar] = []
            var sources: [Range<Int>] = []
            for part in parts {
                let own = step.apply(Array(scalars[part]))
                for number in own.indices {
                    sources.append(origins[part.lowerBound + min(number, part.count - 1)])
                }
                written += own
            }
            guard written == whole else { continue }
            return replace(with: written, from: sources)
        }
    }

    private static func clusters(_ text: String) -> [Range<Int>] {
        var place = 0
        return text.map { character in
            let start = place
            place += character.unicodeScalars.count
            return start..<place
        }
    }
}
