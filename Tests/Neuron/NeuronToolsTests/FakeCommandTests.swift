import Arguments
import FakeChip
import Glibc
import Neuron
import SystemIO
import Testing

@testable import NeuronTools

@Suite("ganglion fake")
struct FakeCommandTests {
    private func withRoot(_ body: (String) throws -> Void) throws {
        let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        let root = base + "/ganglion-fake-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        defer { try? Files.removeTree(root) }
        try body(root)
    }

    @Test(
        "create writes a node and says what it has",
        arguments: [
            ("inf2.48xlarge", nil, "12 chips, 24 cores"), ("inf2.xlarge", nil, "1 chip, 2 cores"),
            ("trn2.3xlarge", 1, "1 chip, 8 cores"), ("ml.trn1.2xlarge", nil, "1 chip, 2 cores"),
        ] as [(String, Int?, String)])
    func create(type: String, logical: Int?, summary: String) throws {
        try withRoot { root in
            let output = FakeCommand.create(instanceType: type, root: root, logicalCoreSize: logical)
            let name = type.hasPrefix("ml.") ? String(type.dropFirst(3)) : type
            #expect(output == CommandOutput(text: "\(name) in \(root): \(summary)\n"))
        }
    }

    @Test("create refuses a type that does not exist, with the nearest and the list")
    func unknown() throws {
        try withRoot { root in
            let output = FakeCommand.create(instanceType: "inf2.48xlage", root: root)
            #expect(output.exitCode == 1)
            #expect(
                output.failure?.hasPrefix(
                    "unknown instance type 'inf2.48xlage', did you mean inf2.48xlarge? known are inf1.xlarge, "
                ) == true)
            #expect(!Files.exists(root))
        }
    }

    @Test("create refuses a directory of somebody else")
    func notOurs() throws {
        try withRoot { root in
            try Files.makeDirectory(root + "/home")
            #expect(
                FakeCommand.create(instanceType: "inf2.xlarge", root: root).failure
                    == "\(root) has files that are no fake device: name an empty directory with --root")
            #expect(try Files.list(root) == ["home"])
        }
    }

    @Test("install says what it did, and fails or goes on where something speaks against it")
    func install() throws {
        try withRoot { root in
            let fake = root + "/fake"
            func run(
                _ type: String?, source: String? = nil, _ obstacle: FakeObstacle = .refuse
            ) -> CommandOutput {
                FakeCommand.install(
                    instanceType: type, source: source, root: fake, sysfsRoot: root + "/sys",
                    ifDriver: obstacle)
            }
            #expect(run("inf2.xlarge") == CommandOutput(text: "inf2.xlarge in \(fake): 1 chip, 2 cores\n"))
            #expect(
                run("inf2.xlarge")
                    == CommandOutput(text: "is there already: inf2.xlarge in \(fake): 1 chip, 2 cores\n"))
            #expect(run(nil).text.hasPrefix("no instance type is wanted here: nothing is written; label"))
            let label = "label ganglion.dev/fake-instance-type of node a"
            #expect(
                run("inf2.48", source: label).failure?.hasPrefix(
                    "\(label): unknown instance type 'inf2.48', did you mean inf2.48xlarge?") == true)
            try Files.makeDirectory(root + "/sys/module/neuron")
            let sentence =
                "the neuron driver is loaded on this node (\(root)/sys/module/neuron): its chips are real, and no fake "
                + "inf2.xlarge is written"
            #expect(run("inf2.xlarge") == CommandOutput(failure: sentence))
            #expect(run("inf2.xlarge", .skip) == CommandOutput(warnings: [sentence]))
            #expect(FakeCommand.remove(root: fake) == CommandOutput(text: "removed \(fake)\n"))
        }
    }

    @Test("install asks for the label of the node that it is told")
    func label() async throws {
        let asked = Lock<[String]>([])
        let command = FakeCommand.command { node, label in
            asked.withLock { $0.append(node + " " + label) }
            return "inf9.xlarge"
        }
        let words = ["install", "--root", "/nowhere", "--node-name", "worker-1", "--sysfs-root", "/nowhere"]
        guard case .run(let install, let values) = try command.parse(words) else {
            Issue.record("install shows help instead of running")
            return
        }
        await #expect(throws: CommandFailure.self) { try await install.action?(values) }
        #expect(asked.withLock { $0 } == ["worker-1 ganglion.dev/fake-instance-type"])
    }

    @Test(
        "a fault of an execution stands beside its core until it is met, or healed",
        arguments: FakeFaultCommand.Fault.allCases.filter { $0.ofExecution != nil })
    func executionFaults(fault: FakeFaultCommand.Fault) throws {
        try withRoot { root in
            try FakeDevice.create(instanceType: "inf2.xlarge", at: root, monitorCounters: false)
            func asked() throws -> [ExecutionFault?] {
                let octets = try Files.read(root + "/dev/neuron0")
                return (0..<2).map { FakeChipFile.fault(octets[FakeChipFile.faultOffset(ofCore: $0)...]) }
            }
            #expect(FakeFaultCommand.fail(chip: 0, root: root, fault: fault, core: 1).exitCode == 0)
            #expect(try asked() == [nil, ExecutionFault(rawValue: fault.rawValue)])
            #expect(FakeFaultCommand.heal(chip: 0, root: root).exitCode == 0)
            #expect(try asked() == [nil, nil])
        }
    }

    @Test("every fault of an execution can be asked for", arguments: ExecutionFault.allCases)
    func all(fault: ExecutionFault) {
        #expect(FakeFaultCommand.Fault(rawValue: fault.rawValue)?.ofExecution == fault)
    }

    @Test(
        "fault makes a chip unhealthy, heal takes it back",
        arguments: FakeFaultCommand.Fault.allCases.filter { $0.ofExecution == nil })
    func faults(fault: FakeFaultCommand.Fault) throws {
        try withRoot { root in
            let fake = try FakeDevice.create(instanceType: "inf2.24xlarge", at: root, monitorCounters: false)
            func unhealthy() -> [Int] {
                Discovery(fake.settings).scan().chips.filter { $0.health != .healthy }.map(\.index)
            }
            #expect(FakeFaultCommand.fail(chip: 3, root: root, fault: fault).exitCode == 0)
            #expect(unhealthy() == [3])
            #expect(
                FakeFaultCommand.heal(chip: 3, root: root)
                    == CommandOutput(text: "neuron3 in \(root) is healthy\n"))
            #expect(unhealthy() == [])
        }
    }

    @Test("fault and heal refuse what the chip has not")
    func noFault() throws {
        try withRoot { root in
            try FakeDevice.create(instanceType: "inf1.xlarge", at: root, monitorCounters: false)
            #expect(
                FakeFaultCommand.fail(chip: 7, root: root, fault: .resetFailed).failure
                    == "the fake device has no chip neuron7: name one that \"ganglion ls --root DIR\" lists")
            #expect(
                FakeFaultCommand.heal(chip: 0, root: root + "/none").failure
                    == "\(root)/none is no fake node: make one with \"ganglion fake create\", or name another --root"
            )
            #expect(
                FakeFaultCommand.fail(chip: 0, root: root, fault: .memoryErrors).failure
                    == "neuron0 counts no memory errors, as no Inferentia chip does: take --fault reset-failed"
            )
            _ = FakeFaultCommand.heal(chip: 0, root: root)
            #expect(!Files.exists(root + "/sys/devices/virtual/neuron_device/neuron0/stats/hardware"))
        }
    }

    @Test("list names every type with what it has")
    func list() {
        let lines = FakeCommand.list().text.split(separator: "\n")
        #expect(lines.count == InstanceType.all.count + 1)
        #expect(
            lines[0]
                == "TYPE             CHIPS   CORES      MEMORY     VCPUS   HOST       LINKS        USD/HOUR")
        #expect(
            lines[5]
                == "inf2.xlarge      1       2          32 GiB     4       16 GiB     single       0.7582")
        #expect(
            lines[13] == "trn2.48xlarge    16      64 (128)   1536 GiB   192     2048 GiB   torus        -")
    }

    @Test("both commands are read from the command line")
    func parsing() throws {
        let program = Command(
            "ganglion", summary: "", subcommands: [ListCommand.command, FakeCommand.command { _, _ in nil }])
        guard case .run(let command, _) = try program.parse(["ls", "--root", "/x", "--wide"]) else {
            Issue.record("ls shows help instead of running")
            return
        }
        #expect(command.name == "ls")
        #expect(throws: ArgumentError.missing("--instance-type")) {
            try program.parse(["fake", "create", "--root", "/x"])
        }
        #expect(throws: ArgumentError.self) {
            try program.parse(["fake", "install", "--root", "", "--instance-type", "inf2.xlarge"])
        }
    }
}
