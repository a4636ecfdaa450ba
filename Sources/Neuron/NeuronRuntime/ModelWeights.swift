// A model's weights, cut into the shards of a tensor-parallel group as in Megatron-LM (Shoeybi et al., 2019): each
// core holds whole attention heads and whole feed-forward columns, with the matching rows of the matrices behind
// them, so that one sum over the cores per half layer is all the communication there is.

import KernelTemplates
import NeuronKernels
import Text

/// What one core holds of one layer, packed for the kernels.
struct LayerShard: Sendable {
    /// Query, key and value of this core's heads side by side: hidden to 3 x width.
    let attention: WeightMatrix
    let attentionBias: FloatBuffer
    /// This core's rows of the attention's output matrix: width to hidden.
    let output: WeightMatrix
    /// This core's columns of the feed-forward: hidden to intermediate / degree.
    let expand: WeightMatrix
    let expandBias: FloatBuffer
    /// Back: intermediate / degree to hidden.
    let contract: WeightMatrix

    /// Floats held.
    var count: Int {
        attention.count + attentionBias.count + output.count + expand.count + expandBias.count
            + contract.count
    }
}

/// What every core needs of one layer: added or applied after the sum.
struct LayerCommon: Sendable {
    let outputBias: FloatBuffer
    let attentionScale: FloatBuffer
    let attentionShift: FloatBuffer
    let contractBias: FloatBuffer
    let outputScale: FloatBuffer
    let outputShift: FloatBuffer

    /// Floats held.
    var count: Int { outputBias.count * 6 }
}

/// All weights for a group of `degree` cores. Immutable, so groups of one process share them.
final class ModelWeights: Sendable {
    let configuration: ModelConfiguration
    /// Cores that share the model.
    let degree: Int
    let kernels: any Kernels
    let words: FloatBuffer
    let positions: FloatBuffer
    let firstType: FloatBuffer
    let embeddingScale: FloatBuffer
    let embeddingShift: FloatBuffer
    /// By layer.
    let common: [LayerCommon]
    /// By layer, then by core.
    let shards: [[LayerShard]]

    /// Reads, checks and cuts the weights.
    ///
    /// - Throws: `ModelError` when the file is not this model's, or `degree` cores cannot share it evenly.
    init(
        _ file: SafeTensors, configuration: ModelConfiguration, degree: Int,
        kernels: any Kernels = KernelVariant.best.kernels
    ) throws(ModelError) {
        try configuration.check(degree: degree, subject: file.path)
        let reader = WeightReader(file: file, configuration: configuration, degree: degree, kernels: kernels)
        let hidden = configuration.hiddenSize
        self.configuration = configuration
        self.degree = degree
        self.kernels = kernels
        words = try reader.vector(
            "embeddings.word_embeddings.weight", shape: [configuration.vocabularySize, hidden])
        positions = try reader.vector(
            "embeddings.position_embeddings.weight", shape: [configuration.positionCount, hidden])
        firstType = try reader.vector(
            "embeddings.token_type_embeddings.weight", shape: [configuration.typeCount, hidden], keep: hidden)
        embeddingScale = try reader.vector("embeddings.LayerNorm.weight", shape: [hidden])
        embeddingShift = try reader.vector("embeddings.LayerNorm.bias", shape: [hidden])
        var common: [LayerCommon] = []
        var shards: [[LayerShard]] = []
        for layer in 0..<configuration.layerCount {
            common.append(try reader.common(layer: layer))
            shards.append(try reader.shards(layer: layer))
        }
        self.common = common
        self.shards = shards
    }

    /// Takes the weights where an artifact has them mapped.
    ///
    /// - Parameter find: the floats of a name, exactly so many.
    init(
        configuration: ModelConfiguration, degree: Int, kernels: any Kernels,
        find: (_ name: String, _ count: Int) throws(ModelError) -> FloatBuffer
    ) throws(ModelError) {
        let (hidden, middle) = (configuration.hiddenSize, configuration.intermediateSize)
        let (width, columns) = (hidden / degree, middle / degree)
        func matrix(_ name: String, columns: Int, depth: Int) throws(ModelError) -> WeightMatrix {
            let type = configuration.dataType
            let count = WeightMatrix.count(kernels, type, columns: columns, depth: depth)
            return WeightMatrix(
                storage: try find(name, count), type: type, columns: columns, depth: depth)
        }
        self.configuration = configuration
        self.degree = degree
        self.kernels = kernels
        words = try find("words", configuration.vocabularySize * hidden)
        positions = try find("positions", configuration.positionCount * hidden)
        firstType = try find("firstType", hidden)
        embeddingScale = try find("embeddingScale", hidden)
        embeddingShift = try find("embeddingShift", hidden)
        var common: [LayerCommon] = []
        var shards: [[LayerShard]] = []
        for layer in 0..<configuration.layerCount {
            let place = "layers/\(layer)/"
            common.append(
                LayerCommon(
                    outputBias: try find(place + "outputBias", hidden),
                    attentionScale: try find(place + "attentionScale", hidden),
                    attentionShift: try find(place + "attentionShift", hidden),
                    contractBias: try find(place + "contractBias", hidden),
                    outputScale: try find(place + "outputScale", hidden),
                    outputShift: try find(place + "outputShift", hidden)))
            var cores: [LayerShard] = []
            for core in 0..<degree {
                let own = place + "cores/\(core)/"
                cores.append(
                    LayerShard(
                        attention: try matrix(own + "attention", columns: 3 * width, depth: hidden),
                        attentionBias: try find(own + "attentionBias", 3 * width),
                        output: try matrix(own + "output", columns: hidden, depth: width),
                        expand: try matrix(own + "expand", columns: columns, depth: hidden),
                        expandBias: try find(own + "expandBias", columns),
                        contract: try matrix(own + "contract", columns: hidden, depth: columns)))
            }
            shards.append(cores)
        }
        self.common = common
        self.shards = shards
    }

