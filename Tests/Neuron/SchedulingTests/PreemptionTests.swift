// Pods of lower priority go for those of higher: kube-scheduler's DefaultPreemption, for groups of cores.

import GanglionAPI
import JSON
import KubernetesAPI
import Placement
import SchedulingTestSupport
import Testing

@testable import Scheduling

@Suite("Preemption")
struct PreemptionTests {
    /// A pod on a node.
    private func running(
        _ name: String, _ cores: String, on node: String, priority: Int = 0, labels: [String: String] = [:]
    ) -> PodInfo {
        let count = cores.split(separator: ",").count
        var pod = Make.pod(
            name, cores: count, node: node, assigned: cores, phase: "Running",
            extra: ["priority": JSON(priority)]
        ).pod
        pod.metadata.labels = labels
        return PodInfo(pod)
    }

    private func waiting(_ name: String, cores: Int, priority: Int, extra: JSON = [:]) -> PodInfo {
        var extra = extra
        extra["priority"] = JSON(priority)
        return Make.pod(name, cores: cores, extra: extra)
    }

    /// A node full of pods of two cores, by their first core.
    private func full(
        _ node: String, cores: Int, priority: (Int) -> Int = { _ in 0 }
    ) -> [PodInfo] {
        stride(from: 0, to: cores, by: 2).map {
            running("\(node)-\($0)", "\($0),\($0 + 1)", on: node, priority: priority($0))
        }
    }

    private func preemptions(_ decisions: [Decision]) -> [String] {
        decisions.compactMap {
            guard case .preempt(let pod, let node, let victims) = $0 else { return nil }
            return "\(pod.key.name) on \(node): \(victims.map(\.key.name).joined(separator: " "))"
        }
    }

    @Test("the fewest and lowest go whose cores are a group together")
    func fewest() {
        // Four cores in a row: of the neighbours, the pair with the lowest priorities.
        let pods = full("a", cores: 24) { $0 == 10 || $0 == 12 ? 1 : 5 }
        let decisions = SchedulingState(
            pods: pods + [waiting("p", cores: 4, priority: 10)], nodes: [Make.node("a")]
        ).decisions()
        #expect(preemptions(decisions) == ["p on a: a-10 a-12"])
    }

    @Test(
        "a new operator waits for those that go already, where the pod's status says so",
        arguments: [true, false])
    func afterRestart(isNominated: Bool) {
        // Those on b would be fewer, and stay.
        var pods = full("a", cores: 24) + full("b", cores: 22) + [running("b-large", "22,23", on: "b")]
        for index in pods.indices where ["a-4", "a-6"].contains(pods[index].key.name) {
            var pod = pods[index].pod
            pod.spec.priority = 5
            pod.metadata.deletionTimestamp = Timestamp(microseconds: 0)
            pods[index] = PodInfo(pod)
        }
        var waiting = waiting("p", cores: 4, priority: 10).pod
        waiting.status.nominatedNodeName = isNominated ? "a" : nil
        var scheduler = SchedulingState(
            pods: pods + [PodInfo(waiting)], nodes: [Make.node("a"), Make.node("b")]
        ).scheduler
        let first = preemptions(scheduler.decide())
        #expect((first == ["p on a: "]) == isNominated, "\(first)")
        guard isNominated else { return }
        // The room is kept for it.
        scheduler.forget(pod: "uid-a-4")
        scheduler.forget(pod: "uid-a-6")
        scheduler.observe(self.waiting("small", cores: 2, priority: 0))
        let bound = scheduler.decide().compactMap { decision -> String? in
            guard case .bind(let pod, let node, let cores) = decision else { return nil }
            return "\(pod.key.name) -> \(node) \(cores.list)"
        }
        #expect(bound == ["p -> a 4,5,6,7"])
    }

    @Test("on Trainium the group that becomes free is one that the runtime takes")
    func aligned() {
        // Low priorities stand across two rows of chips; a row is eight cores from a multiple of eight.
        let pods = full("a", cores: 32) { (4..<12).contains($0) ? 0 : 1 }
        let decisions = SchedulingState(
            pods: pods + [waiting("p", cores: 8, priority: 10)],
            nodes: [Make.node("a", type: "trn1.32xlarge")]
        ).decisions()
        #expect(preemptions(decisions).count == 1)
        guard
            case .preempt(_, _, let victims) = decisions.first(where: {
                if case .preempt = $0 { true } else { false }
            })
        else { return }
        let first = victims.compactMap(\.assignedCores?.first).min() ?? -1
        #expect(victims.count == 4 && first % 8 == 0)
    }

