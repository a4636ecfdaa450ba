// What a process says about executions on the fake device, by environment as the real runtime has it.

import Glibc
import Neuron

/// How executions are timed and when they are given up.
struct ExecutionSettings: Sendable {
    /// How long an execution may take (NEURON_RT_EXEC_TIMEOUT, 30 s).
    var timeout = Duration.seconds(30)
    /// The hardware's time in place of the CPU's (GANGLION_FAKE_CLOCK); nil to compute.
    var clock: HardwareClock?

    /// The process's environment. A value that makes no sense counts as none.
    init(chips: EmulatedChip?, environment: (String) -> String? = variable) {
        if let text = environment("NEURON_RT_EXEC_TIMEOUT"), let seconds = Int(text),
            (1...86_400).contains(seconds)
        {
            timeout = .seconds(seconds)
        }
        if let name = environment("GANGLION_FAKE_CLOCK"), let family = NeuronFamily(rawValue: name) {
            clock = HardwareClock(family)
        }
    }
}

/// A variable of the process's environment.
private func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
