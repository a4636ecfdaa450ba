// What a process says about executions on the fake device, by environment as the real runtime has it.

import Glibc
import Neuron

/// How executions are timed and when they are given up.
struct ExecutionSettings: Sendable {
    /// How long an execution may take (NEURON_RT_EXEC_TIMEOUT, 30 s).
    var timeout = Duration.seconds(30)
    /// The hardware's time in place of the CPU's (GANGLION_FAKE_CLOCK); nil to compute.
    var clock: HardwareClock?
    /// Threads that compute for each core (GANGLION_FAKE_THREADS), 1 to 256; nil for as many as there are CPUs for it.
    var threadsPerCore: Int?

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
        if let text = environment("GANGLION_FAKE_THREADS"), let count = Int(text), (1...256).contains(count) {
            threadsPerCore = count
        }
    }

    /// Threads of each core of a group.
    func threads(cores: Int) -> Int { threadsPerCore ?? max(1, processorCount / max(1, cores)) }
}

/// A variable of the process's environment.
private func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// CPUs of this machine.
private let processorCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
