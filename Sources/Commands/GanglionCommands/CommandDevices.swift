// The NeuronCores of a command that computes by itself: those of the machine, or of a chip that is made for the process.

import Arguments
internal import FakeRuntime
internal import Glibc
internal import ModelServer
internal import NeuronRuntime
internal import SystemIO

/// Cores for a command.
enum CommandDevices {
    /// Where they are.
    static let root = Option<String?>(
        "device-root", environment: "GANGLION_DEVICE_ROOT", placeholder: "DIR",
        help: "Where neuron0, neuron1 ... are (default /dev, and a fake chip where there are none)")

    /// What is wrong with a number of cores.
    static func problem(_ cores: Int) -> String? {
        (1...64).contains(cores) ? nil : "must be a number from 1 to 64"
    }

    /// Claims cores.
    ///
    /// - Throws: `DeviceError` or `NRTError` where there are not so many that are free.
    static func open(root: String?, cores: Int) async throws -> any NeuronCores {
        if root == nil, Files.kind("/dev/neuron0") == nil {
            return try NeuronDevices.temporary(cores: cores)
        }
        let runtime = try await RuntimeSelection(root: root ?? "/dev") { name in
            if name == "NEURON_RT_NUM_CORES", getenv("NEURON_RT_VISIBLE_CORES") == nil { return "\(cores)" }
            return getenv(name).map { String(cString: $0) }
        }.open(waiting: .zero, report: { _ in }, pause: { _ in })
        return runtime.split([runtime.visibleCores])[0]
    }
}
