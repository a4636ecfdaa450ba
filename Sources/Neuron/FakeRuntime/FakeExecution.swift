// One execution: from its inputs to its status, with what the driver counts of it.

import CLinux
import FakeChip
import Glibc
import KernelTemplates
import NeuronProgram
import NeuronRuntime
import SystemIO

/// What the cores share while they execute.
final class FakeExecution: @unchecked Sendable {
    // @unchecked: written by the first core before a barrier, or by one stage before the next is queued.
    private let program: FakeProgram
    private let inputs: FakeTensorSet
    private let outputs: FakeTensorSet
    private let action: String
    private let completion: @Sendable (NRTError?) -> Void

    private var batch = EncoderBatch()
    private var status: NRTStatus?
    private var problem: String?
    private var spoils = false
    private var start = ContinuousClock.now
    /// The residual stream between two stages of a pipeline.
    private var states: FloatBuffer?
    private let remaining: Lock<Int>

    private var claim: CoreClaim { program.claim }
    private var configuration: ModelConfiguration { program.configuration }
    private var encoder: Encoder {
        Encoder(weights: program.weights, workspace: program.shared.workspace, barrier: program.barrier)
    }

    init(
        _ program: FakeProgram, _ inputs: FakeTensorSet, _ outputs: FakeTensorSet, action: String,
        completion: @escaping @Sendable (NRTError?) -> Void
    ) {
        self.program = program
        self.inputs = inputs
        self.outputs = outputs
        self.action = action
        self.completion = completion
        remaining = Lock(program.memory.count)
    }

    /// What one core does of a program whose layers all cores share.
    func runShared(core: Int) {
        if core == 0 { begin() }
        program.barrier.wait()
        if status == nil, claim.settings.clock == nil {
            encoder.embed(batch, core: core)
            encoder.layers(0..<configuration.layerCount, batch, core: core)
        }
        if core == 0 {
            if status == nil { write(program.shared.workspace.states) }
            // Numbers that are none are written, and told.
            if spoils { status = .numericalError }
        }
        // The last core to leave tells: nobody may queue the next execution's inputs while one still reads.
        let isLast = remaining.withLock { remaining in
            remaining -= 1
            return remaining == 0
        }
        if isLast { end() }
    }

    /// What one core of a pipeline does; the next core's part is queued behind it.
    func runStage(_ stage: Int) {
        let stages = program.stages ?? []
        if stage == 0 { begin() }
        if status == nil, claim.settings.clock == nil {
            let own = program.stageWorkspaces[stage]
            let encoder = Encoder(weights: program.weights, workspace: own, barrier: program.barrier)
            let count = batch.tokens.count * configuration.hiddenSize
            if let states {
                own.states.pointer.update(from: states.pointer, count: count)
            } else {
                encoder.embed(batch, core: 0)
            }
            encoder.layers(stages[stage], batch, core: 0)
            let result = states ?? FloatBuffer(count: count)
            result.pointer.update(from: own.states.pointer, count: count)
            states = result
        }
        let next = stage + 1
        if status == nil, next < stages.count {
            if claim.workers.add(to: next, { self.runStage(next) }) { return }
            status = .closed
        }
        if status == nil, let states { write(states) }
        if spoils, status == nil { status = .numericalError }
        end()
    }

    // MARK: Before

    /// Looks for what keeps the execution from being done, and reads the inputs.
    private func begin() {
        start = .now
        if let broken = claim.brokenBy { return fail(broken) }
        for core in program.memory.indices {
            if let fault = claim.takeFault(core: core) { return suffer(fault, core: core) }
        }
        guard let ids = inputs.tensors["input_ids"], let lengths = inputs.tensors["text_lengths"],
            let states = outputs.tensors["last_hidden_state"], ids.size == program.inputs[0].size,
            lengths.size == program.inputs[1].size, states.size == program.outputs[0].size
        else {
            return fail(.badInput, "a tensor is missing or has another size than the program says")
        }
        read(
            ids.start.assumingMemoryBound(to: Int32.self), lengths.start.assumingMemoryBound(to: Int32.self),
            capacity: program.inputs[0].shape[0])
        if claim.switchContext(to: program), let clock = claim.settings.clock {
            wait(for: clock.time(configuration, tokens: [], cores: 1, switched: program.memory[0].constants))
        }
        if let clock = claim.settings.clock, status == nil {
            wait(for: clock.time(configuration, tokens: textLengths, cores: program.memory.count))
        }
    }

