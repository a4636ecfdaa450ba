// all-MiniLM-L6-v2 against an independent reference: ids by the Rust crate `tokenizers`, embeddings by NumPy in double
// precision (Tests/Peers/minilm.py). Skipped where the model has not been downloaded (`make model`).

import FakeRuntime
import JSON
import ModelErrors
import NeuronProgram
import NeuronRuntime
import TestSupport
import Testing
import Tokenizers

@testable import Models

@Suite(
    "all-MiniLM-L6-v2",
    .enabled(if: realModelDirectory != nil, "GANGLION_MODEL_DIR names no directory with the real model"))
struct RealModelTests {
    /// One reading of the files for all tests.
    static let store = ModelStore()

    private func model() throws -> EmbeddingModel {
        try Self.store.model(at: try #require(realModelDirectory))
    }

    @Test("gives the reference's ids", arguments: GoldenText.all)
    func ids(golden: GoldenText) throws {
        #expect(try RealTokenizer.encode(golden.text) == golden.ids)
    }

    @Test("gives the reference's embeddings on any number of cores", arguments: [1, 2, 3, 4, 6, 12])
    func embeddings(cores: Int) async throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(6)
        let devices = try NeuronDevices(root: directory.path)
        let group = NeuronCoreGroup(try devices.claim(0..<cores))
        try group.load(try model(), as: "minilm")
        let texts = GoldenText.all.map { TokenizedText(ids: $0.ids) }
        let embeddings = try #require(await group.embed(texts, model: "minilm"))
        #expect(embeddings.count == texts.count)
        for (golden, embedding) in zip(GoldenText.all, embeddings) {
            #expect(cosine(golden.embedding, embedding) > 0.999_99, "\(golden)")
            let length = embedding.reduce(0) { $0 + $1 * $1 }
            #expect(abs(length - 1) < 1e-5)
        }
    }

    @Test("begins as every other implementation's does")
    func first() async throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(1)
        let group = NeuronCoreGroup(try NeuronDevices(root: directory.path).claim(.all))
        let model = try model()
        try group.load(model, as: "minilm")
        let text = model.tokenize("A ganglion is a cluster of neurons.")
        let embedding = try #require(await group.embed([text], model: "minilm")).first ?? []
        for (value, expected) in zip(embedding, [0.00340, -0.10549, -0.03229, 0.02869] as [Float]) {
            #expect(abs(value - expected) < 1e-5)
        }
    }

    /// The first three numbers that sentence-transformers 6.2.0 gives, and the length of the whole.
    static let heads: [(modules: [ModelFolder.Module], first: [Float], length: Float)] = [
        ([.pooling("mean", 384), .normalize], [0.04393, 0.05893, 0.04818], 1),
        ([.pooling("cls", 384), .normalize], [0.00581, 0.04231, 0.02606], 1),
        ([.pooling(["cls", "mean"], 384), .normalize], [0.00481, 0.03501, 0.02156], 1),
        ([.pooling("max", 384), .normalize], [0.04076, 0.09408, 0.04096], 1),
        ([.pooling("lasttoken", 384), .normalize], [0.05191, 0.01403, 0.03827], 1),
        ([.pooling("weightedmean", 384), .normalize], [0.04991, 0.06673, 0.04896], 1),
        ([.pooling("mean_sqrt_len_tokens", 384), .normalize], [0.04393, 0.05893, 0.04818], 1),
        ([.pooling("mean", 384)], [0.23829, 0.31965, 0.26131], 5.423882),
    ]

    @Test("gives sentence-transformers' vectors for each way of pooling", arguments: 0..<heads.count)
    func pooling(index: Int) async throws {
        let (modules, first, length) = Self.heads[index]
        let directory = try TemporaryDirectory()
        try directory.addChips(1)
        let folder = try ModelFolder(modules, linking: realModelDirectory)
        let group = NeuronCoreGroup(try NeuronDevices(root: directory.path).claim(.all))
        // One reading of the weights for all: each folder has them by a link.
        let model = try Self.store.model(at: folder.path)
        try group.load(model, as: "minilm")
        let text = model.tokenize("The quick brown fox jumps over the lazy dog.")
        let embedding = try #require(await group.embed([text], model: "minilm")).first ?? []
        for (value, expected) in zip(embedding, first) { #expect(abs(value - expected) < 6e-6) }
        #expect(abs(embedding.reduce(0) { $0 + $1 * $1 }.squareRoot() - length) < 1e-5)
    }

    @Test("puts the default prompt in front of a text")
    func prompt() async throws {
        let folder = try ModelFolder(
            [.pooling("mean", 384), .normalize], linking: realModelDirectory)
        try folder.write(
            "config_sentence_transformers.json",
            ["prompts": ["query": "query: ", "document": "passage: "], "default_prompt_name": "query"])
        let directory = try TemporaryDirectory()
        try directory.addChips(1)
        let group = NeuronCoreGroup(try NeuronDevices(root: directory.path).claim(.all))
        let model = try Self.store.model(at: folder.path)
        try group.load(model, as: "minilm")
        let text = model.tokenize("The quick brown fox jumps over the lazy dog.")
        let embedding = try #require(await group.embed([text], model: "minilm")).first ?? []
        for (value, expected) in zip(embedding, [0.04374, 0.05486, 0.05701] as [Float]) {
            #expect(abs(value - expected) < 6e-6)
        }
    }

    @Test("gives as many numbers as the folder says, not scaled anew", arguments: [8, 384, 1_000])
    func truncated(kept: Int) async throws {
        let folder = try ModelFolder([.pooling("mean", 384), .normalize], linking: realModelDirectory)
        try folder.write("config_sentence_transformers.json", ["truncate_dim": JSON(kept)])
        let directory = try TemporaryDirectory()
        try directory.addChips(1)
        let group = NeuronCoreGroup(try NeuronDevices(root: directory.path).claim(.all))
        let model = try Self.store.model(at: folder.path)
        try group.load(model, as: "minilm")
        let text = model.tokenize("The quick brown fox jumps over the lazy dog.")
        let embedding = try #require(await group.embed([text], model: "minilm")).first ?? []
        #expect(embedding.count == min(kept, 384) && model.dimension == min(kept, 384))
        for (value, expected) in zip(embedding, [0.04393, 0.05893, 0.04818] as [Float]) {
            #expect(abs(value - expected) < 6e-6)
        }
    }

    @Test("cannot be shared by 8 or 24 cores, and says what it can", arguments: [5, 8, 24])
    func degrees(cores: Int) throws {
        let directory = try #require(realModelDirectory)
        let expected = ModelError(
            directory + "/model.safetensors",
            "has 12 attention heads and 1536 feed-forward columns, which \(cores) cores cannot share evenly",
            "set the tensor parallel degree to 1, 2, 3, 4, 6 or 12")
        let model = try model()
        #expect(throws: expected) { try model.weights(degree: cores) }
    }
}

/// The real vocabulary with the golden file's limit of 256 ids, read once.
private enum RealTokenizer {
    private static let tokenizer = Result {
        let path = try #require(realModelDirectory) + "/vocab.txt"
        let vocabulary = try #require(try readFile(path, limit: 1 << 24))
        return try Tokenizer(vocabulary: vocabulary, subject: path)
    }

    static func encode(_ text: String) throws -> [Int32] {
        try tokenizer.get().encodeWithMarks(text, count: 256)
    }
}
