import JSON
import KubeletAPI
import KubernetesAPI
import KubernetesClient
import Placement
import Testing

@testable import NodeAgent

@Suite("Events")
struct EventJournalTests {
    private func sample(_ name: String) -> JSON { pod(name, cores: nil) }

    private static let node = ObjectReference(apiVersion: "v1", kind: "Node", name: "node")

    private static func text(_ notes: [EventNote]) -> [String] {
        notes.map { "\($0.type) \($0.regarding.kind ?? "") \($0.reason): \($0.note)" }
    }

    @Test("tell each change of a chip's health once")
    func health() {
        var journal = EventJournal(published: nil)
        let well = NodeLayout(state())
        let ill = NodeLayout(state(unhealthy: [3: "lost"]))
        #expect(Self.text(journal.notes(on: well, node: Self.node)) == [])
        #expect(
            Self.text(journal.notes(on: ill, node: Self.node)) == [
                "Warning Node ChipUnhealthy: neuron3 is unhealthy, its cores are no longer handed out: lost"
            ])
        #expect(Self.text(journal.notes(on: ill, node: Self.node)) == [])
        #expect(
            Self.text(journal.notes(on: well, node: Self.node)) == [
                "Normal Node ChipHealthy: neuron3 is healthy again"
            ])
    }

    private static let reasons: [(NodePluginAPI.Fault.Kind, String)] = [
        (.missing, "ChipMissing"), (.sramUncorrected, "ChipSRAMUncorrected"),
        (.memoryUncorrected, "ChipMemoryUncorrected"), (.memoryRepairable, "ChipMemoryRepairable"),
        (.resetFailed, "ChipResetFailed"), (.components, "ChipComponentUnhealthy"), (.core, "ChipCoreError"),
        (.kernelLog, "ChipKernelLogError"), (.noDevice, "ChipNoDevice"),
        (.fakeBesideReal, "ChipFakeBesideReal"), (.unknown, "ChipUnhealthy"),
    ]

    @Test("have a reason for each kind of fault", arguments: reasons)
    func hasReason(kind: NodePluginAPI.Fault.Kind, reason: String) {
        var journal = EventJournal(published: nil)
        let ill = NodeLayout(state(unhealthy: [3: "lost"], faults: [.init(kind: kind)]))
        #expect(journal.notes(on: ill, node: Self.node).map(\.reason) == [reason])
        #expect(Set(Self.reasons.map(\.0)) == Set(NodePluginAPI.Fault.Kind.allCases))
    }

    @Test("name of several faults the one that needs another instance")
    func foremost() {
        var journal = EventJournal(published: nil)
        let ill = NodeLayout(
            state(unhealthy: [3: "lost"], faults: [.init(kind: .resetFailed), .init(kind: .sramUncorrected)]))
        #expect(journal.notes(on: ill, node: Self.node).map(\.reason) == ["ChipSRAMUncorrected"])
    }

    @Test("tell of another kind of fault, and not of a counter that goes on")
    func otherKind() {
        func ill(_ faults: NodePluginAPI.Fault...) -> NodeLayout {
            NodeLayout(state(unhealthy: [3: "lost"], faults: faults))
        }
        var journal = EventJournal(published: nil)
        let repairable = NodePluginAPI.Fault(kind: .memoryRepairable, count: 1)
        #expect(journal.notes(on: ill(repairable), node: Self.node).count == 1)
        #expect(journal.notes(on: ill(.init(kind: .memoryRepairable, count: 2)), node: Self.node).isEmpty)
        #expect(
            journal.notes(on: ill(repairable, .init(kind: .sramUncorrected)), node: Self.node).map(\.reason)
                == ["ChipSRAMUncorrected"])
        #expect(
            journal.notes(on: ill(repairable), node: Self.node).map(\.reason) == ["ChipMemoryRepairable"])
    }

    @Test("begin with what is published, not anew")
    func published() {
        let ill = NodeLayout(state(unhealthy: [3: "lost"]))
        let status = NodeReport(layout: ill, holdings: []).status(previous: nil, now: .now)
        var journal = EventJournal(published: status)
        #expect(Self.text(journal.notes(on: ill, node: Self.node)) == [])
        let named = NodeLayout(state(unhealthy: [3: "lost"], faults: [.init(kind: .missing)]))
        #expect(Self.text(journal.notes(on: named, node: Self.node)).count == 1)
    }

    @Test(
        "tell a pod once that it has other cores than assigned",
        arguments: [
            ([holding("p", "c", [4, 5])], true, []),
            (
                [holding("p", "c", [6, 7])], true,
                ["Normal Pod AllocationDiffers: container c has cores 6,7, assigned were 4,5"]
            ),
            (
                [holding("p", "c", [0, 7])], true,
                [
                    "Warning Pod AllocationDiffers: container c has cores 0,7, assigned were 4,5;"
                        + " the Neuron runtime cannot use these as one group"
                ]
            ),
            // Not admitted: the entry is an earlier pod's.
            ([holding("p", "c", [6, 7])], false, []),
            ([], true, []),
        ] as [([Holding], Bool, [String])])
    func differences(holdings: [Holding], admitted: Bool, expected: [String]) {
        let layout = NodeLayout(state())
        let pods = [
            BoundPod(pod("p", cores: "4,5", admitted: admitted).typed(), resources: layout.resources.keys)
        ]
        let groups = AssignedGroups(pods, on: layout, holdings: holdings)
        var journal = EventJournal(published: nil)
        let first = journal.notes(on: groups, holdings: holdings, topology: layout.topology, pods: pods)
        #expect(Self.text(first) == expected)
        let again = journal.notes(on: groups, holdings: holdings, topology: layout.topology, pods: pods)
        #expect(Self.text(again) == [])
    }

    @Test("tell a pod whose annotation is no assignment")
    func ignored() {
        let layout = NodeLayout(state())
        let pods = [BoundPod(pod("p", cores: "4").typed(), resources: layout.resources.keys)]
        let groups = AssignedGroups(pods, on: layout, holdings: nil)
        var journal = EventJournal(published: nil)
        #expect(
            Self.text(journal.notes(on: groups, holdings: [], topology: layout.topology, pods: pods)) == [
                "Warning Pod AssignmentIgnored: the annotation ganglion.dev/neuroncores is ignored: it has 1"
                    + " cores and the pod's containers ask for 2"
            ])
        // What was said of a pod is forgotten with the pod.
        #expect(
            journal.notes(
                on: AssignedGroups([], on: layout, holdings: nil), holdings: [], topology: nil, pods: [])
                == [])
        #expect(journal == EventJournal(published: nil))
    }

    @Test("warn once of a privileged container that holds cores, and of no other")
    func privileged() {
        func pod(_ name: String, _ change: (inout JSON) -> Void) -> BoundPod {
            var json = sample(name)
            change(&json)
            return BoundPod(json.typed(), resources: [cores])
        }
        var sidecar = container("s", "1", restarts: true)
        sidecar["securityContext"] = ["privileged": true]
        let pods = [
            pod("p") { $0[path: ["spec", "initContainers"]] = [sidecar] },
            pod("plain") { _ in },
            pod("other") {
                // It holds none.
                let helper: JSON = ["name": "h", "securityContext": ["privileged": true]]
                $0[path: ["spec", "containers"]] = [container("c", "2"), helper]
            },
            pod("ended") {
                $0[path: ["spec", "initContainers"]] = [sidecar]
                $0[path: ["status", "phase"]] = "Failed"
            },
        ]
        var journal = EventJournal(published: nil)
        func notes() -> [String] {
            let groups = AssignedGroups([], on: NodeLayout(state()), holdings: nil)
            return Self.text(journal.notes(on: groups, holdings: [], topology: nil, pods: pods))
        }
        #expect(
            notes().map { $0.prefix(64) } == [
                "Warning Pod PrivilegedSeesAllChips: container s is privileged an"
            ])
        #expect(notes() == [])
    }
}
