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
            ("llama", "tie_word_embeddings", .bool(true), ""),
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
        let source = try await Self.folders.value.directory.path + "/" + name
        let directory = try TemporaryDirectory()
        for file in try Files.list(source) {
            try Files.write(directory.path + "/" + file, try Files.read(source + "/" + file))
        }
        var config = try JSON(parsing: try Files.read(source + "/config.json"))
        config[key] = value
        try Files.write(directory.path + "/config.json", config.serialized())
        do throws(ModelError) {
            _ = try LanguageModel(path: directory.path).program(ProgramOptions())
            #expect(problem.isEmpty)
        } catch {
            #expect(!problem.isEmpty && "\(error)".contains(problem), "\(error)")
        }
    }
}
