// Affinity between pods and their spread, by kube-scheduler's own cases (plugins interpodaffinity and podtopologyspread,
// filtering_test.go).

import GanglionAPI
import JSON
import KubernetesAPI
import SchedulingTestSupport
import Testing

@testable import Scheduling

/// A pod of these cases.
private struct Case {
    var labels: [String: String] = [:]
    var namespace = "default"
    var node = ""
    var affinity: [JSON] = []
    var antiAffinity: [JSON] = []
    var spread: [JSON] = []
    var isTerminating = false
    var extra: JSON = [:]

    func info(_ name: String) -> PodInfo {
        let required = "requiredDuringSchedulingIgnoredDuringExecution"
        var extra = extra
        extra["affinity"] = [
            "podAffinity": [required: .array(affinity)], "podAntiAffinity": [required: .array(antiAffinity)],
        ]
        extra["topologySpreadConstraints"] = .array(spread)
        extra["containers"] = [["name": "c"]]
        var pod = Make.pod(name, cores: 0, node: node, phase: "Running", extra: extra).pod
        pod.metadata.namespace = namespace
        pod.metadata.labels = labels
        if isTerminating { pod.metadata.deletionTimestamp = Timestamp(microseconds: 1) }
        return PodInfo(pod)
    }
}

private func term(
    _ key: String, _ verb: String, _ values: [String] = [], at topology: String, namespaces: [String] = [],
    selector: JSON? = nil, more: [JSON] = []
) -> JSON {
    var requirement: JSON = ["key": .string(key), "operator": .string(verb)]
    if !values.isEmpty { requirement["values"] = JSON(values) }
    var term: JSON = [
        "topologyKey": .string(topology), "labelSelector": ["matchExpressions": .array([requirement] + more)],
    ]
    if !namespaces.isEmpty { term["namespaces"] = JSON(namespaces) }
    if let selector { term["namespaceSelector"] = selector }
    return term
}

private func constraint(
    _ skew: Int, _ topology: String, _ label: String? = "foo", minDomains: Int? = nil, more: JSON = [:]
) -> JSON {
    var rule: JSON = [
        "maxSkew": JSON(skew), "topologyKey": .string(topology), "whenUnsatisfiable": "DoNotSchedule",
    ]
    if let label {
        rule["labelSelector"] = ["matchExpressions": [["key": .string(label), "operator": "Exists"]]]
    }
    if let minDomains { rule["minDomains"] = JSON(minDomains) }
    for (key, value) in more.object ?? [:] { rule[key] = value }
    return rule
}

@Suite("Pods that ask about other pods")
struct PodRelationTests {
    private static let scan = ["service": "securityscan"]
    private static let secure = ["security": "S1"]
    private static let namespaces = [
        "subteam1.team1": ["team": "team1"], "subteam2.team1": ["team": "team1"],
        "subteam1.team2": ["team": "team2"],
    ]
    private static let team1: JSON = [
        "matchExpressions": [["key": "team", "operator": "In", "values": ["team1"]]]
    ]
    private static let near = "is not near the pods that the pod's affinity asks for"
    private static let away = "is near pods that the pod's anti-affinity keeps away from"
    private static let kept = "is near pods whose anti-affinity keeps the pod away"

    private static func exists(_ keys: String...) -> [JSON] {
        keys.map { term($0, "Exists", at: "zone") }
    }

    /// Why each node will not have the pod, nil where it will.
    private func refusals(
        _ pod: Case, _ pods: [Case], nodes: [(String, [String: String])], taints: [String: JSON] = [:]
    ) -> [String?] {
        let nodes = nodes.map { name, labels in
            Make.node(name) {
                $0[path: ["metadata", "labels"]] = .object(labels.mapValues { .string($0) })
                if let taint = taints[name] { $0[path: ["spec", "taints"]] = [taint] }
            }
        }
        let info = pod.info("incoming")
        var placed = PlacedPods()
        if let relations = info.relations { _ = placed.follow(relations, namespace: info.key.namespace) }
        for (index, other) in pods.enumerated() {
            guard let number = nodes.firstIndex(where: { $0.name == other.node }) else { continue }
            placed.count(
                other.info("p\(index)"), on: nodes[number], number: number, change: 1,
                namespaces: Self.namespaces)
        }
        let rules = RelationRules(info, placed: placed, nodes: nodes, namespaces: Self.namespaces)
        return nodes.map { rules?.refusal(by: $0) }
    }

