// Cuts a file of weights into what each core of a group holds, packed for the kernels.

import KernelTemplates
import ModelErrors
import NeuronKernels
import NeuronProgram

extension ModelWeights {
    /// Reads, checks and cuts the weights.
    ///
    /// - Throws: `ModelError` when the file is not this model's, or `degree` cores cannot share it evenly.
    convenience init(
        _ file: TensorFiles, _ family: EncoderFamily, configuration: ModelConfiguration, degree: Int,
        kernels: any Kernels = KernelVariant.best.kernels
    ) throws(ModelError) {
        try configuration.check(degree: degree, subject: file.path)
        let reader = WeightReader(
            file: file, family: family, configuration: configuration, degree: degree, kernels: kernels)
        let tables = try reader.tables()
        var common: [LayerCommon] = []
        var shards: [[LayerShard]] = []
        for layer in 0..<configuration.layerCount {
            common.append(try reader.common(layer: layer))
            shards.append(try reader.shards(layer: layer))
        }
        self.init(
            configuration: configuration, degree: degree, kernels: kernels, tables: tables, common: common,
            shards: shards)
    }
}

/// Reads tensors and cuts them.
private struct WeightReader {
    let file: TensorFiles
    let family: EncoderFamily
    let configuration: ModelConfiguration
    let degree: Int
    let kernels: any Kernels

    /// Hidden size over all heads of one core.
    var width: Int { configuration.hiddenSize / degree }
    var columns: Int { configuration.intermediateSize / degree }

    func floats(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        try file.floats(name, of: family, shape: shape)
    }

    /// A matrix, all of whose numbers its type can hold.
    private func matrix(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        let floats = try floats(name, shape: shape)
        try configuration.dataType.check(floats, subject: "\(file.path) tensor \(name)")
        return floats
    }

    /// A tensor as it is.
    func vector(_ name: String, shape: [Int]) throws(ModelError) -> FloatBuffer {
        let floats = try floats(name, shape: shape)
        return copy(floats, floats.indices)
    }

    /// What stands in front of the layers.
    func tables() throws(ModelError) -> EncoderTables {
        let (row, hidden) = (configuration.embeddingSize, configuration.hiddenSize)
        let buckets = configuration.distanceBuckets
        let types =
            family.hasTypes
            ? try vector("embeddings.token_type_embeddings.weight", shape: [configuration.typeCount, row])
            : copy([Float](repeating: 0, count: row), 0..<row)
        var widening: WeightMatrix?
        if row != hidden {
            let matrix = try matrix("embeddings_project.weight", shape: [hidden, row])
            widening = pack(matrix, columns: hidden, depth: row, first: 0, stride: row)
        }
        return EncoderTables(
            words: try vector(
                "embeddings.word_embeddings.weight", shape: [configuration.vocabularySize, row]),
            positions: try vector(
                "embeddings.position_embeddings.weight", shape: [configuration.positionCount, row]),
            types: types, scale: try vector("embeddings.LayerNorm.weight", shape: [row]),
            shift: try vector("embeddings.LayerNorm.bias", shape: [row]), widening: widening,
            wideningBias: row == hidden ? nil : try vector("embeddings_project.bias", shape: [hidden]),
            distances: buckets == 0
                ? nil
                : try vector(
                    "encoder.relative_attention_bias.weight", shape: [buckets, configuration.headCount]))
    }

    func common(layer: Int) throws(ModelError) -> LayerCommon {
        let names = family.names(layer: layer)
        let shape = [configuration.hiddenSize]
        return LayerCommon(
            outputBias: try vector(names.output + ".bias", shape: shape),
            attentionScale: try vector(names.attentionNorm + ".weight", shape: shape),
            attentionShift: try vector(names.attentionNorm + ".bias", shape: shape),
            contractBias: try vector(names.contract + ".bias", shape: shape),
            outputScale: try vector(names.outputNorm + ".weight", shape: shape),
            outputShift: try vector(names.outputNorm + ".bias", shape: shape))
    }

