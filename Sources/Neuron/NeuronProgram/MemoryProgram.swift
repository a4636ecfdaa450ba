// A model that a process has compiled itself: the sections of an artifact, in memory, without a file around them.

internal import KernelTemplates
package import NeuronArtifact

/// Weights that were cut and packed in this process, as a runtime takes them.
package final class MemoryProgram: CompiledProgram {
    package let header: ArtifactHeader
    package let path: String
    package var file: UnsafeRawBufferPointer? { nil }

    private let weights: [String: FloatBuffer]
    private let description: FloatBuffer
    private let descriptionSize: Int

    /// A program of sections.
    ///
    /// - Parameters:
    ///   - path: where the model came from.
    ///   - description: the section `program`.
    ///   - weights: by the names that an artifact has them under.
    package init(
        _ header: ArtifactHeader, path: String, description octets: [UInt8],
        weights: [(name: String, floats: FloatBuffer)]
    ) {
        self.header = header
        self.path = path
        self.weights = Dictionary(uniqueKeysWithValues: weights.map { ("weights/" + $0.name, $0.floats) })
        description = FloatBuffer(count: octets.count / 4 + 1)
        descriptionSize = octets.count
        UnsafeMutableRawBufferPointer(start: description.pointer, count: octets.count).copyBytes(from: octets)
    }

    /// An encoder for as many cores as the weights are cut for.
    ///
    /// - Parameters:
    ///   - configuration: the model's, with its longest text.
    ///   - path: the folder.
    package convenience init(_ weights: ModelWeights, _ configuration: ModelConfiguration, path: String) {
        let header = ArtifactHeader(
            model: path, target: "", cores: weights.degree, dataType: configuration.dataType.rawValue,
            layout: weights.kernels.layoutName, batch: [65_536], sequence: [configuration.maximumTokens],
            memory: [], operators: (0, 0))
        self.init(
            header, path: path,
            description: EncoderProgram.description(of: configuration, isPipeline: false),
            weights: weights.named)
    }

    /// A decoder for as many cores as the weights are cut for.
    ///
    /// - Parameters:
    ///   - tokens: new tokens of an execution.
    ///   - sequences: that they are of.
    ///   - path: the file or folder.
    package convenience init(_ weights: DecoderWeights, tokens: Int, sequences: Int, path: String) {
        let header = ArtifactHeader(
            model: path, target: "", cores: weights.degree, dataType: DataType.float32.rawValue,
            layout: weights.kernels.layoutName, batch: [sequences], sequence: [tokens], memory: [],
            operators: (0, 0))
        self.init(
            header, path: path, description: ProgramDescription.octets(weights.configuration),
            weights: weights.named)
    }

    package func section(_ name: String) -> UnsafeRawBufferPointer? {
        if name == ProgramDescription.section {
            return UnsafeRawBufferPointer(start: description.pointer, count: descriptionSize)
        }
        return weights[name].map {
            UnsafeRawBufferPointer(start: $0.pointer, count: $0.count * MemoryLayout<Float>.stride)
        }
    }
}
