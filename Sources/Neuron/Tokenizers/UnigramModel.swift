// SentencePiece's unigram model (Kudo, 2018): of all ways to write a text in tokens the one whose scores, logarithms of
// probabilities, have the greatest sum, found from left to right (Viterbi). Of equal sums the one that was found first stays,
// as in the crate `tokenizers`.

/// A unigram model.
struct UnigramModel: Sendable {
    private let trie: PieceTrie
    /// By number.
    private let scores: [Double]
    private let unknown: Int32
    /// What a character without a token costs.
    private let unknownScore: Double
    /// By octet, where octets of what is unknown have tokens of their own.
    private let octetIDs: [Int32]?

    /// - Parameters:
    ///   - scores: of each token, by number.
    ///   - unknown: the token of what has none.
    ///   - fallsBackToOctets: whether what is unknown is written in tokens `<0x00>` to `<0xFF>`, if there are all that it takes.
    init(trie: PieceTrie, scores: [Double], unknown: Int32, fallsBackToOctets: Bool) {
        self.trie = trie
        self.scores = scores
        self.unknown = unknown
        // SentencePiece's own penalty.
        unknownScore = (scores.min() ?? 0) - 10
        octetIDs = fallsBackToOctets ? trie.octetIDs : nil
    }

    /// Appends the tokens of a piece of text.
    func encode(_ octets: [UInt8], _ range: Range<Int>, into ids: inout [Int32]) {
        for part in path(octets, range) {
            if part.id == unknown {
                appendUnknown(octets[part.range], &ids)
            } else {
                ids.append(part.id)
            }
        }
    }

    /// The tokens of a piece of text with their places.
    func places(_ octets: [UInt8], _ range: Range<Int>) -> [(id: Int32, range: Range<Int>)] {
        path(octets, range).flatMap { part -> [(id: Int32, range: Range<Int>)] in
            guard part.id == unknown else { return [(part.id, part.range)] }
            var ids: [Int32] = []
            appendUnknown(octets[part.range], &ids)
            return ids.map { ($0, part.range) }
        }
    }

    /// The way of the greatest sum.
    private func path(_ octets: [UInt8], _ range: Range<Int>) -> [(range: Range<Int>, id: Int32)] {
        let size = range.count
        guard size > 0 else { return [] }
        var best = [Double](repeating: 0, count: size + 1)
        var starts = [Int32](repeating: -1, count: size + 1)
        var tokens = [Int32](repeating: unknown, count: size + 1)
        var place = 0
        while place < size {
            let here = best[place]
            let next = place + octets.scalarLength(at: range.lowerBound + place)
            var hasOne = false
            trie.forEachPrefix(of: octets, from: range.lowerBound + place, to: range.upperBound) { end, id in
                let end = end - range.lowerBound
                let score = scores[Int(id)] + here
                if starts[end] < 0 || score > best[end] {
                    best[end] = score
                    starts[end] = Int32(truncatingIfNeeded: place)
                    tokens[end] = id
                }
                if end == next { hasOne = true }
            }
            if !hasOne, next <= size {
                let score = unknownScore + here
                if starts[next] < 0 || score > best[next] {
                    best[next] = score
                    starts[next] = Int32(truncatingIfNeeded: place)
                    tokens[next] = unknown
                }
            }
            place = next
        }
        var path: [(range: Range<Int>, id: Int32)] = []
        var end = size
        while end > 0, starts[end] >= 0 {
            let start = Int(starts[end])
            let own = range.lowerBound + start..<range.lowerBound + end
            // What is unknown is one with its neighbours.
            if tokens[end] == unknown, let last = path.last, last.id == unknown {
                path[path.count - 1].range = own.lowerBound..<last.range.upperBound
            } else {
                path.append((own, tokens[end]))
            }
            end = start
        }
        path.reverse()
        return path
    }

    /// What has been joined may be a token after all.
    private func appendUnknown(_ octets: ArraySlice<UInt8>, _ ids: inout [Int32]) {
        if let id = trie.id(of: octets) {
            ids.append(id)
        } else if let octetIDs, octets.allSatisfy({ octetIDs[Int($0)] >= 0 }) {
            for octet in octets { ids.append(octetIDs[Int(octet)]) }
        } else {
            ids.append(unknown)
        }
    }
}

extension PieceTrie {
    /// The tokens `<0x00>` to `<0xFF>`; negative where one is missing.
    var octetIDs: [Int32] { (0..<256).map { id(of: Self.name(ofOctet: UInt8($0))) ?? -1 } }

    /// What an octet's token is called.
    static func name(ofOctet octet: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return Array("<0x".utf8) + [digits[Int(octet >> 4)], digits[Int(octet & 15)]] + Array(">".utf8)
    }
}
