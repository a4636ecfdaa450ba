// Texts as numbers and back, for encoders and language models alike: tokens that are found as they are, then the rest through
// normalizers, splitters and the model. Each is a small type; which of them a model has, its file says.

package import ModelErrors

/// What makes tokens of a piece of text.
enum TokenModel: Sendable {
    case bytePairs(BytePairModel)
    case sentencePairs(SentencePairModel)
    case unigram(UnigramModel)
    case wordPiece(WordPieceModel)
    case wordLevel(WordLevelModel)

    /// Appends the tokens of pieces, until there are so many tokens.
    func encode(_ octets: [UInt8], _ ranges: [Range<Int>], limit: Int, into ids: inout [Int32]) {
        // Looked at once: a text has hundreds of words.
        guard case .wordPiece(let model) = self else {
            for range in ranges where ids.count < limit { encode(octets, range, into: &ids) }
            return
        }
        for range in ranges where ids.count < limit { model.encode(octets, range, into: &ids) }
    }

    func encode(_ octets: [UInt8], _ range: Range<Int>, into ids: inout [Int32]) {
        switch self {
        case .bytePairs(let model): model.encode(octets, range, into: &ids)
        case .sentencePairs(let model): model.encode(octets, range, into: &ids)
        case .unigram(let model): model.encode(octets, range, into: &ids)
        case .wordPiece(let model): model.encode(octets, range, into: &ids)
        case .wordLevel(let model): model.encode(octets, range, into: &ids)
        }
    }
}

