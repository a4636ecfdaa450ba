// Byte-pair encoding: a word's characters, or its octets, are joined two by two as the merges say. Byte-level models (GPT-2,
// Llama 3, Qwen, SmolLM, RoBERTa) have a token for every octet; others write what has none in octets' tokens (Llama 2,
// Mistral) or as unknown.

import ModelErrors

/// A byte-pair model.
struct BytePairModel: Sendable {
    /// Besides vocabulary and merges.
    struct Options: Equatable, Sendable {
        /// Whether the vocabulary is in the byte-level alphabet, and a word is octets.
        var isByteLevel = true
        /// The token of what has none; nil to leave it out.
        var unknown: [UInt8]?
        /// Whether unknown neighbours are one.
        var fusesUnknown = false
        /// Whether what is unknown is written in tokens `<0x00>` to `<0xFF>`.
        var fallsBackToOctets = false
        /// Before each symbol but a word's first.
        var continuation: [UInt8] = []
        /// Behind a word's last symbol.
        var wordEnd: [UInt8] = []
        /// Whether a word that is a token is taken whatever the merges say (`ignore_merges`).
        var takesWholeWords = false
    }

    private let options: Options
    private let merges: PairMerges
    /// By octets of UTF-8, or by those that a byte-level token stands for.
    private let ids: [[UInt8]: Int32]
    /// By octet, of a byte-level model; negative for one without a token.
    private let octetIDs: [Int32]
    private let fallbackIDs: [Int32]
    private let unknown: Int32?

    /// - Parameters:
    ///   - vocabulary: tokens and their numbers, as the file has them.
    ///   - pairs: of tokens, the first learnt first.
    ///   - subject: what errors name.
    /// - Throws: `ModelError` for a merge of tokens that there are not.
    init(
        vocabulary: [VocabularyScanner.Entry], merges pairs: [(left: [UInt8], right: [UInt8])],
        options: Options, subject: String
    ) throws(ModelError) {
        var names = [[UInt8]: Int32](minimumCapacity: vocabulary.count)
        for entry in vocabulary { names[entry.token] = entry.id }
        let mend = "take vocabulary and merges from one model"
        func shown(_ octets: [UInt8]) -> String { String(decoding: octets.prefix(60), as: UTF8.self) }
        var merges = PairMerges(capacity: pairs.count)
        for (rank, pair) in pairs.enumerated() {
            let text = "has the merge \(shown(pair.left)) \(shown(pair.right))"
            guard let left = names[pair.left], let right = names[pair.right] else {
                throw ModelError(subject, text + " of a token that is not in the vocabulary", mend)
            }
            let rest = pair.right.dropFirst(options.continuation.count)
            guard let id = names[pair.left + rest] else {
                throw ModelError(subject, text + ", whose result is not in the vocabulary", mend)
            }
            merges.add(left, right, rank: rank, id: id)
        }
        self.merges = merges
        fallbackIDs =
            options.fallsBackToOctets
            ? (0..<256).map { names[PieceTrie.name(ofOctet: UInt8($0))] ?? -1 } : []
        if let token = options.unknown {
            guard let id = names[token] else {
                throw ModelError(
                    "\(subject) key model.unk_token", "is \(shown(token)), which is not in the vocabulary",
                    mend)
            }
            unknown = id
        } else {
            unknown = nil
        }
        if options.isByteLevel {
            var written = [[UInt8]: Int32](minimumCapacity: names.count)
            for (name, id) in names {
                // A token in other characters is none that a text could be cut into.
                if let octets = ByteAlphabet.octets(of: String(decoding: name, as: UTF8.self)) {
                    written[octets] = id
                }
            }
            ids = written
            octetIDs = (0..<256).map { written[[UInt8($0)]] ?? -1 }
        } else {
            ids = names
            octetIDs = []
        }
        self.options = options
    }

    /// Octets of a word that a token of several stands for; nil for what is unknown.
    func length(of id: Int32, name: ArraySlice<UInt8>, isFirst: Bool) -> Int? {
        if id == unknown { return nil }
        if fallbackIDs.contains(id) { return 1 }
        if options.isByteLevel, let octets = ByteAlphabet.octets(of: String(decoding: name, as: UTF8.self)) {
            return octets.count
        }
        var length = name.count
        if !options.wordEnd.isEmpty, name.suffix(options.wordEnd.count) == options.wordEnd[...] {
            length -= options.wordEnd.count
        }
        return isFirst ? length : max(0, length - options.continuation.count)
    }

    /// Appends the tokens of a word.
    func encode(_ octets: [UInt8], _ range: Range<Int>, into result: inout [Int32]) {
        if options.takesWholeWords, let id = ids[Array(octets[range])] {
            result.append(id)
            return
        }
        var symbols: [Int32] = []
        symbols.reserveCapacity(range.count)
        if options.isByteLevel, unknown == nil, options.wordEnd.isEmpty, options.continuation.isEmpty {
            for octet in octets[range] where octetIDs[Int(octet)] >= 0 {
                symbols.append(octetIDs[Int(octet)])
            }
        } else {
            cut(octets, range, into: &symbols)
        }
        merges.apply(to: &symbols)
        result += symbols
    }

    private func cut(_ octets: [UInt8], _ range: Range<Int>, into symbols: inout [Int32]) {
        var place = range.lowerBound
        var isUnknownOpen = false
        while place < range.upperBound {
            let end = options.isByteLevel ? place + 1 : place + octets.scalarLength(at: place)
            var symbol = place > range.lowerBound ? options.continuation : []
            symbol += octets[place..<min(end, range.upperBound)]
            if end >= range.upperBound { symbol += options.wordEnd }
            place = end
            if let id = ids[symbol] {
                symbols.append(id)
                isUnknownOpen = false
            } else if options.fallsBackToOctets, symbol.allSatisfy({ fallbackIDs[Int($0)] >= 0 }) {
                // The unknown before it stays open, as in the library.
                appendOctets(symbol, &symbols, behindUnknown: isUnknownOpen)
            } else if let unknown {
                if isUnknownOpen, options.fusesUnknown { continue }
                symbols.append(unknown)
                isUnknownOpen = true
            }
        }
    }

    /// Octets that fall behind an unknown symbol that has not been closed come before it there, and so here.
    private func appendOctets(_ symbol: [UInt8], _ symbols: inout [Int32], behindUnknown: Bool) {
        let last = behindUnknown ? symbols.popLast() : nil
        for octet in symbol { symbols.append(fallbackIDs[Int(octet)]) }
        if let last { symbols.append(last) }
    }
}
