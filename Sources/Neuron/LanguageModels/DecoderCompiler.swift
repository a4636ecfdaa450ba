// Makes an artifact of a language model: its weights cut, packed and laid out for the kernels, so that a server maps them, and
// what its tokenizer needs.

import GGUF
import KernelTemplates
import ModelErrors
import Models
package import NeuronArtifact
import NeuronKernels
import NeuronProgram
import SystemIO

extension LanguageModel {
    /// Compiles a model.
    ///
    /// - Parameters:
    ///   - output: where to write the artifact; what is there is replaced when it is complete.
    ///   - options: `positions` is the longest sequence, `sequences` how many are computed together.
    ///   - target: the chips, by the name of their family.
    ///   - memoryPerCore: octets that each core of the target has.
    /// - Returns: the artifact's header.
    /// - Throws: `ModelError` when the model cannot be used, `cores` cannot share it, or it does not fit the target's cores;
    ///   `SystemError` when the artifact cannot be written.
    package static func compile(
        path: String, to output: String, options: ProgramOptions, target: String, memoryPerCore: Int
    ) throws -> ArtifactHeader {
        let record = ModelFileRecord()
        let model = try ModelFileRecord.$current.withValue(record) { try LanguageModel(path: path) }
        if case .artifact = model.source {
            throw ModelError(
                path, "is compiled already", "name the GGUF file or the folder that it was made of")
        }
        let sizes = try model.sizes(options)
        let weights = try model.source.weights(sizes, options) { _ in }
        let workspace = DecoderWorkspace(
            sizes, tokens: max(options.tokens, options.sequences), sequences: options.sequences,
            degree: options.cores, threads: 1, kernels: weights.kernels)
        let memory = (0..<options.cores).map { core in
            ArtifactHeader.Memory(
                constants: weights.byteCount(core: core), tensors: workspace.bytesPerCore)
        }
        if let most = memory.map({ $0.constants + $0.tensors }).max(), most > memoryPerCore {
            throw ModelError(
                path,
                "needs \(most) octets on a core without its cache, where \(target) has \(memoryPerCore)",
                "compile for more cores, or bf16")
        }
        // Norms, products, turns, attention and the middle of each layer; words, the last norm, logits.
        let operators = sizes.layerCount * 12 + 3
        let header = ArtifactHeader(
            model: path.split(separator: "/").last.map(String.init) ?? path, target: target,
            cores: options.cores,
            dataType: options.precision == .stored ? "stored" : options.precision.rawValue,
            layout: weights.kernels.layoutName, batch: [options.sequences],
            sequence: [max(options.tokens, options.sequences)], memory: memory,
            operators: (operators, operators))
        var contents: [ArtifactContent] = []
        if case .gguf(let file, _, _) = model.source {
            contents.append(section(DecoderSource.keysSection, try file.keysAlone()))
        } else {
            for file in record.all where !file.hasSuffix(".safetensors") && !file.hasSuffix(".index.json") {
                contents.append(
                    section("files/" + file.dropFirst(path.count + 1), try Files.read(file, limit: 1 << 30)))
            }
        }
        contents.append(section(ProgramDescription.section, ProgramDescription.octets(sizes)))
        contents += weights.named.map { name, floats in
            ArtifactContent(name: "weights/" + name, size: floats.count * MemoryLayout<Float>.stride) { use in
                use(UnsafeRawBufferPointer(start: floats.pointer, count: floats.count * 4))
            }
        }
        try Files.writeAtomically(output, Artifact.octets(header, contents), mode: 0o644)
        return try Artifact(path: output, verifies: false).header
    }

    private static func section(_ name: String, _ octets: [UInt8]) -> ArtifactContent {
        ArtifactContent(name: name, size: octets.count) { use in octets.withUnsafeBytes(use) }
    }
}
