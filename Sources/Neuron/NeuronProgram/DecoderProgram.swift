// A compiled decoder: its sizes stand in the section `program`, its weights in sections `weights/...`, used where they lie.
// What it takes and gives is the same whoever executes it; sequences lie one behind the other, without padding:
//
//     input_ids          int32 [tokens]             the new tokens of each sequence
//     query_lengths      int32 [sequences]          new tokens of each; a zero ends the list
//     context_lengths    int32 [sequences]          tokens that its cache has already
//     wants_logits       int32 [sequences]          1 for a sequence whose logits are wanted, else 0
//     block_tables       int32 [sequences, blocks]  the pages of its cache, in their order
//     key_value_cache/N  uint8 [...]                pages on core N of the group, `pageSize` octets each
//     logits             float32 [sequences, vocabulary]  behind the last new token, a row for each sequence that wants
//                                                   them, in their order

package import KernelTemplates
package import ModelErrors
package import NeuronArtifact
import NeuronKernels
import SystemIO

/// A compiled decoder, checked.
package final class DecoderProgram: Sendable {
    /// Tokens of a page: as wide as the widest register tile, and a multiple of the others.
    package static let pageTokens = 48

    /// The model's sizes, with the longest sequence that it was compiled for.
    package let configuration: DecoderConfiguration
    /// Cores that it was compiled for.
    package let cores: Int
    /// New tokens of one execution.
    package let tokens: Int
    /// Sequences of one execution.
    package let sequences: Int
    /// Pages of the longest sequence.
    package var blocks: Int { (configuration.positionCount + Self.pageTokens - 1) / Self.pageTokens }

    private let program: any CompiledProgram
    private let kernels: any Kernels
    private let loaded = Lock<DecoderWeights?>(nil)

    /// Reads the sizes, and chooses the kernels that the matrices are laid out for.
    ///
    /// - Throws: `ModelError` when the sizes are missing or make no sense, or this CPU has no kernels of that layout.
    package init(_ program: any CompiledProgram) throws(ModelError) {
        let header = program.header
        configuration = try ProgramDescription.decoder(program)
        guard let tokens = header.sequence.last, let sequences = header.batch.last else {
            throw ModelError(program.path, "has no sizes of an execution", "compile the model again")
        }
        kernels = try KernelVariant.kernels(layout: header.layout, of: program.path)
        self.program = program
        self.tokens = tokens
        self.sequences = sequences
        cores = header.cores
    }

    /// The weights, where they lie.
    ///
    /// - Throws: `ModelError` when weights are missing or of another size, or the cores cannot share them.
    package func weights() throws(ModelError) -> DecoderWeights {
        try configuration.check(degree: cores, subject: program.path)
        return try loaded.withLock { (loaded: inout DecoderWeights?) throws(ModelError) in
            if let loaded { return loaded }
            let weights = try DecoderWeights(
                configuration: configuration, degree: cores, kernels: kernels, subject: program.path
            ) { [program] name, count throws(ModelError) in try program.floats("weights/" + name, count) }
            loaded = weights
            return weights
        }
    }

    /// Octets of a page on each core.
    package static func pageSize(
        _ configuration: DecoderConfiguration, degree: Int, kernels: any Kernels
    ) -> Int {
        let (keys, values) = pageCounts(configuration, kernels: kernels)
        return configuration.layerCount * configuration.keyValueHeads(degree: degree) * (keys + values)
            * MemoryLayout<Float>.stride
    }

    /// Floats of the keys and of the values of one head in a page.
    package static func pageCounts(
        _ configuration: DecoderConfiguration, kernels: any Kernels
    ) -> (keys: Int, values: Int) {
        (
            kernels.packedCount(columns: pageTokens, depth: configuration.headSize),
            kernels.packedCount(columns: configuration.headSize, depth: pageTokens)
        )
    }
}

extension CompiledProgram {
    /// A section's floats, where they lie.
    ///
    /// - Returns: nil where there is no such section.
    /// - Throws: `ModelError` where it has another size.
    func floats(_ name: String, _ count: Int) throws(ModelError) -> FloatBuffer? {
        guard let section = section(name) else { return nil }
        guard section.count == count * MemoryLayout<Float>.stride, let base = section.baseAddress else {
            throw ModelError(
                path, "has \(section.count) octets of \(name), where its sizes say \(count * 4)",
                "compile the model again")
        }
        // A section begins at a multiple of 64 in a file that is mapped by pages.
        return FloatBuffer(borrowing: base.assumingMemoryBound(to: Float.self), count: count, of: self)
    }
}

extension KernelVariant {
    /// The kernels of a layout.
    ///
    /// - Throws: `ModelError` where this CPU has none.
    static func kernels(layout: String, of path: String) throws(ModelError) -> any Kernels {
        let own = allCases.last { $0.isSupported && $0.kernels.layoutName == layout }
        guard let own else {
            throw ModelError(
                path, "has matrices laid out as \(layout), for another CPU than this",
                "compile the model on a machine with this CPU")
        }
        return own.kernels
    }
}
