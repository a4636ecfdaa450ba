import Placement
import SystemIO
import Testing

@testable import Neuron

@Suite("Discovery")
struct DiscoveryTests {
    @Test("sorts chips by number, and takes nothing else for a chip")
    func numbers() throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            for chip in [10, 2, 0, 63] { try node.chip(chip) }
            for name in [
                "node_id_2", "neuron", "neuron01", "neuron1x", "neuron-1", "neuron64", "neuron99999999999",
            ] {
                try node.file("sys/class/neuron_device/\(name)", "")
            }
            let found = node.scan()
            #expect(found.chips.map(\.index) == [0, 2, 10, 63])
            #expect(found.chips[2].cores == 20..<22)
            #expect(found.chips[2].devicePath == root + "/dev/neuron10")
            #expect(found.chip(ofCore: 21)?.index == 10)
            #expect(found.chip(ofCore: 2) == nil)
            #expect(
                found.problems == [
                    .chipNumber(name: "neuron64"), .chipNumber(name: "neuron99999999999"),
                    .noTopology(chips: 4),
                ])
        }
    }

    @Test("reads values with and without a line end", arguments: ["2", "2\n", " 2 \r\n"])
    func lineEnds(content: String) throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            try node.chip(0, cores: content, name: "Inferentia2")
            let found = node.scan()
            #expect(found.chips.map(\.physicalCoreCount) == [2])
            #expect(found.family == .inferentia2)
            #expect(found.problems == [])
        }
    }

    @Test(
        "leaves out a chip whose core count is nonsense, says so, and goes on",
        arguments: ["", "\n", "0", "65", "-2", "two", "2 2", "99999999999999999999999", "\u{0}2"])
    func malformedCoreCount(content: String) throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            try node.chip(0, connected: "1\n")
            try node.chip(1, cores: content, connected: "0, 2\n")
            try node.chip(2, connected: "1\n")
            let found = node.scan()
            #expect(found.chips.map(\.index) == [0, 2])
            #expect(
                found.problems == [
                    .malformed(
                        file: node.path(1, "core_count"), value: content == "\n" ? "" : content,
                        expected: "a number of cores, 1 to 64",
                        mend: "the chip is left out, unless it is known already: reload the driver")
                ])
        }
    }

    @Test("names the file, the value and the mend")
    func sentences() {
        #expect(
            DiscoveryProblem.malformed(
                file: "/f", value: "a\u{7}b", expected: "a number", mend: "reload the driver"
            )
            .description == "/f has 'a?b', expected a number: reload the driver")
        #expect(
            DiscoveryProblem.unreadable(file: "/f", reason: "Permission denied").description
                == "cannot read /f (Permission denied): run as root or use driver 2.28 or newer")
        #expect(
            DiscoveryProblem.misshapen(file: "/f", problem: "is a special file").description
                == "/f is a special file, expected a file with one value, which is left out: reload the driver, or "
                + "name another --sysfs-root")
        #expect(
            DiscoveryProblem.unknownLink(file: "/f", chip: 50).description
                == "/f names neuron50, which is not there: the link is left out, reload the driver")
        #expect(
            DiscoveryProblem.noDriver(path: "/sys/class/neuron_device").description
                == "no Neuron driver: /sys/class/neuron_device does not exist; load the neuron module, or name "
                + "another --sysfs-root")
        #expect(
            DiscoveryProblem.missingChip(7, instanceType: "trn1.32xlarge").description
                == "neuron7 is missing, trn1.32xlarge should have it: look for its probe error in the kernel log"
        )
    }

    @Test("takes the count of the others where a chip's cannot be read")
    func unreadable() throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            try node.chip(0)
            try node.chip(1, cores: nil)
            // A directory in the file's place fails for root too.
            try Files.makeDirectory(node.path(1, "core_count"))
            let found = node.scan()
            #expect(found.chips.map(\.physicalCoreCount) == [2, 2])
            #expect(
                found.problems.first
                    == .coreCountAssumed(
                        file: node.path(1, "core_count"), reason: "Is a directory", assumed: 2))
        }
    }

    @Test("takes the family's count where none can be read, and no chip where the family is unknown")
    func unreadableAll() throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            try node.chip(0, cores: nil, name: "Trainium2\n")
            try Files.makeDirectory(node.path(0, "core_count"))
            #expect(node.scan().chips.map(\.coreCount) == [4])
            try node.file("sys/class/neuron_device/neuron0/info/architecture/device_name", "Cerebellum\n")
            let found = node.scan()
            #expect(found.chips == [])
            #expect(
                found.problems.contains(
                    .unreadable(file: node.path(0, "core_count"), reason: "Is a directory")))
        }
    }

    @Test("leaves out a chip that has another count than the rest")
    func differing() throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            for chip in 0..<3 {
                try node.chip(chip, cores: chip == 0 ? "8" : "2", connected: "\(chip == 0 ? 1 : 0)\n")
            }
            let found = node.scan()
            #expect(found.chips.map(\.index) == [1, 2])
            #expect(
                found.problems == [.coreCountDiffers(file: node.path(0, "core_count"), value: 8, others: 2)])
        }
    }

    @Test("goes on without links where they are malformed", arguments: ["1,, 2\n", "64\n", "one\n", "1;2\n"])
    func malformedLinks(content: String) throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            try node.chip(0, connected: content)
            try node.chip(1, connected: "0\n")
            let found = node.scan()
            #expect(found.chips.map(\.connected) == [[], [0]])
            #expect(
                found.problems == [
                    .malformed(
                        file: node.path(0, "connected_devices"), value: String(content.dropLast()),
                        expected: "chip numbers between commas", mend: "reload the driver")
                ])
        }
    }

    @Test("falls back to the table's links when a chip is missing and the driver prints none")
    func missingChip() throws {
        try withDirectory { root in
            let fake = try FakeDevice.create(instanceType: "trn1.32xlarge", at: root, monitorCounters: false)
            try fake.removeChip(7)
            let found = Discovery(fake.settings).scan()
            let type = try InstanceType.named("trn1.32xlarge")
            #expect(found.chips.count == 15)
            #expect(found.problems == [.missingChip(7, instanceType: "trn1.32xlarge")])
            #expect(found.topology == type.topology())
            #expect(found.cores == type.topology().allCores.subtracting([14, 15]))
            #expect(found.chips[7].index == 8)
            #expect(found.chips[7].connected == [4, 11, 12, 9])
            #expect(!Files.exists(root + "/dev/neuron7"))
        }
    }

    @Test("advertises chips of a family to come, without topology")
    func unknownFamily() throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            for chip in 0..<2 { try node.chip(chip, cores: "16", name: "Trainium9\n") }
            let found = node.scan()
            #expect(found.chips.map(\.coreCount) == [16, 16])
            #expect(found.chips.allSatisfy { $0.memoryBytes == nil })
            #expect(found.family == nil)
            #expect(
                found.problems == [
                    .unknownFamily(chip: 0, deviceName: "Trainium9"),
                    .unknownFamily(chip: 1, deviceName: "Trainium9"),
                    .noTopology(chips: 2),
                ])
            #expect(
                preferredCores(available: found.cores, size: 16, topology: found.topology) == Array(0..<16))
        }
    }

    @Test("finds no chips where there is no driver")
    func noDriver() throws {
        try withDirectory { root in
            let found = HandmadeNode(root: root).scan()
            #expect(found.chips == [])
            #expect(found.problems == [.noDriver(path: root + "/sys/class/neuron_device")])
            #expect(found.driverVersion == nil)
        }
    }

    @Test("passes over a version that is none")
    func badVersion() throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            try node.chip(0)
            try node.file("sys/module/neuron/version", "new\n")
            let found = node.scan()
            #expect(found.driverVersion == nil)
            #expect(
                found.problems == [
                    .malformed(
                        file: root + "/sys/module/neuron/version", value: "new", expected: "a version",
                        mend: "reload the driver")
                ])
        }
    }
}

