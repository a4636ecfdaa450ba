import SystemIO
import Testing

@testable import Neuron

@Suite("The driver's answer about the PCI bus")
struct DriverQueryTests {
    @Test("is sixteen octets in the machine's order")
    func answer() {
        let octets: [UInt8] = [0, 0, 0, 0, 1, 0, 0, 0, 0xcc, 0, 0, 0, 0x1e, 3, 0, 0]
        #expect(DriverQuery.address(in: octets) == PCIAddress(domain: 1, bus: 0xcc, slot: 0x1e, function: 3))
    }

    @Test(
        "is none when a number is out of its range",
        arguments: [
            [], [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0],
        ] as [[UInt8]])
    func nonsense(octets: [UInt8]) { #expect(DriverQuery.address(in: octets) == nil) }

    @Test("is none from what is no Neuron device", arguments: ["/dev/null", "/dev/neuron63", "/tmp"])
    func others(path: String) { #expect(DriverQuery.pciAddress(device: path) == nil) }

    @Test("never stands in the way of a fake node, whose device nodes are files")
    func fake() throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(instanceType: "inf2.xlarge", at: root, monitorCounters: false)
            var settings = fake.settings
            settings.asksDriver = true
            #expect(Discovery(settings).scan().chips.map(\.pciAddress) == [PCIAddress(bus: 0, slot: 31)])
            #expect(try Files.read(root + "/dev/neuron0").count == 4096 + 2 * 64)
        }
    }
}
