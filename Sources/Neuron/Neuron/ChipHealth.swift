// What the driver's counters say about a chip. Reading and judging are apart: the judgement is pure, and a reading
// that failed is neither sickness nor health. Levels and actions are AWS's (nrt-troubleshoot, "Hardware Errors").

/// Whether a chip can be given work.
package enum ChipHealth: Hashable, Sendable {
    /// Everything was read and nothing is wrong.
    case healthy
    /// At least one thing is wrong.
    case unhealthy([HealthFault])
    /// Nothing is known to be wrong, but not everything could be read: keep what was known before.
    case unknown([DiscoveryProblem])
}

extension ChipHealth: CustomStringConvertible {
    /// The reason in words, `healthy` when there is none.
    package var description: String {
        switch self {
        case .healthy: "healthy"
        case .unhealthy(let faults): HealthFault.sentence(faults)
        case .unknown(let problems): problems.map(\.description).joined(separator: "; ")
        }
    }
}

/// One thing that is wrong with a chip.
package enum HealthFault: Hashable, Sendable {
    /// The chip's directory is gone.
    case missing
    /// Uncorrectable errors of on-chip memory since the firmware started.
    case sramUncorrected(UInt64)
    /// Uncorrectable errors of device memory since the firmware started.
    case memoryUncorrected(UInt64)
    /// Errors of device memory that a restart of the driver repairs.
    case memoryRepairable(UInt64)
    /// The device could not be reset; opening it fails.
    case resetFailed
    /// Parts that the driver itself calls unhealthy (2.30.2 and newer).
    case components([String])
    /// A core's counter of hardware errors.
    case core(Int, counter: String, count: UInt64)
    /// An error that the runtime told the kernel log, of a core where it named one.
    case kernelLog(String, core: Int?)
    /// Something that is no chip stands where its device node should be; `found` is a noun with its article, or "missing".
    case noDevice(path: String, found: String)
    /// A fake chip on a node that has real ones.
    case fakeBesideReal(path: String)
}

extension HealthFault: CustomStringConvertible {
    /// The fault, the value, the mend.
    package var description: String {
        switch self {
        case .missing: "the chip is gone: look in the kernel log, then replace the instance"
        case .sramUncorrected(let count):
            "sram_ecc_uncorrected is \(count): replace the instance (stop and start it)"
        case .memoryUncorrected(let count):
            "mem_ecc_uncorrected is \(count): replace the instance (stop and start it)"
        case .memoryRepairable(let count):
            "mem_ecc_repairable_uncorrected is \(count): reload the driver or reboot"
        case .resetFailed: "the device reset failed: reload the driver or reboot"
        case .components(let names):
            "the driver reports unhealthy \(names.joined(separator: ", ")): replace the instance"
        case .core(let core, let counter, let count):
            "\(counter) of core \(core) is \(count): replace the instance"
        case .kernelLog(let error, let core):
            "the kernel log tells of \(error)\(core.map { " of core \($0)" } ?? ""): replace the instance"
        case .noDevice(let path, let found):
            "\(path) is \(found), expected a device node: remove what is there and reload the driver, or write the fake "
                + "node anew"
        case .fakeBesideReal(let path):
            "\(path) is a fake chip on a node with real ones: remove the fake node's files"
        }
    }
}

extension HealthFault {
    /// What is wrong with a chip on one line.
    package static func sentence(_ faults: [HealthFault]) -> String {
        faults.map(\.description).joined(separator: "; ")
    }

    /// The fault with its count at 0. Two readings of a counter that goes on differ, but nothing new is wrong: whoever asks
    /// whether something has changed compares these.
    package var uncounted: HealthFault {
        switch self {
        case .sramUncorrected: .sramUncorrected(0)
        case .memoryUncorrected: .memoryUncorrected(0)
        case .memoryRepairable: .memoryRepairable(0)
        case .core(let core, let counter, _): .core(core, counter: counter, count: 0)
        case .missing, .resetFailed, .components, .kernelLog, .noDevice, .fakeBesideReal: self
        }
    }
}

/// What `reset` reads.
package enum ResetState: UInt64, Hashable, Sendable {
    case resetting = 0
    case ready = 1
    case invalid = 2
}

/// What was read of a chip's health files.
package struct HealthReading: Hashable, Sendable {
    /// A core's error counter.
    package struct CoreCounter: Hashable, Sendable {
        /// The physical core on the chip.
        package var core: Int
        /// The counter's name.
        package var name: String
        /// Its total since the driver was loaded.
        package var total: Reading<UInt64>
    }

    /// Whether the chip's directory is there.
    package var isPresent: Bool
    /// The device's state.
    package var reset: Reading<ResetState>
    /// `stats/hardware/sram_ecc_uncorrected`
    package var sramUncorrected: Reading<UInt64>
    /// `stats/hardware/mem_ecc_uncorrected`
    package var memoryUncorrected: Reading<UInt64>
    /// `stats/hardware/mem_ecc_repairable_uncorrected`
    package var memoryRepairable: Reading<UInt64>
    /// `stats/hardware/health_status/unhealthy_components`
    package var unhealthyComponents: Reading<[String]>
    /// Hardware error counters of the cores.
    package var coreCounters: [CoreCounter]

    /// The judgement. Counters are compared with 0: they survive everything but a new instance or firmware.
    ///
    /// A reset in progress is no fault; every new process may cause one. A file that the driver does not have says
    /// nothing either way.
    package func evaluate(_ policy: HealthPolicy = HealthPolicy()) -> ChipHealth {
        guard isPresent else { return .unhealthy([.missing]) }
        var faults: [HealthFault] = []
        var problems: [DiscoveryProblem] = []
        func count(_ reading: Reading<UInt64>, _ fault: (UInt64) -> HealthFault) {
            if let value = reading.value, value > 0 { faults.append(fault(value)) }
            if let problem = reading.problem { problems.append(problem) }
        }
        if reset.value == .invalid { faults.append(.resetFailed) }
        if let problem = reset.problem { problems.append(problem) }
        count(sramUncorrected) { .sramUncorrected($0) }
        count(memoryUncorrected) { .memoryUncorrected($0) }
        count(memoryRepairable) { .memoryRepairable($0) }
        if let names = unhealthyComponents.value, !names.isEmpty { faults.append(.components(names)) }
        if let problem = unhealthyComponents.problem { problems.append(problem) }
        for counter in coreCounters {
            count(counter.total) { .core(counter.core, counter: counter.name, count: $0) }
        }
        let counting = policy.counting(faults)
        if !counting.isEmpty { return .unhealthy(counting) }
        return problems.isEmpty || !policy.isOn ? .healthy : .unknown(problems)
    }
}
