// A decoder on its cores, each with as many threads as there are CPUs for it.

import NeuronProgram
import NeuronRuntime

/// A loaded decoder.
struct DecoderComputation: ProgramComputation {
    let inputs: [TensorInformation]
    let outputs: [TensorInformation]
    let memory: [CoreMemory]
    var stageCount: Int? { nil }
    var usesAllThreads: Bool { true }

    let program: DecoderProgram
    let decoder: Decoder
    /// Octets of a page on each core.
    let pageSize: Int

    init(_ program: DecoderProgram, _ weights: DecoderWeights, on claim: CoreClaim) {
        let configuration = program.configuration
        let threads = claim.workers.threads
        let workspace = DecoderWorkspace(
            configuration, tokens: program.tokens, sequences: program.sequences, degree: weights.degree,
            threads: threads,
            kernels: weights.kernels)
        self.program = program
        decoder = Decoder(weights: weights, workspace: workspace, threads: threads)
        let pageSize = DecoderProgram.pageSize(
            configuration, degree: weights.degree, kernels: weights.kernels)
        self.pageSize = pageSize
        memory = (0..<weights.degree).map { core in
            CoreMemory(constants: weights.byteCount(core: core), tensors: workspace.bytesPerCore)
        }
        let (sequences, blocks) = (program.sequences, program.blocks)
        inputs =
            [
                TensorInformation("input_ids", .input, .int32, shape: [program.tokens]),
                TensorInformation("query_lengths", .input, .int32, shape: [sequences]),
                TensorInformation("context_lengths", .input, .int32, shape: [sequences]),
                TensorInformation("wants_logits", .input, .int32, shape: [sequences]),
                TensorInformation("block_tables", .input, .int32, shape: [sequences, blocks]),
            ]
            // As many pages as the host gives it.
            + (0..<weights.degree).map {
                TensorInformation("key_value_cache/\($0)", .input, .uint8, shape: [pageSize])
            }
        outputs = [
            TensorInformation(
                "logits", .output, .float32, shape: [sequences, configuration.vocabularySize])
        ]
    }

    func makePass(_ inputs: FakeTensorSet, _ outputs: FakeTensorSet) -> any ProgramPass {
        DecoderPass(self, inputs, outputs)
    }

    func release() -> [CoreMemory] { memory }
}

/// One execution of a decoder.
final class DecoderPass: ProgramPass, @unchecked Sendable {
    // @unchecked: written by the first core before the others begin.
    private let computation: DecoderComputation
    private let inputs: FakeTensorSet
    private let outputs: FakeTensorSet
    private var batch = DecoderBatch()

    init(_ computation: DecoderComputation, _ inputs: FakeTensorSet, _ outputs: FakeTensorSet) {
        self.computation = computation
        self.inputs = inputs
        self.outputs = outputs
    }

    func begin() throws(PassRefusal) {
        let given = try inputs.checked(computation.inputs.filter { !$0.name.hasPrefix("key_value_cache/") })
            .map { $0.start.assumingMemoryBound(to: Int32.self) }
        batch.logits = try outputs.checked(computation.outputs)[0].start.assumingMemoryBound(to: Float.self)
        let pages = try readCaches()
        let program = computation.program
        for sequence in 0..<program.sequences {
            let (length, context) = (Int(given[1][sequence]), Int(given[2][sequence]))
            if length == 0 { break }
            let left = program.tokens - batch.tokens.count
            guard length > 0, context >= 0, length <= left,
                context + length <= program.configuration.positionCount
            else {
                throw PassRefusal(
                    status: .badInput,
                    problem:
                        "sequence \(sequence) has \(length) new tokens behind \(context), where an execution has room "
                        + "for \(left) and a sequence for \(program.configuration.positionCount)")
            }
            let blocks = (context + length + DecoderProgram.pageTokens - 1) / DecoderProgram.pageTokens
            let table = (0..<blocks).map { Int(given[4][sequence * program.blocks + $0]) }
            guard table.allSatisfy((0..<pages).contains) else {
                throw PassRefusal(
                    status: .outOfBounds,
                    problem: "sequence \(sequence) has pages \(table), where the cache has \(pages)")
            }
            try addTokens(length, given[0], context: context, sequence: sequence)
            batch.sequences.append(
                DecoderBatch.Sequence(
                    tokens: batch.tokens.count - length..<batch.tokens.count, context: context,
                    pages: table, wantsLogits: given[3][sequence] != 0))
        }
    }

    private func addTokens(
        _ count: Int, _ ids: UnsafePointer<Int32>, context: Int, sequence: Int
    ) throws(PassRefusal) {
        let vocabulary = computation.program.configuration.vocabularySize
        let first = batch.tokens.count
        for place in 0..<count {
            let id = Int(ids[first + place])
            guard (0..<vocabulary).contains(id) else {
                throw PassRefusal(
                    status: .outOfBounds, problem: "the id \(id) is not below the vocabulary's \(vocabulary)")
            }
            batch.tokens.append(DecoderBatch.Token(id: id, position: context + place, sequence: sequence))
        }
    }

    /// Finds each core's pages.
    ///
    /// - Returns: how many there are.
    private func readCaches() throws(PassRefusal) -> Int {
        var pages = Int.max
        for core in computation.memory.indices {
            guard let cache = inputs.tensors["key_value_cache/\(core)"],
                cache.size >= computation.pageSize, cache.size % computation.pageSize == 0
            else {
                throw PassRefusal(
                    status: .badInput,
                    problem: "key_value_cache/\(core) is not of whole pages of \(computation.pageSize) octets"
                )
            }
            batch.caches.append(cache.start.assumingMemoryBound(to: Float.self))
            pages = min(pages, cache.size / computation.pageSize)
        }
        return pages
    }

    func compute(thread: Int) { computation.decoder.run(batch, thread: thread) }

    func compute(stage: Int) {}

    func finish(_ result: PassOutcome) {
        let value: Float
        switch result {
        case .computed: return
        case .placeholder: value = 0
        case .spoiled: value = .nan
        }
        let rows = batch.sequences.count { $0.wantsLogits }
        batch.logits?.update(
            repeating: value, count: rows * computation.program.configuration.vocabularySize)
    }

    var operations: [Double] {
        let configuration = computation.program.configuration
        return batch.sequences.flatMap { sequence in
            sequence.tokens.map { token in
                configuration.operations(
                    context: batch.tokens[token].position + 1,
                    hasLogits: sequence.wantsLogits && token == sequence.tokens.upperBound - 1)
            }
        }
    }
}
