// What this machine is, for the node's status.

internal import Glibc
internal import SystemIO

/// The machine.
struct NodeFacts: Equatable, Sendable {
    var cpus: Int
    /// Memory of the machine in KiB.
    var memory: Int
    /// Octets of the file system under the kubelet's root.
    var storage: UInt64
    var kernel = ""
    var osImage = "Linux"
    /// As Go names it.
    var architecture = "amd64"
    var machineID = ""
    var bootID = ""

    /// Pods at most, a kubelet's default.
    static let pods = 110

    init(cpus: Int, memory: Int, storage: UInt64) {
        self.cpus = cpus
        self.memory = memory
        self.storage = storage
    }

    /// Reads them.
    static func read(root: String) -> NodeFacts {
        var facts = NodeFacts(cpus: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))), memory: 0, storage: 0)
        for line in lines("/proc/meminfo") where line.hasPrefix("MemTotal:") {
            facts.memory = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }
        var file = statvfs()
        if statvfs(root, &file) == 0 { facts.storage = UInt64(file.f_blocks) &* UInt64(file.f_frsize) }
        facts.kernel = first("/proc/sys/kernel/osrelease")
        facts.bootID = first("/proc/sys/kernel/random/boot_id")
        facts.machineID = first("/etc/machine-id")
        for line in lines("/etc/os-release") where line.hasPrefix("PRETTY_NAME=") {
            facts.osImage = String(line.dropFirst(12)).filter { $0 != "\"" }
        }
        #if arch(arm64)
            facts.architecture = "arm64"
        #endif
        return facts
    }

    private static func lines(_ path: String) -> [Substring] {
        ((try? Files.readText(path)) ?? "").split(separator: "\n")
    }

    private static func first(_ path: String) -> String { lines(path).first.map(String.init) ?? "" }
}
