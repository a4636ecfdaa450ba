// Encoders of each family against numpy: Tests/Peers/encoder_families.py writes a folder of each, and what texts come to.
// GANGLION_ENCODER_TEXTS is how many texts each gets, 16 where nothing is said.

import FakeRuntime
import Glibc
import JSON
import NeuronProgram
import SystemIO
import TestSupport
import Testing

@testable import Models

@Suite("Encoders of each family against numpy", .timeLimit(.minutes(240)))
struct EncoderFamilyTests {
    private static let count = getenv("GANGLION_ENCODER_TEXTS").flatMap { Int(String(cString: $0)) } ?? 16

    private struct Folders: Sendable {
        let directory: TemporaryDirectory
        let texts: [String]
        let cases: [String: (ids: [[Int32]], vectors: [[Float]])]
    }

    private static let folders = Task<Folders, any Error> {
        let directory = try TemporaryDirectory()
        let peer = try PythonPeer("encoder_families.py", [directory.path, String(count)])
        _ = try await peer.text()
        #expect(await peer.finish() == .exited(0))
        let json = try JSON(parsing: try Files.read(directory.path + "/cases.json", limit: 1 << 30))
        var cases: [String: (ids: [[Int32]], vectors: [[Float]])] = [:]
        for entry in json["cases"]?.array ?? [] {
            func rows(_ key: String) -> [[JSON]] { (entry[key]?.array ?? []).map { $0.array ?? [] } }
            cases[entry["case"]?.string ?? ""] = (
                rows("ids").map { $0.compactMap { $0.int.flatMap(Int32.init(exactly:)) } },
                rows("vectors").map { $0.compactMap { $0.double.map(Float.init) } }
            )
        }
        return Folders(
            directory: directory, texts: (json["texts"]?.array ?? []).compactMap(\.string), cases: cases)
    }

    private static let names = [
        "minilm", "bert-tensorflow", "electra", "distilbert", "roberta", "xlm-roberta",
        "xlm-roberta-divided", "camembert", "multilingual-minilm", "mpnet", "mpnet-prefixed",
    ]

    @Test("texts have the ids and the vectors that they have elsewhere", arguments: names)
    func singlePrecision(name: String) async throws {
        let folders = try await Self.folders.value
        let model = try ModelStore().model(at: folders.directory.path + "/" + name)
        for cores in [1, 4] { try await compare(model, cores: cores, with: name, closest: 0.999_99) }
    }

    @Test("compiled, also in BF16 and a layer a core, they have nearly the same", arguments: names)
    func compiled(name: String) async throws {
        let folders = try await Self.folders.value
        for (type, isPipeline, closest) in [
            (DataType.bfloat16, false, Float(0.999)), (.float32, true, 0.999_99),
        ] {
            var options = CompileOptions()
            options.cores = 2
            options.isPipeline = isPipeline
            options.dataType = type
            let path = folders.directory.path + "/\(name)-\(type.rawValue)"
            _ = try ModelCompiler.compile(
                directory: folders.directory.path + "/" + name, to: path, options: options)
            let model = try ModelStore().model(at: path)
            try await compare(model, cores: 2, with: name, closest: closest)
        }
    }

    private func compare(
        _ model: EmbeddingModel, cores: Int, with name: String, closest: Float
    ) async throws {
        let folders = try await Self.folders.value
        let expected = try #require(folders.cases[name])
        #expect(expected.ids.count == Self.count && expected.vectors.count == Self.count)
        let texts = folders.texts.map(model.tokenize)
        for (text, ids) in zip(texts, expected.ids) { #expect(text.ids == ids) }
        let directory = try TemporaryDirectory()
        try directory.addChips(2)
        let claim = try NeuronDevices(root: directory.path).claim(0..<cores)
        let group = NeuronCoreGroup(claim)
        try group.load(model, as: "model")
        let vectors = try #require(await group.embed(texts, model: "model"))
        for (vector, right) in zip(vectors, expected.vectors) {
            try #require(vector.count == right.count)
            let (own, other) = (vector.map(Double.init), right.map(Double.init))
            func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
            let lengths = (product(own, own).squareRoot(), product(other, other).squareRoot())
            let cosine = product(own, other) / (lengths.0 * lengths.1)
            #expect(cosine >= Double(closest), "\(name) on \(cores) cores")
            #expect(abs(lengths.0 / lengths.1 - 1) < (1 - Double(closest)) * 10 + 1e-5)
        }
    }
}
