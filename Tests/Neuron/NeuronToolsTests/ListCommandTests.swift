import Glibc
import JSON
import Neuron
import NeuronTools
import SystemIO
import TestSupport
import Testing

/// Runs `body` with a fake node and removes it afterwards.
private func withFake<Result>(_ type: String, _ body: (FakeDevice) throws -> Result) throws -> Result {
    let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    let root = base + "/ganglion-tools-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    defer { try? Files.removeTree(root) }
    return try body(FakeDevice.create(instanceType: type, at: root, monitorCounters: false))
}

@Suite("ganglion ls, as older versions of neuron-ls print it")
struct ShortTableTests {
    static let inf2 = """
        +--------+--------+--------+---------+
        | NEURON | NEURON | NEURON |   PCI   |
        | DEVICE |  CORES | MEMORY |   BDF   |
        +--------+--------+--------+---------+
        |    0   |    2   |  32 GB | 00:1f.0 |
        +--------+--------+--------+---------+

        """

    @Test("shows inf2.xlarge in the lines of AWS's example")
    func golden() throws {
        try withFake("inf2.xlarge") { fake in
            #expect(ListCommand.run(fake.settings, format: .short) == CommandOutput(text: Self.inf2))
        }
    }

    @Test("shows the very lines that are published")
    func published() throws {
        #expect(try Fixtures.text("text/neuron-ls-inf2.xlarge.txt") == Self.inf2)
    }

    @Test("shows links where there are any")
    func links() throws {
        try withFake("inf2.24xlarge") { fake in
            let lines = ListCommand.run(fake.settings, format: .short).text.split(separator: "\n")
            #expect(
                lines.prefix(6) == [
                    "+--------+--------+--------+-----------+---------+",
                    "| NEURON | NEURON | NEURON | CONNECTED |   PCI   |",
                    "| DEVICE |  CORES | MEMORY |  DEVICES  |   BDF   |",
                    "+--------+--------+--------+-----------+---------+",
                    "|    0   |    2   |  32 GB |     1     | 10:1e.0 |",
                    "|    1   |    2   |  32 GB |    0, 2   | 18:1e.0 |",
                ])
            #expect(lines.count == 11)
        }
    }

    @Test("leaves out the PCI address where it is not known")
    func noAddress() throws {
        try withFake("inf2.xlarge") { fake in
            try Files.remove(fake.root + "/ganglion/pci")
            #expect(
                ListCommand.run(fake.settings, format: .short).text == """
                    +--------+--------+--------+
                    | NEURON | NEURON | NEURON |
                    | DEVICE |  CORES | MEMORY |
                    +--------+--------+--------+
                    |    0   |    2   |  32 GB |
                    +--------+--------+--------+

                    """)
        }
    }
}

@Suite("ganglion ls, as newer versions of neuron-ls print it")
struct WideTableTests {
    @Test("shows trn1.2xlarge in the lines of a real one")
    func trn1() throws {
        try withFake("trn1.2xlarge") { fake in
            #expect(
                ListCommand.run(fake.settings, format: .wide).text == """
                    instance-type: trn1.2xlarge
                    instance-id: i-0fa4e0fa4e0fa4e00
                    +--------+--------+----------+--------+--------------+----------+------+
                    | NEURON | NEURON |  NEURON  | NEURON |     PCI      |   CPU    | NUMA |
                    | DEVICE | CORES  | CORE IDS | MEMORY |     BDF      | AFFINITY | NODE |
                    +--------+--------+----------+--------+--------------+----------+------+
                    | 0      | 2      | 0-1      | 32 GB  | 0000:00:1e.0 | 0-7      | -1   |
                    +--------+--------+----------+--------+--------------+----------+------+

                    """)
        }
    }

    @Test("shows the logical core size and links of trn2.48xlarge")
    func trn2() throws {
        try withFake("trn2.48xlarge") { fake in
            let lines = ListCommand.run(fake.settings, format: .wide).text.split(separator: "\n")
            #expect(
                lines.prefix(8) == [
                    "instance-type: trn2.48xlarge",
                    "instance-id: i-0fa4e0fa4e0fa4e00",
                    "logical-neuroncore-config: 2",
                    "+--------+--------+----------+--------+---------------+--------------+---------------+------+",
                    "| NEURON | NEURON |  NEURON  | NEURON |   CONNECTED   |     PCI      |      CPU      | NUMA |",
                    "| DEVICE | CORES  | CORE IDS | MEMORY |    DEVICES    |     BDF      |   AFFINITY    | NODE |",
                    "+--------+--------+----------+--------+---------------+--------------+---------------+------+",
                    "| 0      | 4      | 0-3      | 96 GB  | 12, 1, 3, 4   | 0000:10:1e.0 | 48-95,144-191 | 1    |",
                ])
            #expect(
                lines.last(where: { $0.hasPrefix("| 5 ") })
                    == "| 5      | 4      | 20-23    | 96 GB  | 4, 9, 1, 6    | 0000:38:1e.0 | 0-47,96-143   | 0    |"
            )
        }
    }
}

