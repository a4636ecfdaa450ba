// Pods that are placed together or not at all.

import GanglionAPI
import JSON
import KubernetesAPI
import SchedulingTestSupport
import Testing

@testable import Scheduling

@Suite("Gangs")
struct GangTests {
    private func member(
        _ name: String, cores: Int = 24, size: String? = "3", group: String? = nil
    ) -> PodInfo {
        var pod = Make.pod(name, cores: cores).pod
        if let group {
            pod.spec.schedulingGroup = PodSchedulingGroup(podGroupName: group)
        } else {
            pod.metadata.annotations[WellKnown.gangAnnotation] = "g"
            pod.metadata.annotations[WellKnown.gangSizeAnnotation] = size
        }
        return PodInfo(pod)
    }

    private func words(_ decisions: [Decision]) -> [String] {
        decisions.map { decision in
            switch decision {
            case .bind(let pod, let node, _): "\(pod.key.name) -> \(node)"
            case .unschedulable(let pod, let message): "\(pod.key.name): \(message)"
            case .preempt(let pod, _, _): "\(pod.key.name) preempts"
            }
        }.sorted()
    }

    @Test("none of a gang is bound before all have places, and what is left is for others")
    func wholeOrNone() {
        var scheduler = SchedulingState(
            pods: ["x", "y", "z"].map { member($0) } + [Make.pod("zz", cores: 2)],
            nodes: [Make.node("a"), Make.node("b")]
        ).scheduler
        let first = words(scheduler.decide())
        #expect(first.count == 4)
        #expect(
            first.prefix(3).allSatisfy {
                $0.contains(
                    ": its gang g of 3 pods cannot be placed as a whole: z: 0/2 nodes can hold a group of 24")
            }, "\(first)")
        #expect(first.last == "zz -> a")
        scheduler.observe(Make.node("c"))
        // One more is not enough beside the small pod, two more are.
        #expect(words(scheduler.decide()).allSatisfy { !$0.contains("->") })
        scheduler.observe(Make.node("d"))
        #expect(words(scheduler.decide()) == ["x -> b", "y -> c", "z -> d"])
    }

    @Test("a gang waits until all of its pods are there, whatever their shape")
    func incomplete() {
        var scheduler = SchedulingState(
            pods: [member("x"), member("y", cores: 4)], nodes: [Make.node("a"), Make.node("b")]
        ).scheduler
        #expect(
            words(scheduler.decide()) == [
                "x: its gang g has 2 of 3 pods yet", "y: its gang g has 2 of 3 pods yet",
            ]
        )
        scheduler.observe(member("z", cores: 2))
        #expect(words(scheduler.decide()) == ["x -> a", "y -> b", "z -> b"])
    }

    @Test("members that are on nodes count, so a pod that is replaced needs no whole gang anew")
    func replaced() {
        let bound = ["x", "y"].map { name in
            var pod = member(name, cores: 2).pod
            pod.spec.nodeName = "a"
            return PodInfo(pod)
        }
        let state = SchedulingState(pods: bound + [member("z", cores: 2)], nodes: [Make.node("a")])
        #expect(words(state.decisions()) == ["z -> a"])
    }

    @Test("a gang without a size is told what it lacks", arguments: [nil, "many", "0"])
    func noSize(size: String?) {
        let state = SchedulingState(pods: [member("x", size: size)], nodes: [Make.node("a")])
        #expect(
            words(state.decisions()) == [
                "x: its gang g has no size: say with the annotation ganglion.dev/gang-size how many pods it has"
            ])
    }

    private static func rule(minCount: Int?, spec: JSON = [:]) -> PodGroupRule {
        var spec = spec
        spec["schedulingPolicy"] = minCount.map { ["gang": ["minCount": JSON($0)]] } ?? ["basic": [:]]
        return PodGroupRule(spec.typed())
    }

    @Test(
        "a member that ends does not count, so that nothing is placed beside it that waits for its successor")
    func ending() {
        var bound = member("x", cores: 2, size: "2").pod
        bound.spec.nodeName = "a"
        bound.metadata.deletionTimestamp = Timestamp(microseconds: 0)
        let ending = PodInfo(bound)
        var scheduler = SchedulingState(
            pods: [ending, member("y", cores: 2, size: "2")], nodes: [Make.node("a")]
        ).scheduler
        #expect(words(scheduler.decide()) == ["y: its gang g has 1 of 2 pods yet"])
        scheduler.forget(pod: ending.uid)
        scheduler.observe(member("x2", cores: 2, size: "2"))
        #expect(words(scheduler.decide()) == ["x2 -> a", "y -> a"])
    }

    @Test("pods of a PodGroup without a gang are placed each for itself")
    func basic() {
        var scheduler = SchedulingState(
            pods: ["x", "y", "z"].map { member($0, group: "pg") }, nodes: [Make.node("a"), Make.node("b")]
        ).scheduler
        scheduler.observe(podGroups: [ObjectKey(namespace: "n", name: "pg"): Self.rule(minCount: nil)])
        let decisions = words(scheduler.decide())
        #expect(decisions.prefix(2) == ["x -> a", "y -> b"])
        #expect(decisions.last?.hasPrefix("z: z: 0/2 nodes can hold a group of 24") == true, "\(decisions)")
    }

    @Test("a minCount that becomes smaller lets a gang go, and nobody else is told anything")
    func smaller() {
        let key = ObjectKey(namespace: "n", name: "pg")
        var scheduler = SchedulingState(
            pods: ["x", "y"].map { member($0, cores: 2, group: "pg") } + [Make.pod("large", cores: 96)],
            nodes: [Make.node("a")]
        ).scheduler
        scheduler.observe(podGroups: [key: Self.rule(minCount: 3)])
        #expect(words(scheduler.decide()).count == 3)
        scheduler.observe(podGroups: [key: Self.rule(minCount: 3)])
        #expect(scheduler.decide() == [])
        scheduler.observe(podGroups: [key: Self.rule(minCount: 2)])
        #expect(words(scheduler.decide()) == ["x -> a", "y -> a"])
    }

    @Test(
        "what a PodGroup asks for and nothing here looks at is named",
        arguments: [
            (["schedulingConstraints": ["topology": [["key": "zone"]]]], "schedulingConstraints.topology"),
            (["parentCompositePodGroupName": "all"], "parentCompositePodGroupName"),
        ] as [(JSON, String)])
    func unsupported(spec: JSON, field: String) {
        var scheduler = SchedulingState(
            pods: [member("x", cores: 2, group: "pg")], nodes: [Make.node("a")]
        ).scheduler
        scheduler.observe(
            podGroups: [ObjectKey(namespace: "n", name: "pg"): Self.rule(minCount: 1, spec: spec)])
        #expect(
            words(scheduler.decide()) == [
                "x: its PodGroup pg has spec.\(field), which is nothing that ganglion-operator can place by yet: take it out"
            ])
    }

    @Test(
        "pods of a PodGroup that are disrupted together go together, on whatever node",
        arguments: [true, false])
    func disruption(together: Bool) {
        func running(_ name: String, on node: String) -> PodInfo {
            var pod = member(name, cores: 24, group: "pg").pod
            pod.spec.nodeName = node
            pod.status.phase = .running
            return PodInfo(pod)
        }
        var scheduler = SchedulingState(
            pods: [
                running("x", on: "a"), running("y", on: "b"),
                Make.pod("p", cores: 24, extra: ["priority": 10, "nodeSelector": ["only": "a"]]),
            ],
            nodes: [
                Make.node("a") { $0[path: ["metadata", "labels", "only"]] = "a" }, Make.node("b"),
            ]
        ).scheduler
        let mode: JSON = together ? ["all": [:]] : ["single": [:]]
        scheduler.observe(
            podGroups: [
                ObjectKey(namespace: "n", name: "pg"): Self.rule(minCount: 2, spec: ["disruptionMode": mode])
            ])
        let victims = scheduler.decide().compactMap { decision -> [String]? in
            guard case .preempt(_, "a", let victims) = decision else { return nil }
            return victims.map(\.key.name).sorted()
        }
        #expect(victims == [together ? ["x", "y"] : ["x"]])
    }

    @Test("a PodGroup is a gang where the cluster knows it, and refused where not")
    func podGroups() {
        var scheduler = SchedulingState(
            pods: [member("x", cores: 2, group: "pg"), member("y", cores: 2, group: "pg")],
            nodes: [Make.node("a")]
        ).scheduler
        #expect(words(scheduler.decide()).first?.hasPrefix("x: spec.schedulingGroup is nothing that") == true)
        scheduler.observe(podGroups: [:])
        #expect(words(scheduler.decide()).first == "x: its PodGroup pg does not exist")
        scheduler.observe(podGroups: [ObjectKey(namespace: "n", name: "pg"): Self.rule(minCount: 3)])
        #expect(words(scheduler.decide()).first == "x: its gang pg has 2 of 3 pods yet")
        scheduler.observe(member("z", cores: 2, group: "pg"))
        #expect(words(scheduler.decide()) == ["x -> a", "y -> a", "z -> a"])
    }
}