@Suite("Discovery of the instance type")
struct InstanceTypeDiscoveryTests {
    private func node(_ root: String, chips: Int, product: String?) throws -> HandmadeNode {
        let node = HandmadeNode(root: root)
        for chip in 0..<chips { try node.chip(chip, connected: chips > 1 ? "\((chip + 1) % chips)\n" : "\n") }
        if let product { try node.file("sys/devices/virtual/dmi/id/product_name", product + "\n") }
        return node
    }

    @Test(
        "prefers the setting to the firmware, and that to inference",
        arguments: [
            ("inf2.8xlarge", "inf2.xlarge", 1, "inf2.8xlarge", .setting),
            (nil, "inf2.xlarge", 1, "inf2.xlarge", .firmware),
            ("", "inf2.xlarge", 1, "inf2.xlarge", .firmware),
            (nil, nil, 6, "inf2.24xlarge", .inferred),
            (nil, "Standard PC (Q35)", 12, "inf2.48xlarge", .inferred),
            (nil, nil, 1, nil, nil), (nil, nil, 5, nil, nil),
        ] as [(String?, String?, Int, String?, InstanceTypeSource?)])
    func sources(setting: String?, firmware: String?, chips: Int, name: String?, source: InstanceTypeSource?)
        throws
    {
        try withDirectory { root in
            let found = try node(root, chips: chips, product: firmware).scan(instanceType: setting)
            #expect(found.instanceTypeName == name)
            #expect(found.instanceType?.name == name)
            #expect(found.instanceTypeSource == source)
            #expect(found.problems == [])
        }
    }

