// A chip of the fake device as a process sees it: the file `neuronK`, whose layout FakeChipFile knows. A core
// belongs to whoever holds the write lock on the first octet of its entry. The locks are those of open file
// descriptions (F_OFD_SETLK): they hold between processes and between groups of one process, and the kernel releases
// them when the owner ends, however it ends. What an owner has reserved counts only while its lock is held.

import CLinux
import FakeChip
import Glibc
import Neuron
import NeuronRuntime
import SystemIO

// fcntl(2), <bits/fcntl-linux.h>; Glibc declares them only with _GNU_SOURCE.
private let getLock: Int32 = 36
private let setLock: Int32 = 37
private let setLockWaiting: Int32 = 38

/// An open chip. Each owner of cores opens the file for itself; claims that were split share it.
final class EmulatedChip: @unchecked Sendable {
    /// The chip's number on the host.
    let index: Int
    /// Its cores.
    let coreCount: Int
    /// Its memory in octets, shared by the cores.
    let memory: Int
    /// The most that one core may have of it: on Inferentia all of it, since its cores share it; on later chips each core has
    /// its own part.
    let memoryPerCore: Int
    /// As it was opened.
    let path: String

    /// Cores of this process that read weights out of its memory, by the hardware's clock.
    let memoryReaders = MemoryReaders()

    private let descriptor: Int32
    /// Octets by core that are claimed through this open file, where some are reserved: its locks tell others only.
    private let held = Lock<[Int: Int]>([:])