    /// All floats by the names that an artifact has them under.
    var named: [(name: String, floats: FloatBuffer)] {
        var all: [(String, FloatBuffer)] = [
            ("words", words), ("positions", positions), ("firstType", firstType),
            ("embeddingScale", embeddingScale), ("embeddingShift", embeddingShift),
        ]
        for layer in common.indices {
            let place = "layers/\(layer)/"
            let own = common[layer]
            all += [
                (place + "outputBias", own.outputBias), (place + "attentionScale", own.attentionScale),
                (place + "attentionShift", own.attentionShift), (place + "contractBias", own.contractBias),
                (place + "outputScale", own.outputScale), (place + "outputShift", own.outputShift),
            ]
            for (core, shard) in shards[layer].enumerated() {
                let place = place + "cores/\(core)/"
                all += [
                    (place + "attention", shard.attention.storage),
                    (place + "attentionBias", shard.attentionBias), (place + "output", shard.output.storage),
                    (place + "expand", shard.expand.storage), (place + "expandBias", shard.expandBias),
                    (place + "contract", shard.contract.storage),
                ]
            }
        }
        return all
    }

    /// Octets of device memory that core number `core` of the group holds: its shards, its rows of the word table, and
    /// a copy of what is needed everywhere.
    func byteCount(core: Int) -> Int {
        let vocabulary = configuration.vocabularySize
        let rows = (core + 1) * vocabulary / degree - core * vocabulary / degree
        var floats = rows * configuration.hiddenSize
        floats += positions.count + firstType.count + embeddingScale.count + embeddingShift.count
        for layer in common { floats += layer.count }
        for layer in shards { floats += layer[core].count }
        return floats * MemoryLayout<Float>.stride
    }
}

extension ModelConfiguration {
    /// - Throws: `ModelError` that names the valid numbers of cores unless `degree` is one.
    package func check(degree: Int, subject: String) throws(ModelError) {
        guard !validDegrees.contains(degree) else { return }
        throw ModelError(
            subject,
            "has \(headCount) attention heads and \(intermediateSize) feed-forward columns, which \(degree)"
                + " cores cannot share evenly",
            "set the tensor parallel degree to \(validDegrees.alternatives)")
    }
}

/// Reads tensors and cuts them.
private struct WeightReader {
    let file: SafeTensors
    let configuration: ModelConfiguration
    let degree: Int
    let kernels: any Kernels

    /// Hidden size over all heads of one core.
    var width: Int { configuration.hiddenSize / degree }
    var columns: Int { configuration.intermediateSize / degree }

    /// A tensor's floats. Models saved from a task model carry the prefix "bert.", and TensorFlow's models call the weight and
    /// bias of a LayerNorm gamma and beta.
    func floats(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        var names = [name]
        for (ours, theirs) in [("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")]
        where name.hasSuffix(ours) { names.append(name.dropLast(ours.count) + theirs) }
        names = names.map { "bert." + $0 } + names
        let found = names.filter { file.tensors[$0] != nil }
        guard found.count <= 1 else {
            throw ModelError(
                "\(file.path) tensors \(found.joined(separator: " and "))", "are two for one",
                "save the model again with one of them")
        }
        return try file.floats(found.first ?? name, shape: shape)
    }

    /// A tensor as it is, or its first `keep` floats.
    func vector(_ name: String, shape: [Int], keep: Int? = nil) throws(ModelError) -> FloatBuffer {
        let floats = try floats(name, shape: shape)
        let count = keep ?? floats.count
        return copy(floats, 0..<count)
    }

    func common(layer: Int) throws(ModelError) -> LayerCommon {
        let name = "encoder.layer.\(layer)."
        let shape = [configuration.hiddenSize]
        return LayerCommon(
            outputBias: try vector(name + "attention.output.dense.bias", shape: shape),
            attentionScale: try vector(name + "attention.output.LayerNorm.weight", shape: shape),
            attentionShift: try vector(name + "attention.output.LayerNorm.bias", shape: shape),
            contractBias: try vector(name + "output.dense.bias", shape: shape),
            outputScale: try vector(name + "output.LayerNorm.weight", shape: shape),
            outputShift: try vector(name + "output.LayerNorm.bias", shape: shape))
    }

    func shards(layer: Int) throws(ModelError) -> [LayerShard] {
        let name = "encoder.layer.\(layer)."
        let hidden = configuration.hiddenSize
        let intermediate = configuration.intermediateSize
        var weights: [[Float]] = []
        var biases: [[Float]] = []
        for part in ["query", "key", "value"] {
            let tensor = name + "attention.self.\(part)."
            weights.append(try floats(tensor + "weight", shape: [hidden, hidden]))
            biases.append(try floats(tensor + "bias", shape: [hidden]))
        }
        let output = try floats(name + "attention.output.dense.weight", shape: [hidden, hidden])
        let expand = try floats(name + "intermediate.dense.weight", shape: [intermediate, hidden])
        let expandBias = try floats(name + "intermediate.dense.bias", shape: [intermediate])
        let contract = try floats(name + "output.dense.weight", shape: [hidden, intermediate])
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
            case .bfloat16:
                kernels.packPairs(
                    base + first, columns: columns, depth: depth, columnStride: stride, depthStride: 1,
                    into: packed.pointer)
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
