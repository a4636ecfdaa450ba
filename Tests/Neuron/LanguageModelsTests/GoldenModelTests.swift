import FakeRuntime
import GGUF
import JSON
import ModelErrors
import SystemIO
import TestSupport
import Testing
import Tokenizers

@testable import LanguageModels

@Suite("A GGUF file, against numpy")
struct GoldenModelTests {
    struct Golden: Sendable {
        let prompt: [Int32]
        let tokens: [Int32]
        let logarithms: [Float]
    }

    private static let path = Fixtures.root + "/gguf/small-llama.gguf"

    private static func golden() throws -> [Golden] {
        let json = try JSON(parsing: try Files.read(Fixtures.root + "/gguf/small-llama.json"))
        return (json.array ?? []).map { entry in
            func numbers(_ key: String) -> [Int32] {
                (entry[key]?.array ?? []).map { Int32($0.int ?? -1) }
            }
            return Golden(
                prompt: numbers("prompt"), tokens: numbers("tokens"),
                logarithms: (entry["logarithms"]?.array ?? []).map { Float($0.double ?? 0) })
        }
    }

    private static func engine(
        _ model: LanguageModel, degree: Int = 1, precision: MatrixPrecision = .stored
    ) throws -> GenerationEngine {
        var options = ProgramOptions()
        options.cores = degree
        options.precision = precision
        return try GenerationEngine(
            try model.program(options), tokenizer: model.tokenizer,
            on: try NeuronDevices.temporary(cores: degree))
    }

