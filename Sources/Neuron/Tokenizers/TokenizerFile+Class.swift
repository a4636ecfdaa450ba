// What a class of transformers makes of a vocabulary. The classes of its version 5 take vocabulary and merges out of
// tokenizer.json and build the rest themselves, so what the file says besides does not count for them; `TokenizersBackend` and
// `PreTrainedTokenizerFast` are whatever the file says.

package import ModelErrors

/// The class that a folder names.
package enum TokenizerClass: Equatable, Sendable {
    /// As the file says.
    case file
    /// BERT's, DistilBERT's and ELECTRA's.
    case bert(BERTNormalization)
    /// BERT's with RoBERTa's marks.
    case mpnet(BERTNormalization)
    /// GPT-2's pairs with marks; perhaps with a blank before each text.
    case roberta(prepends: Bool)
    /// SentencePiece's model with marks.
    case xlmRoberta(prepends: Bool)
    /// The same, where what is unknown has another place.
    case camembert(prepends: Bool)

    /// The model that the class has; nil for any.
    package var modelName: String? {
        switch self {
        case .file: nil
        case .bert, .mpnet: "WordPiece"
        case .roberta: "BPE"
        case .xlmRoberta, .camembert: "Unigram"
        }
    }
}

/// The tokens that a folder names.
package struct TokenizerNames: Equatable, Sendable {
    /// What is unknown.
    package var unknown: String
    /// Before a text.
    package var first: String
    /// Behind a text.
    package var last: String

    /// All members.
    package init(unknown: String, first: String, last: String) {
        self.unknown = unknown
        self.first = first
        self.last = last
    }
}

extension TokenizerFile {
    /// Whether a text has a blank put before it; nil where neither is a step of the file.
    package var prependsBlank: Bool? {
        for step in normalizers { if case .prepend = step { return true } }
        switch splitters.last {
        case .byteLevel(let prepends, _): return prepends
        case .metaspace(_, let prepending, _): return prepending != .never
        default: return nil
        }
    }

    /// The tokenizer as its own file says.
    ///
    /// - Parameter all: the tokens that are looked for in texts, where other files have more of them; nil for the file's own.
    /// - Throws: `ModelError` when its parts contradict each other.
    package func tokenizer(added all: [AddedToken]? = nil) throws(ModelError) -> Tokenizer {
        let added = all ?? added
        let count =
            Int(
                max(vocabulary.map(\.id).max() ?? -1, added.map(\.id).max() ?? -1)) + 1
        let template = template ?? TextTemplate()
        if let mark = template.marks.first(where: { !(0..<count ~= Int($0)) }) {
            throw ModelError(
                "\(subject) key post_processor", "has the token \(mark), where there are \(count)",
                "take the file that the model came with")
        }
        return Tokenizer(
            Tokenizer.Parts(
                added: added, normalizers: normalizers, splitters: splitters,
                model: try tokenModel(model), template: template, decoders: decoders, vocabulary: vocabulary))
    }

    /// The tokenizer as a class of transformers makes it.
    ///
    /// - Parameters:
    ///   - names: the tokens that the class is told.
    ///   - added: instead of the file's own.
    ///   - lowercasesFirst: whether capitals become small letters before all else.
    /// - Throws: `ModelError` when a token is missing, or the file has another model than the class.
    package func tokenizer(
        as kind: TokenizerClass, names: TokenizerNames, added: [AddedToken], lowercasesFirst: Bool = false
    ) throws(ModelError) -> Tokenizer {
        try check(kind)
        let first: [TextNormalization] = lowercasesFirst ? [.lowercase] : []
        var parts = Tokenizer.Parts(
            added: added, model: try tokenModel(overridden(kind, names)), vocabulary: vocabulary)
        let marks = try marks(kind, names, added)
        switch kind {
        case .file:
            parts.normalizers = normalizers
            parts.splitters = splitters
            parts.template = template ?? TextTemplate()
            parts.decoders = decoders
        case .bert(let switches), .mpnet(let switches):
            parts.normalizers = [.bert(switches)]
            parts.splitters = [.spaces, .punctuation(.isolated)]
            parts.decoders = [.wordPiece(mark: ["#", "#"], cleans: true)]
            if case .bert = kind {
                parts.template = .bert(first: marks.first, last: marks.last)
            } else {
                parts.template = .roberta(first: marks.first, last: marks.last, trimming: .all)
            }
        case .roberta(let prepends):
            parts.splitters = [.byteLevel(prepends: prepends, .gpt2)]
            parts.decoders = [.byteLevel]
            parts.template = .roberta(
                first: marks.first, last: marks.last, trimming: prepends ? .allButFirst : .all)
        case .xlmRoberta(let prepends), .camembert(let prepends):
            parts.normalizers = normalizers.filter { if case .characterMap = $0 { true } else { false } }
            parts.splitters = [.spaces, .metaspace("\u{2581}", prepends ? .always : .never, splits: true)]
            parts.decoders = [.metaspace("\u{2581}", dropsFirst: prepends)]
            parts.template = .roberta(first: marks.first, last: marks.last)
        }
        parts.normalizers = first + parts.normalizers
        return Tokenizer(parts)
    }

