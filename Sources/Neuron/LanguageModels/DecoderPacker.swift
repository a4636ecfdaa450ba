// Cuts a model's tensors into what each core holds, packed for the kernels. Quantised matrices stay as they are, if they can
// be cut between their groups; all others are widened first.

import KernelTemplates
import ModelErrors
import NeuronKernels
import NeuronProgram
import Text

/// How matrices are kept.
package enum MatrixPrecision: String, CaseIterable, Sendable {
    /// As the file has them: quantised, or in single precision.
    case stored = "auto"
    /// In single precision.
    case float32 = "fp32"
    /// In BF16.
    case bfloat16 = "bf16"
    /// In FP16.
    case float16 = "fp16"

    /// `auto, fp32, bf16 or fp16`.
    package static var names: String { allCases.map(\.rawValue).alternatives }

    /// How a matrix is packed that is not quantised.
    fileprivate var format: MatrixFormat {
        switch self {
        case .stored, .float32: .singles
        case .bfloat16: .pairs
        case .float16: .halves
        }
    }
}

/// Packs a model's weights.
final class DecoderPacker {
    private let tensors: any DecoderTensors
    private let names: DecoderNames
    private let configuration: DecoderConfiguration
    private let degree: Int
    private let precision: MatrixPrecision
    private let kernels: any Kernels
    /// What has been read; what is left at the end would be computed by nobody.
    private var used: Set<String> = []

    private var hidden: Int { configuration.hiddenSize }
    private var head: Int { configuration.headSize }

    init(
        _ tensors: any DecoderTensors, _ names: DecoderNames, _ configuration: DecoderConfiguration,
        degree: Int, precision: MatrixPrecision, kernels: any Kernels = KernelVariant.best.kernels
    ) throws(ModelError) {
        try configuration.check(degree: degree, subject: tensors.path)
        self.tensors = tensors
        self.names = names
        self.configuration = configuration
        self.degree = degree
        self.precision = precision
        self.kernels = kernels
    }

    /// Packs everything.
    ///
    /// - Parameters:
    ///   - frequencies: an angle for each pair of a head at position 1; nil for a model with a table.
    ///   - ignored: tensors that mean nothing, or have been read.
    ///   - progress: called with the layers that are packed.
    func weights(
        frequencies: [Float]?, ignored: (String) -> Bool, progress: (Int) -> Void = { _ in }
    ) throws(ModelError) -> DecoderWeights {
        let words = try vocabulary(names.words)
        let logits = configuration.isTied ? words : try vocabulary(names.logits)
        if configuration.isTied { try checkCopy() }
        let positions = configuration.isRotary ? nil : names.positions
        let isLayerNorm = configuration.norm == .layer
        let tables = DecoderTables(
            words: words, logits: logits,
            positions: try positions.map { name throws(ModelError) in
                try vector(name + ".weight", 0..<configuration.positionCount * hidden, isTable: true)
            },
            frequencies: frequencies.map(buffer),
            scale: try vector(names.finalNorm + ".weight", 0..<hidden),
            shift: isLayerNorm ? try vector(names.finalNorm + ".bias", 0..<hidden) : nil)
        var common: [DecoderCommon] = []
        var shards: [[DecoderShard]] = []
        for layer in 0..<configuration.layerCount {
            let place = "\(names.layers).\(layer)."
            common.append(
                DecoderCommon(
                    attentionScale: try vector(place + names.attentionNorm + ".weight", 0..<hidden),
                    attentionShift: isLayerNorm
                        ? try vector(place + names.attentionNorm + ".bias", 0..<hidden) : nil,
                    outputBias: try optional(place + names.output + ".bias", 0..<hidden),
                    middleScale: try vector(place + names.middleNorm + ".weight", 0..<hidden),
                    middleShift: isLayerNorm
                        ? try vector(place + names.middleNorm + ".bias", 0..<hidden) : nil,
                    downBias: try optional(place + names.down + ".bias", 0..<hidden)))
            var cores: [DecoderShard] = []
            for core in 0..<degree { cores.append(try shard(place, core: core)) }
            shards.append(cores)
            progress(layer + 1)
        }
        let left = tensors.names.subtracting(used).filter { !ignored($0) }
        if let other = left.min() {
            throw ModelError(
                "\(tensors.path) tensor \(other)", "is one that is not computed",
                "take a model of the Llama family or GPT-2")
        }
        return DecoderWeights(
            configuration: configuration, degree: degree, kernels: kernels, tables: tables, common: common,
            shards: shards)
    }

