// A decoder's weights, cut as in Megatron-LM (Shoeybi et al., 2019): each core has whole heads and whole columns of the
// middle, with the matching rows of the matrices behind them, and its share of the vocabulary. Where there are more cores
// than heads of keys and values, several cores have the same ones.

package import KernelTemplates
package import ModelErrors

/// What one core holds of one layer.
package struct DecoderShard: Sendable {
    /// Queries of this core's heads, from a token's vector.
    package let query: WeightMatrix
    /// Keys of its heads.
    package let key: WeightMatrix
    /// Values of its heads.
    package let value: WeightMatrix
    /// Added to queries, keys and values, one behind the other; nil for a model without.
    package let attentionBias: FloatBuffer?
    /// From this core's heads to the token's vector.
    package let output: WeightMatrix
    /// This core's columns of the gate; nil for a model without.
    package let gate: WeightMatrix?
    /// This core's columns of the middle.
    package let up: WeightMatrix
    /// Added to the middle; nil for a model without.
    package let upBias: FloatBuffer?
    /// Back from the middle.
    package let down: WeightMatrix

    /// All members.
    package init(
        query: WeightMatrix, key: WeightMatrix, value: WeightMatrix, attentionBias: FloatBuffer?,
        output: WeightMatrix, gate: WeightMatrix?, up: WeightMatrix, upBias: FloatBuffer?, down: WeightMatrix
    ) {
        self.query = query
        self.key = key
        self.value = value
        self.attentionBias = attentionBias
        self.output = output
        self.gate = gate
        self.up = up
        self.upBias = upBias
        self.down = down
    }

    fileprivate var parts: [(name: String, floats: FloatBuffer)] {
        func name(_ text: String, _ matrix: WeightMatrix) -> (String, FloatBuffer) {
            (DecoderWeights.name(text, matrix.format), matrix.storage)
        }
        var parts = [
            name("query", query), name("key", key), name("value", value), name("output", output),
            name("up", up), name("down", down),
        ]
        if let gate { parts.append(name("gate", gate)) }
        if let attentionBias { parts.append(("attentionBias", attentionBias)) }
        if let upBias { parts.append(("upBias", upBias)) }
        return parts
    }
}

/// What every core needs of one layer.
package struct DecoderCommon: Sendable {
    /// Of the norm before the attention.
    package let attentionScale: FloatBuffer
    /// Of the same norm; nil for a norm without.
    package let attentionShift: FloatBuffer?
    /// Added to the attention's output; nil for a model without.
    package let outputBias: FloatBuffer?
    /// Of the norm before the second half.
    package let middleScale: FloatBuffer
    /// Of the same norm; nil for a norm without.
    package let middleShift: FloatBuffer?
    /// Added to the second half's output; nil for a model without.
    package let downBias: FloatBuffer?

    /// All members.
    package init(
        attentionScale: FloatBuffer, attentionShift: FloatBuffer?, outputBias: FloatBuffer?,
        middleScale: FloatBuffer, middleShift: FloatBuffer?, downBias: FloatBuffer?
    ) {
        self.attentionScale = attentionScale
        self.attentionShift = attentionShift
        self.outputBias = outputBias
        self.middleScale = middleScale
        self.middleShift = middleShift
        self.downBias = downBias
    }

    fileprivate var parts: [(name: String, floats: FloatBuffer)] {
        [
            ("attentionScale", attentionScale), ("attentionShift", attentionShift),
            ("outputBias", outputBias), ("middleScale", middleScale), ("middleShift", middleShift),
            ("downBias", downBias),
        ].compactMap { name, floats in floats.map { (name, $0) } }
    }
}

