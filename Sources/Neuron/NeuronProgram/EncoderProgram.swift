// A compiled encoder: its sizes stand in the section `program`, its weights in sections `weights/...`, used where they lie.
// What it takes and gives is the same whoever executes it:
//
//     input_ids          int32 [tokens]            the ids of the texts one behind the other, without padding
//     text_lengths       int32 [tokens]            tokens of each text; a zero ends the list
//     token_type_ids     int32 [tokens]            the type of each id, where the model has more than one
//     last_hidden_state  float32 [tokens, hidden]  a row for each token

import JSON
import KernelTemplates
package import ModelErrors
package import NeuronArtifact
import NeuronKernels
import SystemIO

/// A compiled encoder, checked.
package final class EncoderProgram: Sendable {
    /// The model's sizes with what it was compiled for.
    package let configuration: ModelConfiguration
    /// Cores that it was compiled for.
    package let cores: Int
    /// The layers of each core, one after the other; nil where all cores share every layer.
    package let stages: [Range<Int>]?
    /// Tokens of one execution.
    package let capacity: Int

    private let program: any CompiledProgram
    private let kernels: any Kernels
    private let loaded = Lock<ModelWeights?>(nil)

    /// Reads the sizes, and chooses the kernels that the matrices are laid out for.
    ///
    /// - Throws: `ModelError` when the sizes are missing or make no sense, this CPU has no kernels of that layout, or the
    ///   header names no type of data.
    package init(_ program: any CompiledProgram) throws(ModelError) {
        let header = program.header
        let mend = "compile the model again"
        guard let dataType = DataType(rawValue: header.dataType) else {
            throw ModelError(program.path, "has the data type \(header.dataType)", mend)
        }
        var (configuration, isPipeline) = try Self.description(program)
        guard let longest = header.sequence.last, longest <= configuration.longestText,
            let batch = header.batch.last
        else { throw ModelError(program.path, "takes longer texts than its model", mend) }
        configuration.dataType = dataType
        configuration.maximumTokens = longest
        configuration.passTokens = Workspace.passTokens(batch: batch, longest: longest)
        guard isPipeline ? header.cores <= configuration.layerCount : true else {
            throw ModelError(program.path, "has more cores than layers", mend)
        }
        self.configuration = configuration
        self.program = program
        cores = header.cores
        stages = isPipeline ? Self.stages(layers: configuration.layerCount, cores: header.cores) : nil
        capacity = Workspace.capacity(configuration)
        kernels = try KernelVariant.kernels(layout: header.layout, of: program.path)
    }

    /// Layers divided among the cores of a pipeline, as evenly as they go.
    package static func stages(layers: Int, cores: Int) -> [Range<Int>] {
        (0..<cores).map { $0 * layers / cores..<($0 + 1) * layers / cores }
    }

    /// The weights, where they lie.
    ///
    /// - Throws: `ModelError` when weights are missing or of another size, or the cores cannot share them.
    package func weights() throws(ModelError) -> ModelWeights {
        let degree = stages == nil ? cores : 1
        try configuration.check(degree: degree, subject: program.path)
        return try loaded.withLock { (loaded: inout ModelWeights?) throws(ModelError) in
            if let loaded { return loaded }
            let weights = try ModelWeights(
                configuration: configuration.ofWeights, degree: degree, kernels: kernels, find: find)
            loaded = weights
            return weights
        }
    }

    private func find(_ name: String, _ count: Int) throws(ModelError) -> FloatBuffer {
        guard let floats = try program.floats("weights/" + name, count) else {
            throw ModelError(program.path, "has no section weights/\(name)", "compile the model again")
        }
        return floats
    }
}

extension EncoderProgram {
    private static let members = [
        ("hiddenSize", 16_384), ("layers", 256), ("heads", 256), ("intermediateSize", 65_536),
        ("vocabularySize", 4_000_000), ("positions", 65_536), ("types", 1_024),
    ]

    /// The section's octets.
    package static func description(of sizes: ModelConfiguration, isPipeline: Bool) -> [UInt8] {
        let numbers = [
            sizes.hiddenSize, sizes.layerCount, sizes.headCount, sizes.intermediateSize, sizes.vocabularySize,
            sizes.positionCount, sizes.typeCount,
        ]
        var json: JSON = ["kind": "encoder", "pipeline": .bool(isPipeline)]
        for ((key, _), number) in zip(members, numbers) { json[key] = JSON(number) }
        // What most encoders do not have stands there only where it is.
        if sizes.embeddingSize != sizes.hiddenSize { json["embeddingSize"] = JSON(sizes.embeddingSize) }
        if let padding = sizes.paddingID { json["padding"] = JSON(padding) }
        if sizes.distanceBuckets > 0 { json["distanceBuckets"] = JSON(sizes.distanceBuckets) }
        // As its bits: no digit may be lost.
        json["epsilonBits"] = JSON(Int(sizes.epsilon.bitPattern))
        return Array(json.text().utf8)
    }

    private static func description(
        _ program: any CompiledProgram
    ) throws(ModelError) -> (ModelConfiguration, isPipeline: Bool) {
        let json = try ProgramDescription.json(program)
        guard json["kind"]?.string == ProgramDescription.Kind.encoder.rawValue else {
            throw ProgramDescription.refusal(program, "is not of an encoder")
        }
        var numbers: [Int] = []
        for (key, limit) in members {
            numbers.append(try ProgramDescription.number(json, key, 1...limit, program))
        }
        guard numbers[0] % numbers[2] == 0 else {
            throw ProgramDescription.refusal(program, "has heads that do not divide its columns")
        }
        func optional(_ key: String, _ range: ClosedRange<Int>) throws(ModelError) -> Int? {
            json[key] == nil ? nil : try ProgramDescription.number(json, key, range, program)
        }
        let embeddingSize = try optional("embeddingSize", 1...numbers[0])
        let padding = try optional("padding", 0...max(0, min(numbers[4] - 1, numbers[5] - 3)))
        let buckets = try optional("distanceBuckets", DistanceBuckets.counts) ?? 0
        let sizes = ModelConfiguration(
            hiddenSize: numbers[0], layerCount: numbers[1], headCount: numbers[2],
            intermediateSize: numbers[3], vocabularySize: numbers[4], positionCount: numbers[5],
            typeCount: numbers[6], epsilon: try ProgramDescription.epsilon(json, program),
            embeddingSize: embeddingSize, paddingID: padding, distanceBuckets: buckets)
        return (sizes, json["pipeline"]?.bool ?? false)
    }
}