    @Test(
        "are placed on one node as kube-scheduler's TestRequiredAffinitySingleNode has it",
        arguments: [
            (Case(), [], nil),
            (
                Case(
                    labels: secure,
                    affinity: [term("service", "In", ["securityscan", "value2"], at: "region")]),
                [Case(labels: scan, node: "node1")], nil
            ),
            (
                Case(
                    labels: secure,
                    affinity: [term("service", "NotIn", ["securityscan3", "value3"], at: "region")]),
                [Case(labels: scan, node: "node1")], nil
            ),
            (
                Case(
                    labels: secure,
                    affinity: [
                        term("service", "In", ["securityscan"], at: "region", namespaces: ["DiffNameSpace"])
                    ]), [Case(labels: scan, namespace: "ns", node: "node1")], near
            ),
            (
                Case(
                    labels: scan,
                    affinity: [term("service", "In", ["antivirusscan", "value2"], at: "region")]
                ), [Case(labels: scan, node: "node1")], near
            ),
            // The requirements of a term and the terms of a pod must all hold.
            (
                Case(
                    labels: secure,
                    affinity: [
                        term(
                            "service", "Exists", at: "region",
                            more: [["key": "wrongkey", "operator": "DoesNotExist"]]),
                        term(
                            "service", "In", ["securityscan"], at: "region",
                            more: [["key": "service", "operator": "NotIn", "values": ["WrongValue"]]]),
                    ]), [Case(labels: scan, node: "node1")], nil
            ),
            (
                Case(
                    labels: secure,
                    affinity: [
                        term("service", "Exists", at: "region"),
                        term("service", "In", ["securityscan2"], at: "region"),
                    ]), [Case(labels: scan, node: "node1")], near
            ),
            (
                Case(
                    labels: secure, affinity: [term("service", "In", ["securityscan"], at: "region")],
                    antiAffinity: [term("service", "In", ["antivirusscan"], at: "node")]),
                [Case(labels: scan, node: "node1")], nil
            ),
            (
                Case(
                    labels: secure, affinity: [term("service", "In", ["securityscan"], at: "region")],
                    antiAffinity: [term("service", "In", ["securityscan"], at: "zone")]),
                [Case(labels: scan, node: "node1")], away
            ),
            (
                Case(
                    labels: scan, affinity: [term("service", "In", ["securityscan"], at: "region")],
                    antiAffinity: [term("service", "In", ["securityscan"], at: "node")]),
                [
                    Case(
                        labels: scan, node: "node1",
                        antiAffinity: [term("service", "In", ["securityscan"], at: "zone")])
                ], kept
            ),
            // The pod that would fulfil it is on a node that there is not.
            (
                Case(
                    labels: scan, affinity: [term("service", "NotIn", ["securityscan"], at: "region")]),
                [Case(labels: scan, node: "node2")], near
            ),
            (
                Case(labels: scan),
                [
                    Case(
                        labels: scan, node: "node1",
                        antiAffinity: [term("service", "In", ["securityscan"], at: "zone")])
                ], kept
            ),
            (
                Case(labels: scan),
                [
                    Case(
                        labels: scan, node: "node1",
                        antiAffinity: [term("service", "NotIn", ["securityscan"], at: "zone")])
                ], nil
            ),
            (
                Case(labels: scan, antiAffinity: exists("service", "security")),
                [Case(labels: secure, node: "node1", antiAffinity: exists("security"))], away
            ),
            (
                Case(labels: secure, antiAffinity: exists("security")),
                [Case(labels: scan, node: "node1", antiAffinity: exists("service", "security"))], kept
            ),
            (
                Case(labels: ["abc": "", "xyz": ""], antiAffinity: exists("abc", "def")),
                [Case(labels: ["def": "", "xyz": ""], node: "node1", antiAffinity: exists("abc", "def"))],
                away
            ),
            // Namespaces by their labels.
            (
                Case(
                    labels: secure,
                    affinity: [term("service", "In", ["securityscan"], at: "region", selector: team1)]),
                [Case(labels: scan, namespace: "subteam1.team1", node: "node1")], nil
            ),
            (
                Case(
                    labels: secure,
                    affinity: [term("service", "In", ["securityscan"], at: "region", selector: team1)]),
                [Case(labels: scan, namespace: "subteam1.team2", node: "node1")], near
            ),
            (
                Case(
                    labels: secure, namespace: "subteam1.team1",
                    antiAffinity: [term("service", "In", ["securityscan"], at: "zone", selector: team1)]),
                [Case(labels: scan, namespace: "subteam2.team1", node: "node1")], away
            ),
            (
                Case(
                    labels: secure, namespace: "subteam1.team1",
                    antiAffinity: [term("service", "In", ["securityscan"], at: "zone", selector: [:])]),
                [Case(labels: scan, namespace: "subteam2.team1", node: "node1")], away
            ),
            (
                Case(
                    labels: secure, namespace: "subteam1.team1",
                    antiAffinity: [term("service", "In", ["securityscan"], at: "zone", selector: team1)]),
                [Case(labels: scan, namespace: "subteam1.team2", node: "node1")], nil
            ),
        ] as [(Case, [Case], String?)])
    fileprivate func singleNode(pod: Case, pods: [Case], refusal: String?) {
        let nodes = [("node1", ["region": "r1", "zone": "z11"])]
        #expect(refusals(pod, pods, nodes: nodes) == [refusal])
    }