    /// A copy of the words is often stored beside them. Another matrix there would be the one that makes logits.
    private func checkCopy() throws(ModelError) {
        let name = names.logits + ".weight"
        let words = names.prefix + names.words + ".weight"
        for copy in [names.prefix + name, name] {
            guard let tensor = tensors.tensor(copy), let own = tensors.tensor(words) else { continue }
            used.insert(copy)
            let difference = ModelError(
                "\(tensors.path) tensor \(copy)",
                "is another than \(words), where config.json says that they are one",
                "say tie_word_embeddings false, or save the model again")
            guard tensor == own else { throw difference }
            // A few rows at a time: both may be large.
            let most = max(1, (1 << 20) / own.columns)
            let (left, right) = (
                FloatBuffer(count: most * own.columns), FloatBuffer(count: most * own.columns)
            )
            for start in stride(from: 0, to: own.rows, by: most) {
                let rows = start..<min(start + most, own.rows)
                try tensors.read(copy, rows: rows, into: left.pointer)
                try tensors.read(words, rows: rows, into: right.pointer)
                let count = rows.count * own.columns
                guard (0..<count).allSatisfy({ left.pointer[$0] == right.pointer[$0] }) else {
                    throw difference
                }
            }
        }
    }

    private func vocabulary(_ name: String) throws(ModelError) -> [WeightMatrix] {
        var matrices: [WeightMatrix] = []
        for core in 0..<degree {
            matrices.append(
                try matrix(
                    name, configuration.words(core: core, degree: degree), of: configuration.vocabularySize,
                    depth: 0..<hidden, of: hidden, isTable: true))
        }
        return matrices
    }

    private func shard(_ place: String, core: Int) throws(ModelError) -> DecoderShard {
        let queryCount = configuration.headCount * head
        let keyCount = configuration.keyValueHeadCount * head
        let queries = core * queryCount / degree..<(core + 1) * queryCount / degree
        let ownHeads = configuration.keyValueHeads(core: core, degree: degree)
        let keys = ownHeads.lowerBound * head..<ownHeads.upperBound * head
        let middle = configuration.intermediates(core: core, degree: degree)
        let fused = names.fused.flatMap {
            tensors.tensor(names.prefix + place + $0 + ".weight") == nil ? nil : place + $0
        }
        let all = queryCount + 2 * keyCount
        // In a fused matrix the three lie one behind the other.
        let parts = [
            (fused ?? place + names.query, queries, fused == nil ? 0 : 0, queryCount),
            (fused ?? place + names.key, keys, fused == nil ? 0 : queryCount, keyCount),
            (fused ?? place + names.value, keys, fused == nil ? 0 : queryCount + keyCount, keyCount),
        ]
        var matrices: [WeightMatrix] = []
        var biases: [Float] = []
        var missing: [String] = []
        for (name, rows, offset, count) in parts {
            let rows = rows.lowerBound + offset..<rows.upperBound + offset
            matrices.append(
                try matrix(name, rows, of: fused == nil ? count : all, depth: 0..<hidden, of: hidden))
            if let bias = try optional(name + ".bias", rows, of: fused == nil ? count : all) {
                biases += UnsafeBufferPointer(start: bias.pointer, count: bias.count)
            } else {
                missing.append(name + ".bias")
            }
        }
        if let name = missing.first, !biases.isEmpty { throw self.missing(name) }
        let count = configuration.intermediateSize
        return DecoderShard(
            query: matrices[0], key: matrices[1], value: matrices[2],
            attentionBias: biases.isEmpty ? nil : buffer(biases),
            output: try matrix(place + names.output, 0..<hidden, of: hidden, depth: queries, of: queryCount),
            gate: configuration.isGated
                ? try matrix(place + names.gate, middle, of: count, depth: 0..<hidden, of: hidden) : nil,
            up: try matrix(place + names.up, middle, of: count, depth: 0..<hidden, of: hidden),
            upBias: try optional(place + names.up + ".bias", middle, of: count),
            down: try matrix(place + names.down, 0..<hidden, of: hidden, depth: middle, of: count))
    }

