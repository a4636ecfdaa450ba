// Cores that take a call and never answer it, until they are told to go on.

import Glibc
import NeuronRuntime
import SystemIO

/// Cores of the fake device between which and their user somebody may stop answering.
final class SilentCores: NeuronCores {
    /// What is not answered.
    enum Silence {
        case nothing
        case loading
        case executions
    }

    private let inner: any NeuronCores
    private let silence: Lock<(kind: Silence, answers: Int)>
    private let held = Lock<[@Sendable () -> Void]>([])
    /// One element for each call that is not answered.
    let calls: AsyncStream<Void>
    private let call: AsyncStream<Void>.Continuation

    init(_ inner: any NeuronCores, _ silence: Silence = .nothing) {
        self.inner = inner
        self.silence = Lock((silence, 0))
        (calls, call) = AsyncStream.makeStream()
    }

    var cores: Range<Int> { inner.cores }
    var instance: InstanceInformation { inner.instance }
    var formats: [ProgramFormat] { inner.formats }

    /// Says nothing more, after some answers, or answers again, also what it has not answered.
    func fall(_ silence: Silence, after answers: Int = 0) {
        self.silence.withLock { $0 = (silence, answers) }
        let waiting = held.withLock { held in
            defer { held = [] }
            return held
        }
        for answer in waiting { answer() }
    }

    /// Waits for a call that is not answered.
    func waitForCall() async { for await _ in calls { break } }

    private func isSilent(_ kind: Silence) -> Bool {
        silence.withLock { silence in
            guard silence.kind == kind else { return false }
            silence.answers -= 1
            return silence.answers < 0
        }
    }

    private func hold(_ answer: @escaping @Sendable () -> Void) {
        held.withLock { $0.append(answer) }
        call.yield()
    }

    func load(_ program: Program) throws(NRTError) -> any LoadedProgram {
        if isSilent(.loading) {
            let gate = Gate()
            hold { gate.open() }
            gate.wait()
        }
        return SilentProgram(try inner.load(program), on: self)
    }

    func allocate(
        _ name: String, size: Int, placement: TensorPlacement, core: Int
    ) throws(NRTError) -> any NeuronTensor {
        try inner.allocate(name, size: size, placement: placement, core: core)
    }

    func makeTensorSet(_ tensors: [String: any NeuronTensor]) throws(NRTError) -> any NeuronTensorSet {
        try inner.makeTensorSet(tensors)
    }

    func memoryStatistics(core: Int) throws(NRTError) -> MemoryStatistics {
        try inner.memoryStatistics(core: core)
    }

    private final class SilentProgram: LoadedProgram {
        private let program: any LoadedProgram
        private let owner: SilentCores

        init(_ program: any LoadedProgram, on owner: SilentCores) {
            self.program = program
            self.owner = owner
        }

        var inputs: [TensorInformation] { program.inputs }
        var outputs: [TensorInformation] { program.outputs }
        var memory: [CoreMemory] { program.memory }

        func submit(
            _ inputs: any NeuronTensorSet, _ outputs: any NeuronTensorSet,
            completion: @escaping @Sendable (NRTError?) -> Void
        ) throws(NRTError) {
            guard owner.isSilent(.executions) else {
                return try program.submit(inputs, outputs, completion: completion)
            }
            owner.hold { completion(NRTError(.timeout, "execute")) }
        }

        func unload() throws(NRTError) { try program.unload() }
    }

    /// A thread waits at it.
    private final class Gate: @unchecked Sendable {
        // @unchecked: a semaphore may be used by any thread.
        private let semaphore: UnsafeMutablePointer<sem_t>

        init() {
            semaphore = .allocate(capacity: 1)
            sem_init(semaphore, 0, 0)
        }

        deinit {
            sem_destroy(semaphore)
            semaphore.deallocate()
        }

        func open() { sem_post(semaphore) }
        func wait() { while sem_wait(semaphore) != 0 {} }
    }
}