    /// Opens `path`, nil when there is no such file.
    ///
    /// - Throws: `DeviceError` when it is no fake device or has an unlikely description.
    static func open(_ path: String) throws(DeviceError) -> EmulatedChip? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notEmulated(path: path) }
        let descriptor = ganglion_open(path, O_RDWR | O_CLOEXEC, 0)
        guard descriptor >= 0 else {
            throw .system("cannot open \(path) (\(SystemError.text(errno))): run with rights to the device")
        }
        do {
            return try EmulatedChip(descriptor: descriptor, path: path)
        } catch {
            close(descriptor)
            throw error
        }
    }

    private init(descriptor: Int32, path: String) throws(DeviceError) {
        var header = [UInt8](repeating: 0, count: 512)
        let count = pread(descriptor, &header, header.count, 0)
        do {
            let file = try FakeChipFile(parsing: header.prefix(max(count, 0)))
            (index, coreCount, memory) = (file.index, file.cores, file.memory)
        } catch {
            throw .damaged(path: path, problem: error.description)
        }
        memoryPerCore = Self.memoryPerCore(of: memory, cores: coreCount)
        self.descriptor = descriptor
        self.path = path
    }

    private static func memoryPerCore(of memory: Int, cores: Int) -> Int {
        let hasParts = NeuronFamily.allCases.contains {
            Int($0.memoryPerChip) == memory && $0 != .inferentia && $0.physicalCoresPerChip % cores == 0
        }
        return hasParts ? memory / cores : memory
    }

    deinit { close(descriptor) }

    /// Takes a core.
    ///
    /// - Returns: false when somebody else has it.
    func claim(_ core: Int) throws(DeviceError) -> Bool {
        var lock = lock(type: F_WRLCK, at: entry(core))
        if ganglion_fcntl_lock(descriptor, setLock, &lock) == 0 { return true }
        guard errno == EAGAIN || errno == EACCES else {
            throw .system(
                "cannot claim core \(core) of \(path) (\(SystemError.text(errno))): keep the tree on a local disk"
            )
        }
        return false
    }

    /// Gives a core back.
    func release(_ core: Int) {
        held.withLock { $0[core] = nil }
        var lock = lock(type: F_UNLCK, at: entry(core))
        _ = ganglion_fcntl_lock(descriptor, setLock, &lock)
    }

    /// Waits until no other open file of the chip is in its turn, and begins one: two owners must neither add up nor search at
    /// the same time. The first octet of the file stands for the chip.
    func beginTurn() throws(DeviceError) {
        var chip = lock(type: F_WRLCK, at: 0)
        while ganglion_fcntl_lock(descriptor, setLockWaiting, &chip) != 0 {
            guard errno == EINTR else {
                throw .system(
                    "cannot lock \(path) (\(SystemError.text(errno))): keep the tree on a local disk")
            }
        }
    }

    /// Ends the turn.
    func endTurn() {
        var unlock = lock(type: F_UNLCK, at: 0)
        _ = ganglion_fcntl_lock(descriptor, setLock, &unlock)
    }

    /// Whether another owner has a core.
    func isClaimedElsewhere(_ core: Int) -> Bool {
        var lock = lock(type: F_WRLCK, at: entry(core))
        return ganglion_fcntl_lock(descriptor, getLock, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }

    /// Writes what each of the owner's cores reserves, if all of it fits beside the other owners' reservations.
    ///
    /// - Parameter own: octets by core of this chip; every key is claimed by this owner.
    /// - Throws: `DeviceError.outOfMemory`, with nothing written.
    func reserve(_ own: [Int: Int]) throws(DeviceError) {
        // The lock is kept meanwhile: locks of one open file do not exclude each other.
        try held.withLock { (held: inout [Int: Int]) throws(DeviceError) in
            try beginTurn()
            defer { endTurn() }
            try write(own, beside: held)
            held.merge(own) { $1 }
        }
    }

    private func write(_ own: [Int: Int], beside held: [Int: Int]) throws(DeviceError) {
        var free = memory
        for core in 0..<coreCount where own[core] == nil {
            free -= min(free, held[core] ?? (isClaimedElsewhere(core) ? reserved(core) : 0))
        }
        let needed = own.values.reduce(0, +)
        guard needed <= free else {
            throw .outOfMemory(chip: index, needed: needed, free: free, capacity: memory)
        }
        if let most = own.values.max(), most > memoryPerCore {
            throw .outOfMemory(chip: index, needed: most, free: memoryPerCore, capacity: memoryPerCore)
        }
        for (core, bytes) in own {
            let entry = FakeChipFile.entry(reserved: bytes)
            guard pwrite(descriptor, entry, entry.count, off_t(self.entry(core))) == entry.count else {
                throw .system("cannot write to \(path) (\(SystemError.text(errno))): free some disk space")
            }
        }
    }

    /// Octets that all owners have reserved on a core.
    func used(_ core: Int) -> Int {
        held.withLock { $0[core] } ?? (isClaimedElsewhere(core) ? reserved(core) : 0)
    }

    /// What the ledger says about a core; nothing when it is damaged.
    private func reserved(_ core: Int) -> Int {
        var bytes = [UInt8](repeating: 0, count: FakeChipFile.entrySize)
        let count = pread(descriptor, &bytes, bytes.count, off_t(entry(core)))
        return FakeChipFile.reserved(bytes.prefix(max(count, 0)))
    }

    /// The fault that somebody has asked for on a core; it counts once.
    func takeFault(_ core: Int) -> ExecutionFault? {
        let offset = off_t(FakeChipFile.faultOffset(ofCore: core))
        var bytes = [UInt8](repeating: 0, count: FakeChipFile.faultSize)
        guard pread(descriptor, &bytes, bytes.count, offset) == bytes.count, bytes[0] != 0 else { return nil }
        let none = FakeChipFile.entry(of: nil)
        _ = pwrite(descriptor, none, none.count, offset)
        return FakeChipFile.fault(bytes)
    }

    private func entry(_ core: Int) -> Int { FakeChipFile.offset(ofCore: core) }

    private func lock(type: Int32, at offset: Int) -> flock {
        var lock = flock()
        lock.l_type = Int16(type)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = off_t(offset)
        lock.l_len = 1
        return lock
    }
}
