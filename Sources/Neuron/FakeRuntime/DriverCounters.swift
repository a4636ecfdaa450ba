// What the driver would count of a group's cores, written into the fake node's sysfs files in the driver's formats, so that
// monitors, plugin and agent see use, memory and errors. A container on a real kubelet has the chips' files only and no tree
// around them: then nothing is written.
//
// Memory and the chip's memory errors are live with every driver; status and use are added up when a process ends, and live
// from 2.30.2 on only (neuron-hardware: nsysfsmetric_nds_aggregate). So it is here.

import Glibc
import Neuron
import NeuronRuntime
import SystemIO

/// The counters of a group's cores, by position.
final class DriverCounters: Sendable {
    /// A core's place in the tree.
    private struct Place: Sendable {
        let device: FakeDevice
        let chip: Int
        /// Physical cores that form this one.
        let physical: Range<Int>

        /// The chip's directory.
        var directory: String { "\(device.root)/sys/devices/virtual/neuron_device/neuron\(chip)/" }
    }

    private struct Memory {
        var constants = 0
        var tensors = 0
        var peak = 0
    }

    private struct State {
        /// What has not been written, by core and file.
        var pending: [Int: [String: Int]] = [:]
        var memory: [Memory]
        var written = ContinuousClock.now
    }

    /// The kind of machine.
    let instance: InstanceInformation
    private let places: [Place?]
    private let isLive: Bool
    private let state: Lock<State>

    /// The counters of cores, each on its chip.
    init(_ cores: [(chip: EmulatedChip, core: Int)?]) {
        places = cores.map { core in core.flatMap { Self.place($0.chip, $0.core) } }
        let known = places.lazy.compactMap { $0 }.first
        var family: NeuronFamily?
        var version: DriverVersion?
        if let known {
            let name = Self.text(known.directory + "info/architecture/device_name")
            family = name.flatMap { NeuronFamily(deviceName: $0) }
            version = Self.text(known.device.root + "/sys/module/neuron/version").flatMap(
                DriverVersion.init(_:))
        }
        let memory = cores.lazy.compactMap { $0?.chip.memory }.first
        family = family ?? NeuronFamily.allCases.first { Int($0.memoryPerChip) == memory }
        instance = InstanceInformation(
            family: family?.rawValue ?? "", architecture: family?.coreArchitecture ?? "")
        isLive = version.map { $0 >= .componentHealth } ?? false
        state = Lock(State(memory: [Memory](repeating: Memory(), count: cores.count)))
    }

    /// Whether there is a tree to write into.
    var hasTree: Bool { places.contains { $0 != nil } }

    /// Adds to a counter of a core, `stats/status/success`.
    func add(_ counter: String, _ count: Int, core: Int) { add([(counter, count)], core: core) }

    /// Adds to counters of a core.
    func add(_ counts: [(counter: String, count: Int)], core: Int) {
        guard places[core] != nil else { return }
        let isDue = state.withLock { state in
            for (counter, count) in counts { state.pending[core, default: [:]][counter, default: 0] += count }
            return isLive && state.written.duration(to: .now) > .seconds(1)
        }
        if isDue { flush() }
    }

    /// Adds one to a counter of a core's chip, `stats/hardware/mem_ecc_uncorrected`; where the chip has it.
    func addToChip(_ counter: String, core: Int) {
        guard let place = places[core], let count = Self.number(place.directory + counter) else { return }
        try? place.device.set(counter, chip: place.chip, to: "\(count + 1)\n")
    }

    /// Adds to what a core's programs and tensors hold.
    func addMemory(constants: Int, tensors: Int, core: Int) {
        let (all, own) = state.withLock { state in
            (state.memory[core].constants + constants, state.memory[core].tensors + tensors)
        }
        setMemory(all, own, core: core)
    }

    /// Says what a core's programs and tensors hold, in octets.
    func setMemory(_ constants: Int, _ tensors: Int, core: Int) {
        let (before, now) = state.withLock { state in
            let before = state.memory[core]
            state.memory[core].constants = constants
            state.memory[core].tensors = tensors
            state.memory[core].peak = max(before.peak, constants + tensors)
            return (before, state.memory[core])
        }
        guard let place = places[core], before.constants != constants || before.tensors != tensors else {
            return
        }
        let parts = place.physical.count
        for physical in place.physical {
            let path = "neuron_core\(physical)/stats/memory_usage/device_mem"
            for (name, old, new) in [
                ("", before.constants + before.tensors, constants + tensors),
                ("/constants", before.constants, constants), ("/tensors", before.tensors, tensors),
            ] {
                write(place, path + name + "/total", new / parts)
                write(place, path + name + "/present", abs(new - old) / parts)
            }
            write(place, path + "/peak", now.peak / parts)
        }
    }

    /// Writes what has been counted: the process ends, as the driver sees it.
    func end() { flush() }

    private func flush() {
        let pending = state.withLock { state in
            defer { state.pending = [:] }
            state.written = .now
            return state.pending
        }
        for (core, counters) in pending {
            guard let place = places[core] else { continue }
            for (counter, count) in counters {
                for physical in place.physical {
                    let path = "neuron_core\(physical)/\(counter)"
                    guard let before = Self.number(place.directory + path + "/total") else { continue }
                    write(place, path + "/total", before + count)
                    write(place, path + "/present", count)
                }
            }
        }
    }

    /// Replaces a counter that the tree has; small trees lack those that only monitors read.
    private func write(_ place: Place, _ file: String, _ value: Int) {
        guard Files.exists(place.directory + file) else { return }
        try? place.device.set(file, chip: place.chip, to: "\(value)\n")
    }

    private static func place(_ chip: EmulatedChip, _ core: Int) -> Place? {
        guard let resolved = realpath(chip.path, nil) else { return nil }
        defer { free(resolved) }
        let path = String(cString: resolved)
        let suffix = "/dev/neuron\(chip.index)"
        guard path.hasSuffix(suffix) else { return nil }
        let device = FakeDevice(root: String(path.dropLast(suffix.count)))
        let place = Place(device: device, chip: chip.index, physical: 0..<1)
        guard device.installed != nil, let cores = number(place.directory + "core_count"),
            cores % chip.coreCount == 0
        else { return nil }
        let size = cores / chip.coreCount
        return Place(device: device, chip: chip.index, physical: core * size..<(core + 1) * size)
    }

    private static func text(_ path: String) -> String? {
        guard let text = try? Files.readText(path, limit: 4_096) else { return nil }
        return String(text.prefix { $0 != "\n" })
    }

    private static func number(_ path: String) -> Int? { text(path).flatMap { Int($0) } }
}
