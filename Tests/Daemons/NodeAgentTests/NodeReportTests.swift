import GanglionAPI
import JSON
import KubeletAPI
import KubernetesAPI
import Neuron
import Placement
import Testing

@testable import NodeAgent

@Suite("NeuronNode status")
struct NodeReportTests {
    private static let now = Timestamp(microseconds: 1_767_225_600_000_000)

    private static func conditions(_ report: NodeReport, previous: NeuronNodeStatus? = nil) -> [String] {
        report.status(previous: previous, now: now).conditions.map { condition in
            "\(condition.type)|\(condition.status.rawValue)|\(condition.reason ?? "")|\(condition.message ?? "")"
        }
    }

    @Test("says what the node has and who holds it")
    func whole() throws {
        let layout = NodeLayout(
            state(chips: 2, unhealthy: [1: "sram_ecc_uncorrected rose"], instanceType: "x"))
        let report = NodeReport(
            layout: layout, holdings: Holding.read([listed("p", "c", ["0"])], on: layout))
        #expect(
            try JSON(encoding: report.status(previous: nil, now: Self.now)) == [
                "instanceType": "x", "driverVersion": "2.28.0", "logicalCoreSize": 1, "chipCount": 2,
                "coreCount": 4, "freeCores": 1, "largestFreeGroup": 1,
                "chips": [
                    ["index": 0, "cores": 2, "memory": "32Gi", "health": "Healthy", "connected": [1, 1]],
                    [
                        "index": 1, "cores": 2, "memory": "32Gi", "health": "Unhealthy",
                        "reason": "sram_ecc_uncorrected rose", "connected": [0, 0],
                    ],
                ],
                "allocations": [["namespace": "n", "pod": "p", "container": "c", "cores": "0"]],
                "conditions": [
                    [
                        "type": "Healthy", "status": "False", "reason": "ChipsUnhealthy",
                        "message": "1 of 2 chips unhealthy: neuron1 (sram_ecc_uncorrected rose)",
                        "lastTransitionTime": .string(Self.now.text),
                    ],
                    [
                        "type": "Registered", "status": "True", "reason": "DevicesAdvertised",
                        "message": "the kubelet takes aws.amazon.com/neuroncore from the plugin",
                        "lastTransitionTime": .string(Self.now.text),
                    ],
                    [
                        "type": "AllocationsKnown", "status": "True", "reason": "PodResourcesRead",
                        "message": "allocations are those of the kubelet",
                        "lastTransitionTime": .string(Self.now.text),
                    ],
                ],
            ])
    }

    @Test("says for programs what is wrong with a chip, and nothing that the plugin has not said")
    func faults() throws {
        var given = state(chips: 2, unhealthy: [0: "words", 1: "words"], instanceType: "x")
        given.chips[1].faults = [
            .init(kind: .memoryRepairable, counter: "mem_ecc_repairable_uncorrected", count: 3),
            .init(kind: .core, core: 1, counter: "hang", count: .max), .init(kind: .missing), .init(),
        ]
        let status = NodeReport(layout: NodeLayout(given), holdings: []).status(previous: nil, now: Self.now)
        #expect(status.chips.map(\.faults.count) == [0, 4])
        #expect(
            try JSON(encoding: status.chips[1])["faults"] == [
                ["kind": "MemoryRepairable", "counter": "mem_ecc_repairable_uncorrected", "count": 3],
                ["kind": "CoreError", "core": 1, "counter": "hang", "count": 9_223_372_036_854_775_807],
                ["kind": "Missing"], ["kind": "Unknown"],
            ])
        try NeuronNodeStatus.schema.check(JSON(encoding: status), at: "status")
        given.chips[1].health = DevicePluginAPI.healthy
        #expect(NodeLayout(given).chips[1].faults == [])
    }

    @Test("every kind of fault that the plugin knows has a word of its own")
    func faultKinds() {
        let words = NodePluginAPI.Fault.Kind.allCases.map { NeuronNodeStatus.Fault.Kind($0) }
        #expect(Set(words) == Set(NeuronNodeStatus.Fault.Kind.allCases))
        #expect(words.count == NeuronNodeStatus.Fault.Kind.allCases.count)
    }

    @Test("limits and words of the schema are those of the modules above it")
    func limits() {
        #expect(NeuronNodeStatus.maximumChips == CoreTopology.maximumChips)
        let source = NeuronNodeStatus.schema.fields.first { $0.name == "deviceSource" }
        #expect(source?.schema.values == [DeviceSource.driver, .fake].map(\.rawValue))
    }

    @Test(
        "counts what is free",
        arguments: [
            ([:], [], 12, 12),
            ([:], [["0", "1"]], 10, 10),
            ([:], [["4", "5"], ["6"]], 9, 5),
            ([0: "gone"], [["4", "5"]], 8, 6),
            // A pod may hold cores of a chip that fell ill: they count once.
            ([0: "gone"], [["0", "1"]], 10, 10),
            ([:], [["not a number", "511", "-1", "9223372036854775807"]], 12, 12),
        ] as [([Int: String], [[String]], Int, Int)])
    func free(unhealthy: [Int: String], held: [[String]], free: Int, largest: Int) {
        let layout = NodeLayout(state(unhealthy: unhealthy))
        let list = held.enumerated().map { listed("p\($0.offset)", "c", $0.element) }
        let report = NodeReport(layout: layout, holdings: Holding.read(list, on: layout))
        let status = report.status(previous: nil, now: Self.now)
        #expect(status.freeCores == free)
        #expect(status.largestFreeGroup == largest)
    }

    @Test("has one entry for a container, in order, and none for other resources")
    func holdings() {
        let layout = NodeLayout(state())
        var twice = listed("b", "c", ["2"])
        twice.containers[0].devices.append(.init(resourceName: cores, deviceIDs: ["3"]))
        let list = [
            twice, listed("b", "a", ["9"]), listed("a", "c", ["1", "0"]), listed("b", "c", ["8"]),
            listed("x", "c", ["5"], resource: "nvidia.com/gpu"), listed("y", "c", []),
        ]
        #expect(
            Holding.read(list, on: layout) == [
                holding("a", "c", [0, 1]), holding("b", "a", [9]), holding("b", "c", [2, 3, 8]),
            ])
    }

    @Test("of the kubelet's names it tells those that are certain, and leaves out pods that have stopped")
    func knownPods() {
        let layout = NodeLayout(state())
        var evicted: JSON = pod("evicted", cores: nil, phase: "Failed", admitted: true)
        evicted[path: ["status", "containerStatuses"]] = [["name": "c", "state": ["running": [:]]]]
        let pods = KnownPods(
            [
                pod("runs", cores: nil, phase: "Running", admitted: true), pod("waits", cores: nil),
                pod("done", cores: nil, phase: "Succeeded", admitted: true), evicted,
            ].map { $0.typed() as Pod })
        let list = ["done", "evicted", "gone", "runs", "waits"].enumerated().map {
            listed($0.element, "c", [String($0.offset)])
        }
        #expect(
            Holding.read(list, on: layout, pods: pods).map { "\($0.pod.name) \($0.uid ?? "-")" } == [
                "evicted uid-evicted", "gone -", "runs uid-runs", "waits -",
            ])
    }

    @Test(
        "what init containers have left with their pods is held, by number where the cores are not known",
        arguments: [
            ("4,5,6,7", true, ["5", "7"], ["4,6"], 0, 8, 4),
            // Another scheduler's, or a binding that the kubelet did not follow.
            (nil, true, ["5", "7"], [], 2, 8, 4), ("0,1,2,3", true, ["5", "7"], [], 2, 8, 4),
            ("4,5,6,7", true, ["4", "5", "6", "7"], [], 0, 8, 4), ("4,5,6,7", false, [], [], 0, 12, 12),
        ] as [(String?, Bool, [String], [String], Int, Int, Int)])
    func unlisted(
        assigned: String?, admitted: Bool, devices: [String], found: [String], others: Int, free: Int,
        largest: Int
    ) throws {
        let layout = NodeLayout(state())
        let pod = BoundPod(
            pod("p", cores: assigned, initContainers: [container("i", "4")], admitted: admitted).typed(),
            resources: [cores])
        let held = Holding.read([listed("p", "c", devices)], on: layout)
        let unlisted = UnlistedCores([pod], on: layout, listed: held)
        #expect(unlisted.holdings.map(\.cores.list) == found)
        #expect(unlisted.holdings.allSatisfy { $0.container == "i" && $0.uid == "uid-p" })
        #expect(unlisted.others == others)
        let status = NodeReport(layout: layout, holdings: held, unlisted: unlisted)
            .status(previous: nil, now: Self.now)
        #expect(status.freeCores == free)
        #expect((status.largestFreeGroup ?? 0) >= largest)
    }

    @Test("the time of a report is that of the kubelet's word, and is renewed while there is one")
    func renewal() {
        func later(_ seconds: Int64) -> Timestamp { Self.now.adding(seconds: seconds) }
        var report = NodeReport(layout: NodeLayout(state()), holdings: [], heardAt: Self.now)
        let first = report.status(previous: nil, now: later(1))
        #expect(first.reportTime == Self.now)
        report.heardAt = later(29)
        #expect(report.status(previous: first, now: later(29)) == first)
        report.heardAt = later(30)
        #expect(report.status(previous: first, now: later(31)).reportTime == later(30))
        // A definition that has no such field drops it: no reason to write all the time.
        var dropped = first
        dropped.reportTime = nil
        report.heardAt = later(15)
        #expect(report.status(previous: dropped, renewed: Self.now, now: later(15)).reportTime == Self.now)
        // What is new is told with its time; while the kubelet is silent the time stands still.
        report.holdings = [holding("p", "c", [0])]
        report.heardAt = later(2)
        #expect(report.status(previous: first, now: later(2)).reportTime == later(2))
        report.kubeletFault = .unreachable("gone")
        #expect(report.status(previous: first, now: later(900)).reportTime == later(2))
        // A clock that was set back.
        report = NodeReport(layout: NodeLayout(state()), holdings: [], heardAt: later(-3600))
        #expect(report.status(previous: first, now: later(-3600)).reportTime == later(-3600))
    }

    @Test("reads chips as devices where the plugin advertises chips")
    func chips() {
        let resource = "aws.amazon.com/neuron"
        let layout = NodeLayout(state(resource: resource, devices: 6))
        #expect(
            Holding.read([listed("a", "c", ["1", "2"], resource: resource)], on: layout) == [
                holding("a", "c", [2, 3, 4, 5])
            ])
    }

    @Test("survives a state of impossible numbers")
    func hostile() {
        var given = state(chips: 1)
        given.logicalCoreSize = .min
        given.chips += [
            .init(index: -1, cores: [0]), .init(index: .max, cores: [1]), .init(index: 0, cores: [7]),
            .init(index: 63, cores: [.min, .max, 511], connected: [.min, .max, -1, 64, 0]),
        ]
        given.resources[0].devices = .min
        let layout = NodeLayout(given)
        #expect(layout.chips.map(\.index) == [0, 63])
        #expect(layout.chips.map(\.cores) == [[0, 1], [511]])
        #expect(layout.chips.map(\.connected) == [[0, 0], [0]])
        let status = NodeReport(layout: layout, holdings: []).status(previous: nil, now: Self.now)
        #expect(status.freeCores == 2)  // what says nothing of its health is not healthy
        #expect(status.logicalCoreSize == nil)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var report: NodeReport
        var conditions: [String]
    }

    @Test(
        "has every condition at once",
        arguments: [
            Row(
                testDescription: "nobody has spoken", report: NodeReport(),
                conditions: [
                    "Healthy|Unknown|PluginUnreachable|the device plugin has not been heard yet",
                    "Registered|Unknown|PluginUnreachable|the device plugin has not been heard yet",
                    "AllocationsKnown|Unknown|NotReadYet|the kubelet's list has not been read yet",
                ]),
            Row(
                testDescription: "both have gone",
                report: NodeReport(
                    layout: NodeLayout(state()), holdings: [], pluginFault: "nobody listens",
                    kubeletFault: .unreachable("it is away")),
                conditions: [
                    "Healthy|Unknown|PluginUnreachable|nobody listens",
                    "Registered|Unknown|PluginUnreachable|nobody listens",
                    "AllocationsKnown|False|KubeletUnreachable|the kubelet does not say who holds what: it is away",
                ]),
            Row(
                testDescription: "the kubelet answers, but not with a list that can be read",
                report: NodeReport(
                    layout: NodeLayout(state()), holdings: [], kubeletFault: .tooLarge("5 octets too many")),
                conditions: [
                    "Healthy|True|AllChipsHealthy|6 chips are healthy",
                    "Registered|True|DevicesAdvertised|the kubelet takes aws.amazon.com/neuroncore from the plugin",
                    "AllocationsKnown|False|PodResourcesTooLarge|the kubelet does not say who holds what: 5 octets too many",
                ]),
            Row(
                testDescription: "no chips", report: NodeReport(layout: NodeLayout(.init()), holdings: []),
                conditions: [
                    "Healthy|False|NoChips|the device plugin finds no chips",
                    "Registered|False|NotRegistered|the kubelet does not take devices from the plugin",
                    "AllocationsKnown|True|PodResourcesRead|allocations are those of the kubelet",
                ]),
            Row(
                testDescription: "all is well",
                report: NodeReport(layout: NodeLayout(state()), holdings: []),
                conditions: [
                    "Healthy|True|AllChipsHealthy|6 chips are healthy",
                    "Registered|True|DevicesAdvertised|the kubelet takes aws.amazon.com/neuroncore from the plugin",
                    "AllocationsKnown|True|PodResourcesRead|allocations are those of the kubelet",
                ]),
        ])
    func conditions(_ row: Row) {
        #expect(Self.conditions(row.report) == row.conditions)
    }

    @Test("cores of devices of another layout are held, and ids of this one name it where it is no default")
    func otherLayout() {
        var given = state(chips: 1)
        given.chips[0].cores = (0..<8).map { Int64($0) }
        given.logicalCoreSize = 1
        given.defaultLogicalCoreSize = 2
        let layout = NodeLayout(given)
        let cores = "aws.amazon.com/neuroncore"
        #expect(layout.cores(of: ["lnc1-2", "lnc1-7"], resource: cores) == [2, 7])
        #expect(layout.cores(of: ["2"], resource: cores) == [2, 4, 5], "held from before the layout changed")
        #expect(layout.devices([0, 3], resource: cores) == ["lnc1-0", "lnc1-3"])
        given.logicalCoreSize = 2
        given.chips[0].cores = (0..<4).map { Int64($0) }
        let usual = NodeLayout(given)
        #expect(usual.cores(of: ["2"], resource: cores) == [2])
        #expect(usual.cores(of: ["lnc1-4"], resource: cores) == [2], "half of it is held")
        #expect(usual.devices([0, 3], resource: cores) == ["0", "3"])
    }

    @Test("keeps a condition's time until its status changes")
    func times() {
        let report = NodeReport(layout: NodeLayout(state()), holdings: [])
        let first = report.status(previous: nil, now: Self.now)
        let later = Self.now.adding(seconds: 86_400)
        #expect(report.status(previous: first, now: later) == first)
        var ill = report
        ill.layout = NodeLayout(state(unhealthy: [2: "lost"]))
        let second = ill.status(previous: first, now: later)
        #expect(
            second.conditions.map { $0.lastTransitionTime?.text } == [
                "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z",
            ])
    }

    @Test("keeps what was published for as long as plugin or kubelet are silent")
    func silence() {
        let layout = NodeLayout(state())
        let whole = NodeReport(layout: layout, holdings: [holding("p", "c", [0, 1])])
            .status(previous: nil, now: Self.now)
        var silent = NodeReport().status(previous: whole, now: Self.now)
        var expected = whole
        silent.conditions = []
        expected.conditions = []
        #expect(silent == expected)
        var half = NodeReport(layout: layout).status(previous: whole, now: Self.now)
        half.conditions = []
        #expect(half == expected)
    }

    @Test("does not call cores free before the kubelet has spoken once")
    func unknown() {
        let status = NodeReport(layout: NodeLayout(state())).status(previous: nil, now: Self.now)
        #expect(status.coreCount == 12)
        #expect(status.freeCores == nil)
        #expect(status.allocations == nil)
    }

    @Test(
        "writes memory as Kubernetes does",
        arguments: [(32 << 30, "32Gi"), (3 << 19, "1536Ki"), (5 << 20, "5Mi"), (1001, "1001")]
            as [(UInt64, String)])
    func memory(bytes: UInt64, text: String) {
        #expect(NodeLayout.ChipState.quantity(bytes) == text)
    }
}
