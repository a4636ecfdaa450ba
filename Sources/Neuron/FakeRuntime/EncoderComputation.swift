// An encoder on its cores.

import KernelTemplates
import NeuronProgram
import NeuronRuntime

/// A loaded encoder.
struct EncoderComputation: ProgramComputation {
    let inputs: [TensorInformation]
    let outputs: [TensorInformation]
    let memory: [CoreMemory]
    var stageCount: Int? { stages?.count }
    var usesAllThreads: Bool { false }

    let configuration: ModelConfiguration
    let weights: ModelWeights
    /// Of a pipeline, the layers of each core.
    let stages: [Range<Int>]?
    let shared: SharedWorkspace
    let barrier: CoreBarrier
    /// Of a pipeline, each core's own activations.
    let stageWorkspaces: [Workspace]
    private let claim: CoreClaim

    init(_ encoder: EncoderProgram, _ weights: ModelWeights, on claim: CoreClaim) {
        let configuration = encoder.configuration
        self.configuration = configuration
        self.weights = weights
        self.claim = claim
        let key = WorkspaceKey(configuration: configuration, layout: weights.kernels.layoutName)
        let (shared, isNew) = claim.workspace(for: key) {
            Workspace(configuration, degree: weights.degree, kernels: weights.kernels)
        }
        self.shared = shared
        let tensors = isNew ? shared.workspace.bytesPerCore : 0
        memory = claim.cores.indices.map { core in
            let position = core - claim.cores.lowerBound
            let constants =
                encoder.stages.map { weights.byteCount(layers: $0[position], isFirst: position == 0) }
                ?? weights.byteCount(core: position)
            return CoreMemory(constants: constants, tensors: tensors)
        }
        stages = encoder.stages
        stageWorkspaces = (encoder.stages ?? []).map { _ in
            Workspace(configuration, degree: 1, kernels: weights.kernels)
        }
        barrier = CoreBarrier(encoder.stages == nil ? claim.cores.count : 1)
        let names =
            ["input_ids", "text_lengths"] + (configuration.typeCount > 1 ? ["token_type_ids"] : [])
        inputs = names.map { TensorInformation($0, .input, .int32, shape: [encoder.capacity]) }
        outputs = [
            TensorInformation(
                "last_hidden_state", .output, .float32, shape: [encoder.capacity, configuration.hiddenSize])
        ]
    }

    func makePass(_ inputs: FakeTensorSet, _ outputs: FakeTensorSet) -> any ProgramPass {
        EncoderPass(self, inputs, outputs)
    }

    func release() -> [CoreMemory] {
        let isLast = claim.leaveWorkspace(
            of: WorkspaceKey(configuration: configuration, layout: weights.kernels.layoutName))
        return memory.map {
            CoreMemory(constants: $0.constants, tensors: isLast ? shared.workspace.bytesPerCore : 0)
        }
    }
}

/// One execution of an encoder.
final class EncoderPass: ProgramPass, @unchecked Sendable {
    // @unchecked: written by the first core before the others begin, or by one stage before the next is queued.
    private let program: EncoderComputation
    private let inputs: FakeTensorSet
    private let outputs: FakeTensorSet
    private var batch = EncoderBatch()
    private var output: FakeTensor?
    /// The residual stream between two stages of a pipeline.
    private var states: FloatBuffer?

    private var configuration: ModelConfiguration { program.configuration }

    init(_ program: EncoderComputation, _ inputs: FakeTensorSet, _ outputs: FakeTensorSet) {
        self.program = program
        self.inputs = inputs
        self.outputs = outputs
    }

    func begin() throws(PassRefusal) {
        let given = try inputs.checked(program.inputs)
        output = try outputs.checked(program.outputs)[0]
        let ids = given[0].start.assumingMemoryBound(to: Int32.self)
        let lengths = given[1].start.assumingMemoryBound(to: Int32.self)
        let types = given.count > 2 ? given[2].start.assumingMemoryBound(to: Int32.self) : nil
        let capacity = program.inputs[0].shape[0]
        var batch = EncoderBatch()
        var total = 0
        for text in 0..<capacity {
            let length = Int(lengths[text])
            if length == 0 { break }
            guard (1...configuration.maximumTokens).contains(length), length <= capacity - total else {
                throw PassRefusal(
                    status: .badInput,
                    problem:
                        "text \(text) has \(length) tokens, where a text may have \(configuration.maximumTokens) and "
                        + "\(capacity - total) are left")
            }
            var position = configuration.firstPosition
            for token in total..<total + length {
                let id = Int(ids[token])
                guard (0..<configuration.vocabularySize).contains(id) else {
                    throw PassRefusal(
                        status: .outOfBounds,
                        problem: "the id \(id) is not below the vocabulary's \(configuration.vocabularySize)")
                }
                let type = types.map { Int($0[token]) } ?? 0
                guard (0..<configuration.typeCount).contains(type) else {
                    throw PassRefusal(
                        status: .outOfBounds,
                        problem: "the token type \(type) is not below the model's \(configuration.typeCount)")
                }
                if id == configuration.paddingID {
                    batch.tokens.append((id, id, type))
                } else {
                    batch.tokens.append((id, position, type))
                    position += 1
                }
            }
            total += length
            batch.bounds.append(total)
        }
        self.batch = batch
    }

    func compute(thread core: Int) {
        let encoder = Encoder(
            weights: program.weights, workspace: program.shared.workspace, barrier: program.barrier)
        encoder.embed(batch, core: core)
        encoder.layers(0..<configuration.layerCount, batch, core: core)
        if core == 0 { states = program.shared.workspace.states }
    }

    func compute(stage: Int) {
        guard let layers = program.stages?[stage] else { return }
        let own = program.stageWorkspaces[stage]
        let encoder = Encoder(weights: program.weights, workspace: own, barrier: program.barrier)
        let count = batch.tokens.count * configuration.hiddenSize
        if let states {
            own.states.pointer.update(from: states.pointer, count: count)
        } else {
            encoder.embed(batch, core: 0)
        }
        encoder.layers(layers, batch, core: 0)
        let result = states ?? FloatBuffer(count: count)
        result.pointer.update(from: own.states.pointer, count: count)
        states = result
    }

    func finish(_ result: PassOutcome) {
        guard let output else { return }
        let count = batch.tokens.count * configuration.hiddenSize
        let floats = output.start.assumingMemoryBound(to: Float.self)
        switch result {
        case .computed: if let states { floats.update(from: states.pointer, count: count) }
        // All vectors are alike, and numbers.
        case .placeholder:
            guard output.placeholders < count else { return }
            floats.update(repeating: 1, count: count)
            output.placeholders = count
        case .spoiled:
            floats.update(repeating: .nan, count: count)
            output.placeholders = 0
        }
    }

    var operations: [Double] {
        zip(batch.bounds, batch.bounds.dropFirst()).map { configuration.operations(tokens: $1 - $0) }
    }
}