    @Test("keeps a name that is not in the table, and the chips as they are")
    func unknown() throws {
        try withDirectory { root in
            let found = try node(root, chips: 2, product: "inf2.96xlarge").scan()
            #expect(found.instanceTypeName == "inf2.96xlarge")
            #expect(found.instanceType == nil)
            #expect(
                found.problems == [
                    .unknownInstanceType(UnknownInstanceType(name: "inf2.96xlarge"), source: .firmware)
                ])
            #expect(found.chips.map(\.connected) == [[1], [0]])
        }
    }

    @Test("ignores a name of another family")
    func mismatch() throws {
        try withDirectory { root in
            let found = try node(root, chips: 6, product: nil).scan(instanceType: "trn1.32xlarge")
            #expect(found.instanceTypeName == "inf2.24xlarge")
            let problem = DiscoveryProblem.instanceTypeMismatch(
                name: "trn1.32xlarge", source: .setting, family: .inferentia2)
            #expect(found.problems == [problem])
            #expect(
                problem.description
                    == "the instance type trn1.32xlarge (from the setting) is not of the chips' family inf2: it is "
                    + "ignored, correct or remove the setting")
        }
    }
}

@Suite("Discovery of the logical core size")
struct LogicalCoreSizeTests {
    @Test(
        "takes the setting, the file, the family's default, in this order",
        arguments: [
            (nil, nil, 4), (nil, "NEURON_LOGICAL_NC_CONFIG=1\n", 8),
            (nil, "# our choice\nexport NEURON_LOGICAL_NC_CONFIG=2", 4),
            (2, "NEURON_LOGICAL_NC_CONFIG=1\n", 4), (1, nil, 8),
        ] as [(Int?, String?, Int)])
    func sources(setting: Int?, file: String?, cores: Int) throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            try node.chip(0, cores: "8", name: "Trainium2\n")
            if let file { try node.file("opt/aws/neuron/logical_nc_config", file) }
            let found = node.scan(logicalCoreSize: setting)
            #expect(found.chips.map(\.coreCount) == [cores])
            #expect(found.topology.coresPerChip == cores)
            #expect(found.problems == [])
        }
    }

    @Test(
        "goes on with the default where the file is nonsense",
        arguments: ["", "2", "NEURON_LOGICAL_NC_CONFIG=x"])
    func nonsense(file: String) throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            try node.chip(0, cores: "8", name: "Trainium2\n")
            try node.file("opt/aws/neuron/logical_nc_config", file)
            let found = node.scan()
            #expect(found.logicalCoreSize == 2)
            #expect(
                found.problems == [
                    .malformed(
                        file: root + "/opt/aws/neuron/logical_nc_config", value: file,
                        expected: "NEURON_LOGICAL_NC_CONFIG=1 or 2", mend: "correct the file or remove it")
                ])
        }
    }

    @Test("refuses a size that the chips have not", arguments: [0, 2, 3, -1])
    func impossible(size: Int) throws {
        try withDirectory { root in
            let node = HandmadeNode(root: root)
            try node.chip(0)
            let found = node.scan(logicalCoreSize: size)
            #expect(found.logicalCoreSize == 1)
            #expect(found.problems == [.logicalCoreSize(size, allowed: [1], source: "the setting")])
        }
    }
}
