// Looks at the files that a container has. A device is opened, as the runtime would, and closed again at once.

internal import FakeChip
internal import Glibc
internal import SystemIO

extension ContainerReport {
    /// Gathers what this process sees.
    ///
    /// - Parameters:
    ///   - environment: all of the process's variables.
    ///   - deviceRoot: where the devices are, `/dev`.
    package static func gather(environment: [String: String], deviceRoot: String) -> ContainerReport {
        var name = utsname()
        uname(&name)
        let hostname = withUnsafeBytes(of: &name.nodename) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        let names = (try? Files.list(deviceRoot)) ?? []
        let numbers = names.compactMap { name -> Int? in
            guard name.hasPrefix("neuron"), let number = Int(name.dropFirst(6)), name == "neuron\(number)"
            else { return nil }
            return number
        }
        return ContainerReport(
            hostname: hostname,
            environment: environment.filter { key, _ in environmentPrefixes.contains { key.hasPrefix($0) } },
            devices: numbers.sorted().map { device($0, at: "\(deviceRoot)/neuron\($0)") })
    }

    private static func device(_ number: Int, at path: String) -> Device {
        var device = Device(number: number, path: path, kind: .other)
        var status = stat()
        guard stat(path, &status) == 0 else {
            device.problem = SystemError("look at", path).description
            return device
        }
        switch status.st_mode & S_IFMT {
        case S_IFCHR:
            device.kind = .character
            // As glibc's major() and minor(), which are macros, take them apart.
            let number = UInt64(status.st_rdev)
            device.major = Int(number >> 8 & 0xfff | number >> 32 & 0xffff_f000)
            device.minor = Int(number & 0xff | number >> 12 & 0xffff_ff00)
        case S_IFREG:
            device.chip = chip(at: path)
            if device.chip != nil { device.kind = .fake }
        default: break
        }
        do throws(SystemError) {
            // Not blocking: a pipe or a line that waits for its other end must not hold the report.
            _ = try FileDescriptor.open(path, flags: O_RDWR | O_NONBLOCK)
        } catch {
            device.problem = error.description
        }
        return device
    }

    /// The description at the start of a fake chip's file; nil for other files.
    private static func chip(at path: String) -> Device.Chip? {
        guard let bytes = try? Files.readStart(path, count: 512), let file = try? FakeChipFile(parsing: bytes)
        else { return nil }
        return Device.Chip(index: file.index, cores: file.cores, memory: file.memory)
    }
}
