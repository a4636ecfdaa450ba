// Decoders in folders, and artifacts of them, against numpy: Tests/Peers/decoder_folders.py writes folders and what follows prompts.

import FakeRuntime
import JSON
import ModelErrors
import NeuronArtifact
import NeuronProgram
import SystemIO
import TestSupport
import Testing
import Tokenizers

@testable import LanguageModels

@Suite(
    "Decoders in folders, against numpy",
    .enabled(if: Python.has("tokenizers"), "there is no Python with tokenizers"))
struct FolderModelTests {
    private struct Folders: Sendable {
        let directory: TemporaryDirectory
        let cases: [JSON]
    }

    private static let folders = Task<Folders, any Error> {
        let directory = try TemporaryDirectory()
        let peer = try PythonPeer("decoder_folders.py", [directory.path])
        _ = try await peer.text()
        #expect(await peer.finish() == .exited(0))
        let json = try JSON(parsing: try Files.read(directory.path + "/cases.json", limit: 1 << 26))
        return Folders(directory: directory, cases: json.array ?? [])
    }

    private static let names = ["llama", "llama-v5", "llama-bare", "qwen2", "gpt2", "gpt2-bare"]

    private func compare(_ path: String, with name: String, degree: Int) async throws {
        let folders = try await Self.folders.value
        let model = try LanguageModel(path: path)
        var options = ProgramOptions()
        options.cores = degree
        let engine = try GenerationEngine(
            try model.program(options), tokenizer: model.tokenizer,
            on: try NeuronDevices.temporary(cores: degree))
        let cases = folders.cases.filter { $0["case"]?.string == name }
        #expect(cases.count == 3)
        for entry in cases {
            func numbers(_ key: String) -> [Int32] {
                (entry[key]?.array ?? []).map { Int32($0.int ?? -1) }
            }
            let prompt = model.prompt(entry["text"]?.string ?? "")
            #expect(prompt == numbers("prompt"))
            // What ends a text by generation_config.json is not written on.
            let tokens = numbers("tokens")
            let written = try await engine.greedy(prompt, tokens.count)
            let end = tokens.firstIndex { model.tokenizer.ends.contains($0) } ?? tokens.count
            #expect(written.tokens.prefix(end) == tokens.prefix(end))
            let logarithms = (entry["logarithms"]?.array ?? []).map { Float($0.double ?? 0) }
            #expect(zip(written.logarithms.prefix(end), logarithms).allSatisfy { abs($0 - $1) < 1e-3 })
        }
    }

    @Test("the most likely tokens and their probabilities are numpy's", arguments: names, [1, 2])
    func folders(name: String, degree: Int) async throws {
        let path = try await Self.folders.value.directory.path + "/" + name
        try await compare(path, with: name, degree: degree)
    }

