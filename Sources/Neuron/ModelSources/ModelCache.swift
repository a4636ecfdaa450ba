// Models on a node's disk, shared by all pods of the node that mount it. Which process is alive is known by flock(2), which
// ends with a process however it ends; what is complete is known by a rename. So there is nothing to repair after a crash:
//
//     ROOT/models/KEY          complete; never written to
//     ROOT/locks/KEY           held shared while KEY is in use, alone while it is made or taken away; its times say when it was
//                              used last, its content how many octets KEY has, or will have
//     ROOT/partial/KEY.BOOT    being made, or left by a process that has ended: the next one goes on with it. After a crash of
//                              the machine (another BOOT) the file system may have lost what was written, so it is removed.
//     ROOT/lock                held while room is made: two that need room do not count the same room twice
//
// A key says what is in the folder, so whoever has one need not ask who made it.

internal import CLinux
internal import Glibc
package import SystemIO

/// The model cache of a node.
package final class ModelCache: Sendable {
    /// Its folder.
    package let path: String
    /// Octets that all models together may have.
    package let limit: Int
    private let boot: String
    private let sleep: @Sendable (Duration) async throws -> Void

    /// A cache in a folder, which is made where it is missing.
    ///
    /// - Parameter sleep: lets time go by while another process makes a model.
    /// - Throws: `SystemError` where the folder cannot be used.
    package init(
        path: String, limit: Int,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) throws(SystemError) {
        self.path = path
        self.limit = limit
        self.sleep = sleep
        let text = (try? Files.readText("/proc/sys/kernel/random/boot_id")) ?? "unknown"
        boot = String(text.prefix { $0 != "-" && !$0.isNewline })
        for folder in ["models", "locks", "partial"] { try Files.makeDirectory("\(path)/\(folder)") }
    }

    /// A model of the cache that is in use: it stays until the lease has gone.
    package final class Lease: Sendable {
        /// The model's folder.
        package let path: String
        private let lock: FileDescriptor

        init(path: String, lock: FileDescriptor) {
            self.path = path
            self.lock = lock
        }

        deinit { release() }

        /// Gives it up: it may be taken away. It has been in use until now.
        package func release() {
            _ = ModelCache.touch(lock)
            lock.close()
        }
    }

    /// Makes a model in a folder, where a part of it may be.
    ///
    /// - Parameter room: makes room for more octets than were known before.
    package typealias Make = @Sendable (_ folder: String) async throws(ModelSourceError) -> Void

    /// The model of a key, made where it is not there.
    ///
    /// - Parameters:
    ///   - key: letters, digits and dashes.
    ///   - size: octets that it is going to have, while it is made, too.
    ///   - uri: for errors, as it may be shown.
    ///   - wait: called once where another process is making it.
    /// - Throws: `ModelSourceError`.
    package func lease(
        _ key: String, size: Int, uri: String, wait: @Sendable () -> Void = {}, make: Make
    ) async throws(ModelSourceError) -> Lease {
        guard size <= limit else {
            throw ModelSourceError(
                uri, .space, "it needs \(size) octets and the model cache has room for \(limit)",
                mend: "set --model-cache-size, and the volume's size, to more")
        }
        var hasWaited = false
        while true {
            switch try step(key, size: size, uri: uri) {
            case .leased(let lease): return lease
            case .busy:
                if !hasWaited { wait() }
                hasWaited = true
                do { try await sleep(.milliseconds(200)) } catch {
                    throw ModelSourceError(uri, .cancelled, "it was given up")
                }
            case .mine(let lock):
                let folder = partial(key)
                if let error = await result(folder, make) {
                    // The disk may be smaller than the limit: what nobody uses goes, and what has come stays.
                    guard error.kind == .space, (try? evictOne(but: key)) == true else { throw error }
                    continue
                }
                try install(folder, key, lock, uri: uri)
            }
        }
    }

    private func result(_ folder: String, _ make: Make) async -> ModelSourceError? {
        do throws(ModelSourceError) { try await make(folder) } catch { return error }
        return nil
    }

    private enum Step {
        case leased(Lease)
        case busy
        case mine(FileDescriptor)
    }

    private func step(_ key: String, size: Int, uri: String) throws(ModelSourceError) -> Step {
        let lock: FileDescriptor
        do throws(SystemError) {
            lock = try openLock(key)
            if try take(lock, LOCK_SH, key), Files.kind(model(key)) == .directory {
                try touch(lock, key)
                return .leased(Lease(path: model(key), lock: lock))
            }
            guard try take(lock, LOCK_EX, key), Files.kind(model(key)) != .directory else { return .busy }
        } catch {
            throw ModelSourceError(uri, error)
        }
        try makeRoom(for: size, key, lock, uri)
        do throws(SystemError) { try Files.makeDirectory(partial(key)) } catch {
            throw ModelSourceError(uri, error)
        }
        return .mine(lock)
    }

    private func model(_ key: String) -> String { "\(path)/models/\(key)" }
    private func partial(_ key: String) -> String { "\(path)/partial/\(key).\(boot)" }

    private func openLock(_ key: String) throws(SystemError) -> FileDescriptor {
        try FileDescriptor.open("\(path)/locks/\(key)", flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o644)
    }

    /// Takes a lock without waiting.
    ///
    /// - Returns: false where others have it, or where it is one that was removed while it was being opened.
    private func take(_ lock: FileDescriptor, _ kind: Int32, _ key: String) throws(SystemError) -> Bool {
        while flock(lock.number, kind | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            guard errno == EWOULDBLOCK else { throw SystemError("lock", "\(path)/locks/\(key)") }
            return false
        }
        var own = stat()
        var there = stat()
        guard fstat(lock.number, &own) == 0, stat("\(path)/locks/\(key)", &there) == 0 else { return false }
        return own.st_ino == there.st_ino && own.st_dev == there.st_dev
    }

    private func touch(_ lock: FileDescriptor, _ key: String) throws(SystemError) {
        guard Self.touch(lock) else { throw SystemError("touch", "\(path)/locks/\(key)") }
    }

    /// Notes a use. The time that the kernel would put in by itself is that of its last tick: two uses within one would be one.
    fileprivate static func touch(_ lock: FileDescriptor) -> Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return futimens(lock.number, [now, now]) == 0
    }

    /// What is complete gets its name, on the disk and then for all to see.
    private func install(
        _ folder: String, _ key: String, _ lock: FileDescriptor, uri: String
    ) throws(ModelSourceError) {
        do throws(SystemError) {
            // Only now is it known for certain: an archive has been unpacked.
            let size = try Self.octets(in: folder)
            guard try claim(size, key, lock) == nil else {
                try Files.removeTree(folder)
                throw SystemError("keep", folder, code: ENOSPC, hint: "it has \(size) octets")
            }
            try Self.flush(folder)
            guard rename(folder, model(key)) == 0 else { throw SystemError("rename", folder) }
            try Self.flush("\(path)/models")
        } catch {
            throw ModelSourceError(uri, error)
        }
    }

    private static func flush(_ folder: String) throws(SystemError) {
        let directory = try FileDescriptor.open(folder, flags: O_RDONLY | O_DIRECTORY)
        guard fsync(directory.number) == 0 else { throw SystemError("write", folder) }
    }

    private func write(_ size: Int, to lock: FileDescriptor, _ key: String) throws(SystemError) {
        let text = Array("\(size)\n".utf8)
        guard ftruncate(lock.number, 0) == 0, pwrite(lock.number, text, text.count, 0) == text.count else {
            throw SystemError("write", "\(path)/locks/\(key)")
        }
    }

    // MARK: Room

    /// One entry of the cache.
    struct Entry: Equatable {
        let key: String
        let size: Int
        /// Nanoseconds since 1970.
        let lastUse: Int
    }

    /// What is there or on its way, what was used longest ago first.
    func entries() throws(SystemError) -> [Entry] {
        var entries: [Entry] = []
        let partial = Set(try Files.list("\(path)/partial").map { String($0.prefix { $0 != "." }) })
        for key in try Files.list("\(path)/locks") {
            guard partial.contains(key) || Files.kind(model(key)) == .directory else { continue }
            var status = stat()
            guard stat("\(path)/locks/\(key)", &status) == 0 else { continue }
            let text = (try? Files.readText("\(path)/locks/\(key)", limit: 64)) ?? ""
            let size = Int(text.prefix { !$0.isNewline }) ?? 0
            entries.append(
                Entry(
                    key: key, size: size,
                    lastUse: status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec))
        }
        return entries.sorted { ($0.lastUse, $0.key) < ($1.lastUse, $1.key) }
    }

    private func makeRoom(
        for size: Int, _ key: String, _ lock: FileDescriptor, _ uri: String
    ) throws(ModelSourceError) {
        let used: Int?
        do throws(SystemError) { used = try claim(size, key, lock) } catch {
            throw ModelSourceError(uri, error)
        }
        guard let used else { return }
        throw ModelSourceError(
            uri, .space, "it needs \(size) octets, and of the model cache's \(limit) others use \(used)",
            mend: "set --model-cache-size, and the volume's size, to more, or serve fewer models")
    }

    /// Takes away what nobody uses, the longest unused first, until there is room; then claims it.
    ///
    /// - Returns: the octets that others use, where there is no room; nil where there is.
    private func claim(_ size: Int, _ key: String, _ lock: FileDescriptor) throws(SystemError) -> Int? {
        let all = try lockAll()
        defer { all.close() }
        try removeLost()
        var rest = try entries().filter { $0.key != key }
        var used = rest.reduce(0) { $0 + $1.size }
        while used + size > limit {
            guard let evicted = try evictFirst(of: &rest) else { return used }
            used -= evicted
        }
        try write(size, to: lock, key)
        try touch(lock, key)
        return nil
    }

    private func lockAll() throws(SystemError) -> FileDescriptor {
        let all = try FileDescriptor.open("\(path)/lock", flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o644)
        while flock(all.number, LOCK_EX) != 0 {
            guard errno == EINTR else { throw SystemError("lock", "\(path)/lock") }
        }
        return all
    }

    /// - Returns: the octets of what has gone; nil where all is in use.
    private func evictFirst(of rest: inout [Entry]) throws(SystemError) -> Int? {
        for index in rest.indices where try evict(rest[index].key) { return rest.remove(at: index).size }
        return nil
    }

    /// Removes what was used longest ago.
    private func evictOne(but key: String) throws(SystemError) -> Bool {
        let all = try lockAll()
        defer { all.close() }
        var rest = try entries().filter { $0.key != key }
        return try evictFirst(of: &rest) != nil
    }

    /// Removes a model that nobody uses, or a part of one that nobody makes.
    ///
    /// - Returns: false where it is in use.
    private func evict(_ key: String) throws(SystemError) -> Bool {
        let lock = try openLock(key)
        guard try take(lock, LOCK_EX, key) else { return false }
        // Not half of it for anybody: first the name goes.
        let gone = "\(path)/partial/\(key).gone"
        try Files.removeTree(gone)
        if rename(model(key), gone) != 0, errno != ENOENT { throw SystemError("remove", model(key)) }
        try Files.removeTree(gone)
        try Files.removeTree(partial(key))
        try Files.remove("\(path)/locks/\(key)")
        return true
    }

    /// Removes what no process can go on with: parts of before the machine's last start, and what was being removed.
    private func removeLost() throws(SystemError) {
        for name in try Files.list("\(path)/partial") where !name.hasSuffix(".\(boot)") {
            let key = String(name.prefix { $0 != "." })
            let lock = try openLock(key)
            guard try take(lock, LOCK_EX, key) else { continue }
            try Files.removeTree("\(path)/partial/\(name)")
        }
    }

    /// Octets of all files of a folder.
    static func octets(in folder: String) throws(SystemError) -> Int {
        var sum = 0
        for name in try Files.list(folder) {
            let path = "\(folder)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { throw SystemError("look at", path) }
            sum += status.st_mode & S_IFMT == S_IFDIR ? try octets(in: path) : Int(status.st_size)
        }
        return sum
    }
}
