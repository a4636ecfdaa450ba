// The tokenizer of a decoder's folder: its tokens (FolderTokens), what ends an answer by generation_config.json, and how a
// conversation is written.

import JSON
import ModelErrors
import Models
import Tokenizers

extension LanguageTokenizer {
    /// Reads the files.
    ///
    /// - Throws: `ModelError` that names the file, the key and the value.
    init(directory: String) throws(ModelError) {
        let model = try ModelSettings(path: directory + "/config.json")
        let names = try FolderTokens(directory: directory, modelType: try model?.string("model_type"))
        let file = try names.file()
        let known = try names.tokens(file)
        self.init(tokenizer: try file.tokenizer(added: known.added))
        prefix = tokenizer.template.prefix
        suffix = tokenizer.template.suffix
        begin = try names.id("bos_token", known)
        if begin == nil { begin = try Self.ids(model, "bos_token_id").first }
        let end = try names.id("eos_token", known)
        try names.putMarks(file, begin: begin, end: end, prefix: &prefix, suffix: &suffix)
        self.names = names.texts
        let generation = try ModelSettings(path: directory + "/generation_config.json")
        ends = try Self.ids(generation, "eos_token_id")
        if ends.isEmpty { ends = try Self.ids(model, "eos_token_id") }
        if let end, !ends.contains(end) { ends.append(end) }
        let count = tokenizer.vocabularyCount
        if let wrong = ends.first(where: { !(0..<count ~= Int($0)) }) {
            throw ModelError(
                directory, "ends texts with the token \(wrong), and there are \(count)",
                "use the files of one model")
        }
        chatTemplate = try Self.template(directory, names.config)
    }

    /// One number or a list of them.
    private static func ids(_ settings: ModelSettings?, _ key: String) throws(ModelError) -> [Int32] {
        guard let settings, let json = settings[key] else { return [] }
        let list = json.array ?? [json]
        let ids = list.compactMap { $0.int.flatMap(Int32.init(exactly:)) }
        guard ids.count == list.count, ids.count <= 64 else {
            throw settings.refusal(of: key, "give a token's number, or a list of them")
        }
        return ids
    }

    /// Of several templates the one that is called default.
    private static func template(
        _ directory: String, _ config: ModelSettings?
    ) throws(ModelError) -> String? {
        let path = directory + "/chat_template.jinja"
        if let octets = try readFile(path, limit: 1 << 20) {
            guard let text = String(validating: octets, as: UTF8.self) else {
                throw ModelError(path, "is not UTF-8", "download the file again")
            }
            return text
        }
        guard let json = config?["chat_template"] else { return nil }
        if let text = json.string { return text }
        let named = json.array?.first { $0["name"]?.string == "default" }
        guard let text = named?["template"]?.string else {
            throw ModelError(
                "\(directory)/tokenizer_config.json key chat_template", "has no template called default",
                "save the template that is meant as chat_template.jinja")
        }
        return text
    }
}
