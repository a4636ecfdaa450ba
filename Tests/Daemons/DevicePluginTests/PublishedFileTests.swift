import KubeletAPI
import Neuron
import Observability
import SystemIO
import TestSupport
import Testing

@testable import DevicePlugin

@Suite("Files that others read")
struct PublishedFileTests {
    @Test("are written in one step, not again, and again when somebody has removed them")
    func keeps() throws {
        let directory = try TemporaryDirectory()
        var file = PublishedFile(path: directory.path + "/a/b/file", purpose: "test")
        func keep(_ text: String) -> Bool { file.keep(Array(text.utf8), log: .silent) }
        #expect(!file.isInPlace)
        #expect(keep("one"))
        let first = Files.identity(file.path)
        #expect(keep("one") && Files.identity(file.path) == first)
        #expect(keep("two") && Files.identity(file.path) != first)
        #expect(try Files.readText(file.path) == "two")
        #expect(try Files.list(directory.path + "/a/b") == ["file"])
        try Files.remove(file.path)
        #expect(!file.isInPlace)
        #expect(keep("two") && file.isInPlace)
    }

    @Test("are beside no half of them that a plugin left which was killed while it wrote")
    func halves() throws {
        let directory = try TemporaryDirectory()
        for name in ["file.123.456.tmp", "file2.123.456.tmp", "file.txt"] {
            try Files.write("\(directory.path)/\(name)", [])
        }
        var file = PublishedFile(path: directory.path + "/file", purpose: "test")
        let isKept = file.keep([1], log: .silent)
        #expect(isKept)
        #expect(try Files.list(directory.path).sorted() == ["file", "file.txt", "file2.123.456.tmp"])
    }

    @Test(
        "are written again when somebody has changed them",
        arguments: [
            { path in try Files.write(path, Array("tw".utf8)) },
            { path in try Files.writeAtomically(path, Array("two".utf8)) },
            { path in
                try Files.remove(path)
                try Files.link(path, to: "/dev/null")
            },
        ] as [@Sendable (String) throws -> Void])
    func changed(_ change: @Sendable (String) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        var file = PublishedFile(path: directory.path + "/file", purpose: "test")
        let lines = LogLines()
        func keep() -> Bool { file.keep(Array("two".utf8), log: lines.logger()) }
        #expect(keep() && file.isInPlace)
        try change(file.path)
        #expect(!file.isInPlace)
        #expect(keep() && file.isInPlace && lines.contains("written again file="))
        #expect(try Files.readText(file.path) == "two" && Files.kind(file.path) == .file)
    }

    @Test("that cannot be written are told once and are not in place")
    func cannot() throws {
        let directory = try TemporaryDirectory()
        try Files.write(directory.path + "/file", [])
        var file = PublishedFile(path: directory.path + "/file/below", purpose: "CDI specification")
        let lines = LogLines()
        let isKept = file.keep([1], log: lines.logger())
        #expect(!isKept)
        #expect(!file.isInPlace && lines.contains("cannot write file="))
    }

    @Test("tell node-feature-discovery what the node has, in labels that are valid")
    func features() throws {
        let node = try FakeNode("trn2.48xlarge", logicalCoreSize: 2)
        var ledger = NodeLedger()
        #expect(
            FeatureFile.lines(ledger) == Array("ganglion.dev/neuron.present=false\n".utf8))
        _ = ledger.update(node.scan())
        try node.device.setMemoryErrors(.sram, chip: 3, to: 1)
        _ = ledger.update(node.scan())
        #expect(
            String(decoding: FeatureFile.lines(ledger), as: UTF8.self) == """
                ganglion.dev/neuron.present=true
                neuron.amazonaws.com/present=true
                ganglion.dev/neuron.family=trn2
                ganglion.dev/neuron.chips=16
                ganglion.dev/neuron.healthy-chips=15
                ganglion.dev/neuron.cores=64
                ganglion.dev/neuron.logical-core-size=2
                ganglion.dev/neuron.instance-type=trn2.48xlarge
                ganglion.dev/neuron.driver-version=2.30.2.0

                """)
    }
}

@Suite("Chips by CDI", .timeLimit(.minutes(10)))
struct CDITests {
    @Test("have a device for each place that they can take in a container")
    func specification() throws {
        let text = String(
            decoding: CDISpecification.json(try FakeNode.catalog("inf2.24xlarge", file: .node)), as: UTF8.self
        )
        #expect(text.hasPrefix("{\n  \"cdiVersion\": \"0.5.0\",\n  \"kind\": \"ganglion.dev/neuron\",\n"))
        #expect(text.split(separator: "\n").count { $0.contains("\"name\"") } == 21)
        let device = text.split(separator: "\n").first { $0.contains("neuron3-as-neuron1\"") }
        #expect(device?.contains("\"path\": \"/dev/neuron1\", \"hostPath\": \"") == true)
        #expect(device?.contains("/dev/neuron3\", \"permissions\": \"rw\"}]}}") == true)
    }

    @Test("are mounted where they are fake, in the words of CDI 0.5.0")
    func fakeSpecification() throws {
        let catalog = try FakeNode.catalog("inf2.24xlarge")
        let text = String(decoding: CDISpecification.json(catalog), as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        let path = try #require(catalog.deviceFile(chip: 3)?.path)
        let device =
            "    {\"name\": \"neuron3-as-neuron1\", \"containerEdits\": {\"mounts\": [{\"hostPath\": "
            + "\"\(path)\", \"containerPath\": \"/dev/neuron1\", \"options\": [\"bind\", \"rw\"]}]}},"
        #expect(lines.contains(device))
        #expect(!text.contains("deviceNodes"))
    }

    @Test("are named instead of their device nodes, which the specification adds")
    func allocate() throws {
        var allocator = Allocator(catalog: try FakeNode.catalog("inf2.48xlarge"))
        allocator.usesCDI = true
        let response = try allocator.allocate(["4", "5", "6", "7"]).response
        #expect(response.devices.isEmpty)
        #expect(
            response.cdiDevices.map(\.name) == [
                "ganglion.dev/neuron=neuron2-as-neuron0", "ganglion.dev/neuron=neuron3-as-neuron1",
            ])
        #expect(response.envs["NEURON_RT_VISIBLE_CORES"] == "0,1,2,3")
    }

    @Test("are given only while the specification is in place: a full disk costs no pod its devices")
    func daemon() async throws {
        let node = try Node()
        var settings = node.settings
        let root = node.fake.directory.path
        settings.cdiDirectory = root + "/cdi"
        settings.featureFile = root + "/features.d/ganglion"
        let daemon = DevicePluginDaemon(settings: settings, log: .silent, metrics: node.metrics)
        try await node.kubelet.start()
        try await daemon.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        #expect(try Files.list(root + "/cdi") == ["ganglion.dev-neuron.json"])
        #expect(try Files.readText(root + "/features.d/ganglion").contains("neuron.chips=6\n"))
        let client = try await node.kubelet.client(Node.resource)
        let request = DevicePluginAPI.AllocateRequest(containerRequests: [.init(deviceIDs: ["0"])])
        #expect(try await client.allocate(request).containerResponses.first?.cdiDevices.count == 1)
        settings.cdiDirectory = root + "/features.d/ganglion/not-a-directory"
        await daemon.use(settings)
        let answer = try await client.allocate(request).containerResponses.first
        #expect(answer?.cdiDevices == [] && answer?.mounts.count == 1)
        #expect(await node.kubelet.state.registrations == 1)
        await daemon.stop()
        await node.kubelet.close()
    }
}
