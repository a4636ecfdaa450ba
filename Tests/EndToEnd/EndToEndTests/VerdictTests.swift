import Neuron
import NeuronTools
import Placement
import Testing

@testable import EndToEnd

@Suite("The suite's verdicts")
struct VerdictTests {
    private static func topology(_ type: String) throws -> CoreTopology {
        try InstanceType.named(type).topology()
    }

    /// What a container would report that was given these cores of a fake node.
    private static func report(_ cores: [Int], of type: String) throws -> ContainerReport {
        let perChip = try InstanceType.named(type).coresPerChip()
        let chips = Array(Set(cores.map { $0 / perChip })).sorted()
        let first = (chips.first ?? 0) * perChip
        return ContainerReport(
            hostname: "pod",
            environment: [
                "NEURON_RT_VISIBLE_CORES": cores.map { String($0 - first) }.joined(separator: ","),
                "GANGLION_HOST_CORES": cores.map(String.init).joined(separator: ","),
            ],
            devices: chips.enumerated().map { place, chip in
                .init(
                    number: place, path: "/dev/neuron\(place)", kind: .fake,
                    chip: .init(index: chip, cores: perChip, memory: 1))
            })
    }

    @Test(
        "accept groups that the runtime takes",
        arguments: [
            ("inf2.48xlarge", Array(3...5)), ("inf2.48xlarge", Array(0...23)), ("inf2.xlarge", [1]),
            ("trn1.32xlarge", Array(8...15)), ("trn1.32xlarge", Array(16...31)), ("trn2.48xlarge", [5, 6]),
            ("trn2.48xlarge", Array(48...63)),
        ] as [(String, [Int])])
    func usable(type: String, cores: [Int]) throws {
        let verdict = Verdict.usable(
            try Self.report(cores, of: type), cores: cores.count, topology: try Self.topology(type),
            instanceType: type)
        #expect(verdict == nil)
    }

    @Test(
        "refuse groups that it does not",
        arguments: [
            ("inf2.48xlarge", [3, 5], "the runtime takes only consecutive cores"),
            ("inf2.48xlarge", [4, 3], "the runtime takes only consecutive cores"),
            ("inf2.48xlarge", [4, 4], "the runtime takes only consecutive cores"),
            ("inf2.48xlarge", [24], "core 24 does not exist: the node has 24"),
            ("trn1.32xlarge", [1, 2], "cores 1-2 are on two chips of trn1.32xlarge"),
            (
                "trn1.32xlarge", Array(0...3),
                "4 cores are no group of trn1.32xlarge: 4, 8 or 16 whole chips are"
            ),
            ("trn1.32xlarge", Array(4...11), "cores 4-11 begin between two groups of 8 cores"),
            ("trn2.48xlarge", Array(3...6), "cores 3-6 are on two chips of trn2.48xlarge"),
        ] as [(String, [Int], String)])
    func unusable(type: String, cores: [Int], reason: String) throws {
        let verdict = Verdict.usable(
            try Self.report(cores, of: type), cores: cores.count, topology: try Self.topology(type),
            instanceType: type)
        #expect(verdict?.contains(reason) == true, "\(verdict ?? "nil")")
    }

    @Test(
        "the rule that is written down here and the one that places groups are the same",
        arguments: InstanceType.all)
    func bothRules(type: InstanceType) {
        let topology = type.topology()
        for start in 0..<topology.coreCount {
            for end in start..<topology.coreCount {
                let cores = Array(start...end)
                let fault = Verdict.misaligned(
                    cores, coresPerChip: topology.coresPerChip, instanceType: type.name)
                #expect(
                    (fault == nil) == topology.isUsableByRuntime(CoreSet(cores)),
                    "\(type.name) \(start)-\(end): \(fault ?? "usable")")
            }
        }
    }

    @Test(
        "refuse a count that was not asked for, a missing number of the node, and cores where none were asked for"
    )
    func counts() throws {
        let topology = try Self.topology("inf2.48xlarge")
        func verdict(_ report: ContainerReport, _ count: Int) -> String? {
            Verdict.usable(report, cores: count, topology: topology, instanceType: "inf2.48xlarge")
        }
        var report = try Self.report([2, 3], of: "inf2.48xlarge")
        #expect(verdict(report, 4) == "the container has 2 NeuronCores (NEURON_RT_VISIBLE_CORES=0,1), not 4")
        #expect(verdict(report, 0)?.contains("asked for no NeuronCore") == true)
        report.environment["GANGLION_HOST_CORES"] = nil
        #expect(verdict(report, 2) == "GANGLION_HOST_CORES is not set")
    }

    @Test("see a core that is in two pods, and only that")
    func shared() {
        #expect(Verdict.shared([("a", [0, 1]), ("b", [2]), ("c", [])]) == nil)
        #expect(
            Verdict.shared([("a", [0, 1]), ("b", [2]), ("c", [3, 1])]) == "core 1 is given to a and to c")
        #expect(Verdict.shared([("a", [0, 0])]) == "core 0 is given to a and to a")
    }

    @Test("see a group on more chips than it needs")
    func scattered() {
        #expect(Verdict.scattered([4, 5], coresPerChip: 2) == nil)
        #expect(
            Verdict.scattered([3, 4], coresPerChip: 2) == "2 cores are on 2 chips of an idle node, not on 1")
        #expect(Verdict.scattered(Array(1...5), coresPerChip: 2) == nil)
    }

    @Test("--filter and --skip choose by parts of names")
    func selection() {
        let cases = ["cores-1", "cores-2", "churn", "restart-kubelet"].map { Case($0, "") { _ in } }
        func names(_ filters: [String], _ skips: [String]) -> [String] {
            Case.selected(from: cases, filters: filters, skips: skips).map(\.name)
        }
        #expect(names([], []) == cases.map(\.name))
        #expect(names(["cores"], []) == ["cores-1", "cores-2"])
        #expect(names(["cores", "kubelet"], ["-2"]) == ["cores-1", "restart-kubelet"])
        #expect(names(["none"], []) == [])
        #expect(Set(Case.all.map(\.name)).count == Case.all.count)
    }
}
