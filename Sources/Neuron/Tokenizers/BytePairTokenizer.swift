// Byte-level byte-pair encoding, as GPT-2, Llama 3, Qwen and SmolLM have it: any text can be written, and what is written is
// the text again.

package import ModelErrors

/// Texts as numbers and back.
package struct BytePairTokenizer: Sendable {
    /// Numbers of tokens are below this.
    package let vocabularyCount: Int
    /// Those that are looked for in the text.
    package let addedTokens: [AddedToken]

    private let splitter: WordSplitter
    private let merges: PairMerges
    private let added: AddedTokens
    /// By octet; negative for one without a token.
    private let octetIDs: [Int32]
    /// Tokens of whole words, where they are taken whatever the merges say.
    private let wholeWords: [[UInt8]: Int32]
    /// The octets of all tokens, one behind the other, and where each begins.
    private let octets: [UInt8]
    private let starts: [Int]
    private let special: Set<Int32>

    /// Makes a tokenizer of a vocabulary.
    ///
    /// - Parameters:
    ///   - vocabulary: tokens by number, in the byte-level alphabet; nil where there is none.
    ///   - merges: pairs of tokens, the first learnt first.
    ///   - added: tokens in plain text, which may be in the vocabulary, too.
    ///   - takesWholeWords: whether a word that is a token is taken whatever the merges say (`ignore_merges`).
    ///   - subject: what errors name.
    /// - Throws: `ModelError` for a merge of tokens that there are not.
    package init(
        vocabulary: [String?], merges pairs: [(left: String, right: String)], added: [AddedToken],
        splitter: WordSplitter, takesWholeWords: Bool, subject: String
    ) throws(ModelError) {
        let names = Dictionary(
            vocabulary.enumerated().compactMap { id, token in token.map { ($0, Int32(clamping: id)) } },
            uniquingKeysWith: { first, _ in first })
        var merges = PairMerges(capacity: pairs.count)
        for (rank, pair) in pairs.enumerated() {
            guard let left = names[pair.left], let right = names[pair.right] else {
                throw ModelError(
                    subject,
                    "has the merge \(pair.left) \(pair.right) of a token that is not in the vocabulary",
                    "take vocabulary and merges from one model")
            }
            guard let id = names[pair.left + pair.right] else {
                throw ModelError(
                    subject,
                    "has the merge \(pair.left) \(pair.right), whose result is not in the vocabulary",
                    "take vocabulary and merges from one model")
            }
            merges.add(left, right, rank: rank, id: id)
        }
        self.merges = merges
        self.splitter = splitter
        self.added = AddedTokens(added)
        addedTokens = added
        special = Set(added.lazy.filter(\.isSpecial).map(\.id))
        octetIDs = ByteAlphabet.scalars.map { names[String($0)] ?? -1 }
        var plain: [Int32: String] = [:]
        for token in added { plain[token.id] = token.text }
        let count = max(vocabulary.count, 1 + Int(added.map(\.id).max() ?? -1))
        vocabularyCount = count
        var octets: [UInt8] = []
        var starts = [0]
        var wholeWords: [[UInt8]: Int32] = [:]
        for id in 0..<count {
            let token = id < vocabulary.count ? vocabulary[id] : nil
            if let text = plain[Int32(clamping: id)] {
                octets += Array(text.utf8)
            } else if let token {
                // A token in other characters stands for itself.
                let written = ByteAlphabet.octets(of: token) ?? Array(token.utf8)
                octets += written
                if takesWholeWords { wholeWords[written] = Int32(clamping: id) }
            }
            starts.append(octets.count)
        }
        self.octets = octets
        self.starts = starts
        self.wholeWords = wholeWords
    }

    /// The tokens of a text.
    ///
    /// - Parameter takesSpecial: whether special tokens in the text are taken as such: only where who wrote it may set them.
    package func encode(_ text: String, takesSpecial: Bool = true) -> [Int32] {
        var ids: [Int32] = []
        let all = Array(text.utf8)
        for piece in added.pieces(of: all, takesSpecial: takesSpecial) {
            switch piece {
            case .token(let id): ids.append(id)
            case .text(let range):
                // Tokens are whole characters, so what is between them is, too.
                let part = all[range]
                splitter.split(String(decoding: part, as: UTF8.self)[...]) { word in
                    encode(
                        part[range.lowerBound + word.lowerBound..<range.lowerBound + word.upperBound], &ids)
                }
            }
        }
        return ids
    }

    private func encode(_ word: ArraySlice<UInt8>, _ ids: inout [Int32]) {
        if !wholeWords.isEmpty, let id = wholeWords[Array(word)] {
            ids.append(id)
            return
        }
        var symbols: [Int32] = []
        symbols.reserveCapacity(word.count)
        for octet in word where octetIDs[Int(octet)] >= 0 { symbols.append(octetIDs[Int(octet)]) }
        merges.apply(to: &symbols)
        ids += symbols
    }

    /// What a token stands for; nothing for a number of no token.
    package func octets(of id: Int32) -> ArraySlice<UInt8> {
        guard id >= 0, Int(id) < vocabularyCount else { return [] }
        return octets[starts[Int(id)]..<starts[Int(id) + 1]]
    }

    /// Whether a token is a mark of the model and no text.
    package func isSpecial(_ id: Int32) -> Bool { special.contains(id) }

    /// The number of an added token by its text.
    package func id(ofAdded text: String) -> Int32? { addedTokens.first { $0.text == text }?.id }

    /// The text of tokens. Octets that are no UTF-8 become U+FFFD.
    ///
    /// - Parameter skipsSpecial: whether special ones are left out.
    package func decode(_ ids: some Sequence<Int32>, skipsSpecial: Bool = true) -> String {
        var text: [UInt8] = []
        for id in ids where !skipsSpecial || !isSpecial(id) { text += octets(of: id) }
        return String(decoding: text, as: UTF8.self)
    }
}
