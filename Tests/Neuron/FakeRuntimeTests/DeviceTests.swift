import Glibc
import Models
import NeuronRuntime
import SystemIO
import TestSupport
import Testing

@testable import FakeRuntime

@Suite("Claims on the fake device")
struct DeviceTests {
    @Test("chips are found in order, with their cores and memory")
    func discovery() throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(3, first: 4)
        let devices = try NeuronDevices(root: directory.path)
        #expect(devices.chips == 4..<7)
        #expect(devices.coreCount == 6)
        #expect(devices.memoryPerChip == 34_359_738_368)
    }

    @Test("without devices the error says how to make some")
    func none() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: DeviceError.noDevices(root: directory.path)) {
            try NeuronDevices(root: directory.path)
        }
        #expect(DeviceError.noDevices(root: "/dev").description.contains("GANGLION_DEVICE_ROOT=DIR/dev"))
    }

    @Test(
        "files that are no fake device are refused",
        arguments: [
            ("", "it does not begin with \"neuron-fake-device 1\""),
            ("neuron-fake-device 1\nindex: 0\n", "its cores is \"\""),
            ("neuron-fake-device 1\nindex: 0\ncores: 65\nmemory: 1\n", "its cores is \"65\""),
            ("neuron-fake-device 1\nindex: -1\ncores: 2\nmemory: 1\n", "its index is \"-1\""),
            (
                "neuron-fake-device 1\nindex: 0\ncores: 2\nmemory: 99999999999999999999\n",
                "its memory is \"99999999999999999999\""
            ),
        ])
    func damaged(content: String, problem: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/neuron0"
        try Files.write(path, Array(content.utf8))
        #expect(throws: DeviceError.damaged(path: path, problem: problem)) {
            try NeuronDevices(root: directory.path)
        }
    }

    @Test("a real device node is not spoken to")
    func realDevice() throws {
        let directory = try TemporaryDirectory()
        try Files.link(directory.path + "/neuron0", to: "/dev/null")
        #expect(throws: DeviceError.notEmulated(path: directory.path + "/neuron0")) {
            try NeuronDevices(root: directory.path)
        }
    }

    @Test("chips with a gap on the host cannot be used")
    func gap() throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(1, first: 11)
        let other = try TemporaryDirectory()
        try other.addChips(1, first: 0)
        try Files.link(directory.path + "/neuron1", to: other.path + "/neuron0")
        #expect(
            throws: DeviceError.chipsNotConsecutive(path: directory.path + "/neuron1", index: 0, expected: 12)
        ) { try NeuronDevices(root: directory.path) }
    }

    @Test("a core has one owner, until the owner is gone")
    func exclusive() throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(2, first: 4)
        let devices = try NeuronDevices(root: directory.path)
        var first: CoreClaim? = try devices.claim(1..<3)
        #expect(first?.cores == 1..<3)
        let busy = DeviceError.busy(core: 2, coreOfChip: 0, chip: 5, path: directory.path + "/neuron1")
        #expect(throws: busy) { try devices.claim(2..<4) }
        #expect(
            busy.description
                == "core 2 (core 0 of chip 5, \(directory.path)/neuron1) is in use by another owner (EBUSY): wait"
                + " for it to end or choose other cores")
        // The claim that failed has let go of everything.
        let last = try devices.claim(3..<4)
        first = nil
        let again = try devices.claim(0..<3)
        withExtendedLifetime((last, again)) {}
    }

    @Test("a core that another open file holds is busy; another free core is found")
    func otherOwner() throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(1)
        let path = directory.path + "/neuron0"
        let devices = try NeuronDevices(root: directory.path)
        // The lock belongs to the open file description: to another process it is the same.
        let other = try #require(try EmulatedChip.open(path))
        #expect(try other.claim(1))
        #expect(throws: DeviceError.busy(core: 1, coreOfChip: 1, chip: 0, path: path)) {
            try devices.claim(.all)
        }
        #expect(try devices.claim(.count(1)).cores == 0..<1)
        withExtendedLifetime(other) {}
    }

    @Test("a number of cores is served by the first free run, or by an error with the longest")
    func counts() throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(3)
        let devices = try NeuronDevices(root: directory.path)
        let middle = try devices.claim(2..<3)
        let run = try devices.claim(.count(3))
        #expect(run.cores == 3..<6)
        #expect(throws: DeviceError.noFreeRun(count: 3, longest: 2)) { try devices.claim(.count(3)) }
        #expect(throws: DeviceError.noSuchCores(0..<7, available: 6)) { try devices.claim(.count(7)) }
        #expect(throws: DeviceError.noSuchCores(4..<8, available: 6)) { try devices.claim(.cores(4..<8)) }
        withExtendedLifetime((middle, run)) {}
    }

    @Test(
        "who searches at the same time finds a run each, as long as there is one for everybody",
        arguments: 0..<20)
    func together(round: Int) async throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(6)
        let devices = try NeuronDevices(root: directory.path)
        let claims = try await withThrowingTaskGroup(of: CoreClaim.self) { tasks in
            // Each with open files of its own, as processes have.
            for _ in 0..<3 { tasks.addTask { try await blocking { try devices.claim(.count(4)) } } }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(claims.map(\.cores.lowerBound).sorted() == [0, 4, 8])
    }

    @Test("a claim in parts is held without a gap, each part until it is gone, and memory adds up over them")
    func parts() throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(2, memory: 1_000)
        let devices = try NeuronDevices(root: directory.path)
        var whole: CoreClaim? = try devices.claim(.count(3))
        var parts = try #require(whole?.split([0..<1, 1..<2]))
        #expect(parts.map(\.cores) == [0..<1, 1..<2])
        #expect(whole?.split([0..<1]).isEmpty == true)
        whole = nil
        // Core 2 was in none of the parts.
        #expect(try devices.claim(.count(1)).cores == 2..<3)
        #expect(throws: DeviceError.self) { try devices.claim(0..<1) }
        #expect(throws: DeviceError.self) { try devices.claim(1..<2) }
        try parts[0].reserve([600])
        #expect(throws: DeviceError.outOfMemory(chip: 0, needed: 500, free: 400, capacity: 1_000)) {
            try parts[1].reserve([500])
        }
        try parts[1].reserve([400])
        parts.removeFirst()
        #expect(try devices.claim(0..<1).cores == 0..<1)
        try parts[0].reserve([600])
        #expect(throws: DeviceError.self) { try devices.claim(1..<2) }
    }

    @Test("cores that others have are waited for, with a word, and not for ever")
    func waiting() async throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(1)
        let devices = try NeuronDevices(root: directory.path)
        for selection in [CoreSelection.all, .cores(1..<2), .count(2)] {
            var other: CoreClaim? = try devices.claim(1..<2)
            var reports: [DeviceError] = []
            var pauses: [Duration] = []
            let claim = try await devices.claim(
                selection, waiting: .seconds(1), report: { reports.append($0) },
                pause: {
                    pauses.append($0)
                    if pauses.count == 3 { other = nil }
                })
            #expect(pauses == [Duration](repeating: .milliseconds(100), count: 3))
            #expect(reports.count == 1 && reports[0].isPassing)
            withExtendedLifetime((claim, other)) {}
        }
        let other = try devices.claim(0..<1)
        var pauses = 0
        await #expect(
            throws: DeviceError.busy(core: 0, coreOfChip: 0, chip: 0, path: directory.path + "/neuron0")
        ) {
            _ = try await devices.claim(
                .all, waiting: .milliseconds(250), report: { _ in }, pause: { _ in pauses += 1 })
        }
        #expect(pauses == 3)
        // What will not pass is not waited for.
        await #expect(throws: DeviceError.noSuchCores(0..<9, available: 2)) {
            _ = try await devices.claim(
                .count(9), waiting: .seconds(1), report: { _ in }, pause: { _ in Issue.record("waited") })
        }
        withExtendedLifetime(other) {}
    }

    @Test("memory adds up per chip over all owners, and what an owner reserved goes with it")
    func memory() throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(2, memory: 1_000)
        let devices = try NeuronDevices(root: directory.path)
        var first: CoreClaim? = try devices.claim(0..<1)
        try first?.reserve([600])
        let second = try devices.claim(1..<4)
        try second.reserve([300, 500, 500])
        #expect(throws: DeviceError.outOfMemory(chip: 0, needed: 500, free: 400, capacity: 1_000)) {
            try second.reserve([200, 0, 0])
        }
        #expect(throws: DeviceError.outOfMemory(chip: 1, needed: 1_001, free: 1_000, capacity: 1_000)) {
            try second.reserve([0, 1, 0])
        }
        #expect(second.reserved == [300, 500, 500])
        first = nil
        try second.reserve([700, 0, 0])
        #expect(second.reserved == [1_000, 500, 500])
        let ledger = try Files.read(directory.path + "/neuron0")
        #expect(ledger.count == 4_096 + 128)
        #expect(ledger[4_160...].prefix { $0 != 10 }.elementsEqual("1000".utf8))
    }

    @Test("a model that does not fit is refused with the figures, and leaves no trace")
    func tooBig() throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(1, memory: 1 << 20)
        try SyntheticModel.write(to: directory.path + "/model")
        let group = NeuronCoreGroup(try NeuronDevices(root: directory.path).claim(.all))
        let model = try EmbeddingModel(directory: directory.path + "/model")
        let error = try #require(throws: NRTError.self) { try group.load(model, as: "tiny") }
        #expect(error.status == .resource)
        #expect(
            error.description.contains(
                " on chip 0, which has 1.0 MiB free of 1.0 MiB: use more cores per model"))
        #expect(
            DeviceError.outOfMemory(chip: 0, needed: 34_603_008, free: 1 << 20, capacity: 1 << 20).description
                == "the model needs 33.0 MiB on chip 0, which has 1.0 MiB free of 1.0 MiB: use more cores per"
                + " model, fewer models, or an instance with more memory")
        #expect(group.memory == [NeuronCoreGroup.Memory(), NeuronCoreGroup.Memory()])
    }
}
