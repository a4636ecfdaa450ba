// Fake chips for one process, where a machine has none: files that nobody else sees, gone as soon as they are open.

import FakeChip
import Glibc
package import NeuronRuntime
import SystemIO

extension NeuronDevices {
    /// Cores of a chip that is made for this process, and ends with it.
    ///
    /// - Parameters:
    ///   - cores: 1 to 64.
    ///   - memoryPerCore: octets; 16 GiB as on an Inferentia2 chip unless given.
    /// - Throws: `DeviceError` where there is no room for temporary files.
    package static func temporary(
        cores: Int, memoryPerCore: Int = 16 << 30
    ) throws(DeviceError) -> CoreClaim {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/ganglion-chip-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw .system(
                "no directory can be made in \(parent) (\(SystemError.text(errno))): set TMPDIR to one that can be written"
            )
        }
        let root = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let path = root + "/neuron0"
        defer {
            unlink(path)
            rmdir(root)
        }
        do {
            try Files.write(path, FakeChipFile(index: 0, cores: cores, memory: cores * memoryPerCore).octets)
        } catch {
            throw .system("\(error)")
        }
        return try NeuronDevices(root: root).claim(.all)
    }
}