/// What stands before and behind the layers.
package struct DecoderTables: Sendable {
    /// By core: a column for each of its words.
    package let words: [WeightMatrix]
    /// By core: a column for each of its logits; the words, where both are tied.
    package let logits: [WeightMatrix]
    /// A row for each position; nil for a model that turns queries and keys.
    package let positions: FloatBuffer?
    /// An angle for each pair of a head at position 1; nil for a model with a table.
    package let frequencies: FloatBuffer?
    /// Of the last norm.
    package let scale: FloatBuffer
    /// Of the last norm; nil for a norm without.
    package let shift: FloatBuffer?

    /// All members.
    package init(
        words: [WeightMatrix], logits: [WeightMatrix], positions: FloatBuffer?, frequencies: FloatBuffer?,
        scale: FloatBuffer, shift: FloatBuffer?
    ) {
        self.words = words
        self.logits = logits
        self.positions = positions
        self.frequencies = frequencies
        self.scale = scale
        self.shift = shift
    }
}

/// All weights for a group of cores. Immutable, so groups of one process share them.
package final class DecoderWeights: Sendable {
    /// The sizes.
    package let configuration: DecoderConfiguration
    /// Cores that share the model.
    package let degree: Int
    /// What they are packed for.
    package let kernels: any Kernels
    /// What is before and behind the layers.
    package let tables: DecoderTables
    /// By layer.
    package let common: [DecoderCommon]
    /// By layer, then by core.
    package let shards: [[DecoderShard]]

    /// Weights that are cut and packed.
    package init(
        configuration: DecoderConfiguration, degree: Int, kernels: any Kernels, tables: DecoderTables,
        common: [DecoderCommon], shards: [[DecoderShard]]
    ) {
        self.configuration = configuration
        self.degree = degree
        self.kernels = kernels
        self.tables = tables
        self.common = common
        self.shards = shards
    }

    /// The name of a packed matrix: what it is, and how its numbers are kept.
    static func name(_ matrix: String, _ format: MatrixFormat) -> String { matrix + "@" + format.rawValue }

    /// All floats by the names that an artifact has them under.
    package var named: [(name: String, floats: FloatBuffer)] {
        var all: [(String, FloatBuffer)] = [("scale", tables.scale)]
        for (name, floats) in [
            ("shift", tables.shift), ("positions", tables.positions), ("frequencies", tables.frequencies),
        ] {
            if let floats { all.append((name, floats)) }
        }
        func add(_ matrices: [WeightMatrix], _ text: String) {
            for (core, matrix) in matrices.enumerated() {
                all.append((Self.name("cores/\(core)/\(text)", matrix.format), matrix.storage))
            }
        }
        add(tables.words, "words")
        if !configuration.isTied { add(tables.logits, "logits") }
        for layer in common.indices {
            all += common[layer].parts.map { ("layers/\(layer)/\($0.name)", $0.floats) }
            for (core, shard) in shards[layer].enumerated() {
                all += shard.parts.map { ("layers/\(layer)/cores/\(core)/\($0.name)", $0.floats) }
            }
        }
        return all
    }

    /// Octets of device memory that a core of the group holds.
    package func byteCount(core: Int) -> Int {
        var floats = tables.words[core].count + (configuration.isTied ? 0 : tables.logits[core].count)
        for buffer in [tables.scale, tables.shift, tables.positions, tables.frequencies] {
            floats += buffer?.count ?? 0
        }
        for layer in common.indices {
            for part in common[layer].parts + shards[layer][core].parts { floats += part.floats.count }
        }
        return floats * MemoryLayout<Float>.stride
    }
}

