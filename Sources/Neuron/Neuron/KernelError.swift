// The runtime tells hardware errors to the kernel log, through the driver, in lines like
//
//     NEURON_HW_ERR=SRAM_UNCORRECTABLE_ERROR instance-id=i-0592464924bd45322 hostname=ip-172-31-61-252 nd-id=0 nc-id=0
//     serial-num=19fcda00f5ff6eb9 action=TERMINATE_INSTANCE
//
// (one line; SDK, nrt-troubleshoot, "Hardware Errors"). Whoever can open the device can write one, so a line is only
// believed about a chip that is there, and only if the serial number, where both are known, is the chip's.

/// A hardware error that the kernel log tells of.
package struct KernelError: Hashable, Sendable {
    /// `SRAM_UNCORRECTABLE_ERROR`
    package var name: String
    /// N of /dev/neuronN.
    package var chip: Int
    /// The core on the chip; nil where the line names none.
    package var core: Int?
    /// Sixteen hexadecimal digits; nil where the line has none.
    package var serialNumber: String?
    /// What AWS would do, `TERMINATE_INSTANCE`; nil where the line has none.
    package var action: String?

    /// Reads the text of a log line; nil where it tells of no hardware error of a chip.
    package init?(parsing text: some StringProtocol) {
        guard let mark = text.range(of: "NEURON_HW_ERR=") else { return nil }
        var words = text[mark].split(whereSeparator: { $0 == " " || $0 == "\n" })[...]
        guard let first = words.popFirst(), let name = Self.word(first) else { return nil }
        self.name = name
        var chip: Int?
        for word in words.prefix(16) {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "nd-id":
                chip = decimal(parts[1], maximum: UInt64(Discovery.maximumChips - 1)).map { Int($0) }
            case "nc-id": core = decimal(parts[1], maximum: 511).map { Int($0) }
            case "serial-num": serialNumber = Self.word(parts[1])
            case "action": action = Self.word(parts[1])
            default: break
            }
        }
        guard let chip else { return nil }
        self.chip = chip
    }

    /// Letters, digits, `_` and `-`, at most 64: nothing else may reach a log or a status.
    private static func word(_ text: some StringProtocol) -> String? {
        let isWord = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
                || byte == 45
        }
        return isWord && (1...64).contains(text.utf8.count) ? String(text) : nil
    }
}

extension StringProtocol {
    /// What follows `mark`; nil where it is not there. (The standard library searches no strings.)
    fileprivate func range(of mark: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(mark) {
                return index(start, offsetBy: mark.count)..<endIndex
            }
            start = index(after: start)
        }
        return nil
    }
}

/// The errors of the kernel log that still count, by chip.
package struct KernelErrors: Sendable {
    private struct Key: Hashable {
        var chip: Int
        var name: String
        var core: Int?
    }

    /// The most that are remembered of one node; more would be forged.
    package static let maximum = 1_024

    private var last: [Key: Duration] = [:]

    /// No error so far.
    package init() {}

    /// Takes an error.
    ///
    /// - Parameters:
    ///   - time: when it was logged, on the clock of `faults(now:)`.
    ///   - chips: the node's; an error of another chip, or of one with another serial number, is not taken.
    /// - Returns: whether it was taken.
    @discardableResult
    package mutating func receive(_ error: KernelError, at time: Duration, chips: [Chip]) -> Bool {
        guard let chip = chips.first(where: { $0.index == error.chip }) else { return false }
        if let known = chip.serialNumber, let told = error.serialNumber, known != told { return false }
        let core = error.core.flatMap { (0..<chip.physicalCoreCount).contains($0) ? $0 : nil }
        let key = Key(chip: error.chip, name: error.name, core: core)
        guard last[key] != nil || last.count < Self.maximum else { return false }
        last[key] = max(time, last[key] ?? time)
        return true
    }

    /// The faults of a chip.
    package func faults(chip: Int, now: Duration, policy: HealthPolicy) -> [HealthFault] {
        let current = last.filter { $0.key.chip == chip && now - $0.value < policy.kernelLogHold }.keys
        return policy.counting(
            current.map { HealthFault.kernelLog($0.name, core: $0.core) }
                .sorted { $0.description < $1.description })
    }

    /// Forgets what no longer counts.
    package mutating func forget(now: Duration, policy: HealthPolicy) {
        last = last.filter { now - $0.value < policy.kernelLogHold }
    }
}

extension ChipHealth {
    /// With more faults.
    package func adding(_ faults: [HealthFault]) -> ChipHealth {
        guard !faults.isEmpty else { return self }
        if case .unhealthy(let known) = self { return .unhealthy(known + faults) }
        return .unhealthy(faults)
    }
}
