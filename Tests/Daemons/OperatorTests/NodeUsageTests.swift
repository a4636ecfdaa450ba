// What is taken on a node: what its agent reports, what bindings assigned, and all that pods ask for besides NeuronCores.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import Placement
import SchedulingTestSupport
import Testing

@testable import Operator
@testable import Scheduling

@Suite("What is taken on a node")
struct NodeUsageTests {
    private func decide(_ pods: [PodInfo], _ nodes: [CandidateNode]) -> [String] {
        SchedulingState(pods: pods, nodes: nodes, assumed: []).decisions().map { decision in
            switch decision {
            case .bind(let pod, let node, let cores): "\(pod.key.name) -> \(node) \(cores.list)"
            case .unschedulable(let pod, let message): "\(pod.key.name): \(message)"
            case .preempt(let pod, _, _): "\(pod.key.name) preempts"
            }
        }
    }

    @Test(
        "a report is believed of its very pod while its agent is there; what is less certain counts beside the binding",
        arguments: [
            ([Make.held("p", "2,3")], true, [2, 3]),
            // The agent has ended, or hears no kubelet: what has become of the pod since then nobody says.
            ([Make.held("p", "2,3")], false, [0, 1, 2, 3]),
            // An earlier pod of the name, whose process may live as long as its agent says so.
            ([Make.held("p", "2,3", uid: "earlier")], true, [0, 1, 2, 3]),
            ([Make.held("p", "2,3", uid: "earlier")], false, [0, 1]),
            ([Make.held("p", "2,3", uid: nil)], true, [0, 1, 2, 3]),
            ([Make.held("p", "2,3", uid: nil)], false, [0, 1, 2, 3]),
            ([Make.held("p", "4,5", uid: "earlier"), Make.held("p", "2,3")], true, [2, 3, 4, 5]),
            // Half of it, as a list has it that came in the middle.
            ([Make.held("p", "2")], true, [0, 1, 2]),
            ([Make.held("p", "nonsense")], true, [0, 1]),
            ([], true, [0, 1]), ([], false, [0, 1]),
        ] as [([JSON], Bool, [Int])], ["Pending", "Running"])
    func reports(_ allocations: ([JSON], isCurrent: Bool, taken: [Int]), phase: String) {
        let node = Make.node("a", allocations: .array(allocations.0), isCurrent: allocations.isCurrent)
        let pod = Make.pod("p", cores: 2, node: "a", assigned: "0,1", phase: phase)
        #expect(
            NodeUsage(node: node, pods: [pod], assumed: []).taken == CoreSet(allocations.taken),
            "\(allocations)")
    }

    @Test(
        "what the kubelet has given out beyond the pods of the API server is held while the agent is there to say so",
        arguments: [
            // Deleted by force: the process still runs (kubernetes #104824).
            (true, [Make.held("stubborn", "0,1")], "p -> a 2,3"),
            (true, [Make.held("stubborn", "0,1", uid: nil)], "p -> a 2,3"),
            (false, [Make.held("stubborn", "0,1")], "p -> a 0,1"),
            (false, [Make.held("stubborn", "0,1", uid: nil)], "p -> a 0,1"),
            // Kubelets before 1.34 list a pod that has ended until it is deleted (kubernetes #119423).
            (true, [Make.held("job", "0,1")], "p -> a 0,1"),
            (true, [Make.held("job", "0,1", uid: nil)], "p -> a 0,1"),
            (true, [Make.held("job", "0,1", uid: "earlier")], "p -> a 2,3"),
            // It was evicted: the kubelet says that it has failed, then stops its containers.
            (true, [Make.held("evicted", "0,1")], "p -> a 2,3"),
        ] as [(Bool, [JSON], String)])
    func beyond(isCurrent: Bool, allocations: [JSON], decision: String) {
        let job = Make.pod("job", cores: 2, node: "a", assigned: "0,1", phase: "Succeeded")
        var evicted = Make.pod("evicted", cores: 2, node: "a", assigned: "0,1", phase: "Failed").pod
        evicted.status.containerStatuses = [ContainerStatus(name: "c", state: .init(runningSince: .now))]
        let node = Make.node("a", allocations: .array(allocations), isCurrent: isCurrent)
        #expect(decide([job, PodInfo(evicted), Make.pod("p", cores: 2)], [node]) == [decision])
    }

    @Test("devices of an init container belong to the pod until it ends, whether a list has them or not")
    func initContainer() {
        let before: JSON = [
            "initContainers": [["name": "i", "resources": ["limits": [WellKnown.neuronCore: "4"]]]]
        ]
        let pods = ["bound", "foreign"].map { name in
            Make.pod(
                name, cores: 2, node: "a", assigned: name == "bound" ? "4,5,6,7" : nil, phase: "Running",
                scheduler: name == "bound" ? WellKnown.scheduler : "default-scheduler", extra: before)
        }
        let node = Make.node("a", allocations: [Make.held("bound", "5,7"), Make.held("foreign", "9,11")])
        let usage = NodeUsage(node: node, pods: pods, assumed: [])
        #expect(CoreSet([4, 5, 6, 7, 9, 11]).isSubset(of: usage.taken))
        #expect(usage.taken.count == 8)
    }

    @Test("of two pods with the same cores in their annotations, the second holds others")
    func sameAnnotation() {
        let pods = ["x", "y"].map { Make.pod($0, cores: 4, node: "a", assigned: "0,1,2,3") }
        #expect(NodeUsage(node: Make.node("a"), pods: pods, assumed: []).taken.count == 8)
    }

    @Test("a report is current while its time changes, by the operator's own clock")
    func reportClock() {
        var clock = ReportClock()
        // The agent's clock is years away.
        let (first, second) = (Timestamp(microseconds: 1_000_000), Timestamp(microseconds: 31_000_000))
        let validity = NeuronNodeStatus.validity
        let readings: [(String, Timestamp?, Duration, Bool)] = [
            ("a", first, .zero, true), ("a", first, validity - .seconds(1), true),
            ("a", first, validity, false), ("a", first, validity + .seconds(1), false),
            ("a", second, validity + .seconds(2), true),
            // A clock that was set back is news as well.
            ("a", first, validity * 3, true),
            // An agent that renews nothing cannot be told from one that has ended.
            ("b", nil, .zero, false),
        ]
        for (node, time, now, expected) in readings {
            let isCurrent = clock.isCurrent(node, time: time, now: now)
            #expect(isCurrent == expected, "\(node) at \(now)")
        }
        #expect(validity > NeuronNodeStatus.renewal * 3)
    }

    /// trials.md, section 12: what a real kube-scheduler 1.36.2 chose for the same pods, and the server beside its sidecar.
    @Test(
        "requests count as kube-scheduler counts them",
        arguments: [
            (
                [
                    "initContainers": [
                        ["name": "s", "restartPolicy": "Always", "resources": ["requests": ["cpu": "2"]]]
                    ], "containers": [["name": "c", "resources": ["requests": ["cpu": "1"]]]],
                ], "p -> node-b "
            ),
            (["resources": ["requests": ["cpu": "3"]]], "p -> node-b "),
            (["overhead": ["cpu": "3"]], "p -> node-b "),
            (["containers": [["name": "c", "resources": ["requests": ["cpu": "3"]]]]], "p -> node-b "),
            (
                [
                    "initContainers": [
                        [
                            "name": "s", "restartPolicy": "Always",
                            "resources": ["limits": [WellKnown.neuronCore: "1"]],
                        ]
                    ]
                ], "p -> node-a 0,1,2"
            ),
            (
                ["overhead": ["cpu": "5"]],
                "p: 0/2 nodes can hold a group of 2 NeuronCores: 2 nodes: each has too little CPU left"
            ),
            (
                ["overhead": ["vpc.amazonaws.com/efa": "1"]],
                "p: 0/2 nodes can hold a group of 2 NeuronCores: 2 nodes: each has too little vpc.amazonaws.com/efa left"
            ),
            (["overhead": ["hugepages-2Mi": "4Mi", "cpu": "3"]], "p -> node-b "),
            (["overhead": ["ephemeral-storage": "1Gi", "cpu": "1"]], "p -> node-b "),
        ] as [(JSON, String)])
    func fit(extra: JSON, decision: String) {
        let nodes = [("node-a", "2"), ("node-b", "4")].map { name, cpu in
            Make.node(name, type: "inf2.24xlarge") { node in
                node[path: ["status", "allocatable", "cpu"]] = .string(cpu)
                guard name == "node-b" else { return }
                node[path: ["status", "allocatable", "hugepages-2Mi"]] = "8Mi"
                node[path: ["status", "allocatable", "ephemeral-storage"]] = "1Gi"
            }
        }
        var extra = extra
        var container = extra["containers"]?[0] ?? ["name": "c"]
        container[path: ["resources", "limits"]] = [WellKnown.neuronCore: "2"]
        extra["containers"] = [container]
        let decisions = decide([Make.pod("p", cores: 2, extra: extra)], nodes)
        #expect(decisions.first?.hasPrefix(decision) == true, "\(decisions)")
    }

    @Test(
        "a host port is taken once, as kube-scheduler's NodePorts has it",
        arguments: [
            (["hostPort": 80], ["hostPort": 80], true), (["hostPort": 80], ["hostPort": 81], false),
            (["hostPort": 80], ["hostPort": 80, "protocol": "UDP"], false),
            (["hostPort": 80, "hostIP": "10.0.0.1"], ["hostPort": 80, "hostIP": "10.0.0.2"], false),
            (["hostPort": 80, "hostIP": "10.0.0.1"], ["hostPort": 80, "hostIP": "0.0.0.0"], true),
            (["hostPort": 80, "hostIP": "10.0.0.1"], ["hostPort": 80, "hostIP": ""], true),
            (["hostPort": 80, "protocol": "TCP"], ["hostPort": 80], true),
            (["hostPort": 0], ["hostPort": 0], false), ([:], [:], false),
        ] as [(JSON, JSON, Bool)])
    func hostPorts(first: JSON, second: JSON, collide: Bool) {
        func pod(_ name: String, node: String, _ port: JSON) -> PodInfo {
            var port = port
            port["containerPort"] = 8080
            return Make.pod(
                name, cores: 2, node: node,
                extra: [
                    "containers": [
                        [
                            "name": "c", "ports": [port],
                            "resources": ["limits": [WellKnown.neuronCore: "2"]],
                        ]
                    ]
                ])
        }
        let pods = [pod("bound", node: "a", first), pod("p", node: "", second)]
        let decision = decide(pods, [Make.node("a")])
        let words = "p: 0/1 nodes can hold a group of 2 NeuronCores: a has no host port 80/TCP left"
        #expect((decision == [words]) == collide, "\(decision)")
        // Two that wait do not get one port either, and go to two nodes where there are two.
        guard collide else { return }
        let waiting = [pod("x", node: "", first), pod("y", node: "", second)]
        let nodes = decide(waiting, [Make.node("a"), Make.node("b")]).map { $0.split(separator: " ")[2] }
        #expect(Set(nodes) == ["a", "b"])
    }

    /// trials.md, sections 20 and 21, and their kind.
    @Test(
        "what cannot be placed by is refused with the name of the field, and what is only preferred is let pass",
        arguments: [
            (
                [
                    "volumes": [
                        ["name": "e", "emptyDir": [:]],
                        ["name": "v", "awsElasticBlockStore": ["volumeID": "x"]],
                    ]
                ],
                "spec.volumes[1].awsElasticBlockStore"
            ),
            (["resourceClaims": [["name": "r", "resourceClaimName": "c"]]], "spec.resourceClaims"),
            (["topologySpreadConstraints": [spread("ScheduleAnyway")]], nil),
            (
                [
                    "affinity": [
                        "podAntiAffinity": [
                            "preferredDuringSchedulingIgnoredDuringExecution": [
                                ["weight": 1, "podAffinityTerm": term]
                            ]
                        ]
                    ]
                ], nil
            ),
            (
                [
                    "volumes": [
                        ["name": "h", "hostPath": ["path": "/"]],
                        ["name": "n", "nfs": ["server": "s", "path": "/"]],
                    ]
                ], nil
            ),
        ] as [(JSON, String?)])
    func unsupported(extra: JSON, field: String?) throws {
        let decision = try #require(decide([Make.pod("p", cores: 2, extra: extra)], [Make.node("a")]).first)
        #expect(decision.hasPrefix(field.map { "p: \($0) " } ?? "p -> a "), "\(decision)")
        // A ModelServer is told before a pod is made, and before one goes that runs.
        var server = PlannedServer(Make.spec())
        server.pods = [try server.pod()]
        var template = extra
        template["containers"] = [["name": "model-server"]]
        server.spec["template"] = ["spec": template]
        let plan = try server.plan()
        #expect(
            plan.condition("Degraded").hasPrefix("True InvalidSpec: spec.template.\(field ?? "")")
                == (field != nil))
        #expect(plan.words.isEmpty == (field != nil))
    }

    private static let term: JSON = [
        "topologyKey": "kubernetes.io/hostname", "labelSelector": ["matchLabels": ["a": "b"]],
    ]

    private static func spread(_ word: String) -> JSON {
        [
            "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": .string(word),
            "labelSelector": ["matchLabels": ["a": "b"]],
        ]
    }
}
