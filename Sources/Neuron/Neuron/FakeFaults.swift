// Faults, as the driver would show them. A chip that is taken away stays gone until the tree is written anew.

package import FakeChip
internal import Glibc
internal import SystemIO

extension FakeDevice {
    /// A counter of uncorrectable memory errors.
    package enum MemoryErrorCounter: String, CaseIterable, Sendable {
        case sram = "sram_ecc_uncorrected"
        case memory = "mem_ecc_uncorrected"
        case repairable = "mem_ecc_repairable_uncorrected"
    }

    /// Sets a chip's count of memory errors; 0 heals it. Inferentia has no such counters.
    package func setMemoryErrors(
        _ counter: MemoryErrorCounter, chip: Int, to count: UInt64
    ) throws(FakeDeviceError) {
        try set("stats/hardware/" + counter.rawValue, chip: chip, to: "\(count)\n")
    }

    /// Sets what a chip's `reset` reads.
    package func setResetState(_ state: ResetState, chip: Int) throws(FakeDeviceError) {
        try set("reset", chip: chip, to: "\(state.rawValue)\n", mode: 0o600)
    }

    /// Sets the parts that the driver calls unhealthy (2.30.2 and newer); none heals the chip.
    package func setUnhealthyComponents(_ names: [String], chip: Int) throws(FakeDeviceError) {
        try set(
            "stats/hardware/health_status/unhealthy_components", chip: chip,
            to: names.joined(separator: ",") + "\n")
    }

    /// Sets the total of one of a core's status counters, such as `hw_dma_abort_error`.
    package func setCoreErrors(
        _ counter: String, chip: Int, core: Int, to count: UInt64
    ) throws(FakeDeviceError) {
        try set("neuron_core\(core)/stats/status/\(counter)/total", chip: chip, to: "\(count)\n")
    }

    /// Lets the next execution on a core fail, or the next load; nil takes it back. It stands in the chip's own file.
    ///
    /// - Parameter core: a logical core of the chip.
    package func request(_ fault: ExecutionFault?, chip: Int, core: Int) throws(FakeDeviceError) {
        let path = root + "/dev/neuron\(chip)"
        guard Files.exists(path) else { throw .noSuchChip(chip) }
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot open \(path) (\(SystemError.text(errno)))") }
        defer { close(descriptor) }
        let entry = FakeChipFile.entry(of: fault)
        guard
            pwrite(descriptor, entry, entry.count, off_t(FakeChipFile.faultOffset(ofCore: core)))
                == entry.count
        else { throw .system("cannot write to \(path) (\(SystemError.text(errno)))") }
    }

    /// Replaces the content of any of a chip's files, well-formed or not.
    ///
    /// - Parameter file: relative to the chip's directory, `core_count`.
    package func set(
        _ file: String, chip: Int, to content: String, mode: UInt32 = 0o644
    ) throws(FakeDeviceError) {
        let path = try existing(chip) + "/" + file
        do throws(SystemError) {
            if let slash = path.lastIndex(of: "/") { try Files.makeDirectory(String(path[..<slash])) }
            try Files.writeAtomically(path, Array(content.utf8), mode: mode)
        } catch {
            throw .system(error.description)
        }
    }

    /// Takes a chip away: its files, its link and its device node. The other chips lose their links, as with the
    /// driver, which knows them only for the full number of chips.
    package func removeChip(_ chip: Int) throws(FakeDeviceError) {
        let path = try existing(chip)
        do throws(SystemError) {
            try Files.remove(root + "/dev/neuron\(chip)")
            try Files.remove(root + "/sys/class/neuron_device/neuron\(chip)")
            try Files.removeTree(path)
        } catch {
            throw .system(error.description)
        }
        let version = SysfsFile.parsed(
            root + "/sys/module/neuron/version", expected: "a version", DriverVersion.init(_:)
        ).value
        let mode: UInt32 = version.map { $0 >= .readableByAll } ?? true ? 0o444 : 0o400
        for other in 0..<Discovery.maximumChips {
            guard Files.exists(root + "/sys/class/neuron_device/neuron\(other)") else { continue }
            try set("connected_devices", chip: other, to: "\n", mode: mode)
        }
    }

    private func existing(_ chip: Int) throws(FakeDeviceError) -> String {
        let path = root + "/sys/devices/virtual/neuron_device/neuron\(chip)"
        guard Files.exists(path) else { throw .noSuchChip(chip) }
        return path
    }
}