    @Test("compiled, they are the same and say so", arguments: ["llama", "qwen2", "gpt2"])
    func compiled(name: String) async throws {
        let directory = try await Self.folders.value.directory.path
        let output = directory + "/\(name)-2.ganglion"
        var options = ProgramOptions()
        options.cores = 2
        options.positions = 96
        options.sequences = 4
        let header = try LanguageModel.compile(
            path: directory + "/" + name, to: output, options: options, target: "inf2",
            memoryPerCore: 1 << 34)
        #expect(header.cores == 2 && header.batch == [4] && header.memory.count == 2)
        #expect(LanguageModel.path(of: "file://" + output) == output)
        let model = try LanguageModel(path: output)
        #expect(model.configuration.positionCount == 96 && model.template != nil)
        try await compare(output, with: name, degree: 2)
        #expect(throws: ModelError.self) { try model.program(ProgramOptions()) }
        #expect(throws: ModelError.self) {
            try LanguageModel.compile(
                path: output, to: output, options: options, target: "inf2", memoryPerCore: 1 << 34)
        }
        #expect(throws: ModelError.self) {
            try LanguageModel.compile(
                path: directory + "/" + name, to: output, options: options, target: "inf2",
                memoryPerCore: 1_000)
        }
    }

    @Test("a GGUF file, compiled, has the same tokenizer, template and answers")
    func compiledGGUF() async throws {
        let directory = try TemporaryDirectory()
        let path = Fixtures.root + "/gguf/small-llama.gguf"
        let output = directory.path + "/small.ganglion"
        _ = try LanguageModel.compile(
            path: path, to: output, options: ProgramOptions(), target: "trn1", memoryPerCore: 1 << 34)
        let (plain, compiled) = (try LanguageModel(path: path), try LanguageModel(path: output))
        let messages = [ConversationMessage(role: "user", content: "the thing")]
        let prompt = try plain.prompt(messages)
        #expect(try compiled.prompt(messages) == prompt)
        #expect(compiled.tokenizer.ends == plain.tokenizer.ends)
        var written: [[Int32]] = []
        for model in [plain, compiled] {
            let engine = try GenerationEngine(
                try model.program(ProgramOptions()), tokenizer: model.tokenizer,
                on: try NeuronDevices.temporary(cores: 1))
            written.append(try await engine.greedy(prompt, 20).tokens)
        }
        #expect(written[0] == written[1] && !written[0].isEmpty)
    }

    @Test("templates, ends and marks come from the folder's files")
    func marks() async throws {
        let directory = try await Self.folders.value.directory.path
        for name in Self.names {
            let model = try LanguageModel(path: directory + "/" + name)
            #expect(model.tokenizer.begin == 0 && model.tokenizer.prefix == [0])
            #expect(Set(model.tokenizer.ends) == [1, 2])
            let prompt = try model.prompt([ConversationMessage(role: "user", content: "the x")])
            #expect(prompt.first == 3 && prompt.contains(2))
        }
    }

    /// A case's folder with one of its files changed.
    private func copy(
        _ name: String, _ changed: String, _ change: (inout JSON) -> Void
    ) async throws -> TemporaryDirectory {
        let source = try await Self.folders.value.directory.path + "/" + name
        let directory = try TemporaryDirectory()
        for file in try Files.list(source) {
            try Files.write(directory.path + "/" + file, try Files.read(source + "/" + file))
        }
        var json = try JSON(parsing: try Files.read(source + "/" + changed))
        change(&json)
        try Files.write(directory.path + "/" + changed, json.serialized())
        return directory
    }

    @Test(
        "a window counts where it is shorter than the longest text, and is 4096 where nobody says",
        arguments: [
            (200, 200, nil), (200, .null, nil), (200, nil, nil), (200, 64, "sliding_window is 64"),
            (5_000, .null, nil), (5_000, nil, "sliding_window is missing"),
        ] as [(Int, JSON?, String?)])
    func window(positions: Int, window: JSON?, problem: String?) async throws {
        let directory = try await copy("llama", "config.json") { config in
            config["model_type"] = "mistral"
            config["max_position_embeddings"] = JSON(positions)
            if let window { config["sliding_window"] = window }
        }
        do throws(ModelError) {
            _ = try LanguageModel(path: directory.path)
            #expect(problem == nil)
        } catch {
            #expect(problem.map { "\(error)".contains($0) } == true, "\(error)")
        }
    }

    @Test("a template's tokens are those that the tokenizer's files name, whatever else ends a text")
    func templateTokens() async throws {
        let template =
            "{% if tools is not none or documents is not none %}no{% endif %}{{ bos_token }}{{ pad_token }}{{ messages[0].content }}{{ eos_token }}"
        let messages = [ConversationMessage(role: "user", content: "x")]
        func prompt(_ names: JSON) async throws -> [Int32] {
            let directory = try await copy("qwen2", "tokenizer_config.json") { config in
                config = names
                config["tokenizer_class"] = "PreTrainedTokenizerFast"
                config["chat_template"] = .string(template)
            }
            // The first of these is another mark.
            try Files.write(
                directory.path + "/generation_config.json",
                JSON.object(["eos_token_id": [2, 1]]).serialized())
            return try LanguageModel(path: directory.path).prompt(messages)
        }
        let text = try await prompt([:])
        #expect(text.count == 1)
        #expect(
            try await prompt([
                "bos_token": "<s>", "eos_token": ["content": "</s>"], "pad_token": "<|im_start|>",
            ]) == [0, 3] + text + [1])
        #expect(try await prompt(["eos_token": "<|im_end|>"]) == text + [2])
    }

    @Test("a token that only another file than tokenizer.json has is found by its number there")
    func laterTokens() async throws {
        let count =
            try JSON(
                parsing: try Files.read(
                    try await Self.folders.value.directory.path + "/llama/config.json"))["vocab_size"]?.int
            ?? 0
        // The model has rows for what its vocabulary has: the last of these is given another text.
        let directory = try await copy("llama", "tokenizer.json") { file in
            guard var model = file["model"], let vocabulary = model["vocab"]?.object else { return }
            model["vocab"] = .object(vocabulary.filter { $0.value.int != count - 1 })
            model["merges"] = .array(Array((model["merges"]?.array ?? []).dropLast()))
            file["model"] = model
        }
        let later: JSON = ["\(count - 1)": ["content": "<pad>", "special": true]]
        try Files.write(
            directory.path + "/tokenizer_config.json",
            JSON.object([
                "added_tokens_decoder": later, "pad_token": "<pad>",
                "extra_special_tokens": ["kind": "<pad>"],
            ]).serialized())
        let model = try LanguageModel(path: directory.path)
        #expect(model.prompt("x<pad>").last.map(Int.init) == count - 1)
        #expect(model.tokenizer.names?["pad_token"] == "<pad>")
    }

    @Test("a template is told who says a message, where somebody is named")
    func speakers() async throws {
        let directory = try await copy("qwen2", "tokenizer_config.json") {
            $0["chat_template"] =
                "{% for m in messages %}{{ m.name if m.name is defined else '-' }}{% endfor %}"
        }
        let model = try LanguageModel(path: directory.path)
        let messages = [
            ConversationMessage(role: "user", content: "x", name: "ab"),
            ConversationMessage(role: "user", content: "x"),
        ]
        #expect(try model.prompt(messages) == model.tokenizer.tokenizer.encode("ab-"))
    }

    @Test("GPT-2's two files have its marks, and are not cut as another class cuts")
    func twoFiles() async throws {
        func model(_ name: String, _ tokenizer: JSON) async throws -> LanguageModel {
            let directory = try await copy(name, "tokenizer_config.json") { $0 = tokenizer }
            let file = try JSON(parsing: try Files.read(directory.path + "/tokenizer.json"))
            let vocabulary = file["model"]?["vocab"] ?? .null
            try Files.write(directory.path + "/vocab.json", vocabulary.serialized())
            try Files.write(directory.path + "/merges.txt", Array("#version: 0.2\nt h\nth e\n".utf8))
            try Files.remove(directory.path + "/tokenizer.json")
            return try LanguageModel(path: directory.path)
        }
        let marks: JSON = ["bos_token": "<s>", "eos_token": "</s>", "unk_token": "</s>"]
        let plain = try await model("gpt2", marks)
        #expect(plain.prompt("the</s>the") == plain.prompt("the") + [1] + plain.prompt("the"))
        var marking = marks
        marking["add_bos_token"] = true
        #expect(try await model("gpt2", marking).prompt("the") == [0] + plain.prompt("the"))
        var other = marks
        other["tokenizer_class"] = "Qwen2Tokenizer"
        let error = await #expect(throws: ModelError.self) { try await model("qwen2", other) }
        #expect(error?.description.contains("whose texts Qwen2Tokenizer cuts in a way of its own") == true)
    }

    @Test(
        "files beside tokenizer.json that say otherwise are refused, and their tokens are found in texts",
        arguments: [
            (["split_special_tokens": true], "split_special_tokens is true"),
            (["additional_special_tokens": ["<other>"]], "additional_special_tokens is"),
            (["tokenizer_class": "GPT2TokenizerFast", "add_prefix_space": true], "add_prefix_space is true"),
            (["tokenizer_class": "LlamaTokenizerFast", "add_bos_token": false], "add_bos_token is false"),
            (["pad_token": "<pad>"], "pad_token is <pad>, which is no token"),
            (["added_tokens_decoder": ["7": ["content": "</s>"]]], "key 7 is"),
            (["eos_token": "the"], nil),
        ] as [(JSON, String?)])
    func otherFiles(tokenizer: JSON, problem: String?) async throws {
        let directory = try await copy("llama", "tokenizer_config.json") { $0 = tokenizer }
        do throws(ModelError) {
            let model = try LanguageModel(path: directory.path)
            #expect(problem == nil)
            // As a mark it needs no word of its own.
            #expect(model.prompt("xthex").suffix(2).first == model.tokenizer.ends.last)
        } catch {
            #expect(problem.map { "\(error)".contains($0) } == true, "\(error)")
        }
    }

    @Test(
        "what is not computed is refused by its key and value",
        arguments: [
            ("llama", "hidden_act", JSON("gelu"), "hidden_act is \"gelu\""),
            ("llama", "rope_scaling", ["rope_type": "yarn", "factor": 2], "rope_type is \"yarn\""),
            ("llama", "rope_scaling", ["type": "dynamic", "factor": 2], "type is \"dynamic\""),
            ("llama", "model_type", "mixtral", "model_type is \"mixtral\""),
            ("llama", "quantization_config", ["bits": 4], "quantization_config is"),
            ("llama", "num_key_value_heads", 3, "num_key_value_heads is 3"),
            ("llama", "num_hidden_layers", 1, "model.layers.1."),
            ("llama", "num_hidden_layers", 3, "model.layers.2."),
            (
                "llama", "tie_word_embeddings", .bool(true),
                "tensor lm_head.weight is another than model.embed_tokens.weight"
            ),
            ("llama", "attention_bias", .bool(true), "layers.0.self_attn.q_proj.bias is missing"),
            ("qwen2", "model_type", "llama", "layers.0.self_attn.q_proj.bias is there"),
            ("llama", "model_type", "qwen2", "layers.0.self_attn.q_proj.bias is missing"),
            ("llama", "mlp_bias", .bool(true), "mlp_bias is true"),
            ("llama", "layer_types", ["full_attention", "sliding_attention"], "layer_types is"),
            ("llama", "rope_parameters", ["rope_type": "default"], "rope_scaling is"),
            (
                "llama-v5", "rope_parameters",
                ["rope_type": "linear", "factor": 2, "partial_rotary_factor": 0.5],
                "partial_rotary_factor is 0.5"
            ),
            (
                "llama-v5", "rope_parameters", ["full_attention": ["rope_theta": 1_000]],
                "key full_attention is"
            ),
            ("llama", "model_type", "mistral", ""),
            ("qwen2", "use_sliding_window", .bool(true), "use_sliding_window is true"),
            ("gpt2", "activation_function", "relu", "activation_function is \"relu\""),
            (
                "gpt2", "scale_attn_by_inverse_layer_idx", .bool(true),
                "scale_attn_by_inverse_layer_idx is true"
            ),
            ("gpt2", "tie_word_embeddings", .bool(false), "tie_word_embeddings is false"),
        ] as [(String, String, JSON, String)])
    func refusals(name: String, key: String, value: JSON, problem: String) async throws {
        let directory = try await copy(name, "config.json") { $0[key] = value }
        do throws(ModelError) {
            _ = try LanguageModel(path: directory.path).program(ProgramOptions())
            #expect(problem.isEmpty)
        } catch {
            #expect(!problem.isEmpty && "\(error)".contains(problem), "\(error)")
        }
    }
}
