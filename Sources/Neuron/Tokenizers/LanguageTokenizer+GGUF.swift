// The tokenizer of a GGUF file, by the keys `tokenizer.ggml.*` (ggml/docs/gguf.md). Which words the text is cut into stands
// there as the name of a model that does it so.

package import GGUF
package import ModelErrors

extension LanguageTokenizer {
    /// Names of `tokenizer.ggml.pre` and what they mean (llama.cpp, `llama-vocab.cpp`).
    private static let splitters: [String: WordSplitter] = {
        let names: [(WordSplitter, [String])] = [
            (
                .gpt2,
                [
                    "gpt-2", "phi-2", "jina-es", "jina-de", "roberta-bpe", "mpt", "olmo", "jais", "trillion",
                    "granite-docling",
                ]
            ),
            (
                .digitsAndGPT2,
                ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"]
            ),
            (
                .llama3,
                [
                    "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
                    "dbrx", "smaug-bpe",
                ]
            ),
            (.qwen2, ["qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan"]),
        ]
        return Dictionary(
            names.flatMap { splitter, names in names.map { ($0, splitter) } },
            uniquingKeysWith: { first, _ in first })
    }()

    /// Those of them that take whole words whatever the merges say.
    private static let wholeWords: Set<String> = [
        "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
    ]

    /// Ends of texts and turns by their names, which llama.cpp takes for such marks whatever a file says of them.
    private static let endNames: Set<String> = [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
        "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
        "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
        "<\u{ff5c}end\u{2581}of\u{2581}sentence\u{ff5c}>", "[e~[",
    ]

    /// The kinds of a token.
    private enum Kind: Int64 {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    /// Reads the tokenizer.
    ///
    /// - Throws: `ModelError` that names the key and the value.
    package init(_ file: GGUFFile) throws(ModelError) {
        let keys = Keys(file)
        let tokens = try keys.strings("tokens")
        let added = try Self.added(keys, tokens)
        switch try keys.string("model") {
        case "gpt2": try self.init(bytePairs: keys, tokens, added)
        case "llama": try self.init(sentencePairs: keys, tokens, added)
        case let model:
            throw keys.error(
                "model", "is \(model)", "take a model with byte-level pairs (gpt2) or SentencePiece's (llama)"
            )
        }
        for (id, token) in tokens.enumerated() where Self.endNames.contains(token) {
            let id = Int32(clamping: id)
            if !ends.contains(id) { ends.append(id) }
        }
        chatTemplate = file.metadata["tokenizer.chat_template"]?.string
    }

    /// The tokens that are looked for in texts.
    private static func added(_ keys: Keys, _ tokens: [String]) throws(ModelError) -> [AddedToken] {
        let file = keys.file
        let kinds = file.metadata["tokenizer.ggml.token_type"]?.integers ?? []
        guard kinds.isEmpty || kinds.count == tokens.count else {
            throw keys.error(
                "token_type", "has \(kinds.count) entries for \(tokens.count) tokens",
                "convert the model anew")
        }
        var added: [AddedToken] = []
        for (id, kind) in kinds.enumerated() where !tokens[id].isEmpty {
            switch Kind(rawValue: kind) {
            case .control, .unknown:
                added.append(AddedToken(id: Int32(clamping: id), text: tokens[id], isSpecial: true))
            case .userDefined, .normal, .unused, .byte:
                let isEnd = endNames.contains(tokens[id])
                guard isEnd || kind == Kind.userDefined.rawValue else { continue }
                added.append(AddedToken(id: Int32(clamping: id), text: tokens[id], isSpecial: isEnd))
            case nil:
                throw keys.error(
                    "token_type", "has the unknown kind \(kind) of token \(id)", "convert the model anew")
            }
        }
        return added
    }

    /// Pairs of octets.
    private init(
        bytePairs keys: Keys, _ tokens: [String], _ added: [AddedToken]
    ) throws(ModelError) {
        let file = keys.file
        let name = try keys.string("pre", otherwise: "default")
        guard let splitter = Self.splitters[name] else {
            throw keys.error(
                "pre", "is \(name)", "known are \(Self.splitters.keys.sorted().joined(separator: ", "))")
        }
        var pairs: [(left: [UInt8], right: [UInt8])] = []
        for merge in try keys.strings("merges") {
            guard let pair = TokenizerFile.pair(merge) else {
                throw keys.error("merges", "has \(merge), which is no pair", "convert the model anew")
            }
            pairs.append(pair)
        }
        var options = BytePairModel.Options()
        options.takesWholeWords = Self.wholeWords.contains(name)
        let vocabulary = Self.vocabulary(tokens)
        tokenizer = Tokenizer(
            Tokenizer.Parts(
                added: added, splitters: [.words(splitter)],
                model: .bytePairs(
                    try BytePairModel(
                        vocabulary: vocabulary, merges: pairs, options: options, subject: file.path)),
                decoders: [.byteLevel], vocabulary: vocabulary))
        try readMarks(keys, count: tokens.count, addsBegin: Self.wholeWords.contains(name))
    }

