// Which runtime a server has: what stands at neuron0 decides. Everything else of the server knows the seam only.

internal import FakeRuntime
internal import Glibc
internal import LibNRT
package import NeuronRuntime
internal import SystemIO

/// Opens the runtime of a process.
package struct RuntimeSelection {
    /// Where neuron0, neuron1 ... are.
    let root: String
    /// A variable of the process's environment.
    let environment: (String) -> String?

    /// A runtime of the devices at a place, and of the cores that the environment says.
    package init(root: String, environment: @escaping (String) -> String?) {
        self.root = root
        self.environment = environment
    }

    /// Claims the cores that the environment says, and waits while others have them.
    ///
    /// - Parameters:
    ///   - limit: how long to wait in all.
    ///   - report: called once, when there is something to wait for, with why.
    ///   - pause: lets time go by; what it throws ends the wait.
    /// - Throws: `DeviceError`, `NRTError`, or what `pause` throws.
    package func open(
        waiting limit: Duration, report: (any Error) -> Void, pause: (Duration) async throws -> Void
    ) async throws -> any NeuronRuntime {
        var variables: [String: String] = [:]
        for name in ["NEURON_RT_VISIBLE_CORES", "NEURON_RT_NUM_CORES"] { variables[name] = environment(name) }
        let selection = try CoreSelection(environment: variables)
        let library = environment("GANGLION_NRT_LIBRARY").flatMap { $0.isEmpty ? nil : $0 }
        guard library != nil || isDeviceNode else {
            return FakeRuntime(
                try await NeuronDevices(root: root).claim(
                    selection, waiting: limit, report: report, pause: pause))
        }
        return try await waiting(limit, report, pause) { () throws(NRTError) in
            try LibNRT(library: library, selection: selection)
        }
    }

    /// Opens libnrt, again and again while it says that cores are missing: another process's may be about to end.
    private func waiting(
        _ limit: Duration, _ report: (any Error) -> Void, _ pause: (Duration) async throws -> Void,
        _ open: () throws(NRTError) -> LibNRT
    ) async throws -> any NeuronRuntime {
        let step = Duration.milliseconds(500)
        var waited = Duration.zero
        while true {
            do throws(NRTError) {
                return try open()
            } catch {
                guard error.status == .resource, waited < limit else { throw error }
                if waited == .zero { report(error) }
            }
            let time = min(step, limit - waited)
            try await pause(time)
            waited += time
        }
    }

    /// Whether a device of the real driver stands there.
    private var isDeviceNode: Bool {
        var status = stat()
        return stat(root + "/neuron0", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR
    }
}
