import KubeletAPI
import Neuron
import Protobuf
import Testing

@testable import DevicePlugin

@Suite("A chip's fault as the node agent gets it")
struct FaultMessageTests {
    static let table: [(HealthFault, [NodePluginAPI.Fault])] = [
        (.missing, [.init(kind: .missing)]),
        (
            .sramUncorrected(2),
            [.init(kind: .sramUncorrected, counter: "sram_ecc_uncorrected", count: 2)]
        ),
        (
            .memoryUncorrected(.max),
            [.init(kind: .memoryUncorrected, counter: "mem_ecc_uncorrected", count: .max)]
        ),
        (
            .memoryRepairable(1),
            [.init(kind: .memoryRepairable, counter: "mem_ecc_repairable_uncorrected", count: 1)]
        ),
        (.resetFailed, [.init(kind: .resetFailed)]),
        (
            .components(["hbm", "pcie"]),
            [.init(kind: .components, counter: "hbm"), .init(kind: .components, counter: "pcie")]
        ),
        (
            .core(0, counter: "hw_error", count: 7),
            [.init(kind: .core, core: 0, counter: "hw_error", count: 7)]
        ),
        (.kernelLog("E", core: 3), [.init(kind: .kernelLog, core: 3, counter: "E")]),
        (.kernelLog("E", core: nil), [.init(kind: .kernelLog, counter: "E")]),
        (.noDevice(path: "/dev/neuron0", found: "a directory"), [.init(kind: .noDevice)]),
        (.fakeBesideReal(path: "/dev/neuron0"), [.init(kind: .fakeBesideReal)]),
    ]

    @Test("keeps its kind, core, counter and count", arguments: table)
    func keeps(fault: HealthFault, messages: [NodePluginAPI.Fault]) {
        #expect(NodePluginAPI.Fault.list(fault) == messages)
    }

    @Test("has a kind of its own for each, and unknown for none")
    func kinds() {
        let kinds = Set(Self.table.flatMap(\.1).map(\.kind))
        #expect(kinds == Set(NodePluginAPI.Fault.Kind.allCases).subtracting([.unknown]))
    }

    @Test("is in the state of the node with the sentence, core 0 too")
    func state() throws {
        let node = try FakeNode("inf2.24xlarge")
        try node.device.setMemoryErrors(.repairable, chip: 4, to: 5)
        var ledger = NodeLedger()
        _ = ledger.update(node.scan())
        let chip = NodePluginAPI.NodeState(ledger, resources: []).chips[4]
        #expect(chip.health == DevicePluginAPI.unhealthy)
        #expect(chip.reason == "mem_ecc_repairable_uncorrected is 5: reload the driver or reboot")
        #expect(
            chip.faults
                == [.init(kind: .memoryRepairable, counter: "mem_ecc_repairable_uncorrected", count: 5)])
        let first = NodePluginAPI.Fault(kind: .core, core: 0)
        #expect(try NodePluginAPI.Fault(serialized: first.serialized()).core == 0)
    }
}