    /// SentencePiece's pairs: each piece between two added tokens has a blank before it, and blanks are a character that can be
    /// seen.
    private init(
        sentencePairs keys: Keys, _ tokens: [String], _ added: [AddedToken]
    ) throws(ModelError) {
        let file = keys.file
        let scores =
            file.metadata["tokenizer.ggml.scores"]?.numbers ?? [Double](repeating: 0, count: tokens.count)
        guard scores.count == tokens.count, scores.allSatisfy(\.isFinite) else {
            throw keys.error(
                "scores", "has \(scores.count) entries for \(tokens.count) tokens, or one that is no number",
                "convert the model anew")
        }
        let mark: [Unicode.Scalar] = ["\u{2581}"]
        var normalizers: [TextNormalization] = [.replace(.text([" "]), with: mark)]
        if file.metadata["tokenizer.ggml.add_space_prefix"]?.bool ?? true {
            normalizers.insert(.prepend(mark), at: 0)
        }
        let vocabulary = Self.vocabulary(tokens)
        tokenizer = Tokenizer(
            Tokenizer.Parts(
                added: added, findsLongestFirst: true, normalizers: normalizers,
                model: .sentencePairs(
                    try SentencePairModel(
                        vocabulary: vocabulary, scores: scores.map { Float($0) }, subject: file.path)),
                decoders: [.replace(.text(mark), with: [" "]), .octets, .fuse], vocabulary: vocabulary))
        try readMarks(keys, count: tokens.count, addsBegin: true)
        // llama.cpp's numbers where a file has none.
        if begin == nil, tokens.count > 2 { begin = 1 }
        if ends.isEmpty, tokens.count > 2 { ends = [2] }
        if file.metadata["tokenizer.ggml.add_bos_token"]?.bool ?? true, let begin { prefix = [begin] }
    }

    private static func vocabulary(_ tokens: [String]) -> [VocabularyScanner.Entry] {
        tokens.enumerated().map { (token: Array($1.utf8), id: Int32(clamping: $0)) }
    }

    /// - Parameter addsBegin: whether texts begin with a mark where the file does not say.
    private mutating func readMarks(_ keys: Keys, count: Int, addsBegin: Bool) throws(ModelError) {
        begin = try keys.token("bos_token_id", count: count)
        for key in ["eos_token_id", "eot_token_id", "eom_token_id"] {
            if let end = try keys.token(key, count: count) { ends.append(end) }
        }
        let metadata = keys.file.metadata
        if metadata["tokenizer.ggml.add_bos_token"]?.bool ?? addsBegin, let begin { prefix = [begin] }
        if metadata["tokenizer.ggml.add_eos_token"]?.bool == true, let end = ends.first { suffix = [end] }
    }
}

/// The tokenizer's keys of a file.
private struct Keys {
    let file: GGUFFile

    init(_ file: GGUFFile) { self.file = file }

    func error(_ key: String, _ problem: String, _ mend: String) -> ModelError {
        ModelError("\(file.path): tokenizer.ggml.\(key)", problem, mend)
    }

    func string(_ key: String, otherwise fallback: String? = nil) throws(ModelError) -> String {
        guard let value = file.metadata["tokenizer.ggml.\(key)"] else {
            guard let fallback else { throw error(key, "is missing", "convert the model with its tokenizer") }
            return fallback
        }
        guard let text = value.string else { throw error(key, "is no text", "convert the model anew") }
        return text
    }

    func strings(_ key: String) throws(ModelError) -> [String] {
        guard let values = file.metadata["tokenizer.ggml.\(key)"]?.strings else {
            throw error(key, "is missing or no array of texts", "convert the model with its tokenizer")
        }
        return values
    }

    func token(_ key: String, count: Int) throws(ModelError) -> Int32? {
        guard let value = file.metadata["tokenizer.ggml.\(key)"] else { return nil }
        guard let id = value.int, 0..<count ~= id else {
            throw error(key, "is \(value), and there are \(count) tokens", "convert the model anew")
        }
        return Int32(clamping: id)
    }
}
