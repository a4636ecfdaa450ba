// Rows of core/v1's toleration_test.go and of component-helpers' nodeaffinity_test.go.

import Testing

@testable import KubernetesAPI

@Suite("Whether a pod may go to a node")
struct NodeRulesTests {
    private static let sla = "node.kubernetes.io/sla"

    @Test(
        "tolerations against taints",
        arguments: [
            (Toleration(key: "foo", operator: .exists, effect: .noSchedule), "foo", nil, true),
            (Toleration(key: "foo", operator: .exists, effect: .noSchedule), "foo", "bar", true),
            (Toleration(operator: .exists, effect: .noSchedule), "foo", "bar", true),
            (Toleration(key: "foo", operator: .equal, value: "bar", effect: .noSchedule), "foo", "bar", true),
            (Toleration(key: "foo", value: "bar"), "foo", "bar", true),
            (
                Toleration(key: "foo", operator: .equal, value: "value1", effect: .noSchedule), "foo",
                "value2", false
            ),
            (Toleration(key: "foo", operator: .equal, value: "bar", effect: .noExecute), "foo", "bar", false),
            (Toleration(key: "foo", operator: .exists), "other", nil, false),
            (Toleration(key: "foo", operator: "Maybe"), "foo", nil, false),
            (Toleration(key: "", operator: .exists, effect: ""), "foo", nil, true),
            (Toleration(key: sla, operator: .greaterThan, value: "950"), sla, "800", false),
            (Toleration(key: sla, operator: .greaterThan, value: "750"), sla, "950", true),
            (Toleration(key: sla, operator: .lessThan, value: "800"), sla, "950", false),
            (Toleration(key: sla, operator: .lessThan, value: "950"), sla, "800", true),
            (Toleration(key: sla, operator: .greaterThan, value: "950"), sla, "950", false),
            (Toleration(key: sla, operator: .greaterThan, value: "950"), sla, "high", false),
            (Toleration(key: sla, operator: .greaterThan, value: "-100"), sla, "-200", false),
            (Toleration(key: sla, operator: .greaterThan, value: "9223372036854775806"), sla, "100", false),
        ] as [(Toleration, String, String?, Bool)])
    func tolerations(toleration: Toleration, key: String, value: String?, expected: Bool) {
        #expect(toleration.tolerates(Taint(key: key, value: value, effect: .noSchedule)) == expected)
    }