/// A model's tokenizer.
package struct Tokenizer: Sendable {
    /// Numbers of tokens are below this.
    package let vocabularyCount: Int
    /// Those that are looked for in the text.
    package let addedTokens: [AddedToken]
    /// What stands around texts.
    package let template: TextTemplate

    let normalizers: [TextNormalization]
    let splitters: [TextSplitter]
    let model: TokenModel
    private let decoders: [TokenDecoder]
    let plainTokens: AddedTokens
    let normalizedTokens: AddedTokens
    private let special: Set<Int32>
    let addedIDs: Set<Int32>
    let texts: TokenTexts

    /// The steps of a tokenizer.
    struct Parts {
        var added: [AddedToken] = []
        /// Whether the longest tokens are looked for first in the whole text, then those that are shorter in what is left.
        var findsLongestFirst = false
        var normalizers: [TextNormalization] = []
        var splitters: [TextSplitter] = []
        var model: TokenModel
        var template = TextTemplate()
        var decoders: [TokenDecoder] = []
        /// Tokens and their numbers.
        var vocabulary: [VocabularyScanner.Entry]
    }

    init(_ parts: Parts) {
        addedTokens = parts.added
        template = parts.template
        normalizers = parts.normalizers
        splitters = parts.splitters
        model = parts.model
        decoders = parts.decoders
        addedIDs = Set(parts.added.map(\.id))
        special = Set(parts.added.lazy.filter(\.isSpecial).map(\.id))
        plainTokens = AddedTokens(
            parts.added.filter { !$0.isNormalized }.map { (Array($0.text.utf8), $0) },
            longestFirst: parts.findsLongestFirst)
        let normalized = parts.added.filter(\.isNormalized).map { token in
            let scalars = Array(token.text.unicodeScalars)
            return (written: [UInt8](utf8: parts.normalizers.reduce(scalars) { $1.apply($0) }), token: token)
        }
        normalizedTokens = AddedTokens(normalized)
        let plain = parts.added.map { (written: Array($0.text.utf8), token: $0) }
        texts = TokenTexts(parts.vocabulary, added: plain + normalized, decoders: parts.decoders)
        vocabularyCount = texts.count
    }

    /// BERT's tokenizer of a `vocab.txt`: a token a line, its number the line's from 0.
    ///
    /// - Parameters:
    ///   - octets: the file's.
    ///   - subject: what to call it in errors, usually its path.
    ///   - lowercase: `do_lower_case`; true for the "uncased" models.
    /// - Throws: `ModelError` when a token that BERT needs is missing.
    package init(
        vocabulary octets: [UInt8], subject: String, lowercase: Bool = true
    ) throws(ModelError) {
        let file = TokenizerFile(lines: octets, subject: subject)
        let marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].compactMap { text in
            file.id(of: text).map { AddedToken(id: $0, text: text, isSpecial: true) }
        }
        self = try file.tokenizer(
            as: .bert(BERTNormalization(lowercase: lowercase)),
            names: TokenizerNames(unknown: "[UNK]", first: "[CLS]", last: "[SEP]"), added: marks)
    }

    /// The tokens of a text, without marks around it.
    ///
    /// - Parameters:
    ///   - takesSpecial: whether special tokens in the text are taken as such: only where who wrote it may set them.
    ///   - limit: how many are wanted at most; the work stops when there are so many.
    package func encode(_ text: String, takesSpecial: Bool = true, limit: Int = .max) -> [Int32] {
        var ids: [Int32] = []
        let octets = Array(text.utf8)
        for piece in plainTokens.pieces(of: octets, takesSpecial: takesSpecial) where ids.count < limit {
            switch piece {
            case .token(let id, _): ids.append(id)
            case .text(let range):
                let part = range.count == octets.count ? octets : Array(octets[range])
                encode(part, isAtStart: range.lowerBound == 0, takesSpecial, limit, &ids)
            }
        }
        if ids.count > limit { ids.removeLast(ids.count - limit) }
        return ids
    }

    private func encode(
        _ octets: [UInt8], isAtStart: Bool, _ takesSpecial: Bool, _ limit: Int, _ ids: inout [Int32]
    ) {
        let normalized = normalize(octets)
        for piece in normalizedTokens.pieces(of: normalized, takesSpecial: takesSpecial)
        where ids.count < limit {
            switch piece {
            case .token(let id, _): ids.append(id)
            case .text(let range):
                let part = range.count == normalized.count ? normalized : Array(normalized[range])
                var pieces = TextPieces(part, isAtStart: isAtStart && range.lowerBound == 0)
                for splitter in splitters { splitter.apply(&pieces) }
                model.encode(pieces.octets, pieces.ranges, limit: limit, into: &ids)
            }
        }
    }

    private func normalize(_ octets: [UInt8]) -> [UInt8] {
        guard !normalizers.isEmpty else { return octets }
        if let normalized = normalize(ascii: octets) { return normalized }
        var text = Array(String(decoding: octets, as: UTF8.self).unicodeScalars)
        for normalizer in normalizers { text = normalizer.apply(text) }
        return [UInt8](utf8: text)
    }

    /// What the normalizers make of a text without making characters of it; nil where they need them.
    private func normalize(ascii octets: [UInt8]) -> [UInt8]? {
        guard octets.allSatisfy({ $0 < 0x80 }) else { return nil }
        var text = octets
        for normalizer in normalizers {
            guard let next = normalizer.apply(ascii: text) else { return nil }
            text = next
        }
        return text
    }

    /// The tokens of a text with the marks around it.
    ///
    /// - Parameter count: how many tokens there may be, marks included; what comes later is cut off.
    package func encodeWithMarks(_ text: String, count: Int = .max, takesSpecial: Bool = true) -> [Int32] {
        let room = max(0, count - template.prefix.count - template.suffix.count)
        return template.prefix + encode(text, takesSpecial: takesSpecial, limit: room) + template.suffix
    }

    /// What a token stands for as a text goes on; nothing for a number of no token.
    package func octets(of id: Int32) -> ArraySlice<UInt8> { texts.octets(of: id) }

    /// Whether a token is a mark of the model and no text.
    package func isSpecial(_ id: Int32) -> Bool { special.contains(id) }

    /// The number of an added token by its text.
    package func id(ofAdded text: String) -> Int32? {
        let octets = Array(text.utf8)
        return addedTokens.first { Array($0.text.utf8) == octets }?.id
    }

    /// The text of tokens. Octets that are no UTF-8 become U+FFFD.
    ///
    /// - Parameter skipsSpecial: whether special ones are left out.
    package func decode(_ ids: some Sequence<Int32>, skipsSpecial: Bool = true) -> String {
        let kept = ids.filter { texts.has($0) && (!skipsSpecial || !isSpecial($0)) }
        if decoders == [.byteLevel] {
            var text: [UInt8] = []
            for id in kept { text += octets(of: id) }
            return String(decoding: text, as: UTF8.self)
        }
        var tokens = kept.map { Array(String(decoding: texts.name(of: $0), as: UTF8.self).unicodeScalars) }
        // Without a decoder the library puts blanks between tokens.
        if decoders.isEmpty { tokens = tokens.enumerated().map { $0 > 0 ? [" "] + $1 : $1 } }
        for decoder in decoders { tokens = decoder.apply(tokens) }
        var text = String.UnicodeScalarView()
        for token in tokens { text.append(contentsOf: token) }
        return String(text)
    }
}