    @Test(
        "the most likely tokens and their probabilities are numpy's", arguments: [1, 2],
        [MatrixPrecision.stored, .float32])
    func tokens(degree: Int, precision: MatrixPrecision) async throws {
        let engine = try Self.engine(try LanguageModel(path: Self.path), degree: degree, precision: precision)
        let cases = try Self.golden()
        #expect(cases.count == 5)
        for golden in cases {
            let written = try await engine.greedy(golden.prompt, golden.tokens.count)
            #expect(written.tokens == golden.tokens)
            #expect(zip(written.logarithms, golden.logarithms).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    @Test("a conversation is written by the model's template, its marks as tokens")
    func conversation() throws {
        let model = try LanguageModel(path: Self.path)
        let prompt = try model.prompt([ConversationMessage(role: "user", content: "Hé<|im_end|>")])
        #expect(prompt.first == 257)
        let text = prompt.map { String(decoding: model.octets(of: $0), as: UTF8.self) }
        #expect(
            model.tokenizer.tokenizer.decode(prompt, skipsSpecial: false)
                == "<|im_start|>user\nHé<|im_end|><|im_end|>\n<|im_start|>assistant\n", "\(text)")
    }

    @Test("a stop text ends the answer before it")
    func stop() async throws {
        let model = try LanguageModel(path: Self.path)
        let engine = try Self.engine(model)
        let prompt = model.prompt("begin")
        var parameters = SamplingParameters()
        parameters.temperature = 0
        parameters.maximumTokens = 40
        parameters.ignoresEnd = true
        func text() async throws -> (String, GeneratedPiece.End?) {
            var (text, end): (String, GeneratedPiece.End?) = ("", nil)
            for try await piece in try await engine.generate(prompt, parameters) {
                text += piece.text
                end = piece.end ?? end
            }
            return (text, end)
        }
        let (whole, reason) = try await text()
        #expect(reason == .length && whole.count > 12)
        let octets = Array(whole.utf8)
        let middle = whole[whole.index(whole.startIndex, offsetBy: 5)...].prefix(3)
        parameters.stop = [String(middle)]
        let (cut, cutReason) = try await text()
        #expect(cutReason == .stop && octets.starts(with: Array(cut.utf8)) && !cut.contains(middle))
    }

    /// The file with keys of some octets, type included, before its own.
    private static func adding(_ keys: [(String, [UInt8])]) throws -> String {
        func little(_ count: Int) -> [UInt8] { (0..<8).map { UInt8(count >> (8 * $0) & 0xff) } }
        func entry(_ key: String, _ value: [UInt8]) -> [UInt8] {
            little(key.utf8.count) + Array(key.utf8) + value
        }
        func text(_ octets: [UInt8]) -> [UInt8] { [8, 0, 0, 0] + little(octets.count) + octets }
        var octets = try Files.read(path, limit: 1 << 20)
        var added = keys.flatMap { entry($0.0, $0.1) }
        // What follows the keys begins at a multiple of 32 and has to stay there.
        let filler = (32 - (added.count + entry("filler", text([])).count) % 32) % 32
        added += entry("filler", text([UInt8](repeating: 0x78, count: filler)))
        octets[16] += UInt8(keys.count + 1)
        octets.insert(contentsOf: added, at: 24)
        let path = Scratch.path(".gguf")
        try Files.writeAtomically(path, octets)
        return path
    }

    private static let two: [UInt8] = [6, 0, 0, 0, 0, 0, 0, 0x40]
    private static let none: [UInt8] = [8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0] + Array("none".utf8)

    @Test(
        "positions are scaled by a factor as llama.cpp reads it",
        arguments: [
            ([("llama.rope.scaling.factor", two)], 2), ([("llama.rope.scale_linear", two)], 2),
            ([("llama.rope.scaling.factor", two), ("llama.rope.scaling.type", none)], 1), ([], 1),
        ] as [([(String, [UInt8])], Float)])
    func scaling(keys: [(String, [UInt8])], factor: Float) throws {
        let plain = try GGUFModel(try GGUFFile(path: Self.path)).frequencies ?? []
        let scaled = try GGUFModel(try GGUFFile(path: try Self.adding(keys))).frequencies ?? []
        #expect(!plain.isEmpty && scaled.map { $0 * factor } == plain)
    }

    @Test(
        "what a file says besides is refused where it is not computed",
        arguments: [
            ("llama.attention.causal", [7, 0, 0, 0, 0], "llama.attention.causal is false, which"),
            ("split.count", [2, 0, 0, 0, 3, 0], "split.count is 3, of which this is one part"),
        ] as [(String, [UInt8], String)])
    func others(key: String, value: [UInt8], problem: String) throws {
        let path = try Self.adding([(key, value)])
        let error = #expect(throws: ModelError.self) { try LanguageModel(path: path) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    }

    @Test("ends of turns are known by their names where a file names another end")
    func ends() throws {
        var octets = try Files.read(Self.path, limit: 1 << 20)
        let key = Array("tokenizer.ggml.eos_token_id".utf8)
        let place = try #require((0..<octets.count - key.count).first { octets[$0...].starts(with: key) })
        octets[place + key.count + 4] = 0
        octets[place + key.count + 5] = 0
        let path = Scratch.path(".gguf")
        try Files.writeAtomically(path, octets)
        let model = try LanguageModel(path: path)
        let named = try #require(model.tokenizer.tokenizer.id(ofAdded: "<|im_end|>"))
        #expect(model.tokenizer.ends == [0, named])
    }

    @Test("what a file says wrongly is refused by its key")
    func keys() throws {
        let octets = try Files.read(Self.path, limit: 1 << 20)
        func refusal(_ key: String, _ change: (inout [UInt8], Int) -> Void) throws -> String {
            var copy = octets
            let name = Array(key.utf8)
            let place = (0..<copy.count - name.count).first { copy[$0...].starts(with: name) }
            // Behind the key stand its type, four octets, and the number.
            change(&copy, (place ?? 0) + name.count + 4)
            let path = Scratch.path(".gguf")
            try Files.writeAtomically(path, copy)
            do {
                _ = try LanguageModel(path: path).program(ProgramOptions())
                return ""
            } catch { return "\(error)".replacing(path, with: "model.gguf") }
        }
        #expect(
            try refusal("llama.attention.head_count_kv") { $0[$1] = 3 }
                .contains("model.gguf: llama.attention.head_count_kv is 3, which does not divide 4"))
        #expect(
            try refusal("llama.block_count") { $0[$1] = 3 }.contains(
                "tensor blk.2.attn_norm.weight is missing"))
        #expect(
            try refusal("llama.block_count") { $0[$1] = 1 }.contains("is one that is not computed"))
        #expect(
            try refusal("llama.feed_forward_length") { $0[$1] = 97 }
                .contains("where its model has 97 rows of 64"))
    }
}
