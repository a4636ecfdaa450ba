import SystemIO
import Testing

@testable import Neuron

@Suite("What stands at the chips' paths")
struct DeviceFileTests {
    /// A node of six chips at `root`, whose paths `change` may fill otherwise.
    private func scan(
        _ root: String, _ change: (_ path: String) throws -> Void = { _ in }
    ) throws -> NeuronInventory {
        let fake = try FakeDevice.create(
            instanceType: "inf2.24xlarge", at: root + "/node", monitorCounters: false)
        try change(root + "/node/dev/neuron")
        return Discovery(fake.settings).scan()
    }

    /// Stands in for a device node, which only root could make: links are followed.
    private func node(_ path: String) throws {
        try Files.remove(path)
        try Files.link(path, to: "/dev/null")
    }

    @Test("is a fake chip, and all chips are from the fake")
    func fake() throws {
        try withDirectory { root in
            let found = try scan(root)
            #expect(found.chips.allSatisfy { $0.deviceFile == .fakeChip && $0.health == .healthy })
            #expect(found.deviceSource == .fake)
        }
    }

    @Test("is a device node, and all chips are from the driver")
    func real() throws {
        try withDirectory { root in
            let found = try scan(root) { path in for chip in 0..<6 { try node("\(path)\(chip)") } }
            #expect(found.chips.allSatisfy { $0.deviceFile == .node && $0.health == .healthy })
            #expect(found.deviceSource == .driver)
        }
    }

    @Test("is out of sight for a pod without the host's /dev: the driver's nodes are believed in")
    func hidden() throws {
        try withDirectory { root in
            let found = try scan(root) { path in for chip in 0..<6 { try Files.remove("\(path)\(chip)") } }
            #expect(found.chips.allSatisfy { $0.deviceFile == .node && $0.health == .healthy })
            #expect(found.deviceSource == .driver)
        }
    }

    @Test("is missed where a fake node was asked for: its files are always in sight")
    func fakeGone() throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(
                instanceType: "inf2.24xlarge", at: root + "/node", monitorCounters: false)
            for chip in 0..<6 { try Files.remove("\(root)/node/dev/neuron\(chip)") }
            var settings = fake.settings
            settings.hostSysfsRoot = root + "/host"
            let found = Discovery(settings).scan()
            #expect(found.chips.count == 6 && found.chips.allSatisfy { $0.deviceFile == .foreign("missing") })
            #expect(found.chips.allSatisfy { $0.health != .healthy })
        }
    }

    @Test("makes a chip unhealthy where it is no chip, whatever the health policy", arguments: [true, false])
    func foreign(checks: Bool) throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(
                instanceType: "inf2.24xlarge", at: root + "/node", monitorCounters: false)
            let path = root + "/node/dev/neuron"
            for chip in 1..<5 { try Files.remove("\(path)\(chip)") }
            try Files.makeDirectory(path + "1")
            try Files.write(path + "3", Array("neuron-fake-devi".utf8))
            try Files.link(path + "4", to: "/dev/nowhere")
            var settings = fake.settings
            settings.health.isOn = checks
            let found = Discovery(settings).scan()
            func fault(_ chip: Int, _ what: String) -> ChipHealth {
                .unhealthy([.noDevice(path: "\(path)\(chip)", found: what)])
            }
            #expect(
                found.chips.map(\.health) == [
                    .healthy, fault(1, "a directory"), fault(2, "missing"),
                    fault(3, "a file that is no fake chip"),
                    fault(4, "missing"), .healthy,
                ])
            #expect(found.deviceSource == .fake)
        }
    }

    @Test("never mixes: beside real chips a fake one is unhealthy")
    func mixed() throws {
        try withDirectory { root in
            let found = try scan(root) { path in for chip in 0..<5 { try node("\(path)\(chip)") } }
            #expect(found.chips.dropLast().allSatisfy { $0.health == .healthy })
            #expect(
                found.chips.last?.health
                    == .unhealthy([.fakeBesideReal(path: root + "/node/dev/neuron5")]))
            #expect(found.deviceSource == .driver)
        }
    }

    @Test("is told when the driver comes to a node that serves fake chips")
    func driverComes() throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(
                instanceType: "inf2.xlarge", at: root + "/node", monitorCounters: false)
            var settings = fake.settings
            settings.hostSysfsRoot = root + "/host"
            #expect(Discovery(settings).scan().problems == [])
            try Files.makeDirectory(root + "/host/module/neuron")
            #expect(Discovery(settings).scan().problems == [.driverBesideFake(path: root + "/host")])
        }
    }
}
