// All that a local cluster writes is in one directory, which dies with it. It is short, since a Unix socket's path may
// have 107 octets, and private, since it holds tokens and sockets that run programs.

internal import Glibc
package import SystemIO

/// Where the parts of a local cluster keep their files.
package struct ClusterDirectory: Sendable {
    /// The directory itself, absolute.
    package let path: String

    /// A directory that is there already, or will be.
    package init(path: String) { self.path = path }

    /// What every file of the fake devices is under: `sys` and `dev` trees as the driver makes them.
    package var devices: String { path + "/neuron" }
    /// The kubelet's root, `/var/lib/kubelet` on a real node.
    package var kubelet: String { path + "/kubelet" }
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
        let prefix = "ganglion-\(geteuid())-"
        for name in try Files.list("/tmp") where name.hasPrefix(prefix) {
            guard let pid = Int32(name.dropFirst(prefix.count)), kill(pid, 0) != 0, errno == ESRCH else {
                continue
            }
            try Files.removeTree("/tmp/" + name)
        }
        return try make(at: "/tmp/\(prefix)\(getpid())")
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
        let directory = ClusterDirectory(path: path)
        for part in [directory.kubelet, directory.run, directory.logs, directory.processes] {
            try Files.makeDirectory(part, mode: 0o700)
        }
        return directory
    }

    /// Removes the directory with all that is in it.
    package func remove() throws(SystemError) { try Files.removeTree(path) }
}
