// Which tokenizer a model has, brought together from its files the way transformers does: tokenizer.json has the vocabulary, else
// vocab.txt; tokenizer_config.json names the class, and for BERT's own classes its switches count before those of tokenizer.json.

import JSON
import ModelErrors
import NeuronProgram

/// All that cutting a text into ids depends on.
struct TokenizerSettings {
    /// Where the vocabulary is, for errors.
    var subject: String
    var vocabulary: [VocabularyScanner.Entry]
    var normalizer: TokenizerFile.Normalizer
    /// Whether texts are lower-cased before all else.
    var lowercasesFirst = false
    var unknown = "[UNK]"
    var first = "[CLS]"
    var last = "[SEP]"
    /// Tokens that stand for themselves when a text contains them.
    var special: [TokenizerFile.AddedToken] = []
    /// Ids per text that the tokenizer takes; nil for any number.
    var maximumTokens: Int?

    /// Classes that are BERT's WordPiece with switches of their own.
    private static let bertClasses = ["BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer"].flatMap {
        [$0, $0 + "Fast"]
    }
    /// Classes that are whatever tokenizer.json says.
    private static let plainClasses = ["PreTrainedTokenizerFast", "TokenizersBackend"]
    /// Keys that name tokens.
    private static let named = [
        "unk_token", "sep_token", "pad_token", "cls_token", "mask_token", "bos_token", "eos_token",
    ]

    /// Reads the tokenizer of a transformer's directory.
    ///
    /// - Throws: `ModelError` that names file, key and value of what is missing or not obeyed.
    init(directory: String) throws(ModelError) {
        let file = try TokenizerFile(path: directory + "/tokenizer.json")
        let path = directory + "/tokenizer_config.json"
        let config = try ModelSettings(path: path)
        let className = try Self.className(config, directory: directory, file: file)
        let isPlain = Self.plainClasses.contains(className)
        if isPlain, file == nil {
            throw ModelError(
                directory + "/tokenizer.json", "is missing, and \(className) has its vocabulary there",
                "download it")
        }
        if let file {
            subject = file.path
            vocabulary = file.vocabulary
            if isPlain { unknown = file.unknown }
        } else {
            subject = directory + "/vocab.txt"
            guard let bytes = try readFile(subject, limit: 64 << 20) else {
                throw ModelError(
                    directory, "has neither tokenizer.json nor vocab.txt",
                    "name the directory of a BERT model")
            }
            vocabulary = Self.lines(of: bytes)
        }
        normalizer = file?.normalizer ?? TokenizerFile.Normalizer(lowercase: true, spacesIdeographs: true)
        if !isPlain {
            // What tokenizer_config.json leaves out is the class's default, whatever tokenizer.json says.
            normalizer = TokenizerFile.Normalizer(
                lowercase: try config?.bool("do_lower_case") ?? true,
                stripAccents: try config?.bool("strip_accents"),
                spacesIdeographs: try config?.bool("tokenize_chinese_chars") ?? true)
        }
        special = file?.added ?? []
        try read(config, path: path)
        try read(try ModelSettings(path: directory + "/special_tokens_map.json"), beside: config)
        try readAdded(try ModelSettings(path: directory + "/added_tokens.json"))
        try checkIdentifiers()
        try check(file, isPlain: isPlain)
    }

