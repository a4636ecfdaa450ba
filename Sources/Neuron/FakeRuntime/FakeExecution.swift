// One execution: from its inputs to its status, with what the driver counts of it.

import CLinux
import FakeChip
import Glibc
import NeuronRuntime
import SystemIO

/// What the cores share while they execute.
final class FakeExecution: @unchecked Sendable {
    // @unchecked: written by the first core before a barrier, or by one stage before the next is queued.
    private let program: FakeProgram
    private let pass: any ProgramPass
    private let action: String
    private let completion: @Sendable (NRTError?) -> Void
    /// Where the threads meet before the first of them has read the inputs; nil under the hardware's clock, which needs none.
    private let start: CoreBarrier?
    private let threads: Int

    private var status: NRTStatus?
    private var problem: String?
    private var spoils = false
    private var begun = ContinuousClock.now
    private let remaining: Lock<Int>

    private var claim: CoreClaim { program.claim }

    init(
        _ program: FakeProgram, _ pass: any ProgramPass, action: String,
        completion: @escaping @Sendable (NRTError?) -> Void
    ) {
        self.program = program
        self.pass = pass
        self.action = action
        self.completion = completion
        let computation = program.computation
        threads =
            computation.stageCount != nil
            ? 1 : program.memory.count * (computation.usesAllThreads ? program.claim.workers.threads : 1)
        start = program.claim.settings.clock == nil ? CoreBarrier(threads) : nil
        remaining = Lock(threads)
    }

    /// What one thread does of a program whose layers all cores share.
    func runShared(thread: Int) {
        if thread == 0 { wait(for: begin()) }
        start?.wait()
        if status == nil { pass.compute(thread: thread) }
        // The last to leave tells: nobody may queue the next execution's inputs while one still reads.
        let isLast = remaining.withLock { remaining in
            remaining -= 1
            return remaining == 0
        }
        if isLast { end() }
    }

    /// What one core of a pipeline does; the next core's part is queued behind it.
    func runStage(_ stage: Int) {
        if stage == 0 { wait(for: begin()) }
        if status == nil { pass.compute(stage: stage) }
        let next = stage + 1
        if status == nil, next < program.computation.stageCount ?? 0 {
            if claim.workers.add(to: next, { self.runStage(next) }) { return }
            status = .closed
        }
        end()
    }

    // MARK: Before

    /// Looks for what keeps the execution from being done, and reads the inputs.
    ///
    /// - Returns: how long it takes besides what is computed: of a fault, and by the hardware's clock.
    func begin() -> Duration {
        begun = .now
        if let broken = claim.brokenBy {
            fail(broken)
            return .zero
        }
        var time = Duration.zero
        for core in program.memory.indices {
            if let fault = claim.takeFault(core: core) {
                time += suffer(fault, core: core)
                if status != nil { return time }
            }
        }
        do throws(PassRefusal) {
            try pass.begin()
        } catch {
            fail(error.status, error.problem)
            return time
        }
        guard let clock = claim.settings.clock else { return time }
        if claim.switchContext(to: program) {
            time += claim.switchTime(clock, octets: program.memory[0].constants)
        }
        return time + clock.time(operations: pass.operations, cores: program.memory.count)
    }

    /// What a fault on request does.
    ///
    /// - Returns: how long it takes.
    private func suffer(_ fault: ExecutionFault, core: Int) -> Duration {
        let counters = claim.counters
        failingCore = core
        switch fault {
        case .hang:
            fail(.timeout)
            return claim.settings.timeout
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
        case .numericalError: spoils = true
        }
        return .zero
    }

    /// The core that a fault was asked for on.
    private var failingCore = 0

    private func fail(_ status: NRTStatus, _ problem: String? = nil) {
        self.status = status
        self.problem = problem
    }

    /// Lets time go by on this core's thread.
    private func wait(for time: Duration) {
        guard time > .zero else { return }
        let (seconds, attoseconds) = time.components
        var rest = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var left = timespec()
        while nanosleep(&rest, &left) != 0 { rest = left }
    }

    // MARK: After

    /// Writes the outputs, counts, and tells.
    func end() {
        if status == nil {
            pass.finish(spoils ? .spoiled : claim.settings.clock == nil ? .computed : .placeholder)
            // Numbers that are none are written, and told.
            if spoils { status = .numericalError }
        }
        if claim.counters.hasTree { count(claim.counters) }
        completion(status.map { NRTError($0, action, problem: problem) })
    }

    private func count(_ counters: DriverCounters) {
        let time = begun.duration(to: .now).components
        let microseconds = Int(time.seconds) * 1_000_000 + Int(time.attoseconds / 1_000_000_000_000)
        let operations = pass.operations.reduce(0, +)
        let name = (status ?? .success).counter
        for core in program.memory.indices {
            var counts = [("stats/other_info/nc_time_in_use", microseconds)]
            if status == nil {
                counts += [
                    ("stats/other_info/inference_count", 1),
                    ("stats/other_info/flop_count", Int(operations) / program.memory.count), (name, 1),
                ]
            }
            counters.add(counts, core: core)
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
