import FakeRuntime
import JSON
import ModelErrors
import NeuronProgram
import NeuronRuntime
import SystemIO
import TestSupport
import Testing

@testable import Models

@Suite("Models of the BERT family")
struct ModelTests {
    @Test("a synthetic model is the same at every writing")
    func deterministic() throws {
        let directory = try TemporaryDirectory()
        try SyntheticModel.write(to: directory.path + "/a")
        try SyntheticModel.write(to: directory.path + "/b")
        for file in ["/config.json", "/vocab.txt", "/model.safetensors"] {
            #expect(try Files.read(directory.path + "/a" + file) == Files.read(directory.path + "/b" + file))
        }
    }

    @Test("embeddings do not depend on the number of cores beyond rounding", arguments: [1, 2, 3, 4, 6, 12])
    func degrees(cores: Int) async throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(7)
        try SyntheticModel.write(to: directory.path + "/model")
        let devices = try NeuronDevices(root: directory.path)
        let model = try EmbeddingModel(directory: directory.path + "/model")
        let texts = ["", "a ganglion", "what all cores work on", String(repeating: "many words ", count: 99)]
            .map(model.tokenize)
        let alone = NeuronCoreGroup(try devices.claim(13..<14))
        try alone.load(model, as: "tiny")
        let expected = try #require(await alone.embed(texts, model: "tiny"))
        let group = NeuronCoreGroup(try devices.claim(0..<cores))
        try group.load(model, as: "tiny")
        let embeddings = try #require(await group.embed(texts, model: "tiny"))
        for (embedding, other) in zip(embeddings, expected) { #expect(cosine(embedding, other) > 0.999_999) }
        // The same question again gives the same bits, alone or in a batch.
        #expect(await group.embed(texts, model: "tiny") == embeddings)
        #expect(await group.embed([texts[1]], model: "tiny") == [embeddings[1]])
        #expect(group.statistics.texts == 9)
        #expect(await group.embed(texts, model: "other") == nil)
    }