    @Test(
        "nobody goes for a pod of the same priority, for one that says Never, or where that would not help",
        arguments: [
            (0, 4, [:], false), (1, 4, [:], true), (1, 4, ["preemptionPolicy": "Never"], false),
            (1, 4, ["preemptionPolicy": "PreemptLowerPriority"], true), (1, 32, [:], false),
            (1, 4, ["nodeSelector": ["no": "such"]], false),
        ] as [(Int, Int, JSON, Bool)])
    func nobody(priority: Int, cores: Int, extra: JSON, preempts: Bool) {
        let decisions = SchedulingState(
            pods: full("a", cores: 24) + [waiting("p", cores: cores, priority: priority, extra: extra)],
            nodes: [Make.node("a")]
        ).decisions()
        #expect(preemptions(decisions).isEmpty != preempts)
        #expect(decisions.contains { if case .unschedulable = $0 { true } else { false } })
    }

    @Test("a node is taken on which no budget is broken, and on it those that no budget holds")
    func budgets() throws {
        let held = ["app": "held"]
        let pods = [
            running("a-0", "0,1", on: "a", labels: held), running("b-0", "0,1", on: "b", priority: 1),
        ]
        let nodes = ["a", "b"].map { Make.node($0, type: "inf2.xlarge") }
        let budget: PodDisruptionBudget = try JSON(
            parsing: """
                {"metadata": {"name": "b", "namespace": "n"},
                 "spec": {"selector": {"matchLabels": {"app": "held"}}}, "status": {"disruptionsAllowed": 0}}
                """
        ).decode()
        func first(_ budgets: [PodDisruptionBudget]) -> [String] {
            var scheduler = SchedulingState(
                pods: pods + [waiting("p", cores: 2, priority: 10)], nodes: nodes
            ).scheduler
            scheduler.observe(budgets: budgets)
            return preemptions(scheduler.decide())
        }
        #expect(first([]) == ["p on a: a-0"])
        #expect(first([budget]) == ["p on b: b-0"])
        var allows = budget
        allows.status.disruptionsAllowed = 1
        #expect(first([allows]) == ["p on a: a-0"])
    }

    @Test("room is kept until those have gone that go for a pod, and nobody is asked twice")
    func room() {
        var scheduler = SchedulingState(
            pods: [running("low", "0,1", on: "a"), waiting("high", cores: 2, priority: 10)],
            nodes: [Make.node("a", type: "inf2.xlarge")]
        ).scheduler
        #expect(preemptions(scheduler.decide()) == ["high on a: low"])
        scheduler.observe(waiting("late", cores: 2, priority: 5))
        #expect(preemptions(scheduler.decide()).isEmpty)
        var ending = running("low", "0,1", on: "a").pod
        ending.metadata.deletionTimestamp = Timestamp(microseconds: 1)
        scheduler.observe(PodInfo(ending))
        #expect(preemptions(scheduler.decide()).isEmpty)
        scheduler.forget(pod: "uid-low")
        let decisions = scheduler.decide()
        #expect(decisions.count == 1)
        guard case .bind(let pod, let node, let cores) = decisions.first else {
            Issue.record("\(decisions)")
            return
        }
        #expect(pod.key.name == "high" && node == "a" && cores == [0, 1])
    }

    @Test("where a deletion is refused, the room is given back")
    func refused() {
        var scheduler = SchedulingState(
            pods: [
                running("low", "0,1", on: "a"), running("rest", "2,3", on: "a", priority: 20),
                waiting("high", cores: 2, priority: 10),
            ],
            nodes: [
                Make.node("a", type: "inf2.24xlarge") {
                    $0[path: ["status", "allocatable", WellKnown.neuronCore]] = "4"
                }
            ]
        ).scheduler
        #expect(preemptions(scheduler.decide()) == ["high on a: low"])
        scheduler.spare("uid-low")
        #expect(scheduler.nominations.isEmpty)
        #expect(scheduler.holders["a"]?.reserved.isEmpty == true)
    }

    /// default_preemption_test.go, TestPickOneNodeForPreemption.
    @Test(
        "of several nodes one is picked in kube-scheduler's order",
        arguments: [
            // Budgets first.
            ([([9], 0), ([1], 1)], 0),
            // Then the lowest of the highest priorities.
            ([([5, 1], 0), ([4, 4, 4], 0)], 1),
            // Then the lowest sum: a victim less is a lower sum.
            ([([5, 4, 3], 0), ([5, 4], 0)], 1), ([([5, 2], 0), ([5, 1], 0)], 1),
            // Negative priorities weigh as well.
            ([([-5, -5], 0), ([-5], 0)], 1),
            // The first by name.
            ([([1], 0), ([1], 0)], 0),
        ] as [([([Int], Int)], Int)])
    func pick(candidates: [(priorities: [Int], violations: Int)], best: Int) {
        let made = candidates.enumerated().map { number, candidate in
            PreemptionCandidate(
                number: number,
                victims: candidate.priorities.enumerated().map {
                    running("v\(number)-\($0)", "0,1", on: "n", priority: $1)
                }, violations: candidate.violations)
        }
        #expect(made.allSatisfy { $0.number == best || made[best].isBetter(than: $0) })
    }
}
