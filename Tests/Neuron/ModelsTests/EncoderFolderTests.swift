// What folders of the families say besides: sizes under other names, tokenizers of other classes. Each is obeyed, or refused with
// the file, the key and the value.

import JSON
import ModelErrors
import SystemIO
import TestSupport
import Testing

@testable import Models

@Suite("Folders of each family of encoders")
struct EncoderFolderTests {
    private static let distilBERT: JSON = [
        "model_type": "distilbert", "activation": "gelu", "dim": 48, "n_layers": 2, "n_heads": 12,
        "hidden_dim": 96, "vocab_size": 300, "max_position_embeddings": 128,
    ]

    /// The sentence of the error of a folder, without the folder.
    private func refusal(_ folder: ModelFolder, weights: Bool = false) -> String {
        let error = #expect(throws: ModelError.self) {
            let model = try EmbeddingModel(directory: folder.path)
            if weights { _ = try model.weights(degree: 1) }
        }
        guard let sentence = error?.description, let range = sentence.firstRange(of: folder.path + "/")
        else { return error?.description ?? "" }
        return String(sentence[..<range.lowerBound] + sentence[range.upperBound...])
    }

    @Test(
        "DistilBERT's sizes have names of their own, and errors say them",
        arguments: [
            ("activation", "relu", "config.json key activation is \"relu\": use a model with \"gelu\""),
            ("dim", .null, "config.json key dim is missing: give a number from 1 to 16384"),
            ("dim", 49, "config.json key n_heads is 12, which does not divide dim 49"),
            ("n_layers", 0, "config.json key n_layers is 0: give a number from 1 to 256"),
            ("hidden_dim", "96", "config.json key hidden_dim is \"96\""),
        ] as [(String, JSON, String)])
    func distilBERT(key: String, value: JSON, expected: String) throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        var config = Self.distilBERT
        config[key] = value
        try folder.write("config.json", config)
        let found = refusal(folder)
        #expect(found.hasPrefix(expected), "\(found)")
    }

    @Test(
        "a family's own settings are obeyed or refused by name",
        arguments: [
            (
                ["model_type": "electra", "embedding_size": 64],
                "key embedding_size is 64: use a model with at most"
            ),
            (
                ["model_type": "electra", "embedding_size": 0],
                "key embedding_size is 0: give a number from 1"
            ),
            (["model_type": "electra", "hidden_act": "swish"], "key hidden_act is \"swish\""),
            (
                ["model_type": "mpnet", "relative_attention_num_buckets": 64],
                "key relative_attention_num_buckets is 64: use a model with 32"
            ),
            (["model_type": "roberta", "pad_token_id": -1], "key pad_token_id is -1: give a number from 0"),
            (
                ["model_type": "roberta", "pad_token_id": 126],
                "key max_position_embeddings is 128: give at least"
            ),
            (
                ["model_type": "roberta", "position_embedding_type": "relative_key"],
                "key position_embedding_type is \"relative_key\""
            ),
            (["model_type": "roberta", "is_decoder": true], "key is_decoder is true"),
            (
                ["model_type": "deberta-v2"],
                "key model_type is \"deberta-v2\": use a model of bert, camembert"
            ),
            (["model_type": "albert"], "key model_type is \"albert\""),
            (["model_type": "modernbert"], "key model_type is \"modernbert\""),
        ] as [(JSON, String)])
    func settings(change: JSON, expected: String) throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        try folder.edit("config.json") { config in
            for (key, value) in change.object ?? [:] { config[key] = value }
        }
        let found = refusal(folder)
        #expect(found.hasPrefix("config.json " + expected), "\(found)")
    }

    @Test("an adapter beside the weights is refused: it changes them")
    func adapter() throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        try folder.write("adapter_config.json", ["peft_type": "LORA", "r": 8])
        #expect(refusal(folder).hasPrefix("adapter_config.json says that the weights are changed"))
    }

    @Test("a file that is no model is called so")
    func noModel() throws {
        let path = Scratch.path(".gguf")
        try Files.write(path, Array("GGU".utf8))
        let error = #expect(throws: ModelError.self) { try EmbeddingModel(directory: path) }
        #expect(error?.description.hasPrefix(path + " is a file that") == true)
    }

    @Test(
        "weights of another family than config.json says are missed by their own names",
        arguments: [
            ("distilbert", "model.safetensors has no tensor embeddings.word_embeddings.weight"),
            ("mpnet", "model.safetensors has no tensor encoder.relative_attention_bias.weight"),
            ("electra", "model.safetensors tensor embeddings.token_type_embeddings.weight has shape"),
        ])
    func otherWeights(family: String, expected: String) throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        try folder.write("tokenizer_config.json", ["tokenizer_class": "BertTokenizer"])
        try folder.edit("config.json") { config in
            if family == "distilbert" {
                let count = config["vocab_size"]
                config = Self.distilBERT
                config["vocab_size"] = count
            }
            config["model_type"] = .string(family)
            if family == "electra" { config["embedding_size"] = 24 }
        }
        let found = refusal(folder, weights: true)
        let isNamed =
            found.hasPrefix(expected)
            || family == "distilbert" && found.contains("no tensor transformer.layer.0.")
            || family == "electra" && found.contains("has shape")
        #expect(isNamed, "\(found)")
    }

    @Test(
        "a head is computed where no modules.json says otherwise, or refused",
        arguments: [
            ("BertForSequenceClassification", "model.safetensors has no tensor pooler.dense.weight:"),
            ("BertForQuestionAnswering", "model.safetensors has no tensor qa_outputs.weight:"),
            (
                "ElectraForTokenClassification",
                "config.json key architectures is [\"ElectraForTokenClassification\"]: use a model that"
            ),
        ])
    func heads(name: String, refused: String) throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        try folder.edit("config.json") { $0["architectures"] = [.string(name)] }
        // sentence-transformers leaves the head out as well.
        #expect(try EmbeddingModel(directory: folder.path).task == .embedding)
        try Files.remove(folder.path + "/modules.json")
        #expect(refusal(folder).hasPrefix(refused))
        try folder.edit("config.json") { $0["architectures"] = ["BertForMaskedLM"] }
        _ = try EmbeddingModel(directory: folder.path)
    }

    /// Words as whole tokens between marks, for a folder without a class of its own.
    private static let words: JSON = [
        "added_tokens": [["id": 3, "content": "[SEP]", "special": true, "normalized": false]],
        "normalizer": ["type": "Sequence", "normalizers": [["type": "NFKC"], ["type": "Lowercase"]]],
        "pre_tokenizer": ["type": "Whitespace"],
        "post_processor": [
            "type": "TemplateProcessing",
            "single": [
                ["SpecialToken": ["id": "[CLS]", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]],
                ["SpecialToken": ["id": "[SEP]", "type_id": 0]],
            ],
            "special_tokens": ["[CLS]": ["ids": [2]], "[SEP]": ["ids": [3]]],
        ],
        "model": [
            "type": "WordLevel", "unk_token": "[UNK]",
            "vocab": ["[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "core": 4, "chip": 5, "!": 6],
        ],
    ]

    private func wordFolder(_ change: (inout JSON) -> Void = { _ in }) throws -> ModelFolder {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        var json = Self.words
        change(&json)
        try folder.write("tokenizer.json", json)
        try folder.write("tokenizer_config.json", ["tokenizer_class": "PreTrainedTokenizerFast"])
        return folder
    }

    @Test("a folder of no class is what its tokenizer.json says, whatever that is, beside a stray vocab.txt")
    func anyTokenizer() throws {
        let folder = try wordFolder()
        let model = try EmbeddingModel(directory: folder.path)
        #expect(
            model.tokenize("Core \u{ff23}\u{ff28}\u{ff29}\u{ff30}! the[SEP]").ids == [2, 4, 5, 6, 1, 3, 3])
    }

    @Test(
        "what such a file has that is not known is refused by its name",
        arguments: [
            (["normalizer", "type"], "Sequence2", "key normalizer key type is \"Sequence2\""),
            (
                ["pre_tokenizer", "type"], "UnicodeScripts",
                "key pre_tokenizer key type is \"UnicodeScripts\""
            ),
            (
                ["pre_tokenizer"], ["type": "ByteLevel"],
                "key model key type is \"WordLevel\": use a model with BPE"
            ),
            (
                ["pre_tokenizer"],
                ["type": "Split", "pattern": ["Regex": "(a+)+$"], "behavior": "Isolated", "invert": false],
                "key pre_tokenizer key pattern is {\"Regex\":\"(a+)+$\"}"
            ),
            (
                ["pre_tokenizer"], ["type": "Metaspace", "prepend_scheme": "last"],
                "key pre_tokenizer key prepend_scheme is \"last\""
            ),
            (
                ["normalizer"], ["type": "Precompiled", "precompiled_charsmap": "////"],
                "key normalizer key precompiled_charsmap is no map of characters in base 64"
            ),
            (
                ["normalizer"],
                [
                    "type": "Sequence",
                    "normalizers": .array(
                        [JSON](
                            repeating: ["type": "Replace", "pattern": ["String": "a"], "content": "aa"],
                            count: 20)),
                ],
                "key normalizer 12 key type is \"Replace\": use a model whose steps make a text at most 4096"
            ),
            (["post_processor", "special_tokens"], [:], "key post_processor key single is"),
            (["post_processor"], .null, "key post_processor puts 0 tokens around a text of at most 128"),
            (
                ["model", "unk_token"], "[NO]",
                "has no token [NO]: use the vocabulary that belongs to the model"
            ),
            (["model", "extra"], 1, "key model key extra is 1: use a model without it"),
            (["decoder"], ["type": "CTC"], "key decoder key type is \"CTC\""),
            (["model", "vocab", "[UNK]"], 6, "key model.vocab has the number 6 for"),
        ] as [([String], JSON, String)])
    func unknown(path: [String], value: JSON, expected: String) throws {
        let folder = try wordFolder { json in json[path: path] = value.isNull ? nil : value }
        let found = refusal(folder)
        #expect(found.hasPrefix("tokenizer.json " + expected), "\(found)")
    }

    @Test(
        "a tokenizer of another kind than the folder's class is refused",
        arguments: [
            ("XLMRobertaTokenizer", "Unigram"), ("CamembertTokenizerFast", "Unigram"),
            ("RobertaTokenizerFast", "BPE"), ("BertTokenizer", "WordPiece"), ("MPNetTokenizer", "WordPiece"),
        ])
    func otherClass(name: String, model: String) throws {
        let folder = try wordFolder()
        try folder.write("tokenizer_config.json", ["tokenizer_class": .string(name)])
        let found = refusal(folder)
        #expect(
            found.hasPrefix(
                "tokenizer.json key model.type is WordLevel, where the tokenizer's class has \(model)")
                || found.contains("post_processor puts [CLS] and [SEP] around a text"),
            "\(found)")
    }
}
