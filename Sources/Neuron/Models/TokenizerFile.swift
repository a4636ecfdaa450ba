// tokenizer.json, the one file in which the Rust crate `tokenizers` keeps a tokenizer. What is read here is BERT's: WordPiece
// with BertNormalizer and BertPreTokenizer between two special tokens. Everything else is refused by name.

import JSON
import ModelErrors
import NeuronProgram

/// What a tokenizer.json says.
struct TokenizerFile {
    /// BertNormalizer's switches.
    struct Normalizer: Equatable {
        var lowercase: Bool
        /// nil for "as lowercase says".
        var stripAccents: Bool?
        var spacesIdeographs: Bool
    }

    /// A token that is found in texts before anything else.
    struct AddedToken: Equatable {
        let text: [UInt8]
        let id: Int32
    }

    let path: String
    let vocabulary: [VocabularyScanner.Entry]
    let unknown: String
    let normalizer: Normalizer
    /// The tokens before and after a text; nil where the file does not say.
    let ends: (first: Int32, last: Int32)?
    let added: [AddedToken]

    /// Reads a tokenizer.json; nil when there is none.
    ///
    /// - Throws: `ModelError` that names the key and the value that are not obeyed.
    init?(path: String) throws(ModelError) {
        guard let bytes = try readFile(path, limit: 64 << 20) else { return nil }
        let scanner: VocabularyScanner
        do {
            scanner = try VocabularyScanner(bytes)
        } catch {
            throw ModelError("\(path) key model.vocab", error.description, "download the file again")
        }
        let json: JSON
        do {
            json = try JSON(parsing: scanner.rest)
        } catch {
            throw ModelError(path, "cannot be read (\(error))", "download the file again")
        }
        let file = try ModelSettings(json, subject: path)
        guard let model = try file.object("model") else {
            throw file.refusal(of: "model", "download the file again")
        }
        // Old files leave the type out; what else they have tells them apart.
        try model.require("type", in: ["WordPiece"], "use a model with a WordPiece tokenizer")
        try model.requireKnown([
            "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab",
        ])
        try model.require("continuing_subword_prefix", in: ["##"])
        try model.require("max_input_chars_per_word", in: [100])
        self.path = path
        unknown = try model.string("unk_token") ?? "[UNK]"
        guard !scanner.entries.isEmpty else {
            throw ModelError("\(path) key model.vocab", "has no tokens", "download the file again")
        }
        vocabulary = scanner.entries
        normalizer = try Self.normalizer(file)
        guard let splitter = try file.object("pre_tokenizer") else {
            throw file.refusal(of: "pre_tokenizer", "use a model with BertPreTokenizer")
        }
        try splitter.require("type", in: ["BertPreTokenizer"])
        ends = try Self.ends(file)
        added = try Self.added(file)
    }

    private static func normalizer(_ file: ModelSettings) throws(ModelError) -> Normalizer {
        guard let settings = try file.object("normalizer") else {
            throw file.refusal(of: "normalizer", "use a model with BertNormalizer")
        }
        try settings.require("type", in: ["BertNormalizer"])
        try settings.require("clean_text", in: [true])
        return Normalizer(
            lowercase: try settings.bool("lowercase") ?? true,
            stripAccents: try settings.bool("strip_accents"),
            spacesIdeographs: try settings.bool("handle_chinese_chars") ?? true)
    }

    private static func ends(_ file: ModelSettings) throws(ModelError) -> (first: Int32, last: Int32)? {
        guard let settings = try file.object("post_processor") else { return nil }
        func identifier(_ json: JSON?) -> Int32? { json?.int.flatMap { Int32(exactly: $0) } }
        switch try settings.string("type") {
        case "BertProcessing":
            if let first = identifier(settings["cls"]?[1]), let last = identifier(settings["sep"]?[1]) {
                return (first, last)
            }
        case "TemplateProcessing":
            let special = settings["special_tokens"]
            func token(_ piece: JSON) -> Int32? {
                guard piece["SpecialToken"]?["type_id"]?.int == 0,
                    let name = piece["SpecialToken"]?["id"]?.string,
                    let ids = special?[name]?["ids"]?.array, ids.count == 1
                else { return nil }
                return identifier(ids[0])
            }
            let template = settings["single"]?.array ?? []
            if template.count == 3, template[1] == ["Sequence": ["id": "A", "type_id": 0]],
                let first = token(template[0]), let last = token(template[2])
            {
                return (first, last)
            }
        default: throw settings.refusal(of: "type", "use a model with BertProcessing or TemplateProcessing")
        }
        throw ModelError(
            settings.subject, "is no [CLS], text and [SEP] of token type 0",
            "use a model whose texts stand between two tokens")
    }

    private static func added(_ file: ModelSettings) throws(ModelError) -> [AddedToken] {
        let list = file["added_tokens"]?.array ?? []
        guard list.count <= 100_000 else {
            throw ModelError(
                "\(file.subject) key added_tokens", "has \(list.count) tokens", "use a model with fewer")
        }
        var added: [AddedToken] = []
        for (index, entry) in list.enumerated() {
            let token = try ModelSettings(entry, subject: "\(file.subject) key added_tokens \(index)")
            try token.requirePlain()
            guard let text = try token.string("content"), !text.isEmpty,
                let id = try token.int("id", 0...3_999_999)
            else { throw token.refusal(of: "content", "give every token its text and id") }
            added.append(AddedToken(text: Array(text.utf8), id: Int32(id)))
        }
        return added
    }
}

extension ModelSettings {
    /// Refuses an added token that is found otherwise than by its text alone.
    func requirePlain() throws(ModelError) {
        for key in ["single_word", "lstrip", "rstrip", "normalized"] {
            // Of a token that is part of a text's own, these are the rule.
            try require(
                key, in: [false], "use a model whose token \(self["content"]?.text() ?? "") has false there")
        }
    }
}
