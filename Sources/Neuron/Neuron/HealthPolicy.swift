// What counts as a fault is the node owner's to say: a counter that is known to lie on some driver must not take cores
// away, and a fleet may want to ride out a first error.

/// Which signs of a chip's health count, and from which number on.
package struct HealthPolicy: Hashable, Sendable {
    /// A counter and the number from which it is a fault.
    package struct Threshold: Hashable, Sendable {
        /// The counter's name, `sram_ecc_uncorrected`.
        package var counter: String
        /// At least 1.
        package var value: UInt64

        /// A threshold.
        package init(counter: String, value: UInt64) {
            self.counter = counter
            self.value = value
        }
    }

    /// Off: a chip is healthy as long as it is there.
    package var isOn = true
    /// Names that never count: counters, `reset`, components, errors of the kernel log.
    ///
    /// A hang on collectives is left out at first: AWS says to look at the other workers before this one.
    package var ignored: Set<String> = ["HANG_ON_COLLECTIVES"]
    /// By counter; 1 for the others.
    package var thresholds: [String: UInt64] = [:]
    /// How long an error of the kernel log counts when no further one comes. A log line tells what has happened and not
    /// what is, and any process that can open the device can write one.
    package var kernelLogHold = Duration.seconds(3_600)

    /// All signs count, from the first error on.
    package init() {}

    /// The counters that can have a threshold.
    package static let counters =
        ["sram_ecc_uncorrected", "mem_ecc_uncorrected", "mem_ecc_repairable_uncorrected"]
        + Discovery.coreErrorCounters

    /// The faults among these that count.
    func counting(_ faults: [HealthFault]) -> [HealthFault] {
        faults.compactMap { fault in
            switch fault {
            // What is not there, or is no chip, cannot be handed out whatever the policy.
            case .missing, .noDevice, .fakeBesideReal: fault
            case _ where !isOn: nil
            case .resetFailed: ignored.contains("reset") ? nil : fault
            case .sramUncorrected(let count): isFault("sram_ecc_uncorrected", count) ? fault : nil
            case .memoryUncorrected(let count): isFault("mem_ecc_uncorrected", count) ? fault : nil
            case .memoryRepairable(let count):
                isFault("mem_ecc_repairable_uncorrected", count) ? fault : nil
            case .components(let names): components(names)
            case .core(_, let counter, let count): isFault(counter, count) ? fault : nil
            case .kernelLog(let error, _): ignored.contains(error) ? nil : fault
            }
        }
    }

    private func isFault(_ counter: String, _ count: UInt64) -> Bool {
        !ignored.contains(counter) && count >= max(1, thresholds[counter] ?? 1)
    }

    private func components(_ names: [String]) -> HealthFault? {
        guard !ignored.contains("unhealthy_components") else { return nil }
        let counting = names.filter { !ignored.contains($0) }
        return counting.isEmpty ? nil : .components(counting)
    }
}
