// All that a local cluster writes is in one directory, which dies with it. It is short, since a Unix socket's path may
// have 107 octets, and private, since it holds tokens and sockets that run programs.

internal import Glibc
package import SystemIO

/// Where the parts of a local cluster keep their files.
package struct ClusterDirectory: Sendable {
    /// The directory itself, absolute.
    package let path: String

    /// Held for as long as the directory is in use.
    private let lock: Lockfile?
    private static let lockName = "lock"

    /// A directory that is there already, or will be.
    package init(path: String) { self.init(path: path, lock: nil) }

    private init(path: String, lock: Lockfile?) {
        self.path = path
        self.lock = lock
    }

    /// What every file of the fake devices is under: `sys` and `dev` trees as the driver makes them.
    package var devices: String { path + "/neuron" }
    /// The kubelet's root, `/var/lib/kubelet` on a real node.
    package var kubelet: String { path + "/kubelet" }
    /// The volumes of claims.
    package var volumes: String { path + "/volumes" }
    /// Sockets between the containers of the plugin's pod.
    package var run: String { path + "/run" }
    /// The plugin's socket for the node agent.
    package var agentSocket: String { run + "/agent.sock" }
    /// The components' logs, one file each.
    package var logs: String { path + "/log" }
    /// The components' process ids, one file each.
    package var processes: String { path + "/pid" }
    /// The administrator's kubeconfig.
    package var kubeconfig: String { path + "/kubeconfig" }

    /// The kubeconfig of a component.
    package func kubeconfig(of component: String) -> String { path + "/\(component).kubeconfig" }

    /// Longest path that leaves room for the sockets below it.
    private static let limit = 60

    /// Makes a directory of its own for this process under `/tmp`, and removes what processes that are gone have left
    /// there.
    package static func makeTemporary() throws(SystemError) -> ClusterDirectory {
        try makeTemporary(in: "/tmp")
    }

    /// Everybody may write in `/tmp`: what is there under our names may be somebody else's, who must neither have anything
    /// removed nor keep us from starting.
    static func makeTemporary(in parent: String) throws(SystemError) -> ClusterDirectory {
        let prefix = "ganglion-\(geteuid())-"
        for name in try Files.list(parent) where name.hasPrefix(prefix) {
            // `ganglion-USER-PROCESS`, or with a suffix where that was taken.
            let process = name.dropFirst(prefix.count).prefix { $0 != "-" }
            guard let pid = Int32(process), pid > 0, kill(pid, 0) != 0, errno == ESRCH else { continue }
            let path = parent + "/" + name
            guard Files.kind(path) == .directory, Files.owner(path) == geteuid() else { continue }
            // A process that cannot be seen from here, in another container, may have the directory all the same.
            guard !Lockfile.isHeld(path + "/" + lockName) else { continue }
            // What cannot be removed is no reason not to start.
            try? Files.removeTree(path, ownedBy: geteuid())
        }
        let name = "\(parent)/\(prefix)\(getpid())"
        for suffix in [""] + (0..<8).map({ _ in "-" + String(UInt32.random(in: 0 ... .max), radix: 16) }) {
            do throws(SystemError) { return try make(at: name + suffix) } catch {
                guard error.code == EEXIST else { throw error }
            }
        }
        return try make(at: name)
    }

    /// Makes the directory and what is in it.
    ///
    /// - Throws: `SystemError` where it is there already, is too long, or cannot be made.
    package static func make(at name: String) throws(SystemError) -> ClusterDirectory {
        // Absolute, since the components work in other directories.
        let path = name.hasPrefix("/") ? name : try Files.readLink("/proc/self/cwd") + "/" + name
        guard path.utf8.count <= limit else {
            throw SystemError(
                "use state directory", path, code: 0,
                hint: "it has \(path.utf8.count) octets; at most \(limit) leave room for the sockets in it")
        }
        guard mkdir(path, 0o700) == 0 else {
            let code = errno
            let hint =
                switch code {
                case EEXIST: "remove it, or choose another with --state-directory"
                case ENOENT: "make the directory above it, or choose another with --state-directory"
                default: "choose another with --state-directory"
                }
            throw SystemError("make state directory", path, code: code, hint: hint)
        }
        let directory = ClusterDirectory(path: path, lock: try Lockfile(path + "/" + lockName))
        for part in [directory.kubelet, directory.run, directory.logs, directory.processes] {
            try Files.makeDirectory(part, mode: 0o700)
        }
        return directory
    }

    /// Removes the directory with all that is in it.
    package func remove() throws(SystemError) { try Files.removeTree(path) }
}

/// A file that one process has locked at a time (flock(2)).
private struct Lockfile: Sendable {
    private let file: FileDescriptor

    /// Makes and locks a file.
    ///
    /// - Throws: `SystemError` where it is there already.
    init(_ path: String) throws(SystemError) {
        file = try FileDescriptor.open(path, flags: O_RDWR | O_CREAT | O_EXCL)
        guard flock(file.number, LOCK_EX | LOCK_NB) == 0 else { throw SystemError("lock", path) }
    }

    /// Whether a process has locked the file; no where there is none.
    static func isHeld(_ path: String) -> Bool {
        let found = try? FileDescriptor.open(path, flags: O_RDWR | O_NOFOLLOW | O_NONBLOCK)
        return found.map { flock($0.number, LOCK_EX | LOCK_NB) != 0 } ?? false
    }
}
