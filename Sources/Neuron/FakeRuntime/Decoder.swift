// A decoder over the cores of a group. The tokens of all sequences lie one behind the other, whether they begin a sequence or
// go on with it, so an execution costs what its tokens cost. Each number is summed in an order that depends on the model
// only - not on the other sequences, on how a sequence was cut into executions, or on threads - so a sequence's numbers are
// the same bits alone and in company; another number of cores changes rounding only.

import Glibc
import KernelTemplates
import NeuronProgram

/// What one execution computes, checked.
struct DecoderBatch {
    struct Token {
        let id: Int
        let position: Int
        let sequence: Int
    }

    struct Sequence {
        /// Places of its new tokens among all of them.
        let tokens: Range<Int>
        /// Tokens before them.
        let context: Int
        /// Where its keys and values lie, in order.
        let pages: [Int]
        let wantsLogits: Bool
    }

    var tokens: [Token] = []
    var sequences: [Sequence] = []
    /// The first page, by core.
    var caches: [UnsafeMutablePointer<Float>] = []
    /// A row for each sequence.
    var logits: UnsafeMutablePointer<Float>?
}

/// The arithmetic of one model on one group. Every thread calls `run` with its own number.
struct Decoder: Sendable {
    let weights: DecoderWeights
    /// Written by one pass at a time.
    let workspace: DecoderWorkspace
    /// Of each core.
    let threads: Int
    let barrier: CoreBarrier
    /// For each position the cosines and then the sines of a head's angles; nil for a model with a table of positions.
    let angles: FloatBuffer?

    init(weights: DecoderWeights, workspace: DecoderWorkspace, threads: Int) {
        self.weights = weights
        self.workspace = workspace
        self.threads = threads
        barrier = CoreBarrier(weights.degree * threads)
        angles = weights.tables.frequencies.map { frequencies in
            let (half, positions) = (frequencies.count, weights.configuration.positionCount)
            let angles = FloatBuffer(count: positions * 2 * half)
            for position in 0..<positions {
                for pair in 0..<half {
                    let angle = Double(position) * Double(frequencies.pointer[pair])
                    angles.pointer[position * 2 * half + pair] = Float(cos(angle))
                    angles.pointer[(position * 2 + 1) * half + pair] = Float(sin(angle))
                }
            }
            return angles
        }
    }

    func run(_ batch: DecoderBatch, thread: Int) {
        DecoderThread(self, batch, thread).run()
    }
}

/// One thread of one core in one execution.
struct DecoderThread {
    let decoder: Decoder
    let batch: DecoderBatch
    /// Among all threads of the group.
    let thread: Int
    /// Whose thread it is.
    let core: Int
    /// Among the core's threads.
    let place: Int

    let kernels: any Kernels
    let configuration: DecoderConfiguration
    let hidden: Int
    let tokens: Int
    let memory: DecoderWorkspace.Core
    let own: DecoderWorkspace.Thread

    init(_ decoder: Decoder, _ batch: DecoderBatch, _ thread: Int) {
        self.decoder = decoder
        self.batch = batch
        self.thread = thread
        core = thread / decoder.threads
        place = thread % decoder.threads
        kernels = decoder.weights.kernels
        configuration = decoder.weights.configuration
        hidden = configuration.hiddenSize
        tokens = batch.tokens.count
        memory = decoder.workspace.cores[core]
        own = decoder.workspace.threads[thread]
    }

    var weights: DecoderWeights { decoder.weights }
    /// Whether each thread has all rows of the residual stream for itself.
    private var isFew: Bool { tokens <= DecoderWorkspace.fewTokens }
    private var states: UnsafeMutablePointer<Float> {
        (isFew ? own.states : decoder.workspace.states).pointer
    }
    private var normed: FloatBuffer { isFew ? own.normed : decoder.workspace.normed }
    private var degree: Int { weights.degree }

    func run() {
        embed()
        for layer in 0..<configuration.layerCount {
            let (common, shard) = (weights.common[layer], weights.shards[layer][core])
            // The first norm has been computed with the sum before it.
            if layer == 0 { normalize(common.attentionScale, common.attentionShift) }
            clearPages(layer: layer)
            multiply(
                normed,
                [(shard.query, memory.queries), (shard.key, memory.keys), (shard.value, memory.values)])
            decoder.barrier.wait()
            storeKeys(layer: layer, bias: shard.attentionBias)
            decoder.barrier.wait()
            attend(layer: layer)
            decoder.barrier.wait()
            multiply(memory.context, [(shard.output, memory.partial)])
            decoder.barrier.wait()
            add(bias: common.outputBias, then: common.middleScale, common.middleShift)
            feedForward(shard)
            decoder.barrier.wait()
            multiply(memory.middle, [(shard.down, memory.partial)])
            decoder.barrier.wait()
            let next = layer + 1 < configuration.layerCount ? weights.common[layer + 1] : nil
            add(
                bias: common.downBias, then: next?.attentionScale ?? weights.tables.scale,
                next == nil ? weights.tables.shift : next?.attentionShift)
        }
        computeLogits()
    }

    // MARK: Rows

    /// The rows of all tokens that this thread computes.
    private var ownRows: Range<Int> {
        guard !isFew else { return 0..<tokens }
        let parts = decoder.threads * degree
        return thread * tokens / parts..<(thread + 1) * tokens / parts
    }

