// Two files of sentence-transformers beside config.json: sentence_bert_config.json, which says how long texts may be, and
// config_sentence_transformers.json, which may put a prompt in front of every text and cut
// every vector.

import JSON
import ModelErrors
import NeuronProgram

/// What sentence-transformers does to texts before the tokenizer has them.
struct TransformerSettings: Equatable {
    /// Ids per text; nil for as many as the tokenizer and the model take.
    var maximumTokens: Int?
    /// Whether texts are lower-cased where the tokenizer does not do it.
    var lowercase = false

    /// The names that the file has had, the first that says something counts.
    private static let names = [
        "bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet",
    ]

    /// Reads the file of a transformer's directory, if there is one.
    ///
    /// - Throws: `ModelError` that names the key and the value that are not obeyed.
    static func read(
        directory: String, for task: EncoderTask
    ) throws(ModelError) -> TransformerSettings {
        for name in Self.names {
            guard let config = try ModelSettings(path: "\(directory)/sentence_\(name)_config.json"),
                !config.keys.isEmpty
            else { continue }
            return try TransformerSettings(config, task)
        }
        return TransformerSettings()
    }

    private init() {}

    private init(_ config: ModelSettings, _ task: EncoderTask) throws(ModelError) {
        // Whether texts are padded makes no difference to a text's own vector.
        let harmless = ["transformer_task", "modality_config", "module_output_name", "unpad_inputs"]
        let empty = [
            "model_args", "model_kwargs", "tokenizer_args", "processor_kwargs", "config_args",
            "config_kwargs",
            "processing_kwargs", "query_length", "document_length", "query_expansion",
            "tokenizer_name_or_path",
        ]
        try config.requireKnown(Set(harmless + empty + ["max_seq_length", "do_lower_case"]))
        for key in empty {
            // Rights to run code of the model's own are taken away by sentence-transformers as well.
            if key.hasSuffix("_args") || key.hasSuffix("_kwargs"), let nested = try config.object(key) {
                try nested.requireEmpty(nested.keys.filter { $0 != "trust_remote_code" })
            } else {
                try config.requireEmpty([key])
            }
        }
        let isPlain = task == .embedding
        try config.require(
            "transformer_task", in: [isPlain ? "feature-extraction" : "sequence-classification"])
        try config.require("module_output_name", in: [isPlain ? "token_embeddings" : "scores"])
        if let text = try config.object("modality_config")?.object("text") {
            try text.require("method", in: ["forward"])
            try text.require("method_output_name", in: [isPlain ? "last_hidden_state" : "logits"])
        }
        maximumTokens = try config.int("max_seq_length", 2...65_536)
        lowercase = try config.bool("do_lower_case") ?? false
    }
}

/// What sentence-transformers does before the first module and after the last.
struct SentenceSettings: Equatable {
    /// What is put in front of every text; empty where the model has no default prompt.
    var prompt = ""
    /// What may be put in front of a text instead, by name.
    var prompts: [String: String] = [:]
    /// How many of a vector's numbers are given, from the first on (Matryoshka); nil for all. They are not scaled anew.
    var keptNumbers: Int?
    /// What a CrossEncoder makes of its logits, by torch's name; nil where the file does not say.
    var activation: String?

    /// Reads the file of a model's directory, if there is one.
    ///
    /// - Throws: `ModelError` when the prompt that is named is not there, or `truncate_dim` is no size.
    init(directory: String) throws(ModelError) {
        let path = directory + "/config_sentence_transformers.json"
        guard let config = try ModelSettings(path: path) else { return }
        keptNumbers = try config.int("truncate_dim", 1...1 << 24)
        activation = try config.string("activation_fn")
        prompts = try Self.prompts(config, path)
        guard let name = try config.string("default_prompt_name") else { return }
        guard let prompt = prompts[name] else {
            throw config.refusal(of: "default_prompt_name", "name one of the file's prompts")
        }
        self.prompt = prompt
    }

    private static func prompts(
        _ config: ModelSettings, _ path: String
    ) throws(ModelError) -> [String: String] {
        guard let list = try config.object("prompts") else { return [:] }
        var prompts: [String: String] = [:]
        for name in list.keys {
            guard let prompt = try list.string(name) else { continue }
            guard prompt.utf8.count <= 65_536 else {
                throw ModelError(
                    "\(path) key prompts", "has a prompt of \(prompt.utf8.count) octets", "give at most 65536"
                )
            }
            prompts[name] = prompt
        }
        return prompts
    }
}