    @Test("the first taint that keeps pods off and is not tolerated counts; a cordon is a taint")
    func untolerated() {
        var node = NodeSpec()
        let soft = Taint(key: "soft", effect: .preferNoSchedule)
        let hard = Taint(key: "hard", effect: .noExecute)
        node.taints = [soft, hard]
        #expect([Toleration]().untolerated(of: node) == hard)
        #expect([Toleration(key: "hard", operator: .exists)].untolerated(of: node) == nil)
        node.unschedulable = true
        #expect([Toleration(key: "hard", operator: .exists)].untolerated(of: node) == .unschedulable)
        #expect([Toleration(operator: .exists)].untolerated(of: node) == nil)
        #expect(
            [Toleration(key: "node.kubernetes.io/unschedulable", operator: .exists, effect: .noSchedule)]
                .untolerated(of: node) == hard)
    }

    private static func term(
        _ expressions: [SelectorRequirement], fields: [SelectorRequirement] = []
    ) -> NodeSelectorTerm {
        NodeSelectorTerm(matchExpressions: expressions, matchFields: fields)
    }
    private static func field(_ operator: SelectorOperator, _ values: String...) -> SelectorRequirement {
        SelectorRequirement("metadata.name", `operator`, values)
    }
    private typealias Need = SelectorRequirement

    @Test(
        "node selector and required node affinity; the node is node_1 with foo=bar, GPU=NVIDIA-GRID-K1, version=2",
        arguments: [
            ([:], nil, true), (["foo": "bar"], nil, true), (["foo": "bar", "baz": "blah"], nil, false),
            (["missing": "x"], nil, false),
            ([:], [term([Need("foo", .in, ["bar", "value2"])])], true),
            ([:], [term([Need("version", .greaterThan, ["1"])])], true),
            ([:], [term([Need("version", .lessThan, ["1"])])], false),
            ([:], [term([Need("foo", .greaterThan, ["1"])])], false),
            ([:], [term([Need("version", .greaterThan, ["1", "2"])])], false),
            ([:], [term([Need("mem-type", .notIn, ["DDR", "DDR2"])])], true),
            ([:], [term([Need("GPU", .exists)])], true),
            ([:], [term([Need("GPU", .doesNotExist)])], false),
            ([:], [term([Need("foo", .in, ["value1", "value2"])])], false),
            // No term, an empty term, an invalid one: none means a node.
            ([:], [], false), ([:], [term([])], false),
            ([:], [term([Need("foo", .notIn, ["{{.bad-value.}}"])])], false),
            ([:], [term([Need("foo", .notIn, [])])], false),
            ([:], [term([Need("bad key", .doesNotExist)])], false),
            ([:], [term([Need("foo", "Near", ["bar"])])], false),
            // All requirements of a term; one of the terms.
            ([:], [term([Need("GPU", .exists), Need("GPU", .notIn, ["AMD", "INTER"])])], true),
            ([:], [term([Need("GPU", .exists), Need("GPU", .in, ["AMD", "INTER"])])], false),
            ([:], [term([Need("foo", .in, ["bar", "v"])]), term([Need("diffkey", .in, ["wrong"])])], true),
            // Both the selector and the affinity.
            (["foo": "bar"], [term([Need("foo", .exists)])], true),
            (["foo": "wrong"], [term([Need("foo", .exists)])], false),
            // Fields.
            ([:], [term([], fields: [field(.in, "node_1")])], true),
            ([:], [term([], fields: [field(.in, "node_2")])], false),
            ([:], [term([], fields: [field(.notIn, "node_2")])], true),
            ([:], [term([], fields: [field(.in, "node_1", "node_2")])], false),
            ([:], [term([], fields: [field(.exists)])], false),
            ([:], [term([], fields: [Need("metadata.uid", .in, ["node_1"])])], false),
            ([:], [term([], fields: [field(.in, "node_2")]), term([Need("foo", .in, ["bar"])])], true),
            ([:], [term([Need("foo", .in, ["bar"])], fields: [field(.in, "node_2")])], false),
            ([:], [term([Need("foo", .in, ["bar"])], fields: [field(.in, "node_1")])], true),
            ([:], [term([Need("foo", .in, ["not"])]), term([], fields: [field(.in, "node_2")])], false),
        ] as [([String: String], [NodeSelectorTerm]?, Bool)])
    func affinity(selector: [String: String], terms: [NodeSelectorTerm]?, expected: Bool) {
        var spec = PodSpec()
        spec.nodeSelector = selector
        spec.affinity = terms.map { Affinity(nodeAffinity: NodeAffinity(required: NodeSelector($0))) }
        let node = Node(
            ObjectMetadata(name: "node_1", labels: ["foo": "bar", "GPU": "NVIDIA-GRID-K1", "version": "2"]))
        #expect(spec.selects(node) == expected)
    }

    @Test("preferred terms add up their weights")
    func score() {
        var affinity = NodeAffinity()
        affinity.preferredDuringSchedulingIgnoredDuringExecution = [
            PreferredSchedulingTerm(weight: 5, preference: Self.term([Need("label", .in, ["label_value"])])),
            PreferredSchedulingTerm(weight: 7, preference: Self.term([Need("unknown", .in, ["x"])])),
            PreferredSchedulingTerm(
                weight: 11, preference: Self.term([], fields: [Self.field(.in, "host_1")])),
            PreferredSchedulingTerm(weight: 99, preference: Self.term([])),
        ]
        #expect(affinity.score(labels: ["label": "label_value"], name: "host_1") == 16)
    }
}
