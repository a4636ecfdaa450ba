// An archive of somebody else, onto our disk. Nothing leaves the folder: every part of a path is opened by itself and none of
// them may be a link (openat, O_NOFOLLOW), names are taken apart, links are judged by where they lead. Size and number of
// files are bounded, so that a small archive cannot fill a disk.

internal import CLinux
internal import Glibc
internal import SystemIO
internal import Tar

/// Unpacks archives into one folder, one after the other as layers.
final class Unpacker {
    /// What an archive is.
    enum Kind {
        /// A model's own: what is no file, folder or link does not belong there.
        case bundle
        /// A layer of an image: devices are left out, whiteouts take away what lower layers have.
        case layer
    }

    /// What may come out.
    struct Limits {
        /// Octets in all.
        var octets: Int
        /// Entries in all.
        var entries = 100_000
        /// Octets of a path.
        var path = 4_096
    }

    private let root: String
    private let kind: Kind
    private var limits: Limits
    private let directory: FileDescriptor
    private var file: FileDescriptor?
    private var open = ""
    /// What this layer has made: an opaque whiteout takes away what was there before it.
    private var made: Set<String> = []

    /// - Parameter root: a folder that is there.
    init(into root: String, as kind: Kind, limits: Limits) throws(SystemError) {
        self.root = root
        self.kind = kind
        self.limits = limits
        directory = try FileDescriptor.open(root, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    }

    /// Octets that may still come out.
    var octetsLeft: Int { limits.octets }

    /// Entries that may still come out.
    var entriesLeft: Int { limits.entries }

    /// Takes what an archive says next.
    ///
    /// - Throws: `UnpackError`; what has been written stays.
    func take(_ event: TarReader.Event) throws(UnpackError) {
        switch event {
        case .entry(let entry): try begin(entry)
        case .content(let octets):
            limits.octets -= octets.count
            guard limits.octets >= 0 else { throw .tooLarge }
            guard let file else { return }
            do throws(SystemError) { try Files.append(file, octets, name: open) } catch {
                throw .system(error)
            }
        case .endOfEntry:
            file?.close()
            file = nil
        }
    }

    private func begin(_ entry: TarEntry) throws(UnpackError) {
        limits.entries -= 1
        guard limits.entries >= 0 else { throw .tooMany }
        let parts = try Self.parts(entry.path, limit: limits.path)
        // The folder itself.
        guard let name = parts.last else {
            guard entry.kind == .directory else { throw .unsafe(entry.path, "it has no name") }
            return
        }
        if kind == .layer, name.hasPrefix(".wh.") { return try whiteOut(name, parts) }
        if case .other = entry.kind {
            guard kind == .layer else {
                throw .unsafe(entry.path, "it is neither a file nor a folder nor a link")
            }
            return
        }
        let parent = try folder(of: parts)
        made.insert(parts.joined(separator: "/"))
        switch entry.kind {
        case .directory: try makeFolder(name, in: parent, entry.path)
        case .file: try makeFile(name, in: parent, entry)
        case .symbolicLink(let target): try makeLink(name, in: parent, entry.path, parts, to: target)
        case .hardLink(let target): try makeSecondName(name, in: parent, entry.path, of: target)
        case .other: break
        }
    }

    /// The parts of a path below the folder.
    static func parts(_ path: String, limit: Int) throws(UnpackError) -> [String] {
        guard path.utf8.count <= limit else {
            throw .unsafe(String(path.prefix(64)) + "...", "its name is too long")
        }
        guard !path.hasPrefix("/") else { throw .unsafe(path, "its name is absolute") }
        let parts = path.split(separator: "/").filter { $0 != "." }.map(String.init)
        guard !parts.contains("..") else { throw .unsafe(path, "its name leads outside") }
        guard parts.allSatisfy({ $0.utf8.count <= 255 }) else { throw .unsafe(path, "its name is too long") }
        return parts
    }

    /// The folder that an entry belongs in, made where it is missing.
    private func folder(of parts: [String]) throws(UnpackError) -> FileDescriptor {
        var current = directory
        for part in parts.dropLast() {
            if mkdirat(current.number, part, 0o755) != 0, errno != EEXIST {
                throw .system(SystemError("make folder", part))
            }
            current = try enter(part, in: current, parts.joined(separator: "/"))
        }
        return current
    }

    private func enter(
        _ name: String, in parent: FileDescriptor, _ path: String
    ) throws(UnpackError) -> FileDescriptor {
        let number = ganglion_openat(parent.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
        guard number >= 0 else {
            guard errno == ELOOP || errno == ENOTDIR else { throw .system(SystemError("open", name)) }
            throw .unsafe(path, "\(name) on the way to it is no folder")
        }
        return FileDescriptor(number)
    }

    private func makeFolder(_ name: String, in parent: FileDescriptor, _ path: String) throws(UnpackError) {
        if mkdirat(parent.number, name, 0o755) == 0 { return }
        guard errno == EEXIST else { throw .system(SystemError("make folder", name)) }
        var status = stat()
        guard fstatat(parent.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw .system(SystemError("look at", name))
        }
        if status.st_mode & S_IFMT == S_IFDIR { return }
        try remove(name, in: parent, path)
        guard mkdirat(parent.number, name, 0o755) == 0 else {
            throw .system(SystemError("make folder", name))
        }
    }

    private func makeFile(_ name: String, in parent: FileDescriptor, _ entry: TarEntry) throws(UnpackError) {
        try remove(name, in: parent, entry.path)
        let mode: UInt32 = entry.mode & 0o100 == 0 ? 0o644 : 0o755
        let number = ganglion_openat(
            parent.number, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard number >= 0 else { throw .system(SystemError("make", entry.path)) }
        file = FileDescriptor(number)
        open = entry.path
    }

    private func makeLink(
        _ name: String, in parent: FileDescriptor, _ path: String, _ parts: [String], to target: String
    ) throws(UnpackError) {
        var target = target
        if target.hasPrefix("/") {
            guard kind == .layer else { throw .unsafe(path, "it is a link to \(target.prefix(128))") }
            // In an image the root is the image's.
            let inside = target.split(separator: "/").joined(separator: "/")
            target = String(repeating: "../", count: parts.count - 1) + (inside.isEmpty ? "." : inside)
        }
        var depth = parts.count - 1
        for part in target.split(separator: "/") where part != "." {
            depth += part == ".." ? -1 : 1
            guard depth >= 0 else { throw .unsafe(path, "it is a link to \(target.prefix(128))") }
        }
        guard !target.isEmpty, target.utf8.count <= limits.path else {
            throw .unsafe(path, "its target is none")
        }
        try remove(name, in: parent, path)
        guard symlinkat(target, parent.number, name) == 0 else {
            throw .system(SystemError("make link", path))
        }
    }

    private func makeSecondName(
        _ name: String, in parent: FileDescriptor, _ path: String, of target: String
    ) throws(UnpackError) {
        let parts = try Self.parts(target, limit: limits.path)
        guard let last = parts.last else { throw .unsafe(path, "it is a link to nothing") }
        let other = try folder(of: parts)
        var status = stat()
        guard fstatat(other.number, last, &status, AT_SYMLINK_NOFOLLOW) == 0,
            status.st_mode & S_IFMT == S_IFREG
        else {
            throw .unsafe(path, "it is a second name of \(target.prefix(128)), which is no file before it")
        }
        var own = stat()
        if fstatat(parent.number, name, &own, AT_SYMLINK_NOFOLLOW) == 0 {
            if own.st_ino == status.st_ino, own.st_dev == status.st_dev { return }
            try remove(name, in: parent, path)
        }
        guard linkat(other.number, last, parent.number, name, 0) == 0 else {
            throw .system(SystemError("make link", path))
        }
    }

    /// Takes away what is there, so that nothing is written through it.
    private func remove(_ name: String, in parent: FileDescriptor, _ path: String) throws(UnpackError) {
        if unlinkat(parent.number, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw .system(SystemError("replace", path)) }
        guard kind == .layer else { throw .unsafe(path, "it is a file and a folder") }
        let parts = try Self.parts(path, limit: limits.path)
        do throws(SystemError) { try Files.removeTree(root + "/" + parts.joined(separator: "/")) } catch {
            throw .system(error)
        }
    }

    /// What lower layers have goes (OCI image specification, "Representing Changes").
    private func whiteOut(_ name: String, _ parts: [String]) throws(UnpackError) {
        // Through no link: the folder is opened part by part before anything in it goes.
        _ = try folder(of: parts)
        let above = parts.dropLast().joined(separator: "/")
        let place = above.isEmpty ? "" : above + "/"
        do throws(SystemError) {
            guard name == ".wh..wh..opq" else {
                let hidden = String(name.dropFirst(4))
                guard !hidden.isEmpty, hidden != ".", hidden != ".." else {
                    throw SystemError("remove", name, code: EINVAL)
                }
                return try Files.removeTree("\(root)/\(place)\(hidden)")
            }
            for entry in try Files.list("\(root)/\(above)") {
                let path = place + entry
                guard !made.contains(where: { $0 == path || $0.hasPrefix(path + "/") }) else { continue }
                try Files.removeTree("\(root)/\(path)")
            }
        } catch {
            throw .system(error)
        }
    }
}

/// Why an archive cannot be unpacked.
enum UnpackError: Error, Equatable {
    /// An entry that may not be believed: its path, and why.
    case unsafe(String, String)
    /// More octets than may come out.
    case tooLarge
    /// More entries than may come out.
    case tooMany
    case system(SystemError)
}
