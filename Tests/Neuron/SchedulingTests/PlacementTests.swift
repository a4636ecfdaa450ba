// Where pods go, and why not: every case as a state of the cluster and its decisions.

import GanglionAPI
import JSON
import KubernetesAPI
import Placement
import SchedulingTestSupport
import Testing

@testable import Scheduling

@Suite("Placement of pods")
struct PlacementTests {
    private func decide(
        _ pods: [PodInfo], _ nodes: [CandidateNode], assumed: [AssumedBinding] = []
    ) -> [String] {
        SchedulingState(pods: pods, nodes: nodes, assumed: assumed).decisions().map { decision in
            switch decision {
            case .bind(let pod, let node, let cores):
                "\(pod.key.name) -> \(node) \(cores.list)"
            case .unschedulable(let pod, let message): "\(pod.key.name): \(message)"
            case .preempt(let pod, _, _): "\(pod.key.name) preempts"
            }
        }
    }

    @Test("pods that wait get consecutive cores, none of them twice")
    func several() {
        let pods = (0..<3).map { Make.pod("p\($0)", cores: 4, created: $0) }
        #expect(
            decide(pods, [Make.node("a")]) == ["p0 -> a 0,1,2,3", "p1 -> a 4,5,6,7", "p2 -> a 8,9,10,11"])
    }

    @Test("only pods of this scheduler that are neither bound, ended, ending nor gated are placed")
    func others() {
        let pods = [
            Make.pod("default", cores: 1, scheduler: "default-scheduler"),
            Make.pod("bound", cores: 1, node: "a", assigned: "0"),
            Make.pod("ended", cores: 1, phase: "Failed"),
            Make.pod("gated", cores: 1, extra: ["schedulingGates": [["name": "x"]]]),
        ]
        #expect(decide(pods, [Make.node("a")]).isEmpty)
    }

    @Test("higher priority comes first, then age, then name")
    func order() {
        let pods = [
            Make.pod("c", cores: 2, created: 1), Make.pod("b", cores: 2, created: 1),
            Make.pod("a", cores: 2, created: 2),
            Make.pod("z", cores: 2, created: 3, extra: ["priority": 100]),
        ]
        #expect(
            decide(pods, [Make.node("x", type: "inf2.24xlarge")]).map { $0.prefix(1) } == [
                "z", "b", "c", "a",
            ])
    }

    @Test("cores of bound pods, of what the kubelet reports and of bindings not seen yet are taken")
    func taken() {
        let bound = Make.pod("bound", cores: 4, node: "a", assigned: "0,1,2,3", phase: "Running")
        let foreign = Make.pod(
            "foreign", cores: 4, node: "a", phase: "Running", scheduler: "default-scheduler")
        let fresh = Make.pod("fresh", cores: 4)
        let waiting = Make.pod("waiting", cores: 4, created: 1)
        let node = Make.node("a", allocations: [Make.held("foreign", "4,5,6,7")])
        let assumed = AssumedBinding(pod: fresh, node: "a", cores: [8, 9, 10, 11])
        #expect(
            decide([bound, foreign, fresh, waiting], [node], assumed: [assumed]) == [
                "waiting -> a 12,13,14,15"
            ])
    }

    @Test("a running pod holds what the kubelet says, whatever its binding said")
    func truth() {
        let swapped = Make.pod("p", cores: 2, node: "a", assigned: "0,1", phase: "Running")
        let node = Make.node("a", type: "inf2.xlarge")
        let larger = Make.node("b", type: "inf2.24xlarge", allocations: [Make.held("p", "2,3")])
        #expect(NodeUsage.cores(of: swapped, on: larger) == [2, 3])
        #expect(NodeUsage.cores(of: swapped, on: node) == [0, 1])
        let older = Make.node("b", type: "inf2.24xlarge", allocations: [Make.held("p", "2,3", uid: nil)])
        #expect(NodeUsage.cores(of: swapped, on: older) == [0, 1, 2, 3])
    }

    @Test(
        "a pod asks for its containers and sidecars together, or for an init container beside the sidecars before it",
        arguments: [
            ([], 4), ([(2, false)], 4), ([(6, false)], 6), ([(1, true)], 5), ([(1, true), (6, false)], 7),
            ([(6, false), (1, true)], 6), ([(1, true), (2, true)], 7),
        ] as [([(cores: Int, isSidecar: Bool)], Int)])
    func requests(before: [(cores: Int, isSidecar: Bool)], cores: Int) {
        let initContainers = before.map { cores, isSidecar in
            var container: JSON = [
                "name": "i", "resources": ["limits": [WellKnown.neuronCore: .string(String(cores))]],
            ]
            if isSidecar { container["restartPolicy"] = "Always" }
            return container
        }
        let pod = Make.pod("p", cores: 4, extra: ["initContainers": .array(initContainers)])
        #expect(pod.cores == cores)
    }

    @Test(
        "a pod whose group went to another of the same size holds another group until the kubelet says which")
    func groupIsGone() {
        let others = "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"
        let node = Make.node(
            "b",
            allocations: [Make.held("others", others), Make.held("swapped", "18,19")])
        let pods = [
            Make.pod("others", cores: 18, node: "b", assigned: others, phase: "Running"),
            Make.pod("swapped", cores: 2, node: "b", assigned: "22,23", phase: "Running"),
            Make.pod("late", cores: 2, node: "b", assigned: "18,19"),
        ]
        let usage = NodeUsage(node: node, pods: pods, assumed: [])
        #expect(usage.free.count == 2)
        #expect(CoreSet([18, 19]).isSubset(of: usage.taken))
    }

    @Test(
        "an annotation is believed only where a binding can have written it",
        arguments: [
            (Make.pod("p", cores: 4, node: "a", assigned: "8-11"), [8, 9, 10, 11]),
            // Of a pod that asks for none, it once took the whole node out of placement.
            (Make.pod("p", cores: 0, node: "a", assigned: "0-23"), []),
            // The plugin will choose these: by the same rule, the first ones.
            (Make.pod("p", cores: 4, node: "a", assigned: "8-15"), [0, 1, 2, 3]),
            (Make.pod("p", cores: 4, node: "a", assigned: "8,9"), [0, 1, 2, 3]),
            (Make.pod("p", cores: 4, node: "a", assigned: "8-1000"), [0, 1, 2, 3]),
            (
                Make.pod("p", cores: 4, node: "a", assigned: "8-11", scheduler: "default-scheduler"),
                [0, 1, 2, 3]
            ),
        ] as [(PodInfo, [Int])])
    func foreignAnnotation(pod: PodInfo, taken: [Int]) {
        #expect(NodeUsage(node: Make.node("a"), pods: [pod], assumed: []).taken == CoreSet(taken))
    }

    @Test("a pod of another scheduler that nobody has reported holds what the plugin would give it")
    func unreported() {
        let foreign = Make.pod("foreign", cores: 4, node: "a", scheduler: "default-scheduler")
        #expect(decide([foreign, Make.pod("p", cores: 4)], [Make.node("a")]) == ["p -> a 4,5,6,7"])
    }

    @Test("cores of unhealthy chips are not used")
    func unhealthy() {
        #expect(decide([Make.pod("p", cores: 2)], [Make.node("a", unhealthy: [0])]) == ["p -> a 2,3"])
    }

    @Test("a node whose agent has not spoken yet is known by its instance type")
    func byType() {
        #expect(decide([Make.pod("p", cores: 2)], [Make.node("a", reports: false)]) == ["p -> a 0,1"])
        let unknown = Make.node("b", type: "c7.large", reports: false) {
            $0[path: ["status", "allocatable", WellKnown.neuronCore]] = "4"
        }
        #expect(
            decide([Make.pod("p", cores: 2)], [unknown])
                == [
                    "p: 0/1 nodes can hold a group of 2 NeuronCores: b has chips of an unknown kind and no NeuronNode"
                ])
    }

    @Test(
        "what keeps a pod from a node is said in words",
        arguments: [
            (["spec", "unschedulable"], true, "a is cordoned"),
            (["status", "conditions"], [["type": "Ready", "status": "Unknown"]], "a is not ready"),
            (
                ["spec", "taints"], [["key": "k", "effect": "NoSchedule"]],
                "a has the taint k that the pod does not tolerate"
            ),
            (["status", "allocatable", WellKnown.neuronCore], "0", "a advertises no NeuronCores"),
            (["status", "allocatable", "pods"], "0", "a has no room for another pod"),
            (["status", "allocatable", WellKnown.neuronCore], "1", "a has only 1 of 1 NeuronCores left"),
        ] as [([String], JSON, String)])
    func refusals(path: [String], value: JSON, words: String) {
        #expect(
            decide([Make.pod("p", cores: 2)], [Make.node("a") { $0[path: path] = value }])
                == ["p: 0/1 nodes can hold a group of 2 NeuronCores: \(words)"])
    }

    @Test(
        "a node that is not ready takes pods that tolerate it, as kube-scheduler's nodes do",
        arguments: [
            ([["operator": "Exists"]], true),
            ([["key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoSchedule"]], true),
            // What the API server gives every pod.
            ([["key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"]], false),
        ] as [(JSON, Bool)])
    func notReady(tolerations: JSON, isPlaced: Bool) {
        let node = Make.node("a") { $0.status?.conditions = [["type": "Ready", "status": "Unknown"]] }
        let decided = decide([Make.pod("p", cores: 2, extra: ["tolerations": tolerations])], [node])
        #expect(decided.first?.hasSuffix("a is not ready") == !isPlaced, "\(decided)")
    }

    @Test("the sentence names the nodes that were asked and those that were not")
    func sentence() {
        let nodes = [
            Make.node("a", type: "inf2.xlarge"),
            Make.node("b") { $0[path: ["spec", "unschedulable"]] = true },
        ]
        #expect(
            decide([Make.pod("p", cores: 8)], nodes) == [
                "p: 0/2 nodes can hold a group of 8 NeuronCores: "
                    + "a has only 2 of 2 NeuronCores left; b is cordoned"
            ])
        let held = Make.pod("held", cores: 22, node: "c", assigned: "0-9,12-23")
        let fragments = [Make.node("b") { $0[path: ["spec", "unschedulable"]] = true }, Make.node("c")]
        #expect(
            decide([held, Make.pod("p", cores: 4)], fragments) == [
                "p: 0/2 nodes can hold a group of 4 NeuronCores: "
                    + "b is cordoned; c has only 2 of 24 NeuronCores left"
            ])
    }

    @Test(
        "tolerations let a pod onto a tainted node",
        arguments: [
            (["tolerations": [["operator": "Exists"]]], true),
            (["tolerations": [["key": "k", "operator": "Exists", "effect": "NoSchedule"]]], true),
            (["tolerations": [["key": "k", "value": "v", "effect": "NoSchedule"]]], true),
            (["tolerations": [["key": "k", "value": "w"]]], false),
            (["tolerations": [["key": "k", "operator": "Exists", "effect": "NoExecute"]]], false),
        ] as [(JSON, Bool)])
    func tolerations(spec: JSON, goes: Bool) {
        let node = Make.node("a") {
            $0[path: ["spec", "taints"]] = [["key": "k", "value": "v", "effect": "NoSchedule"]]
        }
        #expect((refusal(of: Make.pod("p", cores: 1, extra: spec).pod, on: node) == nil) == goes)
    }

    @Test(
        "node selectors and affinities count",
        arguments: [
            ("In", ["inf2.48xlarge"], true), ("In", ["trn1.2xlarge"], false),
            ("NotIn", ["trn1.2xlarge"], true),
            ("NotIn", ["inf2.48xlarge"], false), ("Exists", [], true), ("DoesNotExist", [], false),
            ("Gt", ["1"], false), ("Nonsense", [], false),
        ])
    func affinity(operator verb: String, values: [String], goes: Bool) {
        let term: JSON = [
            "matchExpressions": [
                [
                    "key": .string(WellKnown.instanceTypeLabel), "operator": .string(verb),
                    "values": JSON(values),
                ]
            ]
        ]
        let extra: JSON = [
            "affinity": [
                "nodeAffinity": [
                    "requiredDuringSchedulingIgnoredDuringExecution": ["nodeSelectorTerms": [term]]
                ]
            ]
        ]
        #expect((refusal(of: Make.pod("p", cores: 1, extra: extra).pod, on: Make.node("a")) == nil) == goes)
        let selector: JSON = ["nodeSelector": ["x": "y"]]
        #expect(
            refusal(of: Make.pod("p", cores: 1, extra: selector).pod, on: Make.node("a"))
                == "does not have the label x=y")
    }

    @Test(
        "quantities are compared as Kubernetes writes them",
        arguments: [
            ("4", 4000), ("500m", 500), ("1.5", 1500), ("1Ki", 1_024_000), ("2k", 2_000_000),
            ("1e3", 1_000_000),
            ("100n", 1), ("9223372036854775807", .max), ("", nil), ("x", nil), ("1Zi", nil),
        ] as [(String, Int64?)])
    func quantities(text: String, thousandths: Int64?) {
        #expect(Quantity(text)?.milliValue == thousandths)
    }
}
