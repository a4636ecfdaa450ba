// The BERT encoder over the cores of a group. Texts are laid one behind the other without padding, so a batch costs
// what its tokens cost. Each core computes the partial result of its own heads and columns; the cores then divide the
// rows among themselves to sum the partials in core order, add the residual and normalise. The sums' order does not
// depend on threads, so equal inputs give equal bits; another number of cores changes rounding only.

import KernelTemplates
import NeuronProgram

/// Texts for one pass, checked.
struct EncoderBatch: Sendable {
    /// Each token's row of the word table, its place in its text, and its type.
    var tokens: [(id: Int, position: Int, type: Int)] = []
    /// Where each text begins, and where the last one ends.
    var bounds = [0]
}

/// The arithmetic of one model on one group. Every core calls the same functions with its own number.
struct Encoder: Sendable {
    let weights: ModelWeights
    /// Written by one pass at a time.
    let workspace: Workspace
    let barrier: CoreBarrier

    private var kernels: any Kernels { weights.kernels }
    private var configuration: ModelConfiguration { weights.configuration }
    private var states: FloatBuffer { workspace.states }
    private var cores: [Workspace.Core] { workspace.cores }

    /// What one core does in front of the first layer.
    func embed(_ batch: EncoderBatch, core: Int) {
        forOwnRows(batch.tokens.count, core) { rows in embedRows(rows, batch.tokens, cores[core]) }
        barrier.wait()
    }

    /// What one core does in some layers.
    func layers(_ layers: Range<Int>, _ batch: EncoderBatch, core: Int) {
        let tokens = batch.tokens.count
        for layer in layers {
            let common = weights.common[layer]
            let shard = weights.shards[layer][core]
            attend(shard, core, texts: batch.bounds)
            inBlocks(tokens, core) { rows in
                project(shard, cores[core], rows)
            } end: { rows in
                reduce(
                    rows, bias: common.outputBias, scale: common.attentionScale, shift: common.attentionShift)
            }
            inBlocks(tokens, core) { rows in
                feedForward(shard, cores[core], rows)
            } end: { rows in
                reduce(rows, bias: common.contractBias, scale: common.outputScale, shift: common.outputShift)
            }
        }
    }

    /// The end of a half layer, block by block of rows. A core that is alone ends each block while it is in the cache;
    /// several first meet, and then divide all rows among themselves.
    private func inBlocks(
        _ rows: Int, _ core: Int, _ body: (Range<Int>) -> Void, end: (Range<Int>) -> Void
    ) {
        let isAlone = weights.degree == 1
        forBlocks(of: rows) { block in
            body(block)
            if isAlone { end(block) }
        }
        guard !isAlone else { return }
        barrier.wait()
        forOwnRows(rows, core, end)
        barrier.wait()
    }

    /// Rows in blocks that the second-level cache holds with what is computed of them.
    private func forBlocks(of rows: Int, _ body: (Range<Int>) -> Void) {
        let block = Workspace.blockRows(of: rows)
        for row in stride(from: 0, to: rows, by: block) { body(row..<min(row + block, rows)) }
    }

    /// Divides the rows among the cores; few rows are not worth dividing.
    private func forOwnRows(_ rows: Int, _ core: Int, _ body: (Range<Int>) -> Void) {
        let parts = min(weights.degree, max(1, rows / 32))
        if core < parts { body(core * rows / parts..<(core + 1) * rows / parts) }
    }

    /// Word, position and token type, normalised, and widened where the tables are narrower than the encoder.
    private func embedRows(
        _ rows: Range<Int>, _ ids: [(id: Int, position: Int, type: Int)], _ memory: Workspace.Core
    ) {
        let tables = weights.tables
        let width = configuration.embeddingSize
        let hidden = configuration.hiddenSize
        // This core's part of a sum has room for narrow rows, and is not in use yet.
        let base = tables.widening == nil ? states.pointer : memory.partial.pointer
        for row in rows {
            kernels.addRows(
                tables.words.pointer + ids[row].id * width,
                tables.positions.pointer + ids[row].position * width,
                tables.types.pointer + ids[row].type * width,
                count: width,
                into: base + row * width)
        }
        let start = base + rows.lowerBound * width
        kernels.reduceAndNormalize(
            [], bias: nil, residual: start, rows: rows.count, columns: width, scale: tables.scale.pointer,
            shift: tables.shift.pointer, epsilon: configuration.epsilon, into: start)
        guard let widening = tables.widening, let bias = tables.wideningBias else { return }
        widening.multiply(
            kernels, start, rows: rows.count, aStride: width,
            into: states.pointer + rows.lowerBound * hidden, cStride: hidden, finish: .bias(bias.pointer),
            scratch: memory.rounded.pointer)
    }

    /// Adds to scores what the distance of two tokens counts, before they are scaled.
    ///
    /// - Parameters:
    ///   - first: the token of the first row.
    ///   - bias: for each distance from -(length - 1) on.
    private func addDistances(
        _ scores: UnsafeMutablePointer<Float>, rows: Int, first: Int, length: Int, _ bias: [Float]
    ) {
        bias.withUnsafeBufferPointer { bias in
            for row in 0..<rows {
                let line = scores + row * length
                let start = length - 1 - first - row
                for column in 0..<length { line[column] += bias[start + column] }
            }
        }
    }

