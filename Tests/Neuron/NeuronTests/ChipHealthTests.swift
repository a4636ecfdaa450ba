import SystemIO
import Testing

@testable import Neuron

@Suite("Health of a chip")
struct ChipHealthTests {
    private static let broken = DiscoveryProblem.unreadable(file: "/f", reason: "Input/output error")

    /// What a healthy chip's files read.
    private static func reading(_ change: (inout HealthReading) -> Void = { _ in }) -> HealthReading {
        var reading = HealthReading(
            isPresent: true, reset: .value(.ready), sramUncorrected: .value(0), memoryUncorrected: .value(0),
            memoryRepairable: .value(0), unhealthyComponents: .absent,
            coreCounters: [.init(core: 0, name: "hw_dma_abort_error", total: .value(0))])
        change(&reading)
        return reading
    }

    @Test(
        "follows from what was read",
        arguments: [
            (reading(), .healthy),
            (reading { $0.reset = .value(.resetting) }, .healthy),
            (reading { $0.sramUncorrected = .absent }, .healthy),
            (reading { $0.isPresent = false }, .unhealthy([.missing])),
            (reading { $0.reset = .value(.invalid) }, .unhealthy([.resetFailed])),
            (reading { $0.sramUncorrected = .value(1) }, .unhealthy([.sramUncorrected(1)])),
            (reading { $0.memoryUncorrected = .value(2) }, .unhealthy([.memoryUncorrected(2)])),
            (reading { $0.memoryRepairable = .value(3) }, .unhealthy([.memoryRepairable(3)])),
            (reading { $0.unhealthyComponents = .value([]) }, .healthy),
            (reading { $0.unhealthyComponents = .value(["hbm"]) }, .unhealthy([.components(["hbm"])])),
            (
                reading { $0.coreCounters[0].total = .value(4) },
                .unhealthy([.core(0, counter: "hw_dma_abort_error", count: 4)])
            ),
            (reading { $0.sramUncorrected = .failed(broken) }, .unknown([broken])),
            (
                reading {
                    $0.sramUncorrected = .failed(broken)
                    $0.reset = .value(.invalid)
                }, .unhealthy([.resetFailed])
            ),
        ] as [(HealthReading, ChipHealth)])
    func evaluation(reading: HealthReading, health: ChipHealth) {
        #expect(reading.evaluate() == health)
    }

    @Test("is told in one sentence with the mend")
    func sentences() {
        #expect(
            ChipHealth.unhealthy([.sramUncorrected(1), .components(["hbm", "link_host"])]).description
                == "sram_ecc_uncorrected is 1: replace the instance (stop and start it); "
                + "the driver reports unhealthy hbm, link_host: replace the instance")
        #expect(ChipHealth.healthy.description == "healthy")
    }

    @Test("is read from the files, and heals when they do")
    func faults() throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(
                instanceType: "trn2.3xlarge", at: root, driverVersion: DriverVersion(2, 30, 2, 0))
            let discovery = Discovery(fake.settings)
            #expect(discovery.readHealth(chip: 0).evaluate() == .healthy)
            #expect(discovery.readHealth(chip: 0).coreCounters.count == 24)
            try fake.setMemoryErrors(.sram, chip: 0, to: 5)
            try fake.setMemoryErrors(.repairable, chip: 0, to: 1)
            try fake.setResetState(.invalid, chip: 0)
            try fake.setUnhealthyComponents(["hbm", "axi_fabric"], chip: 0)
            try fake.setCoreErrors("hw_nc_ue_error", chip: 0, core: 7, to: 2)
            #expect(
                discovery.readHealth(chip: 0).evaluate()
                    == .unhealthy([
                        .resetFailed, .sramUncorrected(5), .memoryRepairable(1),
                        .components(["hbm", "axi_fabric"]),
                        .core(7, counter: "hw_nc_ue_error", count: 2),
                    ]))
            try fake.setMemoryErrors(.sram, chip: 0, to: 0)
            try fake.setMemoryErrors(.repairable, chip: 0, to: 0)
            try fake.setResetState(.ready, chip: 0)
            try fake.setUnhealthyComponents([], chip: 0)
            try fake.setCoreErrors("hw_nc_ue_error", chip: 0, core: 7, to: 0)
            #expect(discovery.scan().chips.map(\.health) == [.healthy])
        }
    }

    @Test("is not known where a file is nonsense", arguments: ["", "-1\n", "NaN\n", "0 0\n"])
    func nonsense(content: String) throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(instanceType: "inf2.xlarge", at: root)
            try fake.set("stats/hardware/mem_ecc_uncorrected", chip: 0, to: content)
            let health = Discovery(fake.settings).readHealth(chip: 0).evaluate()
            #expect(
                health
                    == .unknown([
                        .malformed(
                            file: root
                                + "/sys/class/neuron_device/neuron0/stats/hardware/mem_ecc_uncorrected",
                            value: content.isEmpty ? "" : String(content.dropLast()), expected: "a number",
                            mend: "reload the driver")
                    ]))
        }
    }

    @Test("of a chip that is gone is bad")
    func gone() throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(instanceType: "inf2.24xlarge", at: root, monitorCounters: false)
            try fake.removeChip(3)
            #expect(Discovery(fake.settings).readHealth(chip: 3).evaluate() == .unhealthy([.missing]))
            #expect(throws: FakeDeviceError.noSuchChip(3)) { try fake.setResetState(.ready, chip: 3) }
        }
    }
}
