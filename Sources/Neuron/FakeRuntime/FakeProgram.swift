// A program on the fake device's cores. An execution is queued on all of them; the first of them reads the inputs, and every
// core does its part. As with the hardware, a program whose inputs are wrong ends with a status, and not the process.

import FakeChip
import KernelTemplates
import ModelErrors
import NeuronArtifact
import NeuronProgram
import NeuronRuntime
import SystemIO

/// A loaded encoder.
final class FakeProgram: LoadedProgram {
    let inputs: [TensorInformation]
    let outputs: [TensorInformation]
    let memory: [CoreMemory]

    /// What it is, for errors.
    let name: String
    let claim: CoreClaim
    let weights: ModelWeights
    let shared: SharedWorkspace
    /// Of a pipeline, the layers of each core.
    let stages: [Range<Int>]?
    let barrier: CoreBarrier
    /// Of a pipeline, each core's own activations.
    let stageWorkspaces: [Workspace]
    private let isLoaded = Lock(true)

    init(_ program: Program, on claim: CoreClaim) throws(NRTError) {
        guard case .artifact(let compiled) = program else {
            throw NRTError(
                .invalid, "load a NEFF file on the fake device",
                problem: "it has instructions for NeuronCores only",
                mend:
                    "run it on a machine that has some, or give the fake device what \"ganglion compile\" makes"
            )
        }
        name = compiled.header.model
        let action = "load \(name) on cores \(claim.cores.lowerBound)-\(claim.cores.upperBound - 1)"
        if case .outOfMemory = claim.takeFault(core: 0) {
            claim.counters.add("stats/status/resource_nc_error", 1, core: 0)
            throw NRTError(.resource, action)
        }
        let encoder: EncoderProgram
        let weights: ModelWeights
        do throws(ModelError) {
            encoder = try EncoderProgram(compiled)
            weights = try encoder.weights()
        } catch {
            throw NRTError(
                .invalid, action, problem: "\(error.subject) \(error.problem)", mend: error.mend)
        }
        guard encoder.cores == claim.cores.count else {
            throw NRTError(
                encoder.cores > claim.cores.count ? .notEnoughCores : .invalid, action,
                problem: "it was compiled for \(encoder.cores) cores, and its group has \(claim.cores.count)")
        }
        let configuration = encoder.configuration
        let key = WorkspaceKey(configuration: configuration, layout: weights.kernels.layoutName)
        let (shared, isNew) = claim.workspace(for: key) {
            Workspace(configuration, degree: weights.degree, kernels: weights.kernels)
        }
        let tensors = isNew ? shared.workspace.bytesPerCore : 0
        let memory = claim.cores.indices.map { core in
            let position = core - claim.cores.lowerBound
            let constants =
                encoder.stages.map { weights.byteCount(layers: $0[position], isFirst: position == 0) }
                ?? weights.byteCount(core: position)
            return CoreMemory(constants: constants, tensors: tensors)
        }
        do throws(NRTError) {
            try claim.reserve(memory, action)
        } catch {
            _ = claim.leaveWorkspace(of: key)
            throw error
        }
        self.memory = memory
        self.claim = claim
        self.weights = weights
        self.shared = shared
        stages = encoder.stages
        stageWorkspaces = (encoder.stages ?? []).map { _ in
            Workspace(configuration, degree: 1, kernels: weights.kernels)
        }
        self.configuration = configuration
        barrier = CoreBarrier(encoder.stages == nil ? claim.cores.count : 1)
        inputs = [
            TensorInformation("input_ids", .input, .int32, shape: [encoder.capacity]),
            TensorInformation("text_lengths", .input, .int32, shape: [encoder.capacity]),
        ]
        outputs = [
            TensorInformation(
                "last_hidden_state", .output, .float32, shape: [encoder.capacity, configuration.hiddenSize])
        ]
        for core in memory.indices { claim.counters.add("stats/other_info/model_load_count", 1, core: core) }
    }

    /// The model's sizes with what it was compiled for.
    let configuration: ModelConfiguration

    deinit { try? unload() }

    func submit(
        _ inputs: any NeuronTensorSet, _ outputs: any NeuronTensorSet,
        completion: @escaping @Sendable (NRTError?) -> Void
    ) throws(NRTError) {
        let action = "execute \(name) on cores \(claim.cores.lowerBound)-\(claim.cores.upperBound - 1)"
        guard !claim.isEnded else { throw NRTError(.closed, action) }
        guard isLoaded.withLock({ $0 }) else { throw NRTError(.invalidHandle, action) }
        guard let inputs = inputs as? FakeTensorSet, let outputs = outputs as? FakeTensorSet else {
            throw NRTError(.invalidHandle, action, problem: "the tensors are another runtime's")
        }
        guard claim.workers.hasRoom else {
            claim.counters.add("stats/status/execute_failed_to_queue", 1, core: 0)
            throw NRTError(.queueFull, action)
        }
        let execution = FakeExecution(self, inputs, outputs, action: action, completion: completion)
        let isQueued =
            stages == nil
            ? claim.workers.addToAll { execution.runShared(core: $0) }
            : claim.workers.add(to: 0) { execution.runStage(0) }
        guard isQueued else { throw NRTError(.closed, action) }
    }

    func unload() throws(NRTError) {
        let wasLoaded = isLoaded.withLock { isLoaded in
            defer { isLoaded = false }
            return isLoaded
        }
        guard wasLoaded else { return }
        let isLast = claim.leaveWorkspace(
            of: WorkspaceKey(configuration: configuration, layout: weights.kernels.layoutName))
        claim.release(
            memory.map {
                CoreMemory(constants: $0.constants, tensors: isLast ? shared.workspace.bytesPerCore : 0)
            })
    }
}
