// A fake node on a host that is in use: written once, left alone as long as it is what is wanted, never where there are
// real chips, and never under the feet of a process that holds one of its cores.

internal import CLinux
internal import FakeChip
internal import Glibc
internal import SystemIO

/// What has come of an installation.
package enum FakeInstallation: Equatable, Sendable {
    /// The tree was written.
    case written(FakeDevice)
    /// A tree of the same kind was there already, whole or with held cores; nothing was touched.
    case kept(FakeDevice)
    /// A tree of another type is there, and processes hold cores of it; nothing was touched.
    case inUse(FakeDevice, present: String)
    /// The Neuron driver is loaded; nothing was touched.
    case driverIsLoaded
}

extension FakeDevice {
    /// Writes a fake node where there is none, or one of another kind or with broken chips that nobody uses.
    ///
    /// - Parameters:
    ///   - name: an instance type of the table.
    ///   - root: a directory that is empty, or does not exist, or is a fake node.
    ///   - logicalCoreSize: physical cores in a logical one; the family's default when nil.
    ///   - sysfsRoot: the host's sysfs, which tells whether the driver is loaded.
    /// - Throws: `FakeDeviceError`, with nothing changed but for a system call that failed half-way; the next
    ///   installation mends that.
    package static func install(
        instanceType name: String, at root: String, logicalCoreSize: Int? = nil, sysfsRoot: String = "/sys"
    ) throws(FakeDeviceError) -> FakeInstallation {
        if Discovery.isDriverLoaded(sysfsRoot: sysfsRoot) { return .driverIsLoaded }
        do throws(UnknownInstanceType) {
            _ = try InstanceType.named(name)
        } catch {
            throw .unknownInstanceType(error)
        }
        let there = FakeDevice(root: root)
        if let present = there.installed {
            let isWanted = present == name && there.logicalCoreSize == logicalCoreSize
            if isWanted, there.isWhole || there.isInUse { return .kept(there) }
            if there.isInUse { return .inUse(there, present: present) }
        }
        // Without the counters that only monitors read: a large node has thousands of them.
        return .written(
            try create(
                instanceType: name, at: root, logicalCoreSize: logicalCoreSize, monitorCounters: false))
    }

    /// Removes the fake node's files, and the directory where nothing else is in it.
    ///
    /// - Throws: `FakeDeviceError.inUse` while a process holds a core, `notOurs` where no fake node is there.
    package func remove() throws(FakeDeviceError) {
        guard Files.exists(root + Self.marker) else { throw .notOurs(root) }
        guard !isInUse else { throw .inUse(root) }
        do throws(SystemError) {
            try Self.clear(root)
        } catch {
            throw .system(error.description)
        }
        // A mount point stays, and so does a directory that somebody else uses too.
        _ = rmdir(root)
    }

    /// The instance type of a tree that is whole; nil where there is none.
    package var installed: String? {
        guard let text = try? Files.readText(root + Self.marker, limit: 256) else { return nil }
        let name = String(text.prefix { $0 != "\n" })
        return name.isEmpty || name == Self.unfinished ? nil : name
    }

    /// Whether each chip's file is one of ours: somebody may have removed one, or put something in its place.
    private var isWhole: Bool {
        let chips = Discovery(settings).scan().chips
        return !chips.isEmpty && chips.allSatisfy { $0.deviceFile == .fakeChip }
    }

    /// As it was chosen; nil where it was left to the family.
    private var logicalCoreSize: Int? {
        let text = try? Files.readText(root + "/opt/aws/neuron/logical_nc_config", limit: 256)
        return text.flatMap { $0.split(separator: "=").last }.flatMap { Int($0.prefix { $0 != "\n" }) }
    }

    /// Whether a process holds a core: a lock on an octet behind the description of any chip (`FakeTree`).
    package var isInUse: Bool {
        let chips = (try? Files.list(root + "/dev")) ?? []
        return chips.contains { chip in
            let descriptor = open(root + "/dev/" + chip, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            var lock = flock()
            lock.l_type = Int16(F_WRLCK)
            lock.l_whence = Int16(SEEK_SET)
            lock.l_start = off_t(FakeChipFile.headerSize)
            // F_OFD_GETLK, fcntl(2): Glibc declares it only with _GNU_SOURCE.
            return ganglion_fcntl_lock(descriptor, 36, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
        }
    }
}
