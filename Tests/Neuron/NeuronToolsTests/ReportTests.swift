import Arguments
import JSON
import Neuron
import SystemIO
import TestSupport
import Testing

@testable import NeuronTools

@Suite("ganglion report")
struct ReportTests {
    private typealias Device = ContainerReport.Device

    /// A container with fake chips of two cores each, the first of which is the node's neuron4.
    private static func report(
        _ visible: String?, host: String? = nil, chips: [Int] = [4, 5],
        change: (inout ContainerReport) -> Void = { _ in }
    ) -> ContainerReport {
        var report = ContainerReport(
            hostname: "pod", environment: [:],
            devices: chips.enumerated().map { place, chip in
                Device(
                    number: place, path: "/dev/neuron\(place)", kind: .fake,
                    chip: .init(index: chip, cores: 2, memory: 1 << 30))
            })
        report.environment["NEURON_RT_VISIBLE_CORES"] = visible
        report.environment["GANGLION_HOST_CORES"] = host
        change(&report)
        return report
    }

    @Test(
        "finds nothing wrong with cores that the runtime can use",
        arguments: [
            (4, report("0,1,2,3", host: "8,9,10,11")), (4, report("0-3")), (2, report("1,2", host: "9,10")),
            (1, report("1", host: "1", chips: [0])), (0, report(nil, chips: [])),
            // The driver's own devices say their number, not their cores.
            (
                4,
                report("0,1,2,3", host: "8,9,10,11") { report in
                    report.devices = [4, 5].enumerated().map { place, minor in
                        Device(
                            number: place, path: "/dev/neuron\(place)", kind: .character, major: 243,
                            minor: minor)
                    }
                }
            ),
        ])
    func usable(count: Int, report: ContainerReport) {
        #expect(report.fault(expecting: count) == nil)
    }

    @Test(
        "says what is wrong with others",
        arguments: [
            (
                4, report(nil),
                "NEURON_RT_VISIBLE_CORES is not set: the container asked for no NeuronCore, or no device plugin answered"
            ),
            (4, report("0,x"), "NEURON_RT_VISIBLE_CORES is \"0,x\", which is no list of cores"),
            (4, report("0,1,2"), "the container has 3 NeuronCores (NEURON_RT_VISIBLE_CORES=0,1,2), not 4"),
            (
                3, report("0,2,3"),
                "NEURON_RT_VISIBLE_CORES is 0,2,3: the runtime takes only consecutive cores in rising order"
            ),
            (
                4, report("3,2,1,0"),
                "NEURON_RT_VISIBLE_CORES is 3,2,1,0: the runtime takes only consecutive cores in rising order"
            ),
            (
                2, report("0,0"),
                "NEURON_RT_VISIBLE_CORES is 0,0: the runtime takes only consecutive cores in rising order"
            ),
            (2, report("0,1", chips: []), "there is no /dev/neuron0 for the cores 0-1"),
            (
                4,
                report("0,1,2,3") {
                    $0.devices[1].number = 5; $0.devices[1].path = "/dev/neuron5"
                }, "/dev/neuron5 is there without a neuron1: devices must count from 0 without gaps"
            ),
            (
                4, report("0,1,2,3") { $0.devices[0].kind = .other },
                "/dev/neuron0 is neither a character device nor a fake chip"
            ),
            (
                4, report("0,1,2,3") { $0.devices[1].problem = "cannot open" },
                "/dev/neuron1 cannot be used: cannot open"
            ),
            (
                4, report("0,1,2,3", chips: [11, 0]),
                "/dev/neuron1 is the node's neuron0, not neuron12: the driver counts cores on from neuron11"
            ),
            (2, report("2,3"), "core 2 is not on /dev/neuron0: that device is not needed"),
            (2, report("0,1"), "core 1 is on neuron0, and the devices are neuron0, neuron1"),
            (4, report("0,1,2,3", chips: [4]), "core 3 is on neuron1, and the devices are neuron0"),
            (
                4, report("0,1,2,3", host: "8,9,10"),
                "GANGLION_HOST_CORES is 8,9,10, and the container has 4 cores"
            ),
            (
                4, report("0,1,2,3", host: "0,1,2,3"),
                "GANGLION_HOST_CORES is 0,1,2,3, and the devices are those of cores 8,9,10,11"
            ),
            (0, report("0"), "NEURON_RT_VISIBLE_CORES is 0, but this container asked for no NeuronCore"),
            (0, report(nil), "/dev/neuron0 is there, but this container asked for no NeuronCore"),
        ])
    func unusable(count: Int, report: ContainerReport, fault: String) {
        #expect(report.fault(expecting: count) == fault)
    }

    @Test("looks at fake chips, devices and what is neither, and repeats no other variable")
    func gather() throws {
        let root = Scratch.path()
        try FakeDevice.create(instanceType: "inf2.24xlarge", at: root, monitorCounters: false)
        try Files.link(root + "/dev/neuron6", to: "/dev/null")
        try Files.makeDirectory(root + "/dev/neuron7")
        try Files.link(root + "/dev/neuron8", to: "/nowhere")
        for name in ["neuron", "neuron01", "neuronx", "ng0n1"] { try Files.write(root + "/dev/" + name, []) }
        let report = ContainerReport.gather(
            environment: ["NEURON_RT_VISIBLE_CORES": "0", "GANGLION_X": "1", "SECRET": "2"],
            deviceRoot: root + "/dev")
        #expect(!report.hostname.isEmpty)
        #expect(report.environment == ["NEURON_RT_VISIBLE_CORES": "0", "GANGLION_X": "1"])
        #expect(report.devices.map(\.number) == Array(0...8))
        #expect(
            report.devices[5]
                == Device(
                    number: 5, path: root + "/dev/neuron5", kind: .fake,
                    chip: .init(index: 5, cores: 2, memory: 32 << 30)))
        #expect(
            report.devices[6]
                == Device(number: 6, path: root + "/dev/neuron6", kind: .character, major: 1, minor: 3))
        #expect(report.devices[7].kind == .other && report.devices[7].problem?.contains("neuron7") == true)
        #expect(report.devices[8].kind == .other && report.devices[8].problem?.contains("neuron8") == true)
    }

    @Test("prints one line that can be read again, also when the cores are not those expected")
    func prints() throws {
        let report = Self.report("0,1,2,3", host: "8,9,10,11")
        let output = ReportCommand.run(report, expectedCores: 4)
        #expect(output.failure == nil)
        #expect(output.text.split(separator: "\n").count == 1 && output.text.last == "\n")
        #expect(try ContainerReport(JSON(parsing: output.text)) == report)
        let failed = ReportCommand.run(report, expectedCores: 2)
        #expect(failed.text == output.text && failed.exitCode == 1)
        #expect(failed.failure == report.fault(expecting: 2))
    }

    @Test(
        "listens where the pod is reached",
        arguments: [
            (":9000", "10.1.2.3", "10.1.2.3:9000"), (":9000", "fd00::1", "[fd00::1]:9000"),
            (":9000", nil, ":9000"), (":9000", "", ":9000"),
            ("127.0.0.1:1", "10.1.2.3", "127.0.0.1:1"),
        ] as [(String, String?, String)])
    func listens(text: String, podIP: String?, address: String) throws {
        #expect(try ReportCommand.address(text, podIP: podIP).description == address)
    }
}
