// A model's weights, cut into the shards of a tensor-parallel group as in Megatron-LM (Shoeybi et al., 2019): each
// core holds whole attention heads and whole feed-forward columns, with the matching rows of the matrices behind
// them, so that one sum over the cores per half layer is all the communication there is.

package import KernelTemplates
package import ModelErrors

/// What one core holds of one layer, packed for the kernels.
package struct LayerShard: Sendable {
    /// Query, key and value of this core's heads side by side: hidden to 3 x width.
    package let attention: WeightMatrix
    /// Of the attention's columns.
    package let attentionBias: FloatBuffer
    /// This core's rows of the attention's output matrix: width to hidden.
    package let output: WeightMatrix
    /// This core's columns of the feed-forward: hidden to intermediate / degree.
    package let expand: WeightMatrix
    /// Of the feed-forward's columns.
    package let expandBias: FloatBuffer
    /// Back: intermediate / degree to hidden.
    package let contract: WeightMatrix

    /// All members.
    package init(
        attention: WeightMatrix, attentionBias: FloatBuffer, output: WeightMatrix, expand: WeightMatrix,
        expandBias: FloatBuffer, contract: WeightMatrix
    ) {
        self.attention = attention
        self.attentionBias = attentionBias
        self.output = output
        self.expand = expand
        self.expandBias = expandBias
        self.contract = contract
    }

    /// Floats held.
    package var count: Int {
        attention.count + attentionBias.count + output.count + expand.count + expandBias.count
            + contract.count
    }
}

/// What every core needs of one layer: added or applied after the sum.
package struct LayerCommon: Sendable {
    /// Of the attention's output.
    package let outputBias: FloatBuffer
    /// Of the norm behind the attention.
    package let attentionScale: FloatBuffer
    /// Of the norm behind the attention.
    package let attentionShift: FloatBuffer
    /// Of the feed-forward's end.
    package let contractBias: FloatBuffer
    /// Of the norm behind the feed-forward.
    package let outputScale: FloatBuffer
    /// Of the norm behind the feed-forward.
    package let outputShift: FloatBuffer

    /// All members.
    package init(
        outputBias: FloatBuffer, attentionScale: FloatBuffer, attentionShift: FloatBuffer,
        contractBias: FloatBuffer, outputScale: FloatBuffer, outputShift: FloatBuffer
    ) {
        self.outputBias = outputBias
        self.attentionScale = attentionScale
        self.attentionShift = attentionShift
        self.contractBias = contractBias
        self.outputScale = outputScale
        self.outputShift = outputShift
    }

    /// Floats held.
    package var count: Int { outputBias.count * 6 }
}

/// What stands in front of the layers, on every core.
package struct EncoderTables: Sendable {
    /// A row for each id.
    package let words: FloatBuffer
    /// A row for each position.
    package let positions: FloatBuffer
    /// A row for each token type.
    package let types: FloatBuffer
    /// Of the norm.
    package let scale: FloatBuffer
    /// Of the norm.
    package let shift: FloatBuffer
    /// What widens a row to the encoder's width; nil where it has that width.
    package let widening: WeightMatrix?
    /// Of `widening`'s columns.
    package let wideningBias: FloatBuffer?
    /// A row for each bucket of distances, a column for each head; nil where distances do not count.
    package let distances: FloatBuffer?

    /// All members.
    package init(
        words: FloatBuffer, positions: FloatBuffer, types: FloatBuffer, scale: FloatBuffer,
        shift: FloatBuffer, widening: WeightMatrix? = nil, wideningBias: FloatBuffer? = nil,
        distances: FloatBuffer? = nil
    ) {
        self.widening = widening
        self.wideningBias = wideningBias
        self.distances = distances
        self.words = words
        self.positions = positions
        self.types = types
        self.scale = scale
        self.shift = shift
    }
}

extension EncoderTables {
    /// Floats of all but the words, which every core has.
    fileprivate var smallCount: Int {
        positions.count + types.count + scale.count + shift.count + (widening?.count ?? 0)
            + (wideningBias?.count ?? 0) + (distances?.count ?? 0)
    }
}

/// All weights for a group of `degree` cores. Immutable, so groups of one process share them.
package final class ModelWeights: Sendable {
    /// The sizes.
    package let configuration: ModelConfiguration
    /// Cores that share the model.
    package let degree: Int
    /// What they are packed for.
    package let kernels: any Kernels
    /// What is in front of the layers.
    package let tables: EncoderTables
    /// By layer.
    package let common: [LayerCommon]
    /// By layer, then by core.
    package let shards: [[LayerShard]]

    /// Weights that are cut and packed.
    package init(
        configuration: ModelConfiguration, degree: Int, kernels: any Kernels, tables: EncoderTables,
        common: [LayerCommon], shards: [[LayerShard]]
    ) {
        self.configuration = configuration
        self.degree = degree
        self.kernels = kernels
        self.tables = tables
        self.common = common
        self.shards = shards
    }

    /// Takes the weights where an artifact has them mapped.
    ///
    /// - Parameter find: the floats of a name, exactly so many.
    package init(
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
        let row = configuration.embeddingSize
        let buckets = configuration.distanceBuckets
        tables = EncoderTables(
            words: try find("words", configuration.vocabularySize * row),
            positions: try find("positions", configuration.positionCount * row),
            types: try find("types", configuration.typeCount * row),
            scale: try find("embeddingScale", row), shift: try find("embeddingShift", row),
            widening: row == hidden ? nil : try matrix("widening", columns: hidden, depth: row),
            wideningBias: row == hidden ? nil : try find("wideningBias", hidden),
            distances: buckets == 0 ? nil : try find("distances", buckets * configuration.headCount))
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
    package var named: [(name: String, floats: FloatBuffer)] {
        var all: [(String, FloatBuffer)] = [
            ("words", tables.words), ("positions", tables.positions), ("types", tables.types),
            ("embeddingScale", tables.scale), ("embeddingShift", tables.shift),
        ]
        if let widening = tables.widening { all.append(("widening", widening.storage)) }
        if let bias = tables.wideningBias { all.append(("wideningBias", bias)) }
        if let distances = tables.distances { all.append(("distances", distances)) }
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
    package func byteCount(core: Int) -> Int {
        let vocabulary = configuration.vocabularySize
        let rows = (core + 1) * vocabulary / degree - core * vocabulary / degree
        var floats = rows * configuration.embeddingSize + tables.smallCount
        for layer in common { floats += layer.count }
        for layer in shards { floats += layer[core].count }
        return floats * MemoryLayout<Float>.stride
    }

    /// Octets of device memory of a pipeline's core: its layers, and the tables on the first one.
    package func byteCount(layers: Range<Int>, isFirst: Bool) -> Int {
        var floats = 0
        if isFirst {
            floats += tables.words.count + tables.smallCount
        }
        for layer in layers { floats += common[layer].count + shards[layer][0].count }
        return floats * MemoryLayout<Float>.stride
    }
}
