import FakeChip
import Models
import Neuron
import NeuronRuntime
import SystemIO
import TestSupport
import Testing

@testable import FakeRuntime

@Suite("Executions by the hardware's clock")
struct TimedExecutionTests {
    /// A fake inf1.6xlarge whose cores each hold a small model, by a clock.
    private struct Node {
        let directory: TemporaryDirectory
        let device: FakeDevice
        let groups: [NeuronCoreGroup]
        let text: TokenizedText

        init(timeout: Duration = .seconds(30)) throws {
            directory = try TemporaryDirectory()
            let root = directory.path + "/node"
            device = try FakeDevice.create(instanceType: "inf1.6xlarge", at: root)
            try SyntheticModel.write(to: directory.path + "/model")
            let model = try EmbeddingModel(directory: directory.path + "/model")
            var settings = ExecutionSettings(chips: nil) { _ in nil }
            settings.clock = HardwareClock(.inferentia)
            settings.timeout = timeout
            var devices = try NeuronDevices(root: root + "/dev")
            devices.settings = settings
            // One thread for the host's part of all 16.
            let pool = ComputePool(threads: 1)
            groups = try (0..<16).map { NeuronCoreGroup(try devices.claim($0..<$0 + 1), pool: pool) }
            for group in groups { try group.load(model, as: "tiny") }
            text = model.tokenize("core")
        }
    }

    @Test("as many are under way as there are groups, and those of one group follow one another")
    func overlap() async throws {
        let node = try Node()
        let start = MonotonicClock.time
        let vectors = await withTaskGroup(of: [[Float]]?.self) { tasks in
            for group in node.groups {
                for _ in 0..<2 { tasks.addTask { await group.embed([node.text], model: "tiny") } }
            }
            return await tasks.reduce(into: [[[Float]]?]()) { $0.append($1) }
        }
        let took = MonotonicClock.time - start
        #expect(vectors.count == 32 && vectors.allSatisfy { $0 == vectors[0] && $0?.count == 1 })
        // The published start of an execution is 17.9 ms.
        let one = try #require(HardwareClock(.inferentia)).time(operations: [0], cores: 1)
        let busy = node.groups.map(\.statistics.busy)
        #expect(busy.allSatisfy { $0 >= one * 2 } && took >= one * 2)
        #expect(busy.reduce(.zero, +) > took * 2)
        #expect(node.groups.allSatisfy { $0.statistics.batches == 2 })
    }

    @Test(
        "cores of an Inferentia chip that read weights at the same time share its memory's speed, and no others do"
    )
    func readers() throws {
        let readers = MemoryReaders()
        let inferentia = try #require(HardwareClock(.inferentia))
        func read(_ cores: Int, at milliseconds: Int) -> Duration {
            // 1 ms alone at 50 GB/s.
            readers.add(cores, now: .milliseconds(milliseconds)) {
                inferentia.switchTime(octets: 50_000_000, readers: $0)
            }
        }
        #expect(read(1, at: 0) == .milliseconds(1))
        #expect(read(1, at: 0) == .milliseconds(2))
        #expect(read(2, at: 1) == .milliseconds(3))
        #expect(read(1, at: 10) == .milliseconds(1))
        let second = try #require(HardwareClock(.inferentia2))
        #expect(second.switchTime(octets: 190_000_000, readers: 2) == .milliseconds(1))
    }

    @Test("an execution that hangs keeps its own group only, and the one behind it is computed")
    func hang() async throws {
        let node = try Node(timeout: .milliseconds(300))
        try node.device.request(.hang, chip: 0, core: 0)
        async let first = node.groups[0].embed([node.text], model: "tiny")
        async let second = node.groups[0].embed([node.text], model: "tiny")
        let other = await node.groups[1].embed([node.text], model: "tiny")
        #expect(other?.count == 1)
        let both = await [first, second]
        #expect(both.count { $0 == nil } == 1 && both.count { $0?.count == 1 } == 1)
        #expect(node.groups[0].statistics.failures == [.timeout: 1])
        #expect(node.groups[1].statistics.failures.isEmpty)
    }
}