    // MARK: Tensors

    private func find(_ name: String) -> (String, StoredTensor)? {
        let name = names.prefix + name
        guard let tensor = tensors.tensor(name) else { return nil }
        used.insert(name)
        return (name, tensor)
    }

    private func missing(_ name: String) -> ModelError {
        ModelError(
            "\(tensors.path) tensor \(names.prefix + name)", "is missing", "convert or save the model again")
    }

    private func wrong(_ name: String, _ tensor: StoredTensor, _ wanted: String) -> ModelError {
        ModelError(
            "\(tensors.path) tensor \(name)",
            "has \(tensor.rows) rows of \(tensor.columns), where its model has \(wanted)",
            "convert or save the model again")
    }

    private func buffer(_ floats: [Float]) -> FloatBuffer {
        let buffer = FloatBuffer(count: floats.count)
        for (place, value) in floats.enumerated() { buffer.pointer[place] = value }
        return buffer
    }

    private func optional(
        _ name: String, _ range: Range<Int>, of count: Int? = nil
    ) throws(ModelError) -> FloatBuffer? {
        guard tensors.tensor(names.prefix + name) != nil else { return nil }
        return try vector(name, range, of: count)
    }

    /// Numbers of a vector, or of a table without gaps.
    private func vector(
        _ name: String, _ range: Range<Int>, of count: Int? = nil, isTable: Bool = false
    ) throws(ModelError) -> FloatBuffer {
        guard let (name, tensor) = find(name) else { throw missing(name) }
        let wanted = count ?? range.upperBound
        let isRight =
            isTable
            ? tensor.columns == hidden && tensor.rows * hidden >= wanted
            : tensor.rows == 1 && tensor.columns == wanted
        guard isRight else { throw wrong(name, tensor, "\(wanted) numbers") }
        let rows = isTable ? wanted / hidden : 1
        let all = FloatBuffer(count: rows * tensor.columns)
        try tensors.read(name, rows: 0..<rows, into: all.pointer)
        try check(all, name)
        guard range.count < all.count else { return all }
        let part = FloatBuffer(count: range.count)
        part.pointer.update(from: all.pointer + range.lowerBound, count: range.count)
        return part
    }

    private func check(_ floats: FloatBuffer, _ name: String) throws(ModelError) {
        var sum: Float = 0
        for place in 0..<floats.count { sum += floats.pointer[place] * 0 }
        guard sum == 0 else {
            throw ModelError(
                "\(tensors.path) tensor \(name)", "has a value that is no number",
                "convert or save the model again")
        }
    }

