// Small files as the daemons need them: read whole up to a limit, replaced atomically, listed. Paths are UTF-8.

internal import CLinux
internal import Glibc

/// Operations on files; all throw `SystemError` with the path and the system's reason.
public enum Files {
    /// What a path leads to.
    public enum Kind: String, Sendable {
        case file
        case directory
        case symbolicLink = "symbolic link"
        case socket
        case characterDevice = "character device"
        case blockDevice = "block device"
        case pipe
        case other = "special file"
    }

    /// Tells one file from another that later has the same name.
    ///
    /// Some file systems use an inode's number again at once, so the time of the last writing counts as well; it does
    /// not change for a socket that is in use.
    public struct Identity: Equatable, Sendable {
        private let device: UInt64
        private let inode: UInt64
        private let seconds: Int
        private let nanoseconds: Int

        fileprivate init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// The whole content of a file.
    ///
    /// - Parameter limit: octets; a file with more is an error, never cut.
    public static func read(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path, flags: O_RDONLY)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limit + 1, 65_536))
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(file.number, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError("read", path)
            }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else {
                throw SystemError("read", path, code: EFBIG, hint: "the limit is \(limit) octets")
            }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// The whole content of a text file; octets that are not UTF-8 are replaced.
    public static func readText(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> String {
        String(decoding: try read(path, limit: limit), as: UTF8.self)
    }

    /// Replaces a file's content such that a reader sees the old or the new one, also after a crash.
    public static func writeAtomically(
        _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600
    ) throws(SystemError) {
        let temporary = path + ".\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
        do throws(SystemError) {
            let file = try FileDescriptor.open(temporary, flags: O_WRONLY | O_CREAT | O_EXCL, mode: mode)
            try write(file, bytes, name: path)
            guard fchmod(file.number, mode) == 0, fsync(file.number) == 0 else {
                throw SystemError("write", path)
            }
            file.close()
            guard rename(temporary, path) == 0 else { throw SystemError("replace", path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Makes or overwrites a file in place.
    public static func write(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(SystemError) {
        let file = try FileDescriptor.open(path, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
        try write(file, bytes, name: path)
        guard fchmod(file.number, mode) == 0 else { throw SystemError("write", path) }
    }

    /// Writes at the end of a file that was opened for that.
    ///
    /// - Parameter name: the file's path, for the error.
    public static func append(
        _ file: FileDescriptor, _ bytes: [UInt8], name: String
    ) throws(SystemError) {
        try write(file, bytes, name: name)
    }

    private static func write(_ file: FileDescriptor, _ bytes: [UInt8], name: String) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(file.number, raw.baseAddress.map { $0 + done }, raw.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError("write", name)
            }
            done += count
        }
    }

    /// The names in a directory, without `.` and `..`, sorted by their octets.
    public static func list(_ path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw SystemError("list", path) }
        defer { closedir(directory) }
        return names(in: directory).sorted()
    }

    static func names(in directory: OpaquePointer) -> [String] {
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Makes a directory and those above it; one that is there is no error.
    public static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        if mkdir(path, mode) == 0 { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeDirectory(String(path[..<slash]), mode: mode)
            if mkdir(path, mode) == 0 { return }
        }
        let code = errno
        guard code == EEXIST, kind(path, following: true) == .directory else {
            throw SystemError("make directory", path, code: code)
        }
    }

    /// Removes a file or link; one that is not there is no error.
    public static func remove(_ path: String) throws(SystemError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw SystemError("remove", path) }
    }

    /// Gives a file or directory another name on the same file system; a file of that name is replaced.
    public static func move(_ path: String, to target: String) throws(SystemError) {
        guard rename(path, target) == 0 else { throw SystemError("rename", path) }
    }

    /// Makes a symbolic link at `path` to `target`.
    public static func link(_ path: String, to target: String) throws(SystemError) {
        guard symlink(target, path) == 0 else { throw SystemError("make link", path) }
    }

    /// What a symbolic link names.
    public static func readLink(_ path: String) throws(SystemError) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { raw in
            raw.withMemoryRebound(to: CChar.self) { buffer in
                buffer.baseAddress.map { readlink(path, $0, buffer.count) } ?? -1
            }
        }
        guard count >= 0 else { throw SystemError("read link", path) }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// The first octets of a file, `count` at most.
    public static func readStart(_ path: String, count: Int) throws(SystemError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SystemError("open", path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let length = pread(descriptor, &bytes, count, 0)
        guard length >= 0 else { throw SystemError("read", path) }
        return Array(bytes.prefix(length))
    }

    /// What is at a path; nil where nothing is or it cannot be told.
    public static func kind(_ path: String, following: Bool = false) -> Kind? {
        var status = stat()
        guard (following ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        case S_IFLNK: return .symbolicLink
        case S_IFSOCK: return .socket
        case S_IFCHR: return .characterDevice
        case S_IFBLK: return .blockDevice
        case S_IFIFO: return .pipe
        default: return .other
        }
    }

    /// To whom what is at a path belongs, a link itself; nil where nothing is.
    public static func owner(_ path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_uid : nil
    }

    /// Whether something is at a path; links are followed.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Which very file is at a path; nil where none is.
    public static func identity(_ path: String) -> Identity? {
        var status = stat()
        return lstat(path, &status) == 0 ? Identity(status) : nil
    }

    /// Which very socket is at a path; nil where none is, or something else.
    public static func socketIdentity(_ path: String) -> Identity? {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK ? Identity(status) : nil
    }
}
