// Which tokenizer a model has, brought together from its files the way transformers does: tokenizer.json has the vocabulary, else
// vocab.txt, or vocab.json and merges.txt; tokenizer_config.json names the class, and for classes with rules of their own these and
// its switches count before what tokenizer.json says.

import JSON
import ModelErrors
import NeuronProgram
import Tokenizers

/// All that cutting a text into ids depends on.
struct TokenizerSettings {
    /// The vocabulary's file.
    let file: TokenizerFile
    /// What the class makes of it.
    private(set) var kind: TokenizerClass
    /// Ids per text that the tokenizer takes; nil for any number.
    private(set) var maximumTokens: Int?
    private var names: TokenizerNames
    /// Tokens that stand for themselves when a text contains them.
    private var known: KnownTokens

    /// Keys that name tokens.
    private static let named = [
        "unk_token", "sep_token", "pad_token", "cls_token", "mask_token", "bos_token", "eos_token",
    ]

    /// Reads the tokenizer of a transformer's directory.
    ///
    /// - Throws: `ModelError` that names file, key and value of what is missing or not obeyed.
    init(directory: String) throws(ModelError) {
        let path = directory + "/tokenizer_config.json"
        let config = try ModelSettings(path: path)
        let family = try Self.family(config, directory: directory)
        file = try Self.vocabulary(directory, family)
        // A later table of files would say otherwise what the class says.
        kind = try family.kind(config)
        names = family.names
        known = KnownTokens(file)
        try readAddedTokens(config)
        try readSettings(config)
        try read(config)
        try read(try ModelSettings(path: directory + "/special_tokens_map.json"), beside: config)
        for (key, text) in family.defaults where config?[key] == nil { addSpecial(text) }
        try readLegacy(try ModelSettings(path: directory + "/added_tokens.json"))
        try checkIdentifiers()
        try checkMarks()
    }

    /// Makes the tokenizer.
    ///
    /// - Parameter lowercases: whether sentence-transformers is told to make small letters of capitals.
    /// - Throws: `ModelError` when a token that is named is missing.
    func tokenizer(lowercases: Bool) throws(ModelError) -> Tokenizer {
        var isLower = false
        if case .bert(let switches) = kind { isLower = switches.lowercase }
        return try file.tokenizer(
            as: kind, names: names, added: known.added, lowercasesFirst: lowercases && !isLower)
    }

    private static func vocabulary(
        _ directory: String, _ family: TokenizerFamily
    ) throws(ModelError) -> TokenizerFile {
        let path = directory + "/tokenizer.json"
        if let octets = try readFile(path, limit: 64 << 20) {
            return try TokenizerFile(octets, subject: path)
        }
        switch family.modelName {
        case "WordPiece":
            let path = directory + "/vocab.txt"
            if let octets = try readFile(path, limit: 64 << 20) {
                return TokenizerFile(lines: octets, subject: path)
            }
            throw ModelError(
                directory, "has neither tokenizer.json nor vocab.txt", "name the directory of a BERT model")
        case "BPE":
            let path = directory + "/vocab.json"
            guard let octets = try readFile(path, limit: 64 << 20),
                let merges = try readFile(directory + "/merges.txt", limit: 64 << 20)
            else {
                throw ModelError(
                    directory, "has neither tokenizer.json nor vocab.json with merges.txt",
                    "download the tokenizer's files")
            }
            return try TokenizerFile(vocabulary: octets, merges: merges, subject: path)
        case "Unigram":
            throw ModelError(
                path, "is missing, and a SentencePiece model is not read",
                "load the tokenizer with transformers and save it again (save_pretrained writes tokenizer.json)"
            )
        default:
            throw ModelError(
                path, "is missing, and \(family.name) has its vocabulary there", "download it")
        }
    }

    private static func family(
        _ config: ModelSettings?, directory: String
    ) throws(ModelError) -> TokenizerFamily {
        var source = config
        if config?["tokenizer_class"] == nil { source = try ModelSettings(path: directory + "/config.json") }
        guard let name = try source?.string("tokenizer_class") else {
            return TokenizerFamily.default(of: try source?.string("model_type"))
        }
        if let known = TokenizerFamily.named(name) { return known }
        guard let source else { return .default(of: nil) }
        throw source.refusal(
            of: "tokenizer_class",
            "use a model with \(TokenizerFamily.all.map(\.name).joined(separator: ", ")) or PreTrainedTokenizerFast"
        )
    }

    private mutating func readSettings(_ config: ModelSettings?) throws(ModelError) {
        guard let config else { return }
        try config.requireEmpty([
            "never_split", "word_tokenizer_type", "subword_tokenizer_type", "do_subword_tokenize",
            "mecab_kwargs", "sudachi_kwargs", "jumanpp_kwargs", "auto_map",
        ])
        try config.require("do_basic_tokenize", in: [true])
        try config.require("split_special_tokens", in: [false])
        for key in ["truncation_side", "padding_side"] { try config.require(key, in: ["right"]) }
        // Files of before transformers 4 have 1e30 for no bound, which is no whole number that fits.
        if let length = try config.double("model_max_length"), length < 1e9 {
            maximumTokens = try config.int("model_max_length", 2...1_000_000_000)
        }
    }

