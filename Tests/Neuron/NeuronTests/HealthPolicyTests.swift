import Testing

@testable import Neuron

@Suite("What counts as a fault")
struct HealthPolicyTests {
    static let all: [HealthFault] = [
        .resetFailed, .sramUncorrected(2), .memoryUncorrected(2), .memoryRepairable(2),
        .components(["hbm", "link_efa"]), .core(1, counter: "hw_nc_ue_error", count: 2),
        .kernelLog("DMA_ERROR", core: 1),
    ]

    static func policy(_ change: (inout HealthPolicy) -> Void) -> HealthPolicy {
        var policy = HealthPolicy()
        change(&policy)
        return policy
    }

    @Test(
        "is everything, less what is ignored and what is below its threshold",
        arguments: [
            (HealthPolicy(), all),
            (
                policy { $0.ignored = ["reset", "sram_ecc_uncorrected", "hbm"] },
                [
                    .memoryUncorrected(2), .memoryRepairable(2), .components(["link_efa"]),
                    .core(1, counter: "hw_nc_ue_error", count: 2), .kernelLog("DMA_ERROR", core: 1),
                ]
            ),
            (
                policy { $0.ignored = ["unhealthy_components", "hw_nc_ue_error", "DMA_ERROR"] },
                [.resetFailed, .sramUncorrected(2), .memoryUncorrected(2), .memoryRepairable(2)]
            ),
            (
                policy { $0.ignored = ["hbm", "link_efa"] },
                all.filter { $0 != .components(["hbm", "link_efa"]) }
            ),
            (
                policy {
                    $0.thresholds = [
                        "sram_ecc_uncorrected": 3, "mem_ecc_uncorrected": 2, "hw_nc_ue_error": 3,
                    ]
                },
                all.filter {
                    $0 != .sramUncorrected(2) && $0 != .core(1, counter: "hw_nc_ue_error", count: 2)
                }
            ),
            (policy { $0.isOn = false }, []),
        ] as [(HealthPolicy, [HealthFault])])
    func counting(policy: HealthPolicy, faults: [HealthFault]) {
        #expect(policy.counting(Self.all) == faults)
    }

    @Test(
        "is a chip that is gone, whatever the settings, and no file that cannot be read when checks are off")
    func gone() throws {
        let off = Self.policy { $0.isOn = false }
        #expect(off.counting([.missing]) == [.missing])
        try withDirectory { root in
            let fake = try FakeDevice.create(instanceType: "inf2.24xlarge", at: root, monitorCounters: false)
            try fake.set("stats/hardware/mem_ecc_uncorrected", chip: 0, to: "?")
            try fake.setMemoryErrors(.sram, chip: 1, to: 9)
            var settings = fake.settings
            settings.health.isOn = false
            #expect(Discovery(settings).scan().chips.allSatisfy { $0.health == .healthy })
            settings.health = Self.policy { $0.thresholds = ["sram_ecc_uncorrected": 10] }
            #expect(Discovery(settings).scan().chips[1].health == .healthy)
        }
    }
}

@Suite("Hardware errors in the kernel log")
struct KernelErrorTests {
    static let sample =
        "NEURON_HW_ERR=SRAM_UNCORRECTABLE_ERROR instance-id=i-0592464924bd45322 hostname=ip-172-31-61-252 nd-id=3 "
        + "nc-id=1 serial-num=19fcda00f5ff6eb9 action=TERMINATE_INSTANCE"

    static func chip(_ index: Int, serial: String? = nil) -> Chip {
        Chip(
            index: index, physicalCoreCount: 2, coreCount: 2, serialNumber: serial,
            devicePath: "/dev/neuron\(index)")
    }

    @Test("are read from the documented line, with and without a prefix", arguments: ["", "kernel: [ 5.1] "])
    func documented(prefix: String) throws {
        let error = try #require(KernelError(parsing: prefix + Self.sample))
        #expect(error.name == "SRAM_UNCORRECTABLE_ERROR")
        #expect((error.chip, error.core) == (3, 1))
        #expect(error.serialNumber == "19fcda00f5ff6eb9")
        #expect(error.action == "TERMINATE_INSTANCE")
    }