    func shards(layer: Int) throws(ModelError) -> [LayerShard] {
        let names = family.names(layer: layer)
        let hidden = configuration.hiddenSize
        let intermediate = configuration.intermediateSize
        var weights: [[Float]] = []
        var biases: [[Float]] = []
        for part in [names.query, names.key, names.value] {
            weights.append(try matrix(part + ".weight", shape: [hidden, hidden]))
            biases.append(try floats(part + ".bias", shape: [hidden]))
        }
        let output = try matrix(names.output + ".weight", shape: [hidden, hidden])
        let expand = try matrix(names.expand + ".weight", shape: [intermediate, hidden])
        let expandBias = try floats(names.expand + ".bias", shape: [intermediate])
        let contract = try matrix(names.contract + ".weight", shape: [hidden, intermediate])
        return (0..<degree).map { core in
            let heads = core * width..<(core + 1) * width
            let own = core * columns..<(core + 1) * columns
            let attention = weights.flatMap { $0[heads.lowerBound * hidden..<heads.upperBound * hidden] }
            return LayerShard(
                attention: pack(attention, columns: 3 * width, depth: hidden, first: 0, stride: hidden),
                attentionBias: copy(biases.flatMap { $0[heads] }, 0..<3 * width),
                output: pack(output, columns: hidden, depth: width, first: heads.lowerBound, stride: hidden),
                expand: pack(
                    expand, columns: columns, depth: hidden, first: own.lowerBound * hidden, stride: hidden),
                expandBias: copy(expandBias, own),
                contract: pack(
                    contract, columns: hidden, depth: columns, first: own.lowerBound, stride: intermediate))
        }
    }

    /// Packs a weight matrix, stored [out][in]; rows lie `stride` floats apart and start at `first`.
    private func pack(_ matrix: [Float], columns: Int, depth: Int, first: Int, stride: Int) -> WeightMatrix {
        let type = configuration.dataType
        let count = WeightMatrix.count(kernels, type, columns: columns, depth: depth)
        let packed = FloatBuffer(count: count)
        matrix.withUnsafeBufferPointer { floats in
            guard let base = floats.baseAddress else { return }
            switch type {
            case .float32:
                kernels.pack(
                    base + first, columns: columns, depth: depth, columnStride: stride, depthStride: 1,
                    into: packed.pointer)
            case .bfloat16, .float16:
                kernels.packRounded(
                    base + first, format: type.format, columns: columns, depth: depth, columnStride: stride,
                    depthStride: 1, into: packed.pointer)
            }
        }
        return WeightMatrix(storage: packed, type: type, columns: columns, depth: depth)
    }

    private func copy(_ floats: [Float], _ range: Range<Int>) -> FloatBuffer {
        let buffer = FloatBuffer(count: range.count)
        floats.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            buffer.pointer.update(from: base + range.lowerBound, count: range.count)
        }
        return buffer
    }
}

extension TensorFiles {
    /// A tensor's floats. Models saved from a task model carry a prefix, and TensorFlow's models call the weight and bias of a
    /// LayerNorm gamma and beta.
    ///
    /// - Throws: `ModelError` where it is missing, has another shape, or is there twice.
    func floats(_ name: String, of family: EncoderFamily, shape: [Int]) throws(ModelError) -> [Float] {
        var names = [name]
        for (ours, theirs) in [("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")]
        where name.hasSuffix(ours) { names.append(name.dropLast(ours.count) + theirs) }
        names = family.prefixes.reversed().flatMap { prefix in names.map { prefix + $0 } }
        let found = names.filter { has($0) }
        guard found.count <= 1 else {
            throw ModelError(
                "\(path) tensors \(found.joined(separator: " and "))", "are two for one",
                "save the model again with one of them")
        }
        return try floats(found.first ?? name, shape: shape)
    }
}
