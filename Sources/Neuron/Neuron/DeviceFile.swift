// What stands where a chip's device node should be. A container runtime makes device nodes of device nodes only (runc:
// "not a device node", and the pod stays in CreateContainerError), so a fake chip, which is a regular file, is mounted
// instead, and whatever else lies there must not reach a pod.

internal import FakeChip
internal import SystemIO

/// Where a node's chips come from. A node has one kind only.
package enum DeviceSource: String, Hashable, Sendable {
    /// The Neuron driver: device nodes.
    case driver
    /// `ganglion fake`: regular files.
    case fake
}

/// What is at the path of a chip.
package enum DeviceFile: Hashable, Sendable {
    /// A device node, or nothing that can be seen from here: a pod without the host's /dev does not see its nodes.
    case node
    /// A chip of the fake device.
    case fakeChip
    /// Something that no process could compute on, as a noun with its article: "a directory".
    case foreign(String)

    /// Looks at the paths of a node's chips.
    ///
    /// - Parameters:
    ///   - paths: the chips' paths on the host, by chip.
    ///   - isFake: the node was asked for as a fake one, whose files are always in sight.
    /// - Returns: what is there, for each chip. Where one path is there, one that is not is `foreign`; where none is,
    ///   the host's device nodes are out of sight.
    static func look(at paths: [Int: String], isFake: Bool = false) -> [Int: DeviceFile] {
        let seen = paths.compactMapValues { path in Files.kind(path, following: true).map { look(path, $0) } }
        return paths.mapValues { _ in seen.isEmpty && !isFake ? .node : .foreign("missing") }
            .merging(seen) { _, seen in seen }
    }

    private static func look(_ path: String, _ kind: Files.Kind) -> DeviceFile {
        switch kind {
        case .characterDevice: return .node
        case .file:
            let mark = Array(FakeChipFile.mark.utf8)
            guard let start = try? Files.readStart(path, count: mark.count) else {
                return .foreign("a file that cannot be read")
            }
            return start == mark ? .fakeChip : .foreign("a file that is no fake chip")
        default: return .foreign("a " + kind.rawValue)
        }
    }
}

extension Discovery {
    /// Whether the Neuron driver is loaded: then the node has real chips, or will have, and a fake one has no place.
    ///
    /// - Parameter sysfsRoot: the mount point of sysfs. A container sees the host's.
    package static func isDriverLoaded(sysfsRoot: String = "/sys") -> Bool {
        Files.exists(sysfsRoot + "/module/neuron") || Files.exists(sysfsRoot + "/class/neuron_device")
    }

    /// Judges what is at the chips' paths: a chip that could not be given to a container is not healthy.
    func checkDeviceFiles(_ chips: inout [Chip]) {
        let paths = Dictionary(
            chips.map { ($0.index, $0.devicePath) }, uniquingKeysWith: { first, _ in first })
        let files = DeviceFile.look(at: paths, isFake: settings.hostSysfsRoot != nil)
        let hasNodes = files.values.contains(.node)
        for index in chips.indices {
            let path = chips[index].devicePath
            let file = files[chips[index].index] ?? .node
            chips[index].deviceFile = file
            switch file {
            case .node: break
            case .fakeChip where !hasNodes: break
            case .fakeChip: chips[index].health = chips[index].health.adding([.fakeBesideReal(path: path)])
            case .foreign(let found):
                chips[index].health = chips[index].health.adding([.noDevice(path: path, found: found)])
            }
        }
    }
}
