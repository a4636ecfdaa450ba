// all-MiniLM-L6-v2 against an independent reference: ids by the Rust crate `tokenizers`, embeddings by NumPy in double
// precision (Tests/Peers/minilm.py). Skipped where the model has not been downloaded (`make model`).

import TestSupport
import Testing

@testable import NeuronRuntime

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
        #expect(try WordPieceModel.encode(golden.text) == golden.ids)
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
private enum WordPieceModel {
    private static let tokenizer = Result {
        let path = try #require(realModelDirectory) + "/vocab.txt"
        let vocabulary = try #require(try readFile(path, limit: 1 << 24))
        return try WordPieceTokenizer(vocabulary: vocabulary, subject: path)
    }

    static func encode(_ text: String) throws -> [Int32] { try tokenizer.get().encode(text, limit: 256) }
}