    /// Waits for the rows of others, where there are any.
    private func waitForRows() {
        if !isFew { decoder.barrier.wait() }
    }

    /// This thread's rows of what its core alone has.
    var coreRows: Range<Int> {
        place * tokens / decoder.threads..<(place + 1) * tokens / decoder.threads
    }

    private func embed() {
        for row in ownRows {
            let (token, line) = (batch.tokens[row], states + row * hidden)
            let owner = owner(of: token.id)
            let first = configuration.words(core: owner, degree: degree).lowerBound
            kernels.readColumn(token.id - first, of: weights.tables.words[owner].packed, into: line)
            if let positions = weights.tables.positions {
                kernels.add(
                    [positions.pointer + token.position * hidden], bias: nil, rows: 1, columns: hidden,
                    to: line)
            }
        }
        waitForRows()
    }

    /// The core that has a word.
    private func owner(of id: Int) -> Int {
        (0..<degree).first { configuration.words(core: $0, degree: degree).contains(id) } ?? 0
    }

    private func normalize(_ scale: FloatBuffer, _ shift: FloatBuffer?) {
        normalize(ownRows, scale, shift)
        waitForRows()
    }

    private func normalize(_ rows: Range<Int>, _ scale: FloatBuffer, _ shift: FloatBuffer?) {
        let (from, to) = (states + rows.lowerBound * hidden, normed.pointer + rows.lowerBound * hidden)
        if let shift {
            kernels.reduceAndNormalize(
                [], bias: nil, residual: from, rows: rows.count, columns: hidden, scale: scale.pointer,
                shift: shift.pointer, epsilon: configuration.epsilon, into: to)
        } else {
            kernels.normalizeByRootMeanSquare(
                from, rows: rows.count, columns: hidden, scale: scale.pointer,
                epsilon: configuration.epsilon, into: to)
        }
    }

    /// The all-reduce of half a layer, and the norm that follows it.
    private func add(bias: FloatBuffer?, then scale: FloatBuffer, _ shift: FloatBuffer?) {
        let rows = ownRows
        let offset = rows.lowerBound * hidden
        kernels.add(
            decoder.workspace.cores.map { UnsafePointer($0.partial.pointer + offset) }, bias: bias?.pointer,
            rows: rows.count, columns: hidden, to: states + offset)
        normalize(rows, scale, shift)
        waitForRows()
    }

    // MARK: Products

    /// Products with some vectors; the core's threads divide the panels.
    private func multiply(_ input: FloatBuffer, _ products: [(WeightMatrix, FloatBuffer)]) {
        let counts = products.map { $0.0.panelCount(kernels) }
        let total = counts.reduce(0, +)
        let wanted = place * total / decoder.threads..<(place + 1) * total / decoder.threads
        var first = 0
        for ((matrix, output), count) in zip(products, counts) {
            let panels = wanted.clamped(to: first..<first + count)
            if !panels.isEmpty {
                kernels.multiply(
                    input.pointer, rows: tokens, aStride: matrix.depth, by: matrix.packed,
                    panels: panels.lowerBound - first..<panels.upperBound - first, into: output.pointer,
                    cStride: matrix.columns, adds: false, finish: .none, scratch: own.scratch.pointer)
            }
            first += count
        }
    }

    /// The middle of the second half: each thread has some columns of gate and middle.
    private func feedForward(_ shard: DecoderShard) {
        let count = shard.up.panelCount(kernels)
        let panels = place * count / decoder.threads..<(place + 1) * count / decoder.threads
        guard !panels.isEmpty else { return }
        if let gate = shard.gate {
            kernels.multiply(
                normed.pointer, rows: tokens, aStride: hidden, by: gate.packed, panels: panels,
                into: memory.gate.pointer, cStride: gate.columns, adds: false, finish: .none,
                scratch: own.scratch.pointer)
        }
        let finish: Finish =
            switch configuration.activation {
            case .gatedSiLU: .gate(memory.gate.pointer, bias: shard.upBias?.pointer)
            case .gelu: .biasAndGELUByTanh(shard.upBias?.pointer)
            }
        kernels.multiply(
            normed.pointer, rows: tokens, aStride: hidden, by: shard.up.packed, panels: panels,
            into: memory.middle.pointer, cStride: shard.up.columns, adds: false, finish: finish,
            scratch: own.scratch.pointer)
    }

    // MARK: The end

    /// The logits behind the last token of each sequence that wants them.
    private func computeLogits() {
        let wanted = batch.sequences.filter(\.wantsLogits)
        guard let logits = batch.logits, !wanted.isEmpty else { return }
        // The rows lie apart, and are brought together.
        let last = own.last.pointer
        for (place, sequence) in wanted.enumerated() {
            (last + place * hidden).update(
                from: normed.pointer + (sequence.tokens.upperBound - 1) * hidden, count: hidden)
        }
        let matrix = weights.tables.logits[core]
        let count = matrix.panelCount(kernels)
        let panels = place * count / decoder.threads..<(place + 1) * count / decoder.threads
        guard !panels.isEmpty else { return }
        kernels.multiply(
            last, rows: wanted.count, aStride: hidden, by: matrix.packed, panels: panels,
            into: logits + configuration.words(core: core, degree: degree).lowerBound,
            cStride: configuration.vocabularySize, adds: false, finish: .none,
            scratch: own.scratch.pointer)
    }
}