    /// A tokenizer of a vocab.txt alone.
    init(lines: [UInt8], subject: String, lowercase: Bool) {
        self.subject = subject
        vocabulary = Self.lines(of: lines)
        normalizer = TokenizerFile.Normalizer(lowercase: lowercase, spacesIdeographs: true)
        for name in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] { addSpecial(name) }
    }

    /// One token a line, its id the line's number from 0.
    private static func lines(of bytes: [UInt8]) -> [VocabularyScanner.Entry] {
        var entries: [VocabularyScanner.Entry] = []
        for var line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
            if line.last == 13 { line.removeLast() }
            // The part after the last line's end is no line.
            if line.isEmpty && line.endIndex == bytes.endIndex { break }
            entries.append((Array(line), Int32(entries.count)))
        }
        return entries
    }

    private static func className(
        _ config: ModelSettings?, directory: String, file: TokenizerFile?
    ) throws(ModelError) -> String {
        var source = config
        if config?["tokenizer_class"] == nil { source = try ModelSettings(path: directory + "/config.json") }
        guard let name = try source?.string("tokenizer_class") else { return bertClasses[0] }
        guard let source, !bertClasses.contains(name), !plainClasses.contains(name) else { return name }
        throw source.refusal(
            of: "tokenizer_class",
            "use a model with \(bertClasses[0]), or with \(plainClasses[0]) and WordPiece")
    }

    private mutating func read(_ config: ModelSettings?, path: String) throws(ModelError) {
        guard let config else {
            for name in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] { addSpecial(name) }
            return
        }
        try config.requireEmpty([
            "never_split", "word_tokenizer_type", "subword_tokenizer_type", "do_subword_tokenize",
            "mecab_kwargs",
            "sudachi_kwargs", "jumanpp_kwargs", "auto_map",
        ])
        try config.require("do_basic_tokenize", in: [true])
        try config.require("split_special_tokens", in: [false])
        for key in ["truncation_side", "padding_side"] { try config.require(key, in: ["right"]) }
        // Files of before transformers 4 have 1e30 for no bound, which is no whole number that fits.
        if let length = try config.double("model_max_length"), length < 1e9 {
            maximumTokens = try config.int("model_max_length", 2...1_000_000_000)
        }
        try readNamed(config)
        for name in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        where config[String(name.dropFirst().dropLast()).lowercased() + "_token"] == nil { addSpecial(name) }
        for key in ["additional_special_tokens", "extra_special_tokens"] where !config.isEmpty(key) {
            guard let list = config[key]?.array else {
                throw config.refusal(of: key, "use a model without it")
            }
            for token in list { try addNamed(token, config, key) }
        }
        if let decoder = try config.object("added_tokens_decoder") {
            for key in decoder.keys {
                guard let token = try decoder.object(key), let text = try token.string("content"),
                    let id = Int32(key)
                else {
                    throw decoder.refusal(of: key, "give every token its text and id")
                }
                try token.requirePlain()
                try add(text, id: id, fault: { decoder.refusal(of: key, "use the files of one model") })
            }
        }
    }

    private mutating func readNamed(_ config: ModelSettings) throws(ModelError) {
        for key in Self.named {
            guard let json = config[key] else { continue }
            let text = try addNamed(json, config, key)
            switch key {
            case "unk_token": unknown = text
            case "cls_token": first = text
            case "sep_token": last = text
            default: break
            }
        }
    }

    /// The names of special tokens in a file of their own, where tokenizer_config.json has none.
    private mutating func read(_ map: ModelSettings?, beside config: ModelSettings?) throws(ModelError) {
        guard let map else { return }
        for key in Self.named {
            guard config?[key] == nil, let json = map[key] else { continue }
            let text = try addNamed(json, map, key)
            let known = ["unk_token": unknown, "cls_token": first, "sep_token": last][key]
            guard known == nil || known == text else {
                throw map.refusal(of: key, "say it in tokenizer_config.json as well")
            }
        }
    }

    /// Tokens of an old file: its form says nothing of how they are found, so only those that are special are known.
    private mutating func readAdded(_ tokens: ModelSettings?) throws(ModelError) {
        guard let tokens else { return }
        for key in tokens.keys {
            guard let token = special.first(where: { $0.text == Array(key.utf8) }),
                tokens[key]?.int == Int(token.id)
            else {
                throw tokens.refusal(of: key, "use a model without added tokens")
            }
        }
    }

    @discardableResult
    private mutating func addNamed(
        _ json: JSON, _ config: ModelSettings, _ key: String
    ) throws(ModelError) -> String {
        guard let text = json.string ?? json["content"]?.string, !text.isEmpty else {
            throw config.refusal(of: key, "give a token's text")
        }
        if json.object != nil {
            let token = try ModelSettings(json, subject: "\(config.subject) key \(key)")
            try token.requirePlain()
        }
        guard addSpecial(text) else {
            throw config.refusal(of: key, "use the files of one model: \(subject) has no token \(text)")
        }
        return text
    }

    private func identifier(of text: String) -> Int32? {
        let bytes = Array(text.utf8)
        return special.first { $0.text == bytes }?.id ?? vocabulary.last { $0.token == bytes }?.id
    }

    @discardableResult
    private mutating func addSpecial(_ text: String) -> Bool {
        guard let id = identifier(of: text) else { return false }
        let token = TokenizerFile.AddedToken(text: Array(text.utf8), id: id)
        if !special.contains(token) { special.append(token) }
        return true
    }

    private mutating func add(_ text: String, id: Int32, fault: () -> ModelError) throws(ModelError) {
        if let known = identifier(of: text) {
            guard known == id else { throw fault() }
            addSpecial(text)
        } else {
            special.append(TokenizerFile.AddedToken(text: Array(text.utf8), id: id))
        }
    }

    /// An id has one row of weights, so it has one text: where an added token takes the id of another, one of them is wrong.
    private func checkIdentifiers() throws(ModelError) {
        var texts: [Int32: [UInt8]] = [:]
        for token in special {
            guard texts[token.id] == nil || texts[token.id] == token.text else {
                throw shared(token.id, texts[token.id] ?? [], token.text)
            }
            texts[token.id] = token.text
        }
        for entry in vocabulary {
            guard let text = texts[entry.id], text != entry.token else { continue }
            throw shared(entry.id, entry.token, text)
        }
    }

    private func shared(_ id: Int32, _ first: [UInt8], _ second: [UInt8]) -> ModelError {
        let texts = [first, second].map { "\"\(String(decoding: $0.prefix(60), as: UTF8.self))\"" }
        return ModelError(
            subject, "has id \(id) for \(texts[0]), and an added token \(texts[1]) takes it, too",
            "use the files of one model")
    }

    private mutating func check(_ file: TokenizerFile?, isPlain: Bool) throws(ModelError) {
        guard let file else { return }
        guard let ends = file.ends else {
            guard !isPlain else {
                throw ModelError(
                    "\(file.path) key post_processor", "is missing", "use a model with [CLS] and [SEP]")
            }
            return
        }
        let tokens = (vocabulary.map { ($0.token, $0.id) } + special.map { ($0.text, $0.id) })
        func text(_ id: Int32) -> String? {
            tokens.first { $0.1 == id }.map { String(decoding: $0.0, as: UTF8.self) }
        }
        guard let first = text(ends.first), let last = text(ends.last) else {
            throw ModelError(
                "\(file.path) key post_processor", "has ids without a token", "download the file again")
        }
        guard isPlain || first == self.first && last == self.last else {
            throw ModelError(
                "\(file.path) key post_processor",
                "puts \(first) and \(last) around a text, where tokenizer_config.json has"
                    + " \(self.first) and \(self.last)", "use the files of one model")
        }
        self.first = first
        self.last = last
    }
}
