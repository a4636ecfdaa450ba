// Where a pod lives on disk. The kubelet finds its pods again from here after a restart:
//
//     ROOT/pods/UID/pod.json                          name, namespace, address, start time
//     ROOT/pods/UID/volumes/NAME/                     an emptyDir
//     ROOT/pods/UID/containers/NAME/dev/neuron4       a link to the host's device
//     ROOT/pods/UID/containers/NAME/rootfs/mnt/x      a link for each volume mount
//     ROOT/pods/UID/containers/NAME/3/                the fourth run: spec.json, running.json, exit.json, log

internal import KubernetesAPI
internal import SystemIO

/// The directory of one pod.
struct PodDirectory: Equatable, Sendable {
    /// `ROOT/pods/UID`.
    var path: String

    init(root: String, uid: String) { path = root + "/pods/" + uid }

    /// What must be known of a pod whose object is gone.
    struct Record: JSONFile, Equatable, Sendable {
        static let fileName = "pod.json"

        var uid: String
        var namespace: String
        var name: String
        var ip: String
        /// When the kubelet saw the pod first.
        var startTime: Timestamp

        init(uid: String, namespace: String, name: String, ip: String, startTime: Timestamp) {
            self.uid = uid
            self.namespace = namespace
            self.name = name
            self.ip = ip
            self.startTime = startTime
        }
    }

    var record: Record? { Record.read(in: path) }

    func write(_ record: Record) throws(SystemError) {
        try Files.makeDirectory(path, mode: 0o750)
        try record.write(in: path)
    }

    /// The records of all pods below a root.
    static func records(root: String) -> [Record] {
        uids(root: root).compactMap { PodDirectory(root: root, uid: $0).record }
    }

    /// The uids of all pods that have a directory below a root.
    static func uids(root: String) -> [String] { (try? Files.list(root + "/pods")) ?? [] }

    func container(_ name: String) -> String { path + "/containers/" + name }
    func run(_ name: String, _ attempt: Int) -> String { container(name) + "/\(attempt)" }
    func log(_ name: String, _ attempt: Int) -> String { run(name, attempt) + "/log" }

    /// The names of all containers that ever ran.
    func containers() -> [String] { (try? Files.list(path + "/containers")) ?? [] }

    /// The numbers of the runs that are still there, ascending.
    func attempts(_ name: String) -> [Int] {
        ((try? Files.list(container(name))) ?? []).compactMap { Int($0) }.sorted()
    }

    /// Makes a fresh directory of symbolic links.
    ///
    /// - Parameters:
    ///   - directory: it and what is in it is replaced.
    ///   - links: paths relative to it, to targets.
    static func makeLinks(_ directory: String, _ links: [String: String]) throws(SystemError) {
        try Files.removeTree(directory)
        try Files.makeDirectory(directory, mode: 0o755)
        for (name, target) in links.sorted(by: { $0.key < $1.key }) {
            let parts = name.split(separator: "/").filter { $0 != "." && $0 != ".." }
            guard !parts.isEmpty else { continue }
            let parent = ([directory] + parts.dropLast().map(String.init)).joined(separator: "/")
            // A mount below another mount would have to be made in the other's directory: it is left out.
            guard Files.kind(parent) ?? .directory == .directory else { continue }
            try Files.makeDirectory(parent, mode: 0o755)
            try Files.link(parent + "/" + String(parts[parts.count - 1]), to: target)
        }
    }
}
