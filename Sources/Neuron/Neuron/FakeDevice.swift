// A directory tree that looks to discovery like a node with Neuron chips: the driver's files, formats and modes, for
// any instance type of the table. With it everything above the driver runs on a machine that has none.

internal import SystemIO
internal import Text

/// A fake node's files under one directory.
///
///     ROOT/sys/devices/virtual/neuron_device/neuronN/…   the driver's files
///     ROOT/sys/class/neuron_device/neuronN               links to them, and the class's own files
///     ROOT/sys/module/neuron/version                     the driver's version
///     ROOT/sys/devices/virtual/dmi/id/…                  what EC2's firmware says
///     ROOT/sys/bus/pci/devices/ADDRESS/…                 NUMA node and near CPUs
///     ROOT/dev/neuronN                                   the emulated chip: its description, and its cores' ledger
///     ROOT/ganglion/pci                                  the addresses that a real driver tells through an ioctl
///     ROOT/ganglion-instance-type                        the type's name; marks the directory as ours
///     ROOT/opt/aws/neuron/logical_nc_config              only when the logical core size was chosen
package struct FakeDevice: Hashable, Sendable {
    /// The directory.
    package let root: String

    /// The fake node that is at `root` already.
    package init(root: String) { self.root = root }

    /// What discovery has to be told to find it.
    package var settings: DiscoverySettings { .fake(root: root) }

    /// The file that marks a directory as a fake node.
    static let marker = "/ganglion-instance-type"
    /// The mark of a tree that is being written: ours, and not whole.
    static let unfinished = "unfinished"

    /// Writes a fake node. One that is there is replaced.
    ///
    /// - Parameters:
    ///   - name: an instance type of the table.
    ///   - root: a directory that is empty, or does not exist, or is a fake node.
    ///   - driverVersion: decides modes and newer files; by default the version whose formats are known best,
    ///     2.24.7.0, or 2.30.2 for Trainium3, which it did not know.
    ///   - logicalCoreSize: physical cores in a logical one; the family's default when nil.
    ///   - monitorCounters: whether to write the counters that discovery and health do not read; they are nearly all
    ///     of the tree's files.
    @discardableResult
    package static func create(
        instanceType name: String, at root: String, driverVersion: DriverVersion? = nil,
        logicalCoreSize: Int? = nil, monitorCounters: Bool = true
    ) throws(FakeDeviceError) -> FakeDevice {
        let type: InstanceType
        do throws(UnknownInstanceType) {
            type = try InstanceType.named(name)
        } catch {
            throw .unknownInstanceType(error)
        }
        if let logicalCoreSize, !type.family.logicalCoreSizes.contains(logicalCoreSize) {
            throw .logicalCoreSize(logicalCoreSize, type)
        }
        let version =
            driverVersion
            ?? (type.family == .trainium3 ? DriverVersion(2, 30, 2, 0) : DriverVersion(2, 24, 7, 0))
        let tree = FakeTree(
            root: root, type: type, version: version, logicalCoreSize: logicalCoreSize,
            hasMonitorCounters: monitorCounters)
        let isOurs: Bool
        do throws(SystemError) {
            isOurs = try clear(root)
            if isOurs {
                // First of all, so that a tree that is cut short is known for ours.
                try Files.makeDirectory(root)
                try Files.write(root + marker, Array((unfinished + "\n").utf8))
                try tree.write()
            }
        } catch {
            throw .system(error.description)
        }
        guard isOurs else { throw .notOurs(root) }
        return FakeDevice(root: root)
    }

    /// Removes an older fake node.
    ///
    /// - Returns: false when the directory has something else in it.
    @discardableResult
    static func clear(_ root: String) throws(SystemError) -> Bool {
        guard Files.exists(root) else { return true }
        guard Files.exists(root + marker) else { return try Files.list(root).isEmpty }
        for part in ["sys", "dev", "ganglion", "opt"] { try Files.removeTree(root + "/" + part) }
        try Files.remove(root + marker)
        return true
    }
}

/// Why a fake node cannot be written.
package enum FakeDeviceError: Error, Hashable, Sendable {
    case unknownInstanceType(UnknownInstanceType)
    case logicalCoreSize(Int, InstanceType)
    /// The directory holds files of somebody else.
    case notOurs(String)
    /// Processes hold cores of the fake node.
    case inUse(String)
    /// The fake node has no such chip.
    case noSuchChip(Int)
    /// A system call failed.
    case system(String)
}

extension FakeDeviceError: CustomStringConvertible {
    /// One sentence: the thing, the value, the mend.
    package var description: String {
        switch self {
        case .unknownInstanceType(let error): error.description
        case .logicalCoreSize(let size, let type):
            "logical core size \(size) is not possible on \(type.name): choose "
                + type.family.logicalCoreSizes.alternatives
        case .notOurs(let root):
            "\(root) has files that are no fake device: name an empty directory with --root"
        case .inUse(let root):
            "processes hold cores of the fake node in \(root): end them, or delete their pods, first"
        case .noSuchChip(let chip):
            "the fake device has no chip neuron\(chip): name one that \"ganglion ls --root DIR\" lists"
        case .system(let text): text
        }
    }
}