@Suite("ganglion ls --json")
struct ChipJSONTests {
    @Test("is the document of neuron-ls, in its order")
    func golden() throws {
        try withFake("trn2.3xlarge") { fake in
            #expect(
                ListCommand.run(fake.settings, format: .json).text == """
                    [
                        {
                            "instance_type": "trn2.3xlarge",
                            "instance_id": "i-0fa4e0fa4e0fa4e00",
                            "neuron_device": 0,
                            "bdf": "0000:33:00.0",
                            "cpu_affinity": "0-11",
                            "numa_node": "0",
                            "connected_to": null,
                            "nc_count": 4,
                            "logical_neuroncore_config": 2,
                            "memory_size": 103079215104,
                            "neuroncore_ids": [0,1,2,3],
                            "neuron_processes": []
                        }
                    ]

                    """)
        }
    }

    @Test("says the same as a real trn2.3xlarge did")
    func published() throws {
        let real = """
            [{"instance_type":"trn2.3xlarge","instance_id":"i-0fa4e0fa4e0fa4e00","neuron_device":0,
            "bdf":"0000:33:00.0","cpu_affinity":"0-11","numa_node":"0","connected_to":null,"nc_count":4,
            "logical_neuroncore_config":2,"memory_size":103079215104,"neuroncore_ids":[0,1,2,3],
            "neuron_processes":[]}]
            """
        try withFake("trn2.3xlarge") { fake in
            let ours = try JSON(parsing: Array(ListCommand.run(fake.settings, format: .json).text.utf8))
            #expect(try ours == JSON(parsing: Array(real.utf8)))
        }
    }

    @Test("has links and node-wide core numbers for every chip")
    func large() throws {
        try withFake("inf2.48xlarge") { fake in
            let json = try JSON(parsing: Array(ListCommand.run(fake.settings, format: .json).text.utf8))
            #expect(json.array?.count == 12)
            #expect(json[0]?["connected_to"] == [11, 1])
            #expect(json[0]?["memory_size"] == 34_359_738_368)
            #expect(json[11]?["neuroncore_ids"] == [22, 23])
            #expect(json[11]?["numa_node"] == "-1")
        }
    }
}

@Suite("ganglion ls, when something is wrong")
struct ListProblemTests {
    @Test("fails without a driver, and says what to do")
    func noDriver() {
        let output = ListCommand.run(DiscoverySettings(sysfsRoot: "/nowhere/sys"), format: .json)
        #expect(output.text == "")
        #expect(output.exitCode == 1)
        #expect(
            output.failure
                == "no Neuron driver: /nowhere/sys/class/neuron_device does not exist; load the neuron module, "
                + "or name another --sysfs-root")
    }

    @Test("shows the other chips when one is malformed, and fails with its file")
    func malformed() throws {
        try withFake("inf2.24xlarge") { fake in
            try fake.set("core_count", chip: 5, to: "two\n")
            let output = ListCommand.run(fake.settings, format: .short)
            #expect(output.text.split(separator: "\n").count == 10)
            #expect(output.exitCode == 1)
            #expect(
                output.warnings + [output.failure] == [
                    fake.settings.sysfsRoot
                        + "/class/neuron_device/neuron5/core_count has 'two', expected a number of "
                        + "cores, 1 to 64: the chip is left out, unless it is known already: reload the driver"
                ])
        }
    }

    @Test("tells of a chip that is not healthy")
    func unhealthy() throws {
        try withFake("inf2.24xlarge") { fake in
            try fake.setMemoryErrors(.sram, chip: 2, to: 1)
            let output = ListCommand.run(fake.settings, format: .short)
            #expect(
                output.warnings == [
                    "neuron2 is unhealthy: sram_ecc_uncorrected is 1: replace the instance (stop and start it)"
                ])
            #expect(output.exitCode == 0)
        }
    }
}
