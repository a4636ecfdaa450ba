// The weights of a compiled model, used where they are mapped.

import KernelTemplates
import NeuronArtifact
import NeuronKernels
import SystemIO

/// An artifact's weights, checked against its config.json.
final class ArtifactWeights: Sendable {
    /// The model's sizes with what it was compiled for.
    let configuration: ModelConfiguration

    private let artifact: Artifact
    private let kernels: any Kernels
    private let loaded = Lock<ModelWeights?>(nil)

    /// Chooses the kernels that the matrices are laid out for.
    ///
    /// - Throws: `ModelError` when this CPU has none of that layout, or the header names no type of data.
    init(_ artifact: Artifact, _ configuration: ModelConfiguration) throws(ModelError) {
        let header = artifact.header
        let mend = "compile the model again"
        guard let dataType = DataType(rawValue: header.dataType) else {
            throw ModelError(artifact.path, "has the data type \(header.dataType)", mend)
        }
        guard let longest = header.sequence.last, longest <= configuration.positionCount,
            let batch = header.batch.last
        else { throw ModelError(artifact.path, "takes longer texts than its config.json says", mend) }
        let own = KernelVariant.allCases.last { $0.isSupported && $0.kernels.layoutName == header.layout }
        guard let own else {
            throw ModelError(
                artifact.path, "has matrices laid out as \(header.layout), for another CPU than this",
                "compile the model on a machine with this CPU")
        }
        var configuration = configuration
        configuration.dataType = dataType
        configuration.maximumTokens = min(longest, configuration.maximumTokens)
        configuration.passTokens = Workspace.passTokens(batch: batch, longest: longest)
        self.configuration = configuration
        self.artifact = artifact
        kernels = own.kernels
    }

    /// The weights, mapped.
    ///
    /// - Throws: `ModelError` when the artifact was compiled for another number of cores, or lacks weights.
    func weights(degree: Int) throws(ModelError) -> ModelWeights {
        let cores = artifact.header.cores
        guard degree == cores else {
            throw ModelError(
                artifact.path, "was compiled for \(cores) cores, and its group has \(degree)",
                "set the tensor parallel degree to \(cores), or compile with --cores \(degree)")
        }
        return try loaded.withLock { (loaded: inout ModelWeights?) throws(ModelError) in
            if let loaded { return loaded }
            let weights = try ModelWeights(
                configuration: configuration.ofWeights, degree: degree, kernels: kernels, find: find)
            loaded = weights
            return weights
        }
    }

    private func find(_ name: String, _ count: Int) throws(ModelError) -> FloatBuffer {
        let section = artifact.section("weights/" + name)
        guard let section, section.count == count * MemoryLayout<Float>.stride, let base = section.baseAddress
        else {
            throw ModelError(
                artifact.path,
                "has \(section?.count ?? 0) octets of \(name), where config.json says \(count * 4)",
                "compile the model again")
        }
        // A section begins at a multiple of 64 in a file that is mapped by pages.
        return FloatBuffer(
            borrowing: base.assumingMemoryBound(to: Float.self), count: count, of: artifact)
    }
}
