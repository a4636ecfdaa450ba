// Which kubelet is it? A kubelet makes a new kubelet.sock when it starts. Inode numbers are used again at once by some
// file systems, so the time of the making counts as well; it does not change for a socket that is in use.

internal import Glibc

/// Tells a socket's file from a later one of the same name.
package struct SocketIdentity: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let seconds: Int
    private let nanoseconds: Int

    /// The socket at a path; nil when there is none, or something else.
    package init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
