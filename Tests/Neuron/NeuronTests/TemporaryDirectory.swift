// A directory that is gone when the test is over, and sysfs files written by hand.

import Glibc
import SystemIO

@testable import Neuron

/// Runs `body` with a new directory and removes it afterwards.
func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    // In memory where there is such a place: ext4 slows down a hundredfold when thousands of files come and go.
    let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    let path = base + "/ganglion-neuron-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try Files.makeDirectory(path)
    defer { try? Files.removeTree(path) }
    return try body(path)
}

/// A sysfs written file by file.
struct HandmadeNode {
    let root: String

    /// What discovery finds.
    func scan(instanceType: String? = nil, logicalCoreSize: Int? = nil) -> NeuronInventory {
        var settings = DiscoverySettings.fake(root: root)
        settings.instanceType = instanceType
        settings.logicalCoreSize = logicalCoreSize
        return Discovery(settings).scan()
    }

    /// A chip; nil leaves a file out.
    func chip(
        _ number: Int, cores: String? = "2", connected: String? = "\n", name: String? = "Inferentia2\n"
    ) throws {
        let path = "sys/class/neuron_device/neuron\(number)/"
        try file(path + "reset", "1\n")
        if let cores { try file(path + "core_count", cores) }
        if let connected { try file(path + "connected_devices", connected) }
        if let name { try file(path + "info/architecture/device_name", name) }
    }

    /// A file, with the directories above it.
    func file(_ path: String, _ content: String) throws {
        let whole = root + "/" + path
        if let slash = whole.lastIndex(of: "/") { try Files.makeDirectory(String(whole[..<slash])) }
        try Files.write(whole, Array(content.utf8))
    }

    /// The path that an error names.
    func path(_ chip: Int, _ file: String) -> String {
        root + "/sys/class/neuron_device/neuron\(chip)/" + file
    }
}
