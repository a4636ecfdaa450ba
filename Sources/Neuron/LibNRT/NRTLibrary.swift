// The library as it is opened: found, its version read before anything else is called, and its codes made errors.

import Glibc
import NeuronRuntime

/// An opened libnrt. It stays open until the process ends, as its threads may.
final class NRTLibrary: Sendable {
    /// Where AWS's packages put it, then wherever the linker finds it.
    static let places = ["/opt/aws/neuron/lib/libnrt.so.1", "libnrt.so.1"]
    /// The runtime's major version whose interface this is.
    private static let major: UInt64 = 2

    /// As it was opened.
    let path: String
    /// `2.31.24.0`
    let version: String
    let functions: NRTFunctions

    /// Opens the library.
    ///
    /// - Parameter path: nil for `places`.
    /// - Throws: `NRTError` when there is none, or it is of a version that is not known.
    init(path: String? = nil) throws(NRTError) {
        var reasons: [String] = []
        var found: (UnsafeMutableRawPointer, String)?
        for place in path.map({ [$0] }) ?? Self.places where found == nil {
            if let library = dlopen(place, RTLD_NOW | RTLD_LOCAL) {
                found = (library, place)
            } else {
                reasons.append(dlerror().map { String(cString: $0) } ?? place)
            }
        }
        guard let (library, place) = found else {
            throw NRTError(
                .uninitialized, "open the Neuron runtime", problem: reasons.joined(separator: "; "),
                mend: "install aws-neuronx-runtime-lib, in the container too, or name a fake device with"
                    + " GANGLION_DEVICE_ROOT")
        }
        functions = try NRTFunctions(library, path: place)
        self.path = place
        // Four numbers, then 128 and 64 characters.
        var words = [UInt64](repeating: 0, count: 28)
        let status = functions.version(&words, words.count * MemoryLayout<UInt64>.size)
        version = words.prefix(4).map(String.init).joined(separator: ".")
        guard status == 0, words[0] == Self.major else {
            throw NRTError(
                .unsupportedVersion, "open \(place)",
                problem: status == 0
                    ? "it is version \(version), and this program knows \(Self.major).x"
                    : "it does not tell its version (status \(status))",
                mend: "install aws-neuronx-runtime-lib \(Self.major).20 or newer")
        }
    }

    /// - Throws: `NRTError` for any status but success; a code that is not known in the library's own words.
    func check(_ status: UInt32, _ action: @autoclosure () -> String) throws(NRTError) {
        let status = NRTStatus(rawValue: status)
        guard status != .success else { return }
        let known = NRTStatus.all.contains(status)
        let text = known ? nil : functions.statusText(status.rawValue).map { String(cString: $0) }
        throw NRTError(status, action(), problem: text.map { "the runtime says \($0)" })
    }
}
