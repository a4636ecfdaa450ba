// A compiled model computes what its folder computes, and is refused where it does not fit.

import FakeRuntime
import JSON
import KernelTemplates
import ModelErrors
import NeuronArtifact
import NeuronKernels
import NeuronProgram
import SystemIO
import TestSupport
import Testing

@testable import Models

@Suite("Compiled models")
struct CompiledModelTests {
    private static let texts = [
        "", "a ganglion", "what all cores work on", String(repeating: "many words ", count: 99),
    ]

    private func embeddings(_ model: EmbeddingModel, cores: Int) async throws -> [[Float]] {
        let directory = try TemporaryDirectory()
        try directory.addChips(2)
        let group = NeuronCoreGroup(try NeuronDevices(root: directory.path).claim(0..<cores))
        try group.load(model, as: "tiny")
        return try #require(await group.embed(Self.texts.map(model.tokenize), model: "tiny"))
    }

    private func embeddings(ofFolder folder: String, cores: Int) async throws -> [[Float]] {
        let model = try EmbeddingModel(directory: folder)
        return try await embeddings(model, cores: cores)
    }

    private func compile(
        _ folder: String, to output: String, _ change: (inout CompileOptions) -> Void = { _ in }
    ) throws -> EmbeddingModel {
        var options = CompileOptions()
        change(&options)
        _ = try ModelCompiler.compile(directory: folder, to: output, options: options)
        return try ModelStore().model(at: output)
    }

    @Test("in single precision gives the folder's bits, out of one file", arguments: [1, 2, 4])
    func sameBits(cores: Int) async throws {
        let folder = try ModelFolder([
            .pooling("mean"), .dense(48, 24, "torch.nn.modules.activation.Tanh"), .layerNorm(24), .normalize,
        ])
        let directory = try TemporaryDirectory()
        let path = directory.path + "/tiny.ganglion"
        let expected = try await embeddings(ofFolder: folder.path, cores: cores)
        let model = try compile(folder.path, to: path) { $0.cores = cores }
        #expect(model.isCompiled)
        let own = try await embeddings(model, cores: cores)
        #expect(own == expected)
    }

