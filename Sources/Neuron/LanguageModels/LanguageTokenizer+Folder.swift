// The tokenizer of a decoder's folder: tokenizer.json, or GPT-2's two files; the marks that tokenizer_config.json names; what ends
// an answer by generation_config.json; and how a conversation is written.

import JSON
import ModelErrors
import Models
import Tokenizers

extension LanguageTokenizer {
    /// Classes of transformers that put the marks around a text themselves, whatever tokenizer.json says.
    private static let marking = ["LlamaTokenizer", "LlamaTokenizerFast", "CodeLlamaTokenizer"]

    /// Reads the files.
    ///
    /// - Throws: `ModelError` that names the file, the key and the value.
    init(directory: String) throws(ModelError) {
        let config = try ModelSettings(path: directory + "/tokenizer_config.json")
        let model = try ModelSettings(path: directory + "/config.json")
        let file = try Self.file(directory)
        self.init(tokenizer: try file.tokenizer())
        prefix = tokenizer.template.prefix
        suffix = tokenizer.template.suffix
        func id(_ key: String) throws(ModelError) -> Int32? {
            guard let json = config?[key], let text = json.string ?? json["content"]?.string else {
                return nil
            }
            guard let id = tokenizer.id(ofAdded: text) ?? file.id(of: text) else {
                throw ModelError(
                    "\(directory)/tokenizer_config.json key \(key)", "is \(text), which is no token",
                    "use the files of one model")
            }
            return id
        }
        begin = try id("bos_token")
        if begin == nil { begin = try Self.ids(model, "bos_token_id").first }
        let end = try id("eos_token")
        if let name = try config?.string("tokenizer_class"), Self.marking.contains(name) {
            prefix = try config?.bool("add_bos_token") ?? true ? [begin].compactMap { $0 } : []
            suffix = try config?.bool("add_eos_token") ?? false ? [end].compactMap { $0 } : []
        }
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
        chatTemplate = try Self.template(directory, config)
    }

    private static func file(_ directory: String) throws(ModelError) -> TokenizerFile {
        let path = directory + "/tokenizer.json"
        if let octets = try readFile(path, limit: 64 << 20) {
            return try TokenizerFile(octets, subject: path)
        }
        let vocabulary = directory + "/vocab.json"
        guard let octets = try readFile(vocabulary, limit: 64 << 20),
            let merges = try readFile(directory + "/merges.txt", limit: 64 << 20)
        else {
            throw ModelError(
                directory, "has neither tokenizer.json nor vocab.json with merges.txt",
                "load the tokenizer with transformers and save it again (save_pretrained writes tokenizer.json)"
            )
        }
        return try TokenizerFile(vocabulary: octets, merges: merges, subject: vocabulary)
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
