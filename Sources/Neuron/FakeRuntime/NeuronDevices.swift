// The devices that a container sees: neuron0, neuron1 and so on under its device root, and claims of runs of their
// cores. The driver marks consecutive cores for a process, counted from the first device the container sees, and
// nothing else; so does this.

package import NeuronRuntime

/// The visible devices.
package struct NeuronDevices: Sendable {
    /// Where they are, usually `/dev` or `$GANGLION_DEVICE_ROOT`.
    package let root: String
    /// Cores of one chip.
    package let coresPerChip: Int
    /// Memory of one chip, in octets.
    package let memoryPerChip: Int
    /// Host numbers of the chips, consecutive.
    package let chips: Range<Int>

    /// How executions are timed; nil for what the environment says.
    var settings: ExecutionSettings?

    /// All cores, numbered from 0.
    package var coreCount: Int { coresPerChip * chips.count }

    /// Looks at `root`.
    ///
    /// - Throws: `DeviceError` when there is no fake device, or the chips are not consecutive and alike.
    package init(root: String) throws(DeviceError) {
        guard let first = try EmulatedChip.open(root + "/neuron0") else { throw .noDevices(root: root) }
        var count = 1
        while let chip = try EmulatedChip.open("\(root)/neuron\(count)") {
            guard chip.index == first.index + count else {
                throw .chipsNotConsecutive(path: chip.path, index: chip.index, expected: first.index + count)
            }
            guard chip.coreCount == first.coreCount, chip.memory == first.memory else {
                throw .damaged(path: chip.path, problem: "it is not like neuron0")
            }
            count += 1
        }
        self.root = root
        coresPerChip = first.coreCount
        memoryPerChip = first.memory
        chips = first.index..<first.index + count
    }

    /// Claims what `selection` says, as one run.
    ///
    /// - Throws: `DeviceError.busy`, `.noSuchCores` or `.noFreeRun`.
    package func claim(_ selection: CoreSelection) throws(DeviceError) -> CoreClaim {
        switch selection {
        case .all: return try claim(0..<coreCount)
        case .cores(let cores): return try claim(cores)
        case .count(let count):
            guard 1...coreCount ~= count else { throw .noSuchCores(0..<count, available: coreCount) }
            return try inTurn { () throws(DeviceError) in try firstFreeRun(of: count) }
        }
    }

    /// Claims what `selection` says, and waits while others have it.
    ///
    /// - Parameters:
    ///   - limit: how long to wait in all.
    ///   - report: called once, when there is something to wait for, with why.
    ///   - pause: lets time go by; what it throws ends the wait.
    /// - Throws: what `claim` throws, `.busy` and `.noFreeRun` after `limit` only.
    package func claim(
        _ selection: CoreSelection, waiting limit: Duration, report: (DeviceError) -> Void,
        pause: (Duration) async throws -> Void
    ) async throws -> CoreClaim {
        let step = Duration.milliseconds(100)
        var waited = Duration.zero
        while true {
            do throws(DeviceError) {
                return try claim(selection)
            } catch {
                guard error.isPassing, waited < limit else { throw error }
                if waited == .zero { report(error) }
            }
            let time = min(step, limit - waited)
            try await pause(time)
            waited += time
        }
    }

    /// Lets nobody else search or claim meanwhile: two who take core after core of the same run would both fail.
    private func inTurn<Result>(
        _ body: () throws(DeviceError) -> Result
    ) throws(DeviceError) -> Result {
        var chips: [EmulatedChip] = []
        defer { for chip in chips { chip.endTurn() } }
        // All in the same order.
        for place in 0..<self.chips.count {
            let chip = try open(place)
            try chip.beginTurn()
            chips.append(chip)
        }
        return try body()
    }

    private func firstFreeRun(of count: Int) throws(DeviceError) -> CoreClaim {
        for start in 0...coreCount - count {
            do throws(DeviceError) {
                return try take(start..<start + count)
            } catch {
                guard case .busy = error else { throw error }
            }
        }
        throw .noFreeRun(count: count, longest: try longestFreeRun())
    }

    /// Claims consecutive cores.
    ///
    /// - Throws: `DeviceError.busy` or `.noSuchCores`; then nothing is claimed.
    package func claim(_ cores: Range<Int>) throws(DeviceError) -> CoreClaim {
        guard !cores.isEmpty, cores.lowerBound >= 0, cores.upperBound <= coreCount else {
            throw .noSuchCores(cores, available: coreCount)
        }
        return try inTurn { () throws(DeviceError) in try take(cores) }
    }

    private func take(_ cores: Range<Int>) throws(DeviceError) -> CoreClaim {
        var opened: [Int: EmulatedChip] = [:]
        for core in cores {
            let place = core / coresPerChip
            let chip: EmulatedChip
            if let known = opened[place] { chip = known } else { chip = try open(place) }
            opened[place] = chip
            guard try chip.claim(core % coresPerChip) else {
                throw .busy(core: core, coreOfChip: core % coresPerChip, chip: chip.index, path: chip.path)
            }
        }
        return CoreClaim(cores: cores, coresPerChip: coresPerChip, chips: opened, settings: settings)
    }

    private func open(_ place: Int) throws(DeviceError) -> EmulatedChip {
        guard let chip = try EmulatedChip.open("\(root)/neuron\(place)") else {
            throw .noDevices(root: "\(root)/neuron\(place)")
        }
        return chip
    }

    private func longestFreeRun() throws(DeviceError) -> Int {
        var longest = 0
        var run = 0
        for place in 0..<chips.count {
            let chip = try open(place)
            for core in 0..<coresPerChip {
                run = chip.isClaimedElsewhere(core) ? 0 : run + 1
                longest = max(longest, run)
            }
        }
        return longest
    }
}