    /// What each distance counts for a head, over the scale that scores are multiplied with.
    private func distances(length: Int, head: Int, scale: Float) -> [Float] {
        guard let table = weights.tables.distances else { return [] }
        let (buckets, heads) = (configuration.distanceBuckets, configuration.headCount)
        return (-(length - 1)..<length).map { distance in
            table.pointer[DistanceBuckets.bucket(distance, count: buckets) * heads + head] / scale
        }
    }

    /// The all-reduce of one half layer for some rows.
    private func reduce(_ rows: Range<Int>, bias: FloatBuffer, scale: FloatBuffer, shift: FloatBuffer) {
        let hidden = configuration.hiddenSize
        let offset = rows.lowerBound * hidden
        kernels.reduceAndNormalize(
            cores.map { UnsafePointer($0.partial.pointer + offset) }, bias: bias.pointer,
            residual: states.pointer + offset, rows: rows.count, columns: hidden, scale: scale.pointer,
            shift: shift.pointer, epsilon: configuration.epsilon, into: states.pointer + offset)
    }

    /// One core's heads: softmax(Q K^T / sqrt(head size)) V for each text.
    private func attend(_ shard: LayerShard, _ core: Int, texts bounds: [Int]) {
        let memory = cores[core]
        let hidden = configuration.hiddenSize
        let head = configuration.headSize
        let width = hidden / weights.degree
        let stride = 3 * width
        let tokens = bounds[bounds.count - 1]
        let qkv = memory.qkv.pointer
        forBlocks(of: tokens) { rows in
            shard.attention.multiply(
                kernels, states.pointer + rows.lowerBound * hidden, rows: rows.count, aStride: hidden,
                into: qkv + rows.lowerBound * stride, cStride: stride,
                finish: .bias(shard.attentionBias.pointer), scratch: memory.rounded.pointer)
        }
        let scale = 1 / Float(head).squareRoot()
        for text in 0..<bounds.count - 1 {
            let start = bounds[text]
            let length = bounds[text + 1] - start
            for column in Swift.stride(from: 0, to: width, by: head) {
                let query = qkv + start * stride + column
                kernels.pack(
                    query + width, columns: length, depth: head, columnStride: stride, depthStride: 1,
                    into: memory.keys.pointer)
                kernels.pack(
                    query + 2 * width, columns: head, depth: length, columnStride: 1, depthStride: stride,
                    into: memory.values.pointer)
                let bias = distances(length: length, head: (core * width + column) / head, scale: scale)
                let block = Workspace.scoreRows(of: length)
                for row in Swift.stride(from: 0, to: length, by: block) {
                    let rows = min(block, length - row)
                    kernels.multiply(
                        query + row * stride, rows: rows, depth: head, aStride: stride,
                        packed: memory.keys.pointer, columns: length, into: memory.scores.pointer,
                        cStride: length, finish: .none)
                    if !bias.isEmpty {
                        addDistances(memory.scores.pointer, rows: rows, first: row, length: length, bias)
                    }
                    kernels.softmax(
                        memory.scores.pointer, rows: rows, columns: length, stride: length, scale: scale)
                    kernels.multiply(
                        memory.scores.pointer, rows: rows, depth: length, aStride: length,
                        packed: memory.values.pointer, columns: head,
                        into: memory.context.pointer + (start + row) * width + column, cStride: width,
                        finish: .none)
                }
            }
        }
    }

    /// One core's rows of the attention's output matrix, for some rows.
    private func project(_ shard: LayerShard, _ memory: Workspace.Core, _ rows: Range<Int>) {
        let hidden = configuration.hiddenSize
        let width = hidden / weights.degree
        shard.output.multiply(
            kernels, memory.context.pointer + rows.lowerBound * width, rows: rows.count, aStride: width,
            into: memory.partial.pointer + rows.lowerBound * hidden, cStride: hidden, finish: .none,
            scratch: memory.rounded.pointer)
    }

    /// One core's columns of the feed-forward, for some rows.
    private func feedForward(_ shard: LayerShard, _ memory: Workspace.Core, _ rows: Range<Int>) {
        let hidden = configuration.hiddenSize
        let columns = configuration.intermediateSize / weights.degree
        shard.expand.multiply(
            kernels, states.pointer + rows.lowerBound * hidden, rows: rows.count, aStride: hidden,
            into: memory.middle.pointer, cStride: columns, finish: .biasAndGELU(shard.expandBias.pointer),
            scratch: memory.rounded.pointer)
        shard.contract.multiply(
            kernels, memory.middle.pointer, rows: rows.count, aStride: columns,
            into: memory.partial.pointer + rows.lowerBound * hidden, cStride: hidden, finish: .none,
            scratch: memory.rounded.pointer)
    }
}
