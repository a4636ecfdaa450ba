import Neuron
import Placement
import TestSupport
import Testing

@testable import DevicePlugin

@Suite("What is told of the chips over the plugin's life")
struct NodeLedgerTests {
    @Test("chips are new once")
    func first() throws {
        let node = try FakeNode("inf2.24xlarge")
        var ledger = NodeLedger()
        #expect(ledger.update(node.scan()).added == [0, 1, 2, 3, 4, 5])
        #expect(ledger.update(node.scan()).isEmpty)
        #expect(ledger.entries.map(\.chip.index) == [0, 1, 2, 3, 4, 5])
        #expect(ledger.topology?.coreCount == 12)
    }

    @Test("a chip becomes unhealthy with the reason, and healthy again")
    func health() throws {
        let node = try FakeNode("inf2.24xlarge")
        var ledger = NodeLedger()
        _ = ledger.update(node.scan())
        try node.device.setMemoryErrors(.sram, chip: 3, to: 2)
        let change = NodeLedger.HealthChange(chip: 3, faults: [.sramUncorrected(2)])
        #expect(ledger.update(node.scan()).health == [change])
        #expect(
            HealthFault.sentence(change.faults)
                == "sram_ecc_uncorrected is 2: replace the instance (stop and start it)")
        #expect(ledger.update(node.scan()).isEmpty)
        try node.device.setMemoryErrors(.sram, chip: 3, to: 0)
        #expect(ledger.update(node.scan()).health == [.init(chip: 3)])
    }

    @Test("a counter that goes on is no change of health; another counter is")
    func counting() throws {
        let node = try FakeNode("inf2.24xlarge")
        var ledger = NodeLedger()
        _ = ledger.update(node.scan())
        try node.device.setMemoryErrors(.sram, chip: 3, to: 2)
        _ = ledger.update(node.scan())
        let list = try #require(DeviceCatalog(ledger)).list
        try node.device.setMemoryErrors(.sram, chip: 3, to: 3)
        var changes = ledger.update(node.scan())
        #expect(changes.health.isEmpty)
        #expect(changes.counted == [3])
        #expect(ledger.entries[3].faults == [.sramUncorrected(3)])
        #expect(DeviceCatalog(ledger)?.list == list)
        try node.device.setMemoryErrors(.memory, chip: 3, to: 1)
        changes = ledger.update(node.scan())
        #expect(changes.health == [.init(chip: 3, faults: [.sramUncorrected(3), .memoryUncorrected(1)])])
        #expect(changes.counted.isEmpty)
    }

    @Test("a counter that cannot be read leaves health as it was")
    func unreadable() throws {
        let node = try FakeNode("inf2.24xlarge")
        var ledger = NodeLedger()
        _ = ledger.update(node.scan())
        try node.device.set("stats/hardware/sram_ecc_uncorrected", chip: 1, to: "what?\n")
        #expect(ledger.update(node.scan()).health.isEmpty)
        try node.device.setMemoryErrors(.memory, chip: 1, to: 1)
        #expect(ledger.update(node.scan()).health.map(\.chip) == [1])
        try node.device.set("stats/hardware/mem_ecc_uncorrected", chip: 1, to: "")
        #expect(ledger.update(node.scan()).health.isEmpty)
        #expect(ledger.entries[1].faults == [.memoryUncorrected(1)])
    }

    @Test(
        "a chip that is there keeps its health while its files are nonsense",
        arguments: ["banana\0", "", "65", "7"])
    func malformed(count: String) throws {
        let node = try FakeNode("inf2.24xlarge")
        var ledger = NodeLedger()
        _ = ledger.update(node.scan())
        try node.device.set("core_count", chip: 2, to: count)
        let changes = ledger.update(node.scan())
        #expect(changes.isEmpty)
        #expect(changes.remarks.count == 1)
        #expect(ledger.entries.count == 6)
        #expect(ledger.update(node.scan()).remarks.isEmpty)
        try node.device.setMemoryErrors(.sram, chip: 2, to: 1)
        #expect(ledger.update(node.scan()).health.map(\.chip) == [2])
    }

    @Test("a chip that vanishes stays, unhealthy, with its links, and recovers when it is back")
    func vanishes() throws {
        let node = try FakeNode("inf2.48xlarge")
        var ledger = NodeLedger()
        _ = ledger.update(node.scan())
        let topology = ledger.topology
        try node.device.removeChip(5)
        let changes = ledger.update(node.scan())
        #expect(changes.health.map(\.chip) == [5])
        #expect(ledger.entries.count == 12)
        #expect(ledger.topology == topology)
        let catalog = try #require(DeviceCatalog(ledger))
        #expect(catalog.devices.filter { !$0.isHealthy }.map(\.number) == [10, 11])

        let again = try FakeNode("inf2.48xlarge")
        #expect(ledger.update(again.scan()).health == [.init(chip: 5)])
    }

    @Test("the driver may go and come back")
    func driverGoes() throws {
        let node = try FakeNode("trn1.2xlarge")
        let empty = try TemporaryDirectory()
        var ledger = NodeLedger()
        let nothing = Discovery(.fake(root: empty.path)).scan()
        #expect(ledger.update(nothing).isEmpty)
        #expect(DeviceCatalog(ledger) == nil)
        _ = ledger.update(node.scan())
        #expect(ledger.update(nothing).health.map(\.chip) == [0])
        #expect(ledger.inventory?.instanceTypeName == "trn1.2xlarge")
        #expect(ledger.update(node.scan()).health == [.init(chip: 0)])
    }

    @Test("cores are never numbered anew under a running plugin")
    func renumbering() throws {
        var ledger = NodeLedger()
        _ = ledger.update(try FakeNode("trn2.48xlarge", logicalCoreSize: 2).scan())
        let changes = ledger.update(try FakeNode("trn2.48xlarge", logicalCoreSize: 1).scan())
        #expect(changes.isEmpty)
        #expect(
            changes.remarks.first
                == "neuron0 now has 8 cores, it is advertised with 4: restart the plugin to number the cores anew"
        )
        #expect(ledger.topology?.coreCount == 64)
        #expect(ledger.inventory?.logicalCoreSize == 2)
    }

    @Test("a problem is told when it comes, and again when it has been away")
    func remarks() throws {
        let node = try FakeNode("inf2.24xlarge")
        var ledger = NodeLedger()
        let start = ledger.update(node.scan()).remarks
        try node.device.set("core_count", chip: 2, to: "many", mode: 0o444)
        let broken = ledger.update(node.scan()).remarks
        #expect(!broken.isEmpty)
        #expect(ledger.update(node.scan()).remarks == [])
        try node.device.set("core_count", chip: 2, to: "2", mode: 0o444)
        #expect(ledger.update(node.scan()).remarks == [])
        try node.device.set("core_count", chip: 2, to: "many", mode: 0o444)
        #expect(ledger.update(node.scan()).remarks == broken.filter { !start.contains($0) })
    }
}