    /// A matrix with some of the results and some of the depth.
    private func matrix(
        _ name: String, _ columns: Range<Int>, of columnCount: Int, depth: Range<Int>, of depthCount: Int,
        isTable: Bool = false
    ) throws(ModelError) -> WeightMatrix {
        guard let (name, tensor) = find(name + ".weight") else { throw missing(name + ".weight") }
        let isTransposed = names.isTransposed && !isTable
        let (rows, width) = isTransposed ? (depthCount, columnCount) : (columnCount, depthCount)
        guard tensor.rows == rows, tensor.columns == width else {
            throw wrong(name, tensor, "\(rows) rows of \(width)")
        }
        if precision == .stored, !isTransposed, let quantised = tensor.quantised,
            [depth.lowerBound, depth.count, depthCount].allSatisfy({ $0 % quantised.group == 0 })
        {
            return try quantisedMatrix(name, tensor, columns, depth, quantised)
        }
        let floats = FloatBuffer(count: rows * width)
        try tensors.read(name, rows: 0..<rows, into: floats.pointer)
        try check(floats, name)
        if precision == .float16 {
            try DataType.float16.check(
                UnsafeBufferPointer(start: floats.pointer, count: floats.count),
                subject: "\(tensors.path) tensor \(name)")
        }
        let format = precision.format
        let packed = FloatBuffer(
            count: kernels.packedCount(format, columns: columns.count, depth: depth.count))
        let (columnStride, depthStride) = isTransposed ? (1, width) : (width, 1)
        let start = floats.pointer + (columns.lowerBound * columnStride + depth.lowerBound * depthStride)
        if format != .singles {
            kernels.packRounded(
                start, format: format, columns: columns.count, depth: depth.count, columnStride: columnStride,
                depthStride: depthStride, into: packed.pointer)
        } else {
            kernels.pack(
                start, columns: columns.count, depth: depth.count, columnStride: columnStride,
                depthStride: depthStride, into: packed.pointer)
        }
        return WeightMatrix(storage: packed, format: format, columns: columns.count, depth: depth.count)
    }

    private func quantisedMatrix(
        _ name: String, _ tensor: StoredTensor, _ columns: Range<Int>, _ depth: Range<Int>,
        _ quantised: (group: Int, hasNibbles: Bool)
    ) throws(ModelError) -> WeightMatrix {
        let format: MatrixFormat =
            quantised.group == 16 ? .shortOctets : quantised.hasNibbles ? .nibbles : .octets
        let groups = tensor.columns / quantised.group
        var numbers = [UInt8](repeating: 0, count: columns.count * tensor.columns)
        let factors = FloatBuffer(count: 2 * columns.count * groups)
        let leasts = factors.pointer + columns.count * groups
        try Self.reading(&numbers) { place throws(ModelError) in
            try tensors.read(
                name, rows: columns, numbers: place, scales: factors.pointer, leasts: leasts)
        }
        try check(factors, name)
        if depth.count < tensor.columns {
            // The part of each row moves to the front.
            let ownGroups = depth.count / quantised.group
            for row in 0..<columns.count {
                for place in 0..<depth.count {
                    numbers[row * depth.count + place] =
                        numbers[row * tensor.columns + depth.lowerBound + place]
                }
                for group in 0..<ownGroups {
                    let from = row * groups + depth.lowerBound / quantised.group + group
                    factors.pointer[row * ownGroups + group] = factors.pointer[from]
                    leasts[row * ownGroups + group] = leasts[from]
                }
            }
        }
        let packed = FloatBuffer(
            count: kernels.packedCount(format, columns: columns.count, depth: depth.count))
        numbers.withUnsafeBufferPointer { numbers in
            guard let start = numbers.baseAddress else { return }
            kernels.packBlocks(
                BlockColumns(numbers: start, scales: factors.pointer, leasts: leasts), format: format,
                columns: columns.count, depth: depth.count, into: packed.pointer)
        }
        return WeightMatrix(storage: packed, format: format, columns: columns.count, depth: depth.count)
    }

    private static func reading(
        _ numbers: inout [UInt8], _ body: (UnsafeMutablePointer<UInt8>) throws(ModelError) -> Void
    ) throws(ModelError) {
        let result = numbers.withUnsafeMutableBufferPointer { buffer in
            Result { () throws(ModelError) in
                if let start = buffer.baseAddress { try body(start) }
            }
        }
        try result.get()
    }
}
