// Makes an artifact of a model's folder: what a server would do when it loads the folder, done once. The encoder's
// operators all run on the cores; cutting texts into ids and the pooling are the host's.

import Glibc
import KernelTemplates
import ModelErrors
package import NeuronArtifact
import NeuronKernels
package import NeuronProgram
import SystemIO

/// What to compile a model for.
package struct CompileOptions: Sendable {
    /// NeuronCores of one copy.
    package var cores = 1
    /// Whether each core has layers of its own, where else all cores share every layer.
    package var isPipeline = false
    /// In what its matrices are.
    package var dataType = DataType.float32
    /// Numbers of texts that are computed together, ascending.
    package var batch = [1, 8]
    /// Tokens of a text, ascending; none for as many as the model takes.
    package var sequence: [Int] = []
    /// Whose kernels the matrices are laid out for, one of `ModelCompiler.cpus`.
    package var cpu = KernelVariant.best.rawValue
    /// The chips, by the name of their family.
    package var target = "inf2"
    /// Octets that each core of the target has.
    package var memoryPerCore = Int.max

    /// The defaults.
    package init() {}
}

/// Makes artifacts.
package enum ModelCompiler {
    /// The sets of instructions that can be compiled for here, the slowest first.
    package static var cpus: [String] { KernelVariant.allCases.filter(\.isSupported).map(\.rawValue) }

    /// Compiles a model.
    ///
    /// - Parameters:
    ///   - directory: as sentence-transformers saves it.
    ///   - output: where to write the artifact; what is there is replaced when it is complete.
    /// - Returns: the artifact's header.
    /// - Throws: `ModelError` when the model cannot be used, `cores` cannot share it, or it does not fit the target's cores;
    ///   `SystemError` when the artifact cannot be written.
    package static func compile(
        directory: String, to output: String, options: CompileOptions
    ) throws -> ArtifactHeader {
        let record = ModelFileRecord()
        let headRecord = HeadRecord()
        let model = try ModelFileRecord.$current.withValue(record) {
            try HeadRecord.$current.withValue(headRecord) { try EmbeddingModel(directory: directory) }
        }
        var configuration = model.configuration
        configuration.dataType = options.dataType
        let longest = options.sequence.last ?? configuration.maximumTokens
        guard longest <= configuration.maximumTokens else {
            throw ModelError(
                directory,
                "takes texts of \(configuration.maximumTokens) tokens, where \(longest) are asked for",
                "compile with --sequence \(configuration.maximumTokens)")
        }
        configuration.maximumTokens = longest
        configuration.passTokens = Workspace.passTokens(batch: options.batch.last ?? 1, longest: longest)
        let variant = KernelVariant(rawValue: options.cpu).flatMap { $0.isSupported ? $0 : nil }
        guard !options.isPipeline || options.cores <= configuration.layerCount else {
            throw ModelError(
                directory,
                "has \(configuration.layerCount) layers, where \(options.cores) cores want one each",
                "compile with --pipeline-cores \(configuration.layerCount) or fewer")
        }
        let degree = options.isPipeline ? 1 : options.cores
        let weights = try ModelWeights(
            try TensorFiles(directory: model.transformer), model.family, configuration: configuration,
            degree: degree,
            kernels: (variant ?? .best).kernels)
        let workspace = Workspace(configuration, degree: degree, kernels: weights.kernels)
        let stages = EncoderProgram.stages(layers: configuration.layerCount, cores: options.cores)
        let memory = (0..<options.cores).map { core in
            ArtifactHeader.Memory(
                constants: options.isPipeline
                    ? weights.byteCount(layers: stages[core], isFirst: core == 0)
                    : weights.byteCount(core: core),
                tensors: workspace.bytesPerCore)
        }
        if let most = memory.map({ $0.constants + $0.tensors }).max(), most > options.memoryPerCore {
            throw ModelError(
                directory,
                "needs \(most) octets on a core, where \(options.target) has \(options.memoryPerCore)",
                "compile for more cores, bf16, or smaller --batch and --sequence")
        }
        let operators = configuration.layerCount * 8 + 2
        let header = ArtifactHeader(
            model: lastName(directory), target: options.target, cores: options.cores,
            dataType: options.dataType.rawValue, layout: weights.kernels.layoutName, batch: options.batch,
            sequence: options.sequence.isEmpty ? [longest] : options.sequence, memory: memory,
            operators: (operators, operators))
        let contents =
            try files(record.all.filter { !model.weightsPaths.contains($0) }, below: directory)
            + [
                section(
                    ProgramDescription.section,
                    EncoderProgram.description(of: configuration, isPipeline: options.isPipeline))
            ]
            + headRecord.all.map { name, floats in
                ArtifactContent(name: EmbeddingModel.headSection + name, size: floats.count * 4) { use in
                    floats.withUnsafeBytes(use)
                }
            }
            + weights.named.map { name, floats in
                ArtifactContent(name: "weights/" + name, size: floats.count * MemoryLayout<Float>.stride) {
                    use in
                    use(UnsafeRawBufferPointer(start: floats.pointer, count: floats.count * 4))
                }
            }
        try Files.writeAtomically(output, Artifact.octets(header, contents), mode: 0o644)
        return try Artifact(path: output, verifies: false).header
    }

    private static func files(_ paths: [String], below directory: String) throws -> [ArtifactContent] {
        try paths.map { path in
            section("files/" + path.dropFirst(directory.count + 1), try Files.read(path, limit: 1 << 30))
        }
    }

    private static func section(_ name: String, _ octets: [UInt8]) -> ArtifactContent {
        ArtifactContent(name: name, size: octets.count) { use in octets.withUnsafeBytes(use) }
    }

    private static func lastName(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(String(cString: resolved).split(separator: "/").last ?? "model")
    }
}
