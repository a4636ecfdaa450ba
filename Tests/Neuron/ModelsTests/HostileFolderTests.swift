import Glibc
import JSON
import ModelErrors
import NeuronProgram
import SystemIO
import TestSupport
import Testing

@testable import Models

@Suite("Hostile folders of models")
struct HostileFolderTests {
    private static let files = [
        "config.json", "modules.json", "1_Module/config.json", "2_Module/config.json",
        "2_Module/model.safetensors",
        "tokenizer.json", "tokenizer_config.json", "sentence_bert_config.json",
        "config_sentence_transformers.json",
        "special_tokens_map.json",
    ]

    @Test(
        "a pipe in place of a file is refused, not waited for",
        arguments: ["vocab.txt", "model.safetensors", "config.json", "modules.json", "1_Module/config.json"])
    func pipe(file: String) throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        let path = folder.path + "/" + file
        try Files.remove(path)
        try #require(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: ModelError.self) { try EmbeddingModel(directory: folder.path) }
        #expect(error?.description.hasPrefix("\(path) is not a regular file: ") == true)
    }

    @Test(
        "a link that leads to nothing, or to itself, is no absent file",
        arguments: [
            "vocab.txt", "model.safetensors", "config.json", "modules.json", "1_Module/config.json",
            "sentence_bert_config.json",
        ], ["gone", "loop"])
    func link(file: String, target: String) throws {
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        let path = folder.path + "/" + file
        if Files.exists(path) { try Files.remove(path) }
        try #require(symlink(target == "loop" ? path : "/nonexistent/\(target)", path) == 0)
        let error = #expect(throws: ModelError.self) { try EmbeddingModel(directory: folder.path) }
        #expect(
            error?.description.hasPrefix("\(path) is a link that leads to nothing: ") == true,
            "\(String(describing: error))")
    }

    @Test("damage anywhere is an error or harmless, never a trap", arguments: files)
    func damage(file: String) throws {
        let folder = try ModelFolder([.pooling(["mean", "cls"]), .dense(96, 4, nil), .normalize])
        let vocabulary = JSON.object(
            Dictionary(
                SyntheticModel.vocabulary.enumerated().map { ($1, JSON($0)) }, uniquingKeysWith: { $1 }))
        try folder.write(
            "tokenizer.json",
            [
                "added_tokens": [["id": 3, "content": "[SEP]", "normalized": false]],
                "normalizer": ["type": "BertNormalizer"], "pre_tokenizer": ["type": "BertPreTokenizer"],
                "post_processor": ["type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]],
                "model": ["type": "WordPiece", "vocab": vocabulary],
            ])
        try folder.write(
            "tokenizer_config.json",
            [
                "do_lower_case": true, "cls_token": "[CLS]", "model_max_length": 100,
                "added_tokens_decoder": ["2": ["content": "[CLS]"]],
            ])
        try folder.write(
            "sentence_bert_config.json",
            ["max_seq_length": 99, "modality_config": ["text": ["method": "forward"]]])
        try folder.write(
            "config_sentence_transformers.json", ["prompts": ["q": "q: "], "default_prompt_name": "q"])
        try folder.write("special_tokens_map.json", ["sep_token": ["content": "[SEP]", "lstrip": false]])
        _ = try EmbeddingModel(directory: folder.path)
        let whole = try Files.read(folder.path + "/" + file)
        var generator = SeededGenerator(seed: whole.count)
        var loaded = 0
        for round in 0..<60 {
            var octets = whole
            switch round % 3 {
            case 0: octets = Array(octets.prefix(generator.number(0..<whole.count)))
            case 1: octets[generator.number(0..<whole.count)] = UInt8(truncatingIfNeeded: generator.next())
            default:
                // A value of another type in some place.
                let values = [
                    "null", "-1", "1e999", "[]", "{}", "\"\\ud800\"", "99999999999999999999", "true",
                ]
                let colons = octets.indices.filter {
                    octets[$0] == UInt8(ascii: ":") || octets[$0] == UInt8(ascii: "[")
                }
                guard let place = colons.randomElement(using: &generator) else { continue }
                let end = octets[(place + 1)...].firstIndex { [44, 125, 93].contains($0) } ?? octets.count
                octets.replaceSubrange(
                    place + 1..<end, with: Array((values.randomElement(using: &generator) ?? "").utf8))
            }
            try folder.write(file, octets)
            do throws(ModelError) {
                let model = try EmbeddingModel(directory: folder.path)
                #expect(
                    model.tokenize("a [SEP] text").ids.allSatisfy {
                        Int($0) < model.configuration.vocabularySize
                    })
                loaded += 1
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
        #expect(loaded < 60)
    }
}
