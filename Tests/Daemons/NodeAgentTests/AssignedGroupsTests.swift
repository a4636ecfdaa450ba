import JSON
import KubeletAPI
import KubernetesClient
import Placement
import Testing

@testable import NodeAgent

@Suite("Assigned groups")
struct AssignedGroupsTests {
    private static func groups(
        _ pods: [JSON], state given: NodePluginAPI.NodeState = state(), holdings: [Holding]? = nil
    ) -> AssignedGroups {
        let layout = NodeLayout(given)
        return AssignedGroups(
            pods.map { BoundPod($0.typed(), resources: layout.resources.keys) }, on: layout,
            holdings: holdings)
    }

    struct Split: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var pod: JSON
        var told: [String]
    }

    @Test(
        "are told container by container",
        arguments: [
            Split(
                testDescription: "one container takes all",
                pod: pod("p", cores: "4,5", containers: [container("c", "2")]), told: ["c 4,5"]),
            Split(
                testDescription: "a range and a number that is no string",
                pod: pod("p", cores: "4-7", containers: [container("c", 4)]), told: ["c 4,5,6,7"]),
            Split(
                testDescription: "containers take their cores one after the other",
                pod: pod("p", cores: "2,3,4", containers: [container("a", "1"), container("b", "2")]),
                told: ["a 2", "b 3,4"]),
            Split(
                testDescription: "a container that asks for none gets none",
                pod: pod("p", cores: "2", containers: [["name": "web"], container("b", "1")]),
                told: ["b 2"]),
            Split(
                testDescription: "an init container's cores go on to the containers after it",
                pod: pod(
                    "p", cores: "0,1,2,3", containers: [container("c", "4")],
                    initContainers: [container("i", "2")]), told: ["i 0,1", "c 0,1,2,3"]),
            Split(
                testDescription: "a larger init container decides the size",
                pod: pod(
                    "p", cores: "0,1,2,3", containers: [container("c", "2")],
                    initContainers: [container("i", "4")]), told: ["i 0,1,2,3", "c 0,1"]),
            Split(
                testDescription: "a sidecar keeps its cores, an init container comes behind",
                pod: pod(
                    "p", cores: "0,1,2,3", containers: [container("c", "3")],
                    initContainers: [container("s", "1", restarts: true), container("i", "2")]),
                told: ["s 0", "i 1,2", "c 1,2,3"]),
            // The two rows on which four copies of the rule once disagreed (KEP-753).
            Split(
                testDescription: "an init container before the sidecar hands its cores on to both",
                pod: pod(
                    "p", cores: "0,1,2,3,4", containers: [container("c", "2")],
                    initContainers: [container("i", "5"), container("s", "1", restarts: true)]),
                told: ["i 0,1,2,3,4", "s 0", "c 1,2"]),
            Split(
                testDescription: "an init container after the sidecar runs beside it",
                pod: pod(
                    "p", cores: "0,1,2,3,4,5", containers: [container("c", "2")],
                    initContainers: [container("s", "1", restarts: true), container("i", "5")]),
                told: ["s 0", "i 1,2,3,4,5", "c 1,2"]),
            Split(testDescription: "without annotation nothing", pod: pod("p", cores: nil), told: []),
            Split(testDescription: "an empty annotation is none", pod: pod("p", cores: ""), told: []),
            Split(
                testDescription: "a pod that has succeeded holds nothing",
                pod: pod("p", cores: "4,5", phase: "Succeeded"), told: []),
            Split(
                testDescription: "a pod that has failed holds nothing",
                pod: pod("p", cores: "4,5", phase: "Failed"), told: []),
        ])
    func splits(_ row: Split) {
        let groups = Self.groups([row.pod])
        #expect(groups.faults == [])
        #expect(
            groups.assignments.map { "\($0.container) \($0.deviceIDs.joined(separator: ","))" } == row.told)
    }

    @Test(
        "that cannot be are left out and said why",
        arguments: [
            (
                pod("p", cores: "4,x"),
                "core list has 'x', which is no core number: write cores as in 4,5,6,7 or 4-7"
            ),
            (
                pod("p", cores: "5,4"),
                "core list has '4' out of order: core numbers must increase, as in 4,5,6,7"
            ),
            (pod("p", cores: "4,5,6"), "it has 3 cores and the pod's containers ask for 2"),
            (
                pod("p", cores: "4", containers: [["name": "web"]]),
                "it has 1 cores and the pod's containers ask for 0"
            ),
            (
                pod("p", cores: "4", containers: [container("c", 9_223_372_036_854_775_807)]),
                "it has 1 cores and the pod's containers ask for more than 512"
            ),
        ] as [(JSON, String)])
    func faults(pod: JSON, why: String) {
        let groups = Self.groups([pod])
        #expect(groups.groups == [])
        #expect(
            groups.faults.map(\.sentence) == ["the annotation ganglion.dev/neuroncores is ignored: \(why)"])
    }

    @Test("of a pod that another scheduler binds are not believed: anybody can write an annotation")
    func foreign() {
        var foreign = pod("p", cores: "4,5")
        foreign[path: ["spec", "schedulerName"]] = "default-scheduler"
        let groups = Self.groups([foreign])
        #expect(groups.assignments == [])
        #expect(
            groups.faults.map(\.sentence) == [
                "the annotation ganglion.dev/neuroncores is ignored: only ganglion-operator assigns cores, and the"
                    + " pod's schedulerName is default-scheduler"
            ])
    }

    @Test("carry the pod's identity and when it was bound")
    func identity() {
        #expect(
            Self.groups([pod("p", cores: "4,5")]).assignments == [
                NodePluginAPI.Assignment(
                    podNamespace: "n", podName: "p", podUID: "uid-p", container: "c", resource: cores,
                    deviceIDs: ["4", "5"], boundAt: 1_767_225_602_000)
            ])
    }

    @Test("become chips where chips are the devices")
    func chips() {
        let resource = "aws.amazon.com/neuron"
        let state = state(resource: resource, devices: 6)
        let good = pod("p", cores: "4,5,6,7", containers: [container("c", "2", resource: resource)])
        #expect(Self.groups([good], state: state).assignments.map(\.deviceIDs) == [["2", "3"]])
        let torn = pod("p", cores: "5,6", containers: [container("c", "1", resource: resource)])
        #expect(
            Self.groups([torn], state: state).faults.map(\.sentence) == [
                "the annotation ganglion.dev/neuroncores is ignored: cores 5,6 are no whole devices of "
                    + resource
            ])
    }

    @Test(
        "are not told again once the kubelet has chosen for this very pod",
        arguments: [
            (true, [holding("p", "c", [6, 7])], []),
            // The same name, and not admitted yet: the entry is an earlier pod's.
            (false, [holding("p", "c", [6, 7])], ["4,5"]),
            (true, [holding("other", "c", [6, 7])], ["4,5"]),
            (true, nil, ["4,5"]),
        ] as [(Bool, [Holding]?, [String])])
    func taken(admitted: Bool, holdings: [Holding]?, told: [String]) {
        let groups = Self.groups([pod("p", cores: "4,5", admitted: admitted)], holdings: holdings)
        #expect(groups.assignments.map { $0.deviceIDs.joined(separator: ",") } == told)
    }
}
