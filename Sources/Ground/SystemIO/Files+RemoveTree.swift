// A tree is removed by directories that are held open, not by paths: whoever may write in one of them could put a link in the
// place of a directory between a look and a removal, and have files removed that are none of the tree's. Directly below
// `/tmp`, which everybody may write in, the tree itself may be somebody else's.

internal import CLinux
internal import Glibc

extension Files {
    /// Removes a directory with all that is in it, or a file; what is not there is no error. Links are removed, not
    /// followed, but for those on the way to the path's last part.
    ///
    /// - Parameter owner: the user to whom what is at the path must belong; nil for anybody.
    /// - Throws: `SystemError` where something cannot be removed, or belongs to another user than `owner`.
    public static func removeTree(_ path: String, ownedBy owner: UInt32? = nil) throws(SystemError) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        guard let name = parts.popLast(), name != ".", name != ".." else {
            throw SystemError("remove", path, code: EINVAL)
        }
        let above = (path.hasPrefix("/") ? "/" : "./") + parts.joined(separator: "/")
        let parent = ganglion_open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard parent >= 0 else {
            if errno == ENOENT { return }
            throw SystemError("remove", path)
        }
        defer { close(parent) }
        try removeEntry(name, in: parent, path, ownedBy: owner)
    }

    private static func removeEntry(
        _ name: String, in parent: Int32, _ path: String, ownedBy owner: UInt32?
    ) throws(SystemError) {
        var status = stat()
        guard fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return }
            throw SystemError("remove", path)
        }
        try check(status, path, owner)
        guard status.st_mode & S_IFMT == S_IFDIR else {
            guard unlinkat(parent, name, 0) == 0 || errno == ENOENT else { throw SystemError("remove", path) }
            return
        }
        // Not the one that was looked at, if somebody is quick, but never a link.
        let directory = ganglion_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
        guard directory >= 0 else { throw SystemError("remove", path) }
        defer { close(directory) }
        guard fstat(directory, &status) == 0 else { throw SystemError("remove", path) }
        try check(status, path, owner)
        for entry in try entries(of: directory, path) {
            try removeEntry(entry, in: directory, path + "/" + entry, ownedBy: nil)
        }
        guard unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw SystemError("remove", path)
        }
    }

    private static func check(_ status: stat, _ path: String, _ owner: UInt32?) throws(SystemError) {
        guard let owner, status.st_uid != owner else { return }
        throw SystemError("remove", path, code: EPERM, hint: "it belongs to user \(status.st_uid)")
    }

    /// The names in a directory that is open, without `.` and `..`.
    private static func entries(of directory: Int32, _ path: String) throws(SystemError) -> [String] {
        // A descriptor of its own: closedir closes it.
        let copy = ganglion_openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard copy >= 0, let stream = fdopendir(copy) else {
            let code = errno
            if copy >= 0 { close(copy) }
            throw SystemError("list", path, code: code)
        }
        defer { closedir(stream) }
        return names(in: stream)
    }
}
