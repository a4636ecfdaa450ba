import Glibc
import Placement
import SystemIO
import Testing

@testable import Neuron

@Suite("The fake device")
struct FakeDeviceTests {
    @Test("is discovered as what it was made", arguments: InstanceType.all)
    func roundTrip(type: InstanceType) throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(
                instanceType: type.name, at: root + "/node", monitorCounters: false)
            let found = Discovery(fake.settings).scan()
            #expect(found.problems == [])
            #expect(found.instanceType == type)
            #expect(found.instanceTypeSource == .firmware)
            #expect(found.instanceID == "i-0fa4e0fa4e0fa4e00")
            #expect(found.family == type.family)
            #expect(found.chips.map(\.index) == Array(0..<type.chipCount))
            #expect(found.chips.map(\.connected) == type.adjacency)
            #expect(found.chips.allSatisfy { $0.memoryBytes == type.memoryPerChip && $0.health == .healthy })
            #expect(found.chips.allSatisfy { ($0.serialNumber != nil) == (type.family != .inferentia) })
            #expect(Set(found.chips.map(\.pciAddress)).count == type.chipCount)
            #expect(found.topology == type.topology())
            #expect(found.cores == type.topology().allCores)
            #expect(found.logicalCoreSize == type.family.defaultLogicalCoreSize)
        }
    }

    /// The driver's formats: path, content, mode.
    static let formats: [(String, String, UInt32)] = [
        ("core_count", "2", 0o400), ("connected_devices", "3, 5\n", 0o400), ("reset", "1\n", 0o600),
        ("info/notify_delay", "-1\n", 0o644), ("info/architecture/arch_type", "NDv3\n", 0o644),
        ("info/architecture/instance_type", "Inf2\n", 0o644),
        ("info/architecture/device_name", "Inferentia2\n", 0o644),
        ("stats/hardware/sram_ecc_uncorrected", "0\n", 0o644),
        ("stats/hardware/mem_ecc_uncorrected", "0\n", 0o644),
        ("stats/hardware/mem_ecc_repairable_uncorrected", "0\n", 0o644),
        ("stats/memory_usage/host_mem/dma_rings/peak", "0\n", 0o644),
        ("stats/power/utilization", "POWER_STATUS_NO_DATA,0,0.00,0.00,0.00\n", 0o644),
        ("neuron_core1/info/architecture/arch_type", "NCv2\n", 0o644),
        ("neuron_core1/stats/status/hw_dma_abort_error/total", "0\n", 0o644),
        ("neuron_core1/stats/memory_usage/device_mem/model_code/present", "0\n", 0o644),
        ("neuron_core1/stats/other_info/nc_time_in_use/total", "0\n", 0o644),
        (
            "neuron_core1/stats/tensor_engine/pe_cntrs",
            "xrow_grp,mm_active,wl_active,idle\n0,0,0,0\n1,0,0,0\n2,0,0,0\n3,0,0,0\n", 0o644
        ),
        ("dev", "243:4\n", 0o444),
    ]

    @Test("has the driver's files, byte for byte, with their modes")
    func files() throws {
        try withDirectory { root in
            try FakeDevice.create(instanceType: "inf2.48xlarge", at: root)
            let chip = root + "/sys/devices/virtual/neuron_device/neuron4/"
            for (path, content, mode) in Self.formats {
                #expect(try Files.readText(chip + path) == content, "\(path)")
                #expect(Self.mode(chip + path) == mode, "\(path)")
            }
            #expect(try Files.list(chip + "neuron_core0/stats/status").count == 24)
            #expect(
                try Files.readLink(root + "/sys/class/neuron_device/neuron4")
                    == "../../devices/virtual/neuron_device/neuron4")
            #expect(try Files.readText(root + "/sys/module/neuron/version") == "2.24.7.0\n")
            #expect(
                try Files.readText(root + "/sys/devices/virtual/dmi/id/product_name") == "inf2.48xlarge\n")
            #expect(try Files.readText(root + "/ganglion-instance-type") == "inf2.48xlarge\n")
        }
    }

    @Test("has for each chip a device file with its description and a ledger of 64 octets per core")
    func deviceFile() throws {
        try withDirectory { root in
            try FakeDevice.create(instanceType: "trn2.3xlarge", at: root)
            let bytes = try Files.read(root + "/dev/neuron0")
            let header = "neuron-fake-device 1\nindex: 0\ncores: 4\nmemory: 103079215104\n"
            #expect(bytes.count == 4096 + 4 * 64)
            #expect(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) == header)
            #expect(bytes[4096 + 64] == UInt8(ascii: "0"))
            #expect(Self.mode(root + "/dev/neuron0") == 0o666)
        }
    }

    @Test("may leave out what only monitors read")
    func withoutMonitorCounters() throws {
        try withDirectory { root in
            try FakeDevice.create(instanceType: "inf2.xlarge", at: root, monitorCounters: false)
            let core = root + "/sys/class/neuron_device/neuron0/neuron_core0/stats"
            let counters = try Files.list(core + "/status")
            #expect(try Files.list(core) == ["status"])
            #expect(counters == Discovery.coreErrorCounters.sorted())
        }
    }

    @Test("of an old family has the files of an old family")
    func inferentia() throws {
        try withDirectory { root in
            try FakeDevice.create(instanceType: "inf1.xlarge", at: root)
            let chip = root + "/sys/class/neuron_device/neuron0/"
            #expect(!Files.exists(chip + "stats/hardware"))
            #expect(!Files.exists(chip + "info/serial_number"))
            #expect(!Files.exists(chip + "neuron_core0/stats/tensor_engine"))
            #expect(try Files.readText(chip + "connected_devices") == "\n")
        }
    }

    @Test("of a newer driver lets everyone read, and reports components on Trainium2")
    func newDriver() throws {
        try withDirectory { root in
            let version = DriverVersion(2, 30, 2, 0)
            try FakeDevice.create(instanceType: "trn2.3xlarge", at: root, driverVersion: version)
            let chip = root + "/sys/class/neuron_device/neuron0/"
            #expect(Self.mode(chip + "core_count") == 0o444)
            #expect(try Files.readText(chip + "stats/hardware/health_status/unhealthy_components") == "\n")
            #expect(Discovery(.fake(root: root)).scan().driverVersion == version)
        }
    }

    @Test("with logical core size 1 has twice the cores")
    func logicalCores() throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(instanceType: "trn2.3xlarge", at: root, logicalCoreSize: 1)
            let found = Discovery(fake.settings).scan()
            #expect(found.logicalCoreSize == 1)
            #expect(found.chips.map(\.coreCount) == [8])
            #expect(try Files.read(root + "/dev/neuron0").count == 4096 + 8 * 64)
        }
    }

    @Test("replaces an older one, and nothing else")
    func replaces() throws {
        try withDirectory { root in
            try FakeDevice.create(instanceType: "inf2.24xlarge", at: root)
            try FakeDevice.create(instanceType: "inf2.xlarge", at: root)
            #expect(Discovery(.fake(root: root)).scan().chips.count == 1)
            try Files.write(root + "/other", [])
            try Files.remove(root + "/ganglion-instance-type")
            #expect(throws: FakeDeviceError.notOurs(root)) {
                try FakeDevice.create(instanceType: "inf2.xlarge", at: root)
            }
            #expect(
                FakeDeviceError.notOurs("/x").description
                    == "/x has files that are no fake device: name an empty directory with --root")
        }
    }

    @Test("refuses what no instance has")
    func refuses() throws {
        try withDirectory { root in
            #expect(throws: FakeDeviceError.unknownInstanceType(UnknownInstanceType(name: "inf3.xlarge"))) {
                try FakeDevice.create(instanceType: "inf3.xlarge", at: root)
            }
            let type = try InstanceType.named("inf2.xlarge")
            #expect(throws: FakeDeviceError.logicalCoreSize(2, type)) {
                try FakeDevice.create(instanceType: "inf2.xlarge", at: root, logicalCoreSize: 2)
            }
            #expect(
                FakeDeviceError.logicalCoreSize(2, type).description
                    == "logical core size 2 is not possible on inf2.xlarge: choose 1")
            #expect(try Files.list(root) == [])
        }
    }

    private static func mode(_ path: String) -> UInt32 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt32(status.st_mode) & 0o7777 : 0
    }
}