    /// Tokens with their numbers: those of tokenizer_config.json count before those of tokenizer.json.
    private mutating func readAddedTokens(_ config: ModelSettings?) throws(ModelError) {
        guard let decoder = try config?.object("added_tokens_decoder") else { return }
        for key in decoder.keys {
            guard let token = try decoder.object(key), let id = Int32(key), id >= 0, id < 4_000_000 else {
                throw decoder.refusal(of: key, "give every token its text and id")
            }
            let new = try AddedToken(token, id: Int(id))
            guard known.id(of: new.text) ?? id == id else {
                throw decoder.refusal(of: key, "use the files of one model")
            }
            known.replace(with: new)
        }
    }

    private mutating func read(_ config: ModelSettings?) throws(ModelError) {
        guard let config else { return }
        for key in Self.named {
            guard let json = config[key] else { continue }
            take(try addNamed(json, config, key), for: key)
        }
        for key in ["additional_special_tokens", "extra_special_tokens"] where !config.isEmpty(key) {
            guard let list = config[key]?.array else {
                throw config.refusal(of: key, "use a model without it")
            }
            for token in list { try addNamed(token, config, key) }
        }
    }

    /// What the class is told to put around texts.
    private mutating func take(_ text: String, for key: String) {
        if key == "unk_token" { names.unknown = text }
        if key == kind.markKeys.first { names.first = text }
        if key == kind.markKeys.last { names.last = text }
    }

    /// The names of special tokens in a file of their own, where tokenizer_config.json has none.
    private mutating func read(_ map: ModelSettings?, beside config: ModelSettings?) throws(ModelError) {
        guard let map else { return }
        for key in Self.named {
            guard config?[key] == nil, let json = map[key] else { continue }
            let text = try addNamed(json, map, key)
            let before = names
            take(text, for: key)
            guard names == before || kind == .file else {
                throw map.refusal(of: key, "say it in tokenizer_config.json as well")
            }
        }
    }

    /// Tokens of an old file: its form says nothing of how they are found, so only those that are special are known.
    private func readLegacy(_ tokens: ModelSettings?) throws(ModelError) {
        guard let tokens else { return }
        for key in tokens.keys {
            guard known.isAdded(key), let id = known.id(of: key), tokens[key]?.int == Int(id) else {
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
        guard let id = known.id(of: text) else {
            throw config.refusal(
                of: key, "use the files of one model: \(file.subject) has no token \(text)")
        }
        // What is known of a token already counts.
        guard !known.isAdded(text) else { return text }
        if json.object != nil {
            let settings = try ModelSettings(json, subject: "\(config.subject) key \(key)")
            var token = try AddedToken(settings, id: Int(id))
            token.isSpecial = true
            if settings["normalized"] == nil { token.isNormalized = false }
            known.add(token)
        } else {
            addSpecial(text)
        }
        return text
    }

    private mutating func addSpecial(_ text: String) {
        guard let id = known.id(of: text) else { return }
        known.add(
            AddedToken(
                id: id, text: text, isSpecial: true,
                takesSpacesBefore: text == "<mask>" && kind.maskTakesSpaces))
    }

    /// An id has one row of weights, so it has one text: where an added token takes the id of another, one of them is wrong.
    private func checkIdentifiers() throws(ModelError) {
        var texts: [Int32: [UInt8]] = [:]
        for token in known.added {
            let text = Array(token.text.utf8)
            guard texts[token.id] == nil || texts[token.id] == text else {
                throw shared(token.id, texts[token.id] ?? [], text)
            }
            texts[token.id] = text
        }
        for (id, text) in texts {
            guard let other = file.token(of: id), other != text else { continue }
            throw shared(id, other, text)
        }
    }

    private func shared(_ id: Int32, _ first: [UInt8], _ second: [UInt8]) -> ModelError {
        let texts = [first, second].map { "\"\(String(decoding: $0.prefix(60), as: UTF8.self))\"" }
        return ModelError(
            file.subject, "has id \(id) for \(texts[0]), and an added token \(texts[1]) takes it, too",
            "use the files of one model")
    }

    /// What tokenizer.json puts around texts has to be what the class puts there.
    private func checkMarks() throws(ModelError) {
        guard let template = file.template, kind != .file else { return }
        func text(_ id: Int32) -> String? {
            known.added.first { $0.id == id }?.text
                ?? file.token(of: id).map { String(decoding: $0, as: UTF8.self) }
        }
        let subject = "\(file.subject) key post_processor"
        let marks = (template.prefix + template.suffix).compactMap(text)
        guard marks.count == template.prefix.count + template.suffix.count else {
            throw ModelError(subject, "has ids without a token", "download the file again")
        }
        guard marks == [names.first, names.last] else {
            throw ModelError(
                subject,
                "puts \(marks.joined(separator: " and ")) around a text, where tokenizer_config.json has"
                    + " \(names.first) and \(names.last)", "use the files of one model")
        }
    }
}