    /// The class's switches count, but a file whose steps are of another kind is not the class's: nobody can say which of both the
    /// model was trained with.
    private func check(_ kind: TokenizerClass) throws(ModelError) {
        if let name = kind.modelName, name != model.name {
            throw ModelError(
                "\(subject) key model.type", "is \(model.name), where the tokenizer's class has \(name)",
                "use the files of one model")
        }
        guard let parts else { return }
        func refusal(_ key: String, _ wanted: String) -> ModelError {
            ModelError(
                "\(subject) key \(key)", "is \(parts[key] ?? ""), where the tokenizer's class has \(wanted)",
                "use the files of one model, or say the tokenizer_class PreTrainedTokenizerFast")
        }
        switch kind {
        case .file: return
        case .bert, .mpnet:
            guard normalizers.count == 1, case .bert(let switches) = normalizers[0], switches.cleans else {
                throw refusal("normalizer", "BertNormalizer with clean_text true")
            }
            guard splitters == [.spaces, .punctuation(.isolated)] else {
                throw refusal("pre_tokenizer", "BertPreTokenizer")
            }
            guard case .wordPiece(_, let mark, let longest) = model, mark == Array("##".utf8), longest == 100
            else {
                throw ModelError(
                    "\(subject) key model",
                    "has another continuing_subword_prefix or max_input_chars_per_word than ## and 100, which the"
                        + " tokenizer's class has",
                    "use the files of one model, or say the tokenizer_class PreTrainedTokenizerFast")
            }
        case .roberta:
            guard normalizers.isEmpty else { throw refusal("normalizer", "none") }
            guard case .byteLevel(_, .gpt2)? = splitters.first, splitters.count == 1 else {
                throw refusal("pre_tokenizer", "ByteLevel")
            }
        case .xlmRoberta, .camembert:
            let isKnown = normalizers.allSatisfy { step in
                switch step {
                case .characterMap, .replace(.blanks, _), .strip: true
                default: false
                }
            }
            guard isKnown else { throw refusal("normalizer", "Precompiled") }
            let rest = splitters.dropLast().allSatisfy { $0 == .spaces }
            guard rest, case .metaspace("\u{2581}", _, splits: true)? = splitters.last else {
                throw refusal("pre_tokenizer", "WhitespaceSplit and Metaspace")
            }
        }
    }

    private func marks(
        _ kind: TokenizerClass, _ names: TokenizerNames, _ added: [AddedToken]
    ) throws(ModelError) -> (first: Int32, last: Int32) {
        guard kind != .file else { return (0, 0) }
        func id(_ text: String) throws(ModelError) -> Int32 {
            let octets = Array(text.utf8)
            // An added token counts before one of the vocabulary that is called the same.
            guard let id = added.first(where: { Array($0.text.utf8) == octets })?.id ?? self.id(of: text)
            else {
                throw ModelError(
                    subject, "has no token \(text)", "use the vocabulary that belongs to the model")
            }
            return id
        }
        return (try id(names.first), try id(names.last))
    }

    private func overridden(
        _ kind: TokenizerClass, _ names: TokenizerNames
    ) throws(ModelError) -> ModelKind {
        let unknown = Array(names.unknown.utf8)
        switch kind {
        case .file: return model
        case .bert, .mpnet: return .wordPiece(unknown: unknown, mark: Array("##".utf8), longestWord: 100)
        case .roberta:
            guard case .bytePairs(let merges, _) = model else { return model }
            return .bytePairs(merges: merges, BytePairModel.Options())
        case .xlmRoberta, .camembert:
            guard case .unigram(let scores, _, _) = model else { return model }
            // The class counts on SentencePiece's fourth token; CamemBERT's looks for the name.
            let place = kind.modelName == nil ? nil : vocabulary.firstIndex { $0.token == unknown }
            var number = 3
            if case .camembert = kind { number = place ?? 0 }
            guard number < vocabulary.count else {
                throw ModelError(
                    "\(subject) key model.vocab", "has \(vocabulary.count) tokens",
                    "use the vocabulary that belongs to the model")
            }
            return .unigram(scores: scores, unknown: number, fallsBackToOctets: false)
        }
    }

    private func tokenModel(_ kind: ModelKind) throws(ModelError) -> TokenModel {
        switch kind {
        case .bytePairs(let merges, let options):
            return .bytePairs(
                try BytePairModel(vocabulary: vocabulary, merges: merges, options: options, subject: subject))
        case .unigram(let scores, let unknown, let fallsBack):
            return .unigram(
                UnigramModel(
                    trie: try trie(), scores: scores, unknown: Int32(clamping: unknown),
                    fallsBackToOctets: fallsBack))
        case .wordPiece(let unknown, let mark, let longestWord):
            let words = try trie()
            return .wordPiece(
                WordPieceModel(
                    wholeWords: words, continuations: try trie(behind: mark),
                    unknown: try id(ofUnknown: unknown), longestWord: longestWord, markLength: mark.count))
        case .wordLevel(let unknown):
            return .wordLevel(WordLevelModel(words: try trie(), unknown: try id(ofUnknown: unknown)))
        }
    }

    private func id(ofUnknown token: [UInt8]) throws(ModelError) -> Int32 {
        guard
            let id = vocabulary.last(where: { $0.token == token })?.id
                ?? added.first(where: { Array($0.text.utf8) == token })?.id
        else {
            throw ModelError(
                subject, "has no token \(String(decoding: token.prefix(60), as: UTF8.self))",
                "use the vocabulary that belongs to the model")
        }
        return id
    }

    /// The tokens that begin with a mark, without it.
    private func trie(behind mark: [UInt8] = []) throws(ModelError) -> PieceTrie {
        var trie = PieceTrie()
        for entry in vocabulary
        where mark.isEmpty || entry.token.count > mark.count && entry.token.starts(with: mark) {
            guard trie.insert(entry.token.dropFirst(mark.count), id: entry.id) else {
                throw ModelError(
                    "\(subject) key model.vocab", "has tokens of more than \(PieceTrie.mostNodes) octets",
                    "use a model with a smaller vocabulary")
            }
        }
        return trie
    }
}
