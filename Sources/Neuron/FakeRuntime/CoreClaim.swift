// Cores that are ours: the seam's view of them, and the ledger of their memory in the chips' files.

import FakeChip
import NeuronProgram
package import NeuronRuntime
import SystemIO

/// Cores that are ours until this is gone.
package final class CoreClaim: NeuronCores, @unchecked Sendable {
    // @unchecked: `whole` is set once, before anybody else has the claim.

    /// The cores, as the container counts them.
    package let cores: Range<Int>
    /// What they are, by their driver's files.
    package var instance: InstanceInformation { counters.instance }
    /// What the driver counts of them.
    let counters: DriverCounters
    /// Their threads.
    let workers: CoreWorkers
    /// What executes in their place by the hardware's clock.
    let timed = TimedExecutions()
    /// How executions are timed and when they are given up.
    let settings: ExecutionSettings

    private let coresPerChip: Int
    private let chips: [Int: EmulatedChip]
    /// Whether the cores are this claim's to give back: not after it has been split.
    private let isOwner = Lock(true)
    /// Whether nothing works any more, since the cores have been given back.
    private let hasEnded = Lock(false)
    /// What a part is of.
    private var whole: CoreClaim?
    /// Octets by position in `cores`.
    private let ledger: Lock<[Int]>
    /// What is shared by programs of the same sizes, since the group executes one thing at a time.
    private let workspaces = Lock<[WorkspaceKey: SharedWorkspace]>([:])
    /// Why nothing works any more.
    private let failure = Lock<NRTStatus?>(nil)
    /// The program that was executed last.
    private let current = Lock<ObjectIdentifier?>(nil)

    init(
        cores: Range<Int>, coresPerChip: Int, chips: [Int: EmulatedChip], settings: ExecutionSettings? = nil
    ) {
        self.cores = cores
        self.coresPerChip = coresPerChip
        self.chips = chips
        self.settings = settings ?? ExecutionSettings(chips: chips.values.first)
        counters = DriverCounters(
            cores.map { core in chips[core / coresPerChip].map { ($0, core % coresPerChip) } })
        workers = CoreWorkers(count: cores.count, threads: self.settings.threads(cores: cores.count))
        ledger = Lock([Int](repeating: 0, count: cores.count))
    }

    deinit { end() }

    /// Gives the cores back, whoever still has programs and tensors of them: the process is done with the device.
    package func end() {
        hasEnded.withLock { $0 = true }
        if whole != nil { counters.end() }
        guard disown() else { return }
        for position in 0..<cores.count { counters.setMemory(0, 0, core: position) }
        counters.end()
        for core in cores { chips[core / coresPerChip]?.release(core % coresPerChip) }
    }

    /// Whether the cores have been given back.
    var isEnded: Bool { whole?.isEnded ?? hasEnded.withLock { $0 } }

    /// From now on somebody else gives the cores back.
    ///
    /// - Returns: whether that was this claim's to do.
    private func disown() -> Bool {
        isOwner.withLock { isOwner in
            defer { isOwner = false }
            return isOwner
        }
    }

    /// Octets reserved so far, by position in `cores`.
    package var reserved: [Int] { ledger.withLock { $0 } }

    /// The same cores in parts, none of which is free in between. Afterwards this claim holds nothing.
    ///
    /// - Parameter parts: runs of its cores that do not overlap; cores of none are given back.
    package func split(_ parts: [Range<Int>]) -> [CoreClaim] {
        guard disown() else { return [] }
        for core in cores where !parts.contains(where: { $0.contains(core) }) {
            chips[core / coresPerChip]?.release(core % coresPerChip)
        }
        // The CPUs are shared by all parts.
        var settings = settings
        settings.threadsPerCore = workers.threads
        return parts.map { part in
            CoreClaim(
                cores: part.clamped(to: cores), coresPerChip: coresPerChip,
                chips: chips.filter { place, _ in part.contains { $0 / coresPerChip == place } },
                settings: settings)
        }
    }

    /// Some of the cores as a group of their own, while this claim keeps them.
    ///
    /// - Parameter part: cores of the claim that are in no other part.
    package func part(_ part: Range<Int>) -> CoreClaim {
        var settings = settings
        settings.threadsPerCore = workers.threads
        let claim = CoreClaim(
            cores: part.clamped(to: cores), coresPerChip: coresPerChip,
            chips: chips.filter { place, _ in part.contains { $0 / coresPerChip == place } },
            settings: settings)
        _ = claim.disown()
        claim.whole = self
        return claim
    }

    // MARK: Memory

    /// Adds to what the cores reserve on their chips; takes away where a number is negative.
    ///
    /// - Parameter bytes: octets by position in `cores`.
    /// - Throws: `DeviceError.outOfMemory` for the first chip that is too small; then all is as before.
    package func reserve(_ bytes: [Int]) throws(DeviceError) {
        try ledger.withLock { (ledger: inout [Int]) throws(DeviceError) in
            let wanted = zip(ledger, bytes).map { $0 + $1 }
            do throws(DeviceError) {
                try write(wanted)
                ledger = wanted
            } catch {
                try write(ledger)
                throw error
            }
        }
    }

    private func write(_ reserved: [Int]) throws(DeviceError) {
        for place in chips.keys.sorted() {
            var own: [Int: Int] = [:]
            for (position, core) in cores.enumerated() where core / coresPerChip == place {
                own[core % coresPerChip] = reserved[position]
            }
            try chips[place]?.reserve(own)
        }
    }

    /// Reserves for the seam: with the status of the runtime, and counted by the driver.
    func reserve(_ bytes: [CoreMemory], _ action: String) throws(NRTError) {
        guard !isEnded else { throw NRTError(.closed, action) }
        do throws(DeviceError) {
            try reserve(bytes.map { $0.constants + $0.tensors })
        } catch {
            for core in bytes.indices { counters.add("stats/status/resource_error", 1, core: core) }
            throw NRTError(.resource, action, error)
        }
        for (core, memory) in bytes.enumerated() {
            counters.addMemory(constants: memory.constants, tensors: memory.tensors, core: core)
        }
    }

    /// Gives back what was reserved.
    func release(_ bytes: [CoreMemory]) {
        let negative = bytes.map { CoreMemory(constants: -$0.constants, tensors: -$0.tensors) }
        // What gets smaller fits.
        try? reserve(negative, "give memory back")
    }

    /// The activations of programs of one shape, made for the first of them and gone with the last.
    func workspace(
        for key: WorkspaceKey, make: () -> Workspace
    ) -> (workspace: SharedWorkspace, isNew: Bool) {
        workspaces.withLock { workspaces in
            if let known = workspaces[key] {
                known.users += 1
                return (known, false)
            }
            let new = SharedWorkspace(make())
            workspaces[key] = new
            return (new, true)
        }
    }

    /// Ends one program's use of its activations.
    ///
    /// - Returns: whether it was the last.
    func leaveWorkspace(of key: WorkspaceKey) -> Bool {
        workspaces.withLock { workspaces in
            guard let known = workspaces[key] else { return false }
            known.users -= 1
            guard known.users == 0 else { return false }
            workspaces[key] = nil
            return true
        }
    }

    // MARK: Execution

    /// The fault that somebody has asked for on a core of the group.
    func takeFault(core position: Int) -> ExecutionFault? {
        let core = cores.lowerBound + position
        return chips[core / coresPerChip]?.takeFault(core % coresPerChip)
    }

    /// Why nothing can be executed any more; nil while it can.
    var brokenBy: NRTStatus? { failure.withLock { $0 } }

    /// From now on nothing can be executed.
    func breakDown(_ status: NRTStatus) { failure.withLock { $0 = status } }

    /// Whether another execution may be queued.
    var hasRoom: Bool { settings.clock == nil ? workers.hasRoom : timed.hasRoom }

    /// The time until another program's weights are where they are needed, beside the other cores of the chips that read
    /// theirs meanwhile.
    ///
    /// - Parameter octets: of weights on each core.
    func switchTime(_ clock: HardwareClock, octets: Int) -> Duration {
        var cores: [Int: Int] = [:]
        for core in self.cores { cores[core / coresPerChip, default: 0] += 1 }
        return cores.compactMap { place, count in
            chips[place]?.memoryReaders.add(count) { clock.switchTime(octets: octets, readers: $0) }
        }.max() ?? clock.switchTime(octets: octets, readers: cores.count)
    }

    /// Notes which program executes.
    ///
    /// - Returns: whether it is another one than before.
    func switchContext(to program: AnyObject) -> Bool {
        let own = ObjectIdentifier(program)
        return current.withLock { current in
            defer { current = own }
            return current != nil && current != own
        }
    }

    // MARK: The seam

    package var formats: [ProgramFormat] { [.artifact] }

    package func load(_ program: Program) throws(NRTError) -> any LoadedProgram {
        try FakeProgram(program, on: self)
    }

    package func allocate(
        _ name: String, size: Int, placement: TensorPlacement, core: Int
    ) throws(NRTError) -> any NeuronTensor {
        let action = "allocate the tensor \(name)"
        guard cores.indices.contains(cores.lowerBound + core), (1...1 << 40).contains(size) else {
            throw NRTError(
                .invalid, action,
                problem: "it has \(size) octets on core \(core) of a group of \(cores.count)",
                mend: "give a size from 1 octet to 1 TiB and a core of the group")
        }
        guard placement == .device else { return FakeTensor(size: size, owner: nil) }
        var bytes = [CoreMemory](repeating: CoreMemory(), count: cores.count)
        bytes[core].tensors = size
        try reserve(bytes, action)
        return FakeTensor(size: size, owner: (self, bytes))
    }

    package func makeTensorSet(
        _ tensors: [String: any NeuronTensor]
    ) throws(NRTError) -> any NeuronTensorSet {
        try FakeTensorSet(tensors)
    }

    package func memoryStatistics(core: Int) throws(NRTError) -> MemoryStatistics {
        let number = cores.lowerBound + core
        guard cores.contains(number), let chip = chips[number / coresPerChip] else {
            throw NRTError(
                .invalid, "tell the memory of core \(core)", problem: "the group has \(cores.count) cores",
                mend: "name one of them")
        }
        return MemoryStatistics(used: chip.used(number % coresPerChip), limit: chip.memoryPerCore)
    }
}

/// What activations depend on.
struct WorkspaceKey: Hashable, Sendable {
    let configuration: ModelConfiguration
    /// The kernels' name for how matrices lie.
    let layout: String
}

/// Activations and how many programs use them. Guarded by its claim's lock.
final class SharedWorkspace: @unchecked Sendable {
    let workspace: Workspace
    fileprivate(set) var users = 1

    init(_ workspace: Workspace) { self.workspace = workspace }
}