extension DecoderWeights {
    /// Takes the weights where an artifact has them mapped.
    ///
    /// - Parameter find: the floats of a name, exactly so many; nil where there is no such name.
    /// - Throws: `ModelError` where something is missing, or what `find` throws.
    package convenience init(
        configuration: DecoderConfiguration, degree: Int, kernels: any Kernels, subject: String,
        find: @escaping (_ name: String, _ count: Int) throws(ModelError) -> FloatBuffer?
    ) throws(ModelError) {
        let sections = DecoderSections(kernels: kernels, subject: subject, find: find)
        let (hidden, head) = (configuration.hiddenSize, configuration.headSize)
        let isLayerNorm = configuration.norm == .layer
        func shift(_ name: String) throws(ModelError) -> FloatBuffer? {
            isLayerNorm ? try sections.floats(name, hidden) : nil
        }
        func vocabulary(_ name: String) throws(ModelError) -> [WeightMatrix] {
            var matrices: [WeightMatrix] = []
            for core in 0..<degree {
                let columns = configuration.words(core: core, degree: degree).count
                matrices.append(try sections.matrix("cores/\(core)/\(name)", columns: columns, depth: hidden))
            }
            return matrices
        }
        let words = try vocabulary("words")
        let tables = DecoderTables(
            words: words, logits: configuration.isTied ? words : try vocabulary("logits"),
            positions: configuration.isRotary
                ? nil : try sections.floats("positions", configuration.positionCount * hidden),
            frequencies: configuration.isRotary
                ? try sections.floats("frequencies", configuration.rotatedSize / 2) : nil,
            scale: try sections.floats("scale", hidden), shift: try shift("shift"))
        var common: [DecoderCommon] = []
        var shards: [[DecoderShard]] = []
        let queries = configuration.headCount / degree * head
        let keys = configuration.keyValueHeads(degree: degree) * head
        for layer in 0..<configuration.layerCount {
            let place = "layers/\(layer)/"
            common.append(
                DecoderCommon(
                    attentionScale: try sections.floats(place + "attentionScale", hidden),
                    attentionShift: try shift(place + "attentionShift"),
                    outputBias: try find(place + "outputBias", hidden),
                    middleScale: try sections.floats(place + "middleScale", hidden),
                    middleShift: try shift(place + "middleShift"),
                    downBias: try find(place + "downBias", hidden)))
            var cores: [DecoderShard] = []
            for core in 0..<degree {
                let own = place + "cores/\(core)/"
                let middle = configuration.intermediates(core: core, degree: degree).count
                cores.append(
                    DecoderShard(
                        query: try sections.matrix(own + "query", columns: queries, depth: hidden),
                        key: try sections.matrix(own + "key", columns: keys, depth: hidden),
                        value: try sections.matrix(own + "value", columns: keys, depth: hidden),
                        attentionBias: try find(own + "attentionBias", queries + 2 * keys),
                        output: try sections.matrix(own + "output", columns: hidden, depth: queries),
                        gate: configuration.isGated
                            ? try sections.matrix(own + "gate", columns: middle, depth: hidden) : nil,
                        up: try sections.matrix(own + "up", columns: middle, depth: hidden),
                        upBias: try find(own + "upBias", middle),
                        down: try sections.matrix(own + "down", columns: hidden, depth: middle)))
            }
            shards.append(cores)
        }
        self.init(
            configuration: configuration, degree: degree, kernels: kernels, tables: tables, common: common,
            shards: shards)
    }
}

/// Sections that have to be there.
private struct DecoderSections {
    let kernels: any Kernels
    let subject: String
    let find: (_ name: String, _ count: Int) throws(ModelError) -> FloatBuffer?

    func floats(_ name: String, _ count: Int) throws(ModelError) -> FloatBuffer {
        guard let floats = try find(name, count) else {
            throw ModelError(subject, "has no section \(name)", "compile the model again")
        }
        return floats
    }

    /// A matrix in whatever format it is there.
    func matrix(_ name: String, columns: Int, depth: Int) throws(ModelError) -> WeightMatrix {
        for format in MatrixFormat.allCases {
            if let (_, group) = format.blocks, depth % group != 0 { continue }
            let count = kernels.packedCount(format, columns: columns, depth: depth)
            guard let storage = try find(DecoderWeights.name(name, format), count) else { continue }
            return WeightMatrix(storage: storage, format: format, columns: columns, depth: depth)
        }
        throw ModelError(subject, "has no section \(name)", "compile the model again")
    }
}