    private func read(_ ids: UnsafePointer<Int32>, _ lengths: UnsafePointer<Int32>, capacity: Int) {
        var total = 0
        for text in 0..<capacity {
            let length = Int(lengths[text])
            if length == 0 { break }
            guard (1...configuration.maximumTokens).contains(length), length <= capacity - total else {
                return fail(
                    .badInput,
                    "text \(text) has \(length) tokens, where a text may have \(configuration.maximumTokens) and "
                        + "\(capacity - total) are left")
            }
            var position = configuration.firstPosition
            for token in total..<total + length {
                let id = Int(ids[token])
                guard (0..<configuration.vocabularySize).contains(id) else {
                    return fail(
                        .outOfBounds,
                        "the id \(id) is not below the vocabulary's \(configuration.vocabularySize)")
                }
                if id == configuration.paddingID {
                    batch.tokens.append((id, id))
                } else {
                    batch.tokens.append((id, position))
                    position += 1
                }
            }
            total += length
            batch.bounds.append(total)
        }
    }

    private var textLengths: [Int] { zip(batch.bounds, batch.bounds.dropFirst()).map { $1 - $0 } }

    /// What a fault on request does.
    private func suffer(_ fault: ExecutionFault, core: Int) {
        let counters = claim.counters
        switch fault {
        case .hang:
            wait(for: claim.settings.timeout)
            fail(.timeout)
        case .memoryError:
            counters.addToChip("stats/hardware/mem_ecc_uncorrected", core: core)
            fail(.memoryError)
        case .coreMemoryError:
            counters.addToChip("stats/hardware/sram_ecc_uncorrected", core: core)
            fail(.coreMemoryError)
        case .transferAbort: fail(.transferAborted)
        case .collectives: fail(.collectivesError)
        case .coreReset:
            counters.add("stats/other_info/reset_req_count", 1, core: core)
            claim.breakDown(.unrecoverable)
            fail(.unrecoverable)
        case .outOfMemory: fail(.resource)
        case .numericalError:
            spoils = true
            let ids = inputs.tensors["input_ids"]
            let lengths = inputs.tensors["text_lengths"]
            guard let ids, let lengths, outputs.tensors["last_hidden_state"] != nil else {
                return fail(.badInput)
            }
            read(
                ids.start.assumingMemoryBound(to: Int32.self),
                lengths.start.assumingMemoryBound(to: Int32.self), capacity: program.inputs[0].shape[0])
        }
        failingCore = core
    }

    /// The core that a fault was asked for on.
    private var failingCore = 0

    private func fail(_ status: NRTStatus, _ problem: String? = nil) {
        self.status = status
        self.problem = problem
    }

    /// Lets the hardware's time go by on this core's thread.
    private func wait(for time: Duration) {
        let (seconds, attoseconds) = time.components
        var rest = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var left = timespec()
        while nanosleep(&rest, &left) != 0 { rest = left }
    }

    // MARK: After

    private func write(_ states: FloatBuffer) {
        guard let output = outputs.tensors["last_hidden_state"] else { return }
        let count = batch.tokens.count * configuration.hiddenSize
        let floats = output.start.assumingMemoryBound(to: Float.self)
        if claim.settings.clock == nil {
            floats.update(from: states.pointer, count: count)
        } else {
            // Nothing has been computed; all vectors are alike, and numbers.
            floats.update(repeating: 1, count: count)
        }
        if spoils { floats.update(repeating: .nan, count: count) }
    }

    private func end() {
        let counters = claim.counters
        if counters.hasTree { count(counters) }
        completion(status.map { NRTError($0, action, problem: problem) })
    }

    private func count(_ counters: DriverCounters) {
        let time = start.duration(to: .now).components
        let microseconds = Int(time.seconds) * 1_000_000 + Int(time.attoseconds / 1_000_000_000_000)
        let operations = textLengths.reduce(0) { $0 + configuration.operations(tokens: $1) }
        let name = (status ?? .success).counter
        for core in program.memory.indices {
            counters.add("stats/other_info/nc_time_in_use", microseconds, core: core)
            if status == nil {
                counters.add("stats/other_info/inference_count", 1, core: core)
                counters.add(
                    "stats/other_info/flop_count", Int(operations) / program.memory.count, core: core)
                counters.add(name, 1, core: core)
            }
        }
        if let status {
            counters.add(status.counter, 1, core: failingCore)
            counters.add("stats/status/failure", 1, core: failingCore)
        }
    }
}

extension NRTStatus {
    /// The driver's counter of executions that end so.
    fileprivate var counter: String {
        let name =
            switch self {
            case .success: "success"
            case .timeout: "timeout"
            case .badInput: "exec_bad_input"
            case .outOfBounds: "oob_error"
            case .numericalError: "execute_completed_with_num_error"
            case .completedWithError: "execute_completed_with_error"
            case .memoryError: "hw_hbm_ue_error"
            case .coreMemoryError: "hw_nc_ue_error"
            case .transferAborted: "hw_dma_abort_error"
            case .collectivesError: "hw_collectives_error"
            case .unrecoverable, .hardwareError: "hw_error"
            case .resource: "resource_error"
            case .invalid: "invalid_error"
            default: "generic_error"
            }
        return "stats/status/" + name
    }
}
