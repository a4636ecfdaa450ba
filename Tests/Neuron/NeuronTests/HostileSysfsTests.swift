// Nobody sane writes such files; a broken driver might, and the process that hands out cores must outlive it.

import Glibc
import Neuron
import Placement
import SystemIO
import Testing

@Suite("Discovery of hostile files")
struct HostileSysfsTests {
    private static let files = [
        "core_count", "connected_devices", "reset", "info/architecture/device_name", "info/serial_number",
        "stats/hardware/sram_ecc_uncorrected", "stats/hardware/health_status/unhealthy_components",
        "neuron_core0/stats/status/hw_nc_ue_error/total",
    ]

    @Test("survives any octets in any file, and stays coherent", arguments: 0..<8)
    func fuzz(seed: UInt64) throws {
        try withDirectory { root in
            var generator = Xorshift(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
            let fake = try FakeDevice.create(
                instanceType: "inf2.24xlarge", at: root, driverVersion: DriverVersion(2, 30, 2),
                monitorCounters: false)
            for _ in 0..<40 {
                let file = Self.files.randomElement(using: &generator) ?? "core_count"
                let length = Int.random(in: 0...24, using: &generator)
                let alphabet: [UInt8] = [48, 49, 50, 56, 57, 44, 32, 10, 45, 0, 255, 97]
                let octets = (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
                let chip = Int.random(in: 0..<6, using: &generator)
                try fake.set(file, chip: chip, to: String(decoding: octets, as: UTF8.self))
                let found = Discovery(fake.settings).scan()
                #expect(found.cores.count == found.chips.reduce(0) { $0 + $1.coreCount })
                #expect(found.cores.isSubset(of: found.topology.allCores))
                #expect(
                    found.chips.allSatisfy { chip in
                        chip.connected.allSatisfy { $0 < found.topology.chipCount }
                    })
            }
        }
    }

    @Test("leaves out chips whose cores are beyond the last there can be")
    func tooManyCores() throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            for chip in [0, 7, 8, 63] { try node.chip(chip, cores: "64", name: "Cerebrum\n") }
            let found = node.scan()
            #expect(found.chips.map(\.index) == [0, 7])
            #expect(
                found.problems.suffix(2) == [.chipNumber(name: "neuron8"), .chipNumber(name: "neuron63")])
        }
    }

    @Test("reads no file longer than a page, and leaves the chip out")
    func long() throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            try node.chip(0, cores: String(repeating: "2", count: 5000))
            try node.chip(1)
            let found = node.scan()
            #expect(found.chips.map(\.index) == [1])
            #expect(
                found.problems.first
                    == .misshapen(file: node.path(0, "core_count"), problem: "has more than 4096 octets"))
        }
    }

    @Test("does not wait for a pipe in a file's place", arguments: ["core_count", "connected_devices"])
    func pipe(file: String) throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            try node.chip(0)
            try node.chip(1)
            #expect(unlink(node.path(0, file)) == 0 && mkfifo(node.path(0, file), 0o600) == 0)
            let found = node.scan()
            #expect(found.chips.map(\.index) == (file == "core_count" ? [1] : [0, 1]))
            #expect(
                found.problems.first == .misshapen(file: node.path(0, file), problem: "is a pipe"))
        }
    }

    @Test(
        "tells a link to a chip that is not there",
        arguments: [("1, 50\n", [50]), ("50\n", [50]), ("1\n", []), ("\n", [])] as [(String, [Int])])
    func unknownLink(content: String, unknown: [Int]) throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(instanceType: "inf2.24xlarge", at: root, monitorCounters: false)
            try fake.set("connected_devices", chip: 0, to: content)
            let found = Discovery(fake.settings).scan()
            let file = root + "/sys/class/neuron_device/neuron0/connected_devices"
            #expect(found.chips.count == 6)
            #expect(found.problems == unknown.map { .unknownLink(file: file, chip: $0) })
        }
    }

    @Test("says one thing about each chip that it leaves out", arguments: [1, 6])
    func oneSentence(count: Int) throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(instanceType: "inf2.24xlarge", at: root, monitorCounters: false)
            for chip in 0..<count { try fake.set("core_count", chip: chip, to: "abc") }
            let found = Discovery(fake.settings).scan()
            #expect(found.chips.count == 6 - count)
            #expect(
                found.problems
                    == (0..<count).map {
                        .malformed(
                            file: root + "/sys/class/neuron_device/neuron\($0)/core_count", value: "abc",
                            expected: "a number of cores, 1 to 64",
                            mend: "the chip is left out, unless it is known already: reload the driver")
                    })
        }
    }
}

/// A generator with a seed.
private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