    @Test("a batch of more tokens than one pass takes comes back whole and in order")
    func manyTexts() async throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(1)
        try SyntheticModel.write(to: directory.path + "/model")
        let model = try EmbeddingModel(directory: directory.path + "/model")
        let group = NeuronCoreGroup(try NeuronDevices(root: directory.path).claim(.all))
        try group.load(model, as: "tiny")
        let texts = (0..<100).map { model.tokenize(String(repeating: "core \($0) ", count: $0 % 40)) }
        let together = try #require(await group.embed(texts, model: "tiny"))
        for index in [0, 1, 39, 40, 77, 99] {
            #expect(await group.embed([texts[index]], model: "tiny") == [together[index]])
        }
    }

    @Test("texts come pass by pass, and whoever wants no more of them is heard between two")
    func passes() async throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(1)
        try SyntheticModel.write(to: directory.path + "/model")
        let model = try EmbeddingModel(directory: directory.path + "/model")
        let group = NeuronCoreGroup(try NeuronDevices(root: directory.path).claim(.all))
        try group.load(model, as: "tiny")
        // 128 tokens each, and a pass takes 512.
        let texts = [String](repeating: String(repeating: "core ", count: 200), count: 9)
        for (wanted, expected, isWhole) in [(9, [4, 4, 1], true), (5, [4, 4], false), (1, [4], false)] {
            let before = group.statistics
            let counts = Lock<[Int]>([])
            let result = await group.embed(texts, model: "tiny") { output in
                counts.withLock { counts in
                    counts.append(output.embeddings.count)
                    return counts.reduce(0, +) < wanted
                }
            }
            #expect(result == isWhole)
            #expect(counts.withLock { $0 } == expected)
            #expect(group.statistics.texts - before.texts == expected.reduce(0, +))
            #expect(group.statistics.tokens - before.tokens == 128 * expected.reduce(0, +))
        }
    }

    @Test("memory counts shards once and common weights per core")
    func memory() throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(2)
        try SyntheticModel.write(to: directory.path + "/model")
        let model = try EmbeddingModel(directory: directory.path + "/model")
        let devices = try NeuronDevices(root: directory.path)
        let group = NeuronCoreGroup(try devices.claim(0..<3))
        try group.load(model, as: "tiny")
        let once = group.memory
        #expect(once.allSatisfy { $0.constants > 0 && $0.tensors > 0 })
        let one = try model.weights(degree: 1).byteCount(core: 0)
        #expect(once.reduce(0) { $0 + $1.constants } < 2 * one)
        #expect(once.reduce(0) { $0 + $1.constants } > one)
        // A second model of the same sizes needs its weights, but no second workspace.
        try group.load(model, as: "twin")
        #expect(group.memory.map(\.tensors) == once.map(\.tensors))
        #expect(group.memory.map(\.constants) == once.map { $0.constants * 2 })
    }

    @Test(
        "configurations that cannot be computed are refused",
        arguments: [
            (
                "model_type", "gpt2", " key model_type", "is \"gpt2\"",
                "use a model of bert, camembert, distilbert, electra, mpnet, roberta, xlm-roberta, or one that writes text of "
                    + "gpt2, llama, mistral, qwen2"
            ),
            ("hidden_act", "relu", " key hidden_act", "is \"relu\"", "use a model with \"gelu\""),
            (
                "num_attention_heads", 7, " key num_attention_heads",
                "is 7, which does not divide hidden_size 48", "use the config.json that belongs to the model"
            ),
            ("hidden_size", nil, " key hidden_size", "is missing", "give a number from 1 to 16384"),
            ("vocab_size", -1, " key vocab_size", "is -1", "give a number from 1 to 4000000"),
            ("num_hidden_layers", "6", " key num_hidden_layers", "is \"6\"", "give a number from 1 to 256"),
        ] as [(String, JSON?, String, String, String)])
    func configurations(key: String, value: JSON?, subject: String, problem: String, mend: String) throws {
        let directory = try TemporaryDirectory()
        try SyntheticModel.write(to: directory.path)
        let path = directory.path + "/config.json"
        var config = try JSON(parsing: try Files.read(path))
        config[key] = value
        try Files.write(path, config.serialized())
        #expect(throws: ModelError(path + subject, problem, mend)) {
            try EmbeddingModel(directory: directory.path)
        }
    }

    @Test("a vocabulary without [CLS], or of another model, is refused")
    func vocabularies() throws {
        let directory = try TemporaryDirectory()
        try SyntheticModel.write(to: directory.path)
        let path = directory.path + "/vocab.txt"
        try Files.write(path, Array("[UNK]\n[SEP]\n".utf8))
        #expect(
            throws: ModelError(path, "has no token [CLS]", "use the vocabulary that belongs to the model")
        ) {
            try EmbeddingModel(directory: directory.path)
        }
        let count = SyntheticModel.vocabulary.count
        let longer = SyntheticModel.vocabulary + ["more"]
        try Files.write(path, Array(longer.joined(separator: "\n").utf8))
        #expect(
            throws: ModelError(
                path, "has \(count + 1) tokens, where config.json says \(count)",
                "use the vocabulary that belongs to the model")
        ) { try EmbeddingModel(directory: directory.path) }
    }

    @Test(
        "a model is named by directory, file or file URI",
        arguments: ["/m", "/m/", "file:///m", "file:///m/model.safetensors", "/m/model.safetensors"])
    func places(uri: String) throws {
        #expect(try ModelStore.directory(of: uri) == "/m")
    }

    @Test("other URIs are refused, with what to do")
    func otherPlaces() {
        #expect(
            throws: ModelError(
                "model URI s3://b/m", "has the scheme s3",
                "download the model and name its directory, plain or as file://")
        ) { try ModelStore.directory(of: "s3://b/m") }
        #expect(throws: ModelError("model URI file://m", "has no absolute path", "write file:///DIRECTORY")) {
            try ModelStore.directory(of: "file://m")
        }
    }
}
