// Which tokens a decoder's folder names, and in which files: tokenizer.json, or GPT-2's two files, has the vocabulary;
// tokenizer_config.json, special_tokens_map.json and added_tokens.json name tokens that are looked for in texts and that a
// template may write. What they say otherwise than tokenizer.json is refused: nobody can say which of both is meant.

import JSON
import ModelErrors
import Models
import Tokenizers

/// What the files beside the vocabulary say.
struct FolderTokens {
    /// tokenizer_config.json.
    let config: ModelSettings?
    /// What the named tokens are called: `bos_token` and so on.
    let texts: [String: String]

    private let directory: String
    private let map: ModelSettings?
    private let older: ModelSettings?
    /// The class of transformers without `Fast` behind it.
    private let kind: String?

    private static let keys = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]
    /// Names that classes give where the files give none.
    private static let defaults: [String: [String: String]] = [
        "GPT2Tokenizer": [
            "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
        ],
        "Qwen2Tokenizer": [
            "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
        ],
        "LlamaTokenizer": ["bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"],
        "CodeLlamaTokenizer": ["bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"],
    ]

    /// Reads the files.
    ///
    /// - Throws: `ModelError` that names the file, the key and the value.
    init(directory: String, modelType: String?) throws(ModelError) {
        self.directory = directory
        config = try ModelSettings(path: directory + "/tokenizer_config.json")
        map = try ModelSettings(path: directory + "/special_tokens_map.json")
        older = try ModelSettings(path: directory + "/added_tokens.json")
        try config?.require("split_special_tokens", in: [false])
        var kind = try config?.string("tokenizer_class")
        if kind?.hasSuffix("Fast") == true, kind != "PreTrainedTokenizerFast" { kind?.removeLast(4) }
        if kind == nil, modelType == "gpt2" { kind = "GPT2Tokenizer" }
        self.kind = kind
        var texts: [String: String] = [:]
        for key in Self.keys {
            let isSaid = config?[key] != nil || config?.isNull(key) == true || map?[key] != nil
            let standard = isSaid ? nil : kind.flatMap { Self.defaults[$0]?[key] }
            texts[key] = Self.text(config?[key] ?? map?[key]) ?? standard
        }
        self.texts = texts
    }

    private static func text(_ json: JSON?) -> String? { json?.string ?? json?["content"]?.string }

    /// The vocabulary.
    func file() throws(ModelError) -> TokenizerFile {
        let path = directory + "/tokenizer.json"
        if let octets = try readFile(path, limit: 64 << 20) {
            let file = try TokenizerFile(octets, subject: path)
            try checkBlank(file)
            return file
        }
        let mend =
            "load the tokenizer with transformers and save it again (save_pretrained writes tokenizer.json)"
        let vocabulary = directory + "/vocab.json"
        guard let octets = try readFile(vocabulary, limit: 64 << 20),
            let merges = try readFile(directory + "/merges.txt", limit: 64 << 20)
        else {
            throw ModelError(directory, "has neither tokenizer.json nor vocab.json with merges.txt", mend)
        }
        guard kind == "GPT2Tokenizer" else {
            throw ModelError(
                directory,
                "has no tokenizer.json but vocab.json, whose texts \(kind ?? "an unknown class") cuts in a way of its own",
                mend)
        }
        let file = try TokenizerFile(vocabulary: octets, merges: merges, subject: vocabulary)
        try checkBlank(file)
        return file
    }

    /// Classes that make their steps themselves ask tokenizer_config.json whether a text has a blank before it.
    private func checkBlank(_ file: TokenizerFile) throws(ModelError) {
        guard let kind, Self.defaults[kind] != nil, let config, let own = file.prependsBlank else { return }
        let standard = kind == "GPT2Tokenizer" ? false : nil
        guard let wanted = try config.bool("add_prefix_space") ?? standard, wanted != own else { return }
        throw config.refusal(
            of: "add_prefix_space",
            "use the files of one model: by \(file.subject) a text has \(own ? "a" : "no") blank put before it"
        )
    }

    /// The number of a named token; nil where it is not named, or only by its class and there is none.
    func id(_ key: String, _ known: KnownTokens) throws(ModelError) -> Int32? {
        guard let text = texts[key] else { return nil }
        if let id = known.id(of: text) { return id }
        guard let source = [config, map].compactMap({ $0 }).first(where: { $0[key] != nil }) else {
            return nil
        }
        throw ModelError(
            "\(source.subject) key \(key)", "is \(text), which is no token", "use the files of one model")
    }

    /// All tokens: tokenizer.json's, and those that the other files name.
    func tokens(_ file: TokenizerFile) throws(ModelError) -> KnownTokens {
        var known = KnownTokens(file)
        if let decoder = try config?.object("added_tokens_decoder") {
            for key in decoder.keys {
                guard let settings = try decoder.object(key), let number = Int(key), 0..<4_000_000 ~= number
                else { throw decoder.refusal(of: key, "give every token its text and id") }
                let token = try AddedToken(settings, id: number)
                try check(token, known, file, decoder, key)
                known.add(token)
            }
        }
        for key in older?.keys ?? [] {
            guard let older, let number = older[key]?.int, 0..<4_000_000 ~= number else { continue }
            let token = AddedToken(
                id: Int32(clamping: number), text: key, isSpecial: false, isNormalized: true)
            try check(token, known, file, older, key)
            known.add(token)
        }
        for key in Self.keys {
            guard let id = try id(key, known), let text = texts[key] else { continue }
            known.add(AddedToken(id: id, text: text, isSpecial: true))
        }
        for settings in [config, map].compactMap({ $0 }) {
            for key in ["additional_special_tokens", "extra_special_tokens"] where !settings.isEmpty(key) {
                let list = settings[key]?.array ?? settings[key]?.object?.values.map { $0 } ?? []
                for json in list {
                    guard let text = Self.text(json), let id = known.id(of: text) else {
                        throw settings.refusal(
                            of: key,
                            "use the files of one model: \(file.subject) has not all of these tokens")
                    }
                    known.add(AddedToken(id: id, text: text, isSpecial: true))
                }
            }
        }
        return known
    }

    /// A token has one number in all files.
    private func check(
        _ token: AddedToken, _ known: KnownTokens, _ file: TokenizerFile, _ settings: ModelSettings,
        _ key: String
    ) throws(ModelError) {
        let octets = Array(token.text.utf8)
        guard known.id(of: token.text) ?? token.id == token.id,
            known.texts(of: token.id).allSatisfy({ $0 == octets })
        else {
            throw settings.refusal(of: key, "use the files of one model: \(file.subject) says otherwise")
        }
    }

    /// The marks around a text where a class puts them itself: Llama's, and GPT-2's without a tokenizer.json.
    func putMarks(
        _ file: TokenizerFile, begin: Int32?, end: Int32?, prefix: inout [Int32], suffix: inout [Int32]
    ) throws(ModelError) {
        let isLlama = kind == "LlamaTokenizer" || kind == "CodeLlamaTokenizer"
        let isRead = file.subject.hasSuffix("/tokenizer.json")
        guard isLlama || kind == "GPT2Tokenizer" && !isRead else { return }
        let before = try config?.bool("add_bos_token")
        let behind = try config?.bool("add_eos_token")
        if let config, isLlama, !prefix.isEmpty {
            // transformers 5 does what tokenizer.json says, 4 did what these say.
            if before == false { throw contradiction(config, "add_bos_token", "begins") }
            if behind == true, suffix.isEmpty { throw contradiction(config, "add_eos_token", "ends") }
        }
        prefix = before ?? isLlama ? [begin].compactMap { $0 } : []
        suffix = behind ?? false ? [end].compactMap { $0 } : []
    }

    private func contradiction(_ config: ModelSettings, _ key: String, _ what: String) -> ModelError {
        config.refusal(
            of: key, "use the files of one model: by tokenizer.json a text \(what) otherwise")
    }
}
