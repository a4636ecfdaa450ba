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

    @Test("a PodGroup is a gang where the cluster knows it, and refused where not")
    func podGroups() {
        var scheduler = SchedulingState(
            pods: [member("x", cores: 2, group: "pg"), member("y", cores: 2, group: "pg")],
            nodes: [Make.node("a")]
        ).scheduler
        #expect(words(scheduler.decide()).first?.hasPrefix("x: spec.schedulingGroup is nothing that") == true)
        scheduler.observe(podGroups: [:])
        scheduler.tellAgain()
        #expect(words(scheduler.decide()).first == "x: its PodGroup pg does not exist")
        scheduler.observe(podGroups: [ObjectKey(namespace: "n", name: "pg"): 3])
        scheduler.tellAgain()
        #expect(words(scheduler.decide()).first == "x: its gang pg has 2 of 3 pods yet")
        scheduler.observe(member("z", cores: 2, group: "pg"))
        #expect(words(scheduler.decide()) == ["x -> a", "y -> a", "z -> a"])
    }
}