    @Test(
        "are no errors where chip or name are none",
        arguments: [
            "", "NEURON_HW_ERR=", "NEURON_HW_ERR=X", "NEURON_HW_ERR=X nd-id=", "NEURON_HW_ERR=X nd-id=-1",
            "NEURON_HW_ERR=X nd-id=64", "NEURON_HW_ERR=X nd-id=99999999999999999999",
            "NEURON_HW_ERR= nd-id=0",
            "NEURON_HW_ERR=\u{1b}[2J nd-id=0",
            "NEURON_HW_ERR=" + String(repeating: "X", count: 65) + " nd-id=0",
            "neuron_hw_err=X nd-id=0",
        ])
    func nonsense(line: String) { #expect(KernelError(parsing: line) == nil) }

    @Test("count for their chip, each once, until they are old")
    func hold() throws {
        var errors = KernelErrors()
        func receive(_ error: KernelError, at time: Duration, chips: [Chip]) -> Bool {
            errors.receive(error, at: time, chips: chips)
        }
        let policy = HealthPolicy()
        let error = try #require(KernelError(parsing: Self.sample))
        let chips = [Self.chip(0), Self.chip(3, serial: "19fcda00f5ff6eb9")]
        #expect(receive(error, at: .seconds(10), chips: chips))
        #expect(receive(error, at: .seconds(5), chips: chips))
        let fault = HealthFault.kernelLog("SRAM_UNCORRECTABLE_ERROR", core: 1)
        #expect(errors.faults(chip: 3, now: .seconds(3_609), policy: policy) == [fault])
        #expect(errors.faults(chip: 3, now: .seconds(3_610), policy: policy) == [])
        #expect(errors.faults(chip: 0, now: .seconds(20), policy: policy) == [])
        var ignoring = policy
        ignoring.ignored = ["SRAM_UNCORRECTABLE_ERROR"]
        #expect(errors.faults(chip: 3, now: .seconds(20), policy: ignoring) == [])
        errors.forget(now: .seconds(4_000), policy: policy)
        #expect(errors.faults(chip: 3, now: .seconds(20), policy: policy) == [])
    }

    @Test("of other nodes' chips are not taken, and forged ones cannot fill memory")
    func foreign() throws {
        var errors = KernelErrors()
        func receive(_ error: KernelError, chips: [Chip]) -> Bool {
            errors.receive(error, at: .zero, chips: chips)
        }
        let error = try #require(KernelError(parsing: Self.sample))
        #expect(!receive(error, chips: [Self.chip(0)]))
        #expect(!receive(error, chips: [Self.chip(3, serial: "0000000000000000")]))
        #expect(receive(error, chips: [Self.chip(3)]), "an unknown serial number fits any")
        for number in 0..<2 * KernelErrors.maximum {
            let forged = try #require(KernelError(parsing: "NEURON_HW_ERR=E\(number) nd-id=3"))
            errors.receive(forged, at: .zero, chips: [Self.chip(3)])
        }
        #expect(
            errors.faults(chip: 3, now: .zero, policy: HealthPolicy()).count == KernelErrors.maximum)
        let odd = try #require(KernelError(parsing: "NEURON_HW_ERR=X nd-id=0 nc-id=77"))
        #expect(!receive(odd, chips: [Self.chip(0)]), "the books are full")
    }

    @Test("add to what the counters say")
    func adding() {
        let fault = HealthFault.kernelLog("X", core: nil)
        #expect(ChipHealth.healthy.adding([]) == .healthy)
        #expect(ChipHealth.healthy.adding([fault]) == .unhealthy([fault]))
        #expect(ChipHealth.unknown([]).adding([fault]) == .unhealthy([fault]))
        #expect(ChipHealth.unhealthy([.resetFailed]).adding([fault]) == .unhealthy([.resetFailed, fault]))
        #expect(fault.description == "the kernel log tells of X: replace the instance")
    }
}