    @Test("as a pipeline gives the bits of one core, with each core's own layers in its memory")
    func pipeline() async throws {
        let directory = try TemporaryDirectory()
        let folder = directory.path + "/model"
        try SyntheticModel(layerCount: 5).write(to: folder)
        let expected = try await embeddings(ofFolder: folder, cores: 1)
        for cores in [1, 2, 4] {
            let model = try compile(folder, to: directory.path + "/pipeline\(cores)") {
                $0.cores = cores
                $0.isPipeline = true
            }
            let own = try await embeddings(model, cores: cores)
            #expect(own == expected)
        }
        let header = try Artifact(path: directory.path + "/pipeline4").header
        let whole = try Artifact(path: directory.path + "/pipeline1").header.memory[0].constants
        #expect(header.memory.reduce(0) { $0 + $1.constants } == whole)
        #expect(header.memory.allSatisfy { $0.constants < whole / 2 })
        #expect(throws: ModelError.self) {
            try compile(folder, to: directory.path + "/no") {
                $0.cores = 6
                $0.isPipeline = true
            }
        }
    }

    @Test("what FP16 cannot hold is refused by its tensor")
    func beyondHalf() {
        let error = #expect(throws: ModelError.self) {
            try DataType.float16.check([1, -65_520], subject: "f tensor w")
        }
        #expect(error?.subject == "f tensor w" && error?.problem.contains("-65520") == true)
        #expect(throws: Never.self) {
            try DataType.float16.check([65_519], subject: "")
            try DataType.bfloat16.check([70_000], subject: "")
        }
    }

    @Test(
        "in two octets a number takes half the memory for its matrices and gives nearly the same",
        arguments: [1, 3], [DataType.bfloat16, .float16])
    func halves(cores: Int, type: DataType) async throws {
        let directory = try TemporaryDirectory()
        let folder = directory.path + "/model"
        try SyntheticModel.write(to: folder)
        let expected = try await embeddings(ofFolder: folder, cores: cores)
        let single = try compile(folder, to: directory.path + "/single") { $0.cores = cores }
        let model = try compile(folder, to: directory.path + "/halves") {
            $0.cores = cores
            $0.dataType = type
        }
        let found = try await embeddings(model, cores: cores)
        for (own, other) in zip(found, expected) {
            #expect(cosine(own, other) > (type == .float16 ? 0.999_99 : 0.999))
            #expect(own != other)
        }
        let matrix = "weights/layers/0/cores/0/expand"
        let whole = try #require(try Artifact(path: single.directory).range(matrix)).count
        #expect(try Artifact(path: model.directory).range(matrix)?.count == whole / 2)
    }

    @Test(
        "for another of this CPU's sets of instructions gives nearly the same", arguments: ModelCompiler.cpus)
    func otherInstructions(cpu: String) async throws {
        let directory = try TemporaryDirectory()
        let folder = directory.path + "/model"
        try SyntheticModel.write(to: folder)
        let expected = try await embeddings(ofFolder: folder, cores: 1)
        let model = try compile(folder, to: directory.path + "/" + cpu) { $0.cpu = cpu }
        let layout = try Artifact(path: model.directory).header.layout
        #expect(layout == KernelVariant(rawValue: cpu)?.kernels.layoutName)
        for (own, other) in zip(try await embeddings(model, cores: 1), expected) {
            #expect(cosine(own, other) > 0.999_999)
        }
    }

    @Test("cuts texts at its longest sequence")
    func sequence() throws {
        let directory = try TemporaryDirectory()
        let folder = directory.path + "/model"
        try SyntheticModel.write(to: folder)
        let model = try compile(folder, to: directory.path + "/m") { $0.sequence = [8, 16] }
        #expect(model.tokenize(Self.texts[3]).ids.count == 16)
        #expect(throws: ModelError.self) {
            try compile(folder, to: directory.path + "/m") { $0.sequence = [8, 60_000] }
        }
    }

    @Test("is refused on a group of another size, and where it would not fit the target")
    func fits() throws {
        let directory = try TemporaryDirectory()
        let folder = directory.path + "/model"
        try SyntheticModel.write(to: folder)
        let model = try compile(folder, to: directory.path + "/m") { $0.cores = 2 }
        #expect(throws: Never.self) { try model.weights(degree: 2) }
        do throws(ModelError) {
            _ = try model.weights(degree: 4)
            Issue.record("four cores take what was compiled for two")
        } catch {
            #expect(error.problem == "was compiled for 2 cores, and its group has 4")
        }
        #expect(throws: ModelError.self) {
            try compile(folder, to: directory.path + "/n") { $0.memoryPerCore = 1000 }
        }
        #expect(!Files.exists(directory.path + "/n"))
        #expect(throws: ModelError.self) { try compile(folder, to: directory.path + "/n") { $0.cores = 5 } }
    }

    @Test("is refused where another CPU's layout, data type or too short weights are in it")
    func foreign() throws {
        let directory = try TemporaryDirectory()
        let folder = directory.path + "/model"
        try SyntheticModel.write(to: folder)
        _ = try compile(folder, to: directory.path + "/m")
        let artifact = try Artifact(path: directory.path + "/m")
        func contents(_ change: (String, [UInt8]) -> [UInt8]?) -> [ArtifactContent] {
            artifact.header.sections.compactMap { section in
                let octets = change(section.name, artifact.section(section.name).map(Array.init) ?? [])
                return octets.map { octets in
                    ArtifactContent(name: section.name, size: octets.count) { octets.withUnsafeBytes($0) }
                }
            }
        }
        func load(_ header: ArtifactHeader, _ contents: [ArtifactContent]) throws {
            let path = directory.path + "/changed"
            try Files.write(path, Artifact.octets(header, contents))
            _ = try ModelStore().model(at: path).weights(degree: 1)
        }
        #expect(throws: Never.self) { try load(artifact.header, contents { $1 }) }
        var other = artifact.header
        other.layout = "panels-1024x1-1"
        #expect(throws: ModelError.self) { try load(other, contents { $1 }) }
        other = artifact.header
        other.dataType = "fp4"
        #expect(throws: ModelError.self) { try load(other, contents { $1 }) }
        other.dataType = "bf16"
        #expect(throws: ModelError.self) { try load(other, contents { $1 }) }
        // Half a vocabulary is one; of the others, half is none.
        let names = ["weights/words", "weights/layers/1/cores/0/output", "files/config.json"]
        for name in names + ["files/vocab.txt"] {
            #expect(throws: ModelError.self) {
                try load(artifact.header, contents { $0 == name ? nil : $1 })
            }
        }
        for name in names {
            #expect(throws: ModelError.self) {
                try load(artifact.header, contents { $0 == name ? Array($1.dropLast($1.count / 2)) : $1 })
            }
        }
    }
}
