// A folder that a server has compiled itself: the sections of an artifact, in memory, without a file around them.

import KernelTemplates
import NeuronArtifact
import NeuronProgram

/// Weights that were cut and packed in this process, as a runtime takes them.
final class MemoryProgram: CompiledProgram {
    let header: ArtifactHeader
    let path: String
    var file: UnsafeRawBufferPointer? { nil }

    private let weights: [String: FloatBuffer]
    private let description: FloatBuffer
    private let descriptionSize: Int

    /// A program for as many cores as the weights are cut for.
    ///
    /// - Parameters:
    ///   - configuration: the model's, with its longest text.
    ///   - path: the folder.
    init(_ weights: ModelWeights, _ configuration: ModelConfiguration, path: String) {
        header = ArtifactHeader(
            model: path, target: "", cores: weights.degree, dataType: configuration.dataType.rawValue,
            layout: weights.kernels.layoutName, batch: [65_536], sequence: [configuration.maximumTokens],
            memory: [], operators: (0, 0))
        self.path = path
        self.weights = Dictionary(
            uniqueKeysWithValues: weights.named.map { ("weights/" + $0.name, $0.floats) })
        let octets = EncoderProgram.description(of: configuration, isPipeline: false)
        description = FloatBuffer(count: octets.count / 4 + 1)
        descriptionSize = octets.count
        UnsafeMutableRawBufferPointer(start: description.pointer, count: octets.count).copyBytes(from: octets)
    }

    func section(_ name: String) -> UnsafeRawBufferPointer? {
        if name == EncoderProgram.section {
            return UnsafeRawBufferPointer(start: description.pointer, count: descriptionSize)
        }
        return weights[name].map {
            UnsafeRawBufferPointer(start: $0.pointer, count: $0.count * MemoryLayout<Float>.stride)
        }
    }
}
