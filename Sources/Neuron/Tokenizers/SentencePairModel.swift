// SentencePiece's pairs as llama.cpp applies them (`llama-vocab.cpp`, llm_tokenizer_spm): a text's characters are joined two by two
// as long as the result is a token, of all neighbours those with the greatest score first, of equals the leftmost. What is no token
// in the end is written in the tokens of its octets. The whole text is one word, so a heap has the pairs that there are.

import ModelErrors

/// A model of scored tokens.
struct SentencePairModel: Sendable {
    private let trie: PieceTrie
    /// By number.
    private let scores: [Float]
    /// By octet.
    private let octetIDs: [Int32]
    private let longest: Int

    /// - Parameters:
    ///   - scores: of each token, by number.
    ///   - subject: what errors name.
    /// - Throws: `ModelError` for a vocabulary without the octets' tokens, or one that is too large.
    init(
        vocabulary: [VocabularyScanner.Entry], scores: [Float], subject: String
    ) throws(ModelError) {
        var trie = PieceTrie()
        for entry in vocabulary where !entry.token.isEmpty {
            guard trie.insert(entry.token, id: entry.id) else {
                throw ModelError(
                    subject, "has tokens of more than \(PieceTrie.mostNodes) octets",
                    "use a model with a smaller vocabulary")
            }
        }
        octetIDs = trie.octetIDs.enumerated().map { octet, id in
            id >= 0 ? id : trie.id(of: [UInt8(truncatingIfNeeded: octet)]) ?? -1
        }
        guard let missing = octetIDs.firstIndex(where: { $0 < 0 }) else {
            self.trie = trie
            self.scores = scores
            longest = vocabulary.map(\.token.count).max() ?? 0
            return
        }
        let name = String(
            decoding: PieceTrie.name(ofOctet: UInt8(truncatingIfNeeded: missing)), as: UTF8.self)
        throw ModelError(subject, "has no token \(name)", "convert the model with its tokenizer")
    }

    /// Two neighbours that would be a token.
    private struct Candidate: Comparable {
        let score: Float
        let left: Int32
        let right: Int32
        /// Octets of both, to know whether they are still what they were.
        let size: Int32

        static func < (one: Candidate, other: Candidate) -> Bool {
            one.score != other.score ? one.score > other.score : one.left < other.left
        }
    }

    /// Appends the tokens of a text.
    func encode(_ octets: [UInt8], _ range: Range<Int>, into ids: inout [Int32]) {
        var starts: [Int] = []
        var place = range.lowerBound
        while place < range.upperBound {
            starts.append(place)
            place += octets.scalarLength(at: place)
        }
        guard !starts.isEmpty else { return }
        let count = starts.count
        var sizes = starts.indices.map { ($0 + 1 < count ? starts[$0 + 1] : range.upperBound) - starts[$0] }
        var before = starts.indices.map { $0 - 1 }
        var after = starts.indices.map { $0 + 1 }
        var heap = BinaryHeap<Candidate>()
        func candidate(_ left: Int, _ right: Int) -> Candidate? {
            guard left >= 0, right < count else { return nil }
            let size = sizes[left] + sizes[right]
            guard size <= longest, let id = trie.id(of: octets[starts[left]..<starts[left] + size]) else {
                return nil
            }
            return Candidate(
                score: scores[Int(id)], left: Int32(clamping: left), right: Int32(clamping: right),
                size: Int32(clamping: size))
        }
        for right in starts.indices.dropFirst() {
            if let found = candidate(right - 1, right) { heap.insert(found) }
        }
        while let next = heap.popFirst() {
            let (left, right) = (Int(next.left), Int(next.right))
            guard sizes[left] > 0, sizes[right] > 0, sizes[left] + sizes[right] == Int(next.size) else {
                continue
            }
            sizes[left] += sizes[right]
            sizes[right] = 0
            after[left] = after[right]
            if after[right] < count { before[after[right]] = left }
            if let found = candidate(before[left], left) { heap.insert(found) }
            if let found = candidate(left, after[left]) { heap.insert(found) }
        }
        var symbol = 0
        while symbol < count {
            let own = octets[starts[symbol]..<starts[symbol] + sizes[symbol]]
            if let id = trie.id(of: own) {
                ids.append(id)
            } else {
                for octet in own { ids.append(octetIDs[Int(octet)]) }
            }
            symbol = after[symbol]
        }
    }
}
