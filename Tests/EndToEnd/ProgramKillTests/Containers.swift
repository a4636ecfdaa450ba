// What the machine itself says of a kubelet's containers: their processes, with the cores that each was told.

import Glibc
import Placement
import SystemIO

/// A process that belongs to a kubelet's root.
struct NodeProcess: Hashable {
    var pid: Int32
    /// The pod's uid; empty for a shim.
    var pod: String
    /// The cores of the node that it may use, as text; empty for a shim.
    var cores: String

    /// All that run now: containers' own processes and their shims.
    static func all(root: String) -> [NodeProcess] {
        ((try? Files.list("/proc")) ?? []).compactMap { name in
            guard let pid = Int32(name) else { return nil }
            if let words = strings("/proc/\(pid)/cmdline"), words.contains("container-shim"),
                words.contains(where: { $0.hasPrefix(root + "/") })
            {
                return NodeProcess(pid: pid, pod: "", cores: "")
            }
            guard let environment = strings("/proc/\(pid)/environ"),
                let home = value("GANGLION_ROOT", environment), home.hasPrefix(root + "/pods/")
            else { return nil }
            let uid = home.dropFirst(root.count + 6).prefix { $0 != "/" }
            return NodeProcess(
                pid: pid, pod: String(uid), cores: value("GANGLION_HOST_CORES", environment) ?? "")
        }
    }

    /// A core that two pods' processes have; nil where all is well.
    static func clash(_ processes: [NodeProcess]) -> String? {
        var holders: [Int: String] = [:]
        for process in processes where !process.pod.isEmpty {
            guard let cores = try? CoreSet(parsing: process.cores) else {
                return "pod \(process.pod) has the cores \"\(process.cores)\""
            }
            for core in cores {
                let other = holders.updateValue(process.pod, forKey: core)
                if let other, other != process.pod {
                    return "core \(core) is in pods \(other) and \(process.pod)"
                }
            }
        }
        return nil
    }

    private static func value(_ name: String, _ environment: [String]) -> String? {
        environment.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.utf8.count + 1)) }
    }

    private static func strings(_ path: String) -> [String]? {
        guard let octets = try? Files.read(path), !octets.isEmpty else { return nil }
        return octets.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// The paths below a directory, sorted; symbolic links are not followed.
func tree(_ path: String, below prefix: String = "") -> [String] {
    ((try? Files.list(path)) ?? []).sorted().flatMap { name in
        let full = path + "/" + name
        return [prefix + name]
            + (Files.kind(full) == .directory ? tree(full, below: prefix + name + "/") : [])
    }
}
