// Where in a text its tokens stand: what an answer that is a part of the text is cut out by. The places are those of `tokenizers`:
// a token's is from the first of its characters' to the last's, in the text as it was given.

/// A token of a text and where it stands.
package struct PlacedToken: Equatable, Sendable {
    /// Its number.
    package var id: Int32
    /// Octets of the text.
    package var place: Range<Int>
    /// Tokens of one word have one number.
    package var word: Int
}

extension Tokenizer {
    /// The tokens of a text and their places, without marks around it.
    package func places(in text: String) -> [PlacedToken] {
        var tokens: [PlacedToken] = []
        var word = 0
        let octets = Array(text.utf8)
        for piece in plainTokens.pieces(of: octets, takesSpecial: true) {
            switch piece {
            case .token(let id, let range):
                tokens.append(PlacedToken(id: id, place: range, word: word))
                word += 1
            case .text(let range):
                var part = AlignedText(octets, range)
                for step in normalizers { part.apply(step) }
                append(part, isAtStart: range.lowerBound == 0, &tokens, &word)
            }
        }
        guard template.trimming != .none else { return tokens }
        return tokens.enumerated().map { trimmed($1, in: octets, isFirst: $0 == 0) }
    }

    private func append(
        _ part: AlignedText, isAtStart: Bool, _ tokens: inout [PlacedToken], _ word: inout Int
    ) {
        let (octets, origins) = part.octets
        for piece in normalizedTokens.pieces(of: octets, takesSpecial: true) {
            switch piece {
            case .token(let id, let range):
                tokens.append(PlacedToken(id: id, place: Self.origin(of: range, origins), word: word))
                word += 1
            case .text(let range):
                var pieces = TextPieces(
                    Array(octets[range]), isAtStart: isAtStart && range.lowerBound == 0,
                    origins: Array(origins[range]))
                for splitter in splitters { splitter.apply(&pieces) }
                for range in pieces.ranges {
                    for token in modelPlaces(pieces.octets, range) {
                        let place = Self.origin(of: token.range, pieces.origins ?? [])
                        tokens.append(PlacedToken(id: token.id, place: place, word: word))
                    }
                    word += 1
                }
            }
        }
    }

    private static func origin(of range: Range<Int>, _ origins: [Range<Int>]) -> Range<Int> {
        guard let first = range.first, range.upperBound <= origins.count else { return 0..<0 }
        let start = origins[first].lowerBound
        return start..<max(start, origins[range.upperBound - 1].upperBound)
    }

    /// A word's tokens and where each stands in it.
    private func modelPlaces(_ octets: [UInt8], _ range: Range<Int>) -> [(id: Int32, range: Range<Int>)] {
        if case .unigram(let model) = model { return model.places(octets, range) }
        var ids: [Int32] = []
        model.encode(octets, range, into: &ids)
        if ids.count == 1 { return [(ids[0], range)] }
        // The tokens follow each other without gaps, so their lengths are all there is to know.
        var place = range.lowerBound
        return ids.enumerated().map { number, id in
            let end = min(place + length(of: id, octets, at: place, isFirst: number == 0), range.upperBound)
            defer { place = end }
            return (id, place..<end)
        }
    }

    private func length(of id: Int32, _ octets: [UInt8], at place: Int, isFirst: Bool) -> Int {
        let name = texts.name(of: id)
        switch model {
        case .wordPiece(let model): return isFirst ? name.count : max(0, name.count - model.markLength)
        case .bytePairs(let model):
            return model.length(of: id, name: name, isFirst: isFirst)
                ?? (place < octets.count ? octets.scalarLength(at: place) : 0)
        case .sentencePairs, .unigram, .wordLevel: return name.count
        }
    }

    /// Without the blanks at both ends of a byte-level token, and the spaces that an added one takes.
    private func trimmed(_ token: PlacedToken, in octets: [UInt8], isFirst: Bool) -> PlacedToken {
        var leading = 0
        var trailing = 0
        if addedIDs.contains(token.id) {
            let text = String(decoding: octets[token.place], as: UTF8.self).unicodeScalars
            func length(_ spaces: some Sequence<Unicode.Scalar>) -> Int {
                spaces.prefix { $0.properties.isWhitespace }.reduce(0) { $0 + UTF8.width($1) }
            }
            leading = length(text)
            trailing = length(text.reversed())
        } else if case .bytePairs = model {
            let text = texts.octets(of: token.id)
            leading = text.prefix { $0 == 0x20 }.count
            trailing = text.reversed().prefix { $0 == 0x20 }.count
        }
        guard leading + trailing > 0 else { return token }
        if isFirst || token.place.lowerBound == 0, template.trimming == .allButFirst { leading = 0 }
        var (start, end) = (token.place.lowerBound, token.place.upperBound)
        start = min(start + leading, end)
        if end >= trailing { end = max(end - trailing, start) }
        var result = token
        result.place = start..<end
        return result
    }
}
