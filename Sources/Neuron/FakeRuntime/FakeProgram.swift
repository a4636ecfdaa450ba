// A program on the fake device's cores. An execution is queued on all of them; the first of them reads the inputs, and every
// core does its part. As with the hardware, a program whose inputs are wrong ends with a status, and not the process.

import FakeChip
import KernelTemplates
import ModelErrors
import NeuronArtifact
import NeuronProgram
import NeuronRuntime
import SystemIO

/// A loaded program.
final class FakeProgram: LoadedProgram {
    var inputs: [TensorInformation] { computation.inputs }
    var outputs: [TensorInformation] { computation.outputs }
    var memory: [CoreMemory] { computation.memory }

    /// What it is, for errors.
    let name: String
    let claim: CoreClaim
    let computation: any ProgramComputation
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
        let make: (CoreClaim) -> any ProgramComputation
        do throws(ModelError) {
            make = try Self.computation(compiled)
        } catch {
            throw NRTError(
                .invalid, action, problem: "\(error.subject) \(error.problem)", mend: error.mend)
        }
        let cores = compiled.header.cores
        guard cores == claim.cores.count else {
            throw NRTError(
                cores > claim.cores.count ? .notEnoughCores : .invalid, action,
                problem: "it was compiled for \(cores) cores, and its group has \(claim.cores.count)")
        }
        let computation = make(claim)
        do throws(NRTError) {
            try claim.reserve(computation.memory, action)
        } catch {
            _ = computation.release()
            throw error
        }
        self.claim = claim
        self.computation = computation
        for core in memory.indices { claim.counters.add("stats/other_info/model_load_count", 1, core: core) }
    }

    /// What makes a program of its kind, checked, on as many cores as it was compiled for.
    private static func computation(
        _ compiled: any CompiledProgram
    ) throws(ModelError) -> (CoreClaim) -> any ProgramComputation {
        switch try ProgramDescription.kind(compiled) {
        case .encoder:
            let encoder = try EncoderProgram(compiled)
            let weights = try encoder.weights()
            return { EncoderComputation(encoder, weights, on: $0) }
        case .decoder:
            let decoder = try DecoderProgram(compiled)
            let weights = try decoder.weights()
            return { DecoderComputation(decoder, weights, on: $0) }
        }
    }

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
        guard claim.hasRoom else {
            claim.counters.add("stats/status/execute_failed_to_queue", 1, core: 0)
            throw NRTError(.queueFull, action)
        }
        let execution = FakeExecution(
            self, computation.makePass(inputs, outputs), action: action, completion: completion)
        guard claim.settings.clock == nil else { return claim.timed.add(execution) }
        let isQueued =
            computation.stageCount == nil
            ? claim.workers.addToAll(onlyFirst: !computation.usesAllThreads) {
                execution.runShared(thread: $0)
            }
            : claim.workers.add(to: 0) { execution.runStage(0) }
        guard isQueued else { throw NRTError(.closed, action) }
    }

    func unload() throws(NRTError) {
        let wasLoaded = isLoaded.withLock { isLoaded in
            defer { isLoaded = false }
            return isLoaded
        }
        if wasLoaded { claim.release(computation.release()) }
    }
}