    @Test(
        "the first of pods that want to be near each other goes where the label is, the next ones beside it")
    func first() {
        let pod = Case(labels: ["app": "a"], affinity: [term("app", "In", ["a"], at: "zone")])
        let nodes = [("a", ["zone": "z1"]), ("b", [:]), ("c", ["zone": "z2"])]
        let lacking = "does not have the label zone of the pod's affinity"
        #expect(refusals(pod, [], nodes: nodes) == [nil, lacking, nil])
        var other = pod
        other.node = "c"
        #expect(refusals(pod, [other], nodes: nodes) == [Self.near, lacking, nil])
    }

    @Test("labels named by matchLabelKeys and mismatchLabelKeys are taken into the selector")
    func labelKeys() {
        var near = term("app", "Exists", at: "zone")
        near["matchLabelKeys"] = ["version"]
        var apart = term("app", "Exists", at: "zone")
        apart["mismatchLabelKeys"] = ["version"]
        let labels = ["app": "a", "version": "1"]
        let others = [
            Case(labels: ["app": "a", "version": "1"], node: "a"),
            Case(labels: ["app": "a", "version": "2"], node: "b"),
        ]
        let nodes = [("a", ["zone": "z1"]), ("b", ["zone": "z2"])]
        #expect(refusals(Case(labels: labels, affinity: [near]), others, nodes: nodes) == [nil, Self.near])
        #expect(
            refusals(Case(labels: labels, antiAffinity: [apart]), others, nodes: nodes) == [nil, Self.away])
    }

    private static let zones = [
        ("node-a", ["zone": "zone1", "node": "node-a"]), ("node-b", ["zone": "zone1", "node": "node-b"]),
        ("node-x", ["zone": "zone2", "node": "node-x"]), ("node-y", ["zone": "zone2", "node": "node-y"]),
    ]

    private static func on(_ nodes: String...) -> [Case] {
        nodes.map { Case(labels: ["foo": ""], node: $0) }
    }

    /// Which of the nodes take the pod.
    @Test(
        "are spread as kube-scheduler's TestSingleConstraint and TestMultipleConstraints have it",
        arguments: [
            // No pods: every node.
            ([constraint(1, "zone")], [], ["node-a", "node-b", "node-x", "node-y"]),
            // 3 in zone1, 0 in zone2.
            ([constraint(1, "zone")], on("node-a", "node-a", "node-b"), ["node-x", "node-y"]),
            // 2 and 1 by zone: one more in zone1 would be two above.
            ([constraint(1, "zone")], on("node-a", "node-b", "node-x"), ["node-x", "node-y"]),
            (
                [constraint(2, "zone")], on("node-a", "node-b", "node-x"),
                ["node-a", "node-b", "node-x", "node-y"]
            ),
            // 2/1/0/3 by node.
            (
                [constraint(1, "node")], on("node-a", "node-a", "node-b", "node-y", "node-y", "node-y"),
                ["node-x"]
            ),
            (
                [constraint(2, "node")], on("node-a", "node-a", "node-b", "node-y", "node-y", "node-y"),
                ["node-b", "node-x"]
            ),
            // No other place may be below, but there are fewer places than there must be.
            ([constraint(1, "zone", minDomains: 3)], on("node-a", "node-x"), []),
            (
                [constraint(2, "zone", minDomains: 3)], on("node-a", "node-x"),
                ["node-a", "node-b", "node-x", "node-y"]
            ),
            ([constraint(1, "zone", minDomains: 2)], on("node-a"), ["node-x", "node-y"]),
            // Both must hold: 3/3 by zone, 2/1/0/3 by node.
            (
                [constraint(1, "zone"), constraint(1, "node")],
                on("node-a", "node-a", "node-b", "node-y", "node-y", "node-y"), ["node-x"]
            ),
            // zone1 is full, node-x and node-y each have one.
            (
                [constraint(1, "zone"), constraint(1, "node")],
                on("node-a", "node-a", "node-b", "node-x", "node-y"), ["node-x", "node-y"]
            ),
            ([constraint(1, "rack")], [], []),
            // A selector of nothing counts nothing; one of everything counts nothing either.
            ([constraint(1, "zone", nil)], on("node-a", "node-a"), ["node-a", "node-b", "node-x", "node-y"]),
            (
                [constraint(1, "zone", nil, more: ["labelSelector": [:]])], on("node-a", "node-a"),
                ["node-a", "node-b", "node-x", "node-y"]
            ),
        ] as [([JSON], [Case], [String])])
    fileprivate func spread(constraints: [JSON], pods: [Case], nodes: [String]) {
        let pod = Case(labels: ["foo": ""], spread: constraints)
        let refusals = refusals(pod, pods, nodes: Self.zones)
        #expect(zip(Self.zones, refusals).filter { $1 == nil }.map(\.0.0) == nodes, "\(refusals)")
    }

    @Test("pods that end, and those of other namespaces, do not count in a spread")
    func notCounted() {
        let pods = [
            Case(labels: ["foo": ""], node: "node-a", isTerminating: true),
            Case(labels: ["foo": ""], namespace: "other", node: "node-a"),
        ]
        let pod = Case(labels: ["foo": ""], spread: [constraint(1, "zone")])
        #expect(refusals(pod, pods, nodes: Self.zones) == [nil, nil, nil, nil])
    }

    @Test("which nodes count in a spread follows nodeAffinityPolicy and nodeTaintsPolicy")
    func policies() {
        // zone2 is empty; it counts only where the pod could go there.
        let pods = Self.on("node-a")
        func taken(_ more: JSON, selector: JSON = [:], taint: Bool = false) -> [Bool] {
            let pod = Case(
                labels: ["foo": ""], spread: [constraint(1, "zone", more: more)],
                extra: ["nodeSelector": selector])
            let key: JSON = ["key": "k", "effect": "NoSchedule"]
            return refusals(
                pod, pods, nodes: Self.zones, taints: taint ? ["node-x": key, "node-y": key] : [:]
            ).map { $0 == nil }
        }
        #expect(taken([:]) == [false, false, true, true])
        #expect(taken([:], selector: ["zone": "zone1"]).prefix(2) == [true, true])
        #expect(
            taken(["nodeAffinityPolicy": "Ignore"], selector: ["zone": "zone1"]).prefix(2) == [false, false])
        #expect(taken([:], taint: true).prefix(2) == [false, false])
        #expect(taken(["nodeTaintsPolicy": "Honor"], taint: true).prefix(2) == [true, true])
    }

    @Test("three pods that keep each other off go to three nodes, and the fourth waits and is told why")
    func apart() {
        let pods = (0..<4).map { number in
            Case(labels: ["app": "a"], antiAffinity: [term("app", "In", ["a"], at: "node")])
                .info("p\(number)")
        }
        let nodes = Self.zones.prefix(3).map { name, labels in
            Make.node(name) { $0[path: ["metadata", "labels"]] = .object(labels.mapValues { .string($0) }) }
        }
        let decisions = SchedulingState(pods: pods.map { Self.pending($0) }, nodes: nodes).decisions()
        var taken: [String] = []
        for case .bind(_, let node, _) in decisions { taken.append(node) }
        #expect(taken.sorted() == ["node-a", "node-b", "node-x"])
        guard case .unschedulable(let pod, let message) = decisions.last else {
            Issue.record("\(decisions)")
            return
        }
        #expect(pod.key.name == "p3")
        #expect(message == "0/3 nodes can take the pod: 3 nodes: each \(Self.away)")
    }

    private static func pending(_ info: PodInfo) -> PodInfo {
        var pod = info.pod
        pod.status.phase = .pending
        return PodInfo(pod)
    }
}
