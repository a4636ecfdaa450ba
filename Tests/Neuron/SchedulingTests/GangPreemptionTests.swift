// Pods of lower priority go for a whole gang, or none does.

import GanglionAPI
import JSON
import KubernetesAPI
import Placement
import SchedulingTestSupport
import Testing

@testable import Scheduling

@Suite("Gangs that have others go")
struct GangPreemptionTests {
    private func member(
        _ name: String, cores: Int = 24, size: Int = 2, priority: Int = 10, group: String? = nil,
        policy: String? = nil
    ) -> PodInfo {
        var pod = Make.pod(name, cores: cores, extra: ["priority": JSON(priority)]).pod
        if let group {
            pod.spec.schedulingGroup = PodSchedulingGroup(podGroupName: group)
        } else {
            pod.metadata.annotations[WellKnown.gangAnnotation] = "g"
            pod.metadata.annotations[WellKnown.gangSizeAnnotation] = "\(size)"
        }
        pod.spec.preemptionPolicy = policy
        return PodInfo(pod)
    }

    /// A pod of all cores of a node.
    private func full(
        _ node: String, priority: Int = 0, labels: [String: String] = [:], group: String? = nil
    ) -> PodInfo {
        var pod = Make.pod(
            "on-\(node)", cores: 24, node: node, assigned: (0..<24).map(String.init).joined(separator: ","),
            phase: "Running", extra: ["priority": JSON(priority)]
        ).pod
        pod.metadata.labels = labels
        if let group { pod.spec.schedulingGroup = PodSchedulingGroup(podGroupName: group) }
        return PodInfo(pod)
    }

    private func words(_ decisions: [Decision]) -> [String] {
        decisions.compactMap { decision in
            switch decision {
            case .bind(let pod, let node, _): "\(pod.key.name) -> \(node)"
            case .unschedulable: nil
            case .preempt(let pod, let node, let victims):
                "\(pod.key.name) on \(node): \(victims.map(\.key.name).joined(separator: " "))"
            }
        }.sorted()
    }

    private func scheduler(_ pods: [PodInfo], _ nodes: String) -> PodScheduler {
        SchedulingState(pods: pods, nodes: nodes.map { Make.node(String($0)) }).scheduler
    }

    @Test("the lowest go, as many as it takes, and the gang follows when all of them have gone")
    func wholeGang() {
        var scheduler = scheduler(
            [
                full("a", priority: 5), full("b", priority: 1), full("c", priority: 3), member("x"),
                member("y"),
            ],
            "abc")
        #expect(words(scheduler.decide()) == ["x on b: on-b", "y on c: on-c"])
        #expect(words(scheduler.decide()).isEmpty, "nobody else goes while these end")
        scheduler.forget(pod: "uid-on-b")
        // The room is kept: neither one half of the gang nor anybody else takes it.
        scheduler.observe(Make.pod("other", cores: 2))
        #expect(words(scheduler.decide()).isEmpty)
        scheduler.forget(pod: "uid-on-c")
        #expect(words(scheduler.decide()) == ["x -> b", "y -> c"])
    }

    @Test("nobody goes where the whole gang would not fit all the same")
    func notHalf() {
        var scheduler = scheduler([full("a"), full("b", priority: 10), member("x"), member("y")], "ab")
        #expect(words(scheduler.decide()).isEmpty)
        // One more of the lower ones is enough.
        scheduler.observe(Make.node("c"))
        scheduler.observe(full("c", priority: 9))
        #expect(words(scheduler.decide()) == ["x on a: on-a", "y on c: on-c"])
    }

    @Test("what is free is taken first")
    func freeRoom() {
        var scheduler = scheduler([full("a"), full("b", priority: 1), member("x"), member("y")], "abc")
        #expect(words(scheduler.decide()) == ["x on a: on-a", "y on c: "])
    }

    @Test(
        "nobody goes for pods of no higher priority, for those that may not preempt, and for a gang that is not whole"
    )
    func notEligible() {
        for members in [
            [member("x", priority: 0), member("y", priority: 0)],
            [member("x"), member("y", policy: "Never")],
            [member("x", priority: 0), member("y", priority: 10)],
            [member("x", size: 3), member("y", size: 3)],
        ] {
            var scheduler = scheduler([full("a"), full("b")] + members, "ab")
            #expect(words(scheduler.decide()).isEmpty)
        }
    }

    @Test("those that a budget holds stay where others will do, however important")
    func budgets() {
        var scheduler = scheduler(
            [
                full("a", labels: ["app": "x"]), full("b", priority: 4), full("c", priority: 3), member("x"),
                member("y"),
            ], "abc")
        scheduler.observe(budgets: [
            ([
                "metadata": ["name": "b", "namespace": "n"],
                "spec": ["selector": ["matchLabels": ["app": "x"]]], "status": ["disruptionsAllowed": 0],
            ] as JSON).typed()
        ])
        #expect(words(scheduler.decide()) == ["x on b: on-b", "y on c: on-c"])
    }

    @Test("a PodGroup that goes together goes whole, and only where it must")
    func groups() {
        let key = ObjectKey(namespace: "n", name: "pg")
        var rule = PodGroupRule(([:] as JSON).typed())
        rule.goesTogether = true
        var scheduler = scheduler(
            [full("a", group: "pg"), full("b", group: "pg"), full("c"), full("d"), member("x"), member("y")],
            "abcd")
        scheduler.observe(podGroups: [key: rule])
        #expect(words(scheduler.decide()) == ["x on c: on-c", "y on d: on-d"])
        var smaller = self.scheduler(
            [full("a", group: "pg"), full("b", group: "pg"), full("c", priority: 20), member("x", size: 1)],
            "abc")
        smaller.observe(podGroups: [key: rule])
        #expect(words(smaller.decide()) == ["x on a: on-a on-b"])
    }

    @Test("a PodGroup's own priority and policy count for it")
    func groupPriority() {
        let key = ObjectKey(namespace: "n", name: "pg")
        func decide(_ spec: JSON) -> [String] {
            var spec = spec
            spec["schedulingPolicy"] = ["gang": ["minCount": 2]]
            var scheduler = scheduler(
                [full("a", priority: 5), full("b", priority: 5)]
                    + [member("x", priority: 5, group: "pg"), member("y", priority: 5, group: "pg")], "ab")
            scheduler.observe(podGroups: [key: PodGroupRule(spec.typed())])
            return words(scheduler.decide())
        }
        #expect(decide([:]).isEmpty)
        #expect(decide(["priority": 6]) == ["x on a: on-a", "y on b: on-b"])
        #expect(decide(["priority": 6, "preemptionPolicy": "Never"]).isEmpty)
    }

    @Test("those that end already make the room, and nobody else is told to go while they do")
    func going() {
        var ending = full("b", priority: 9).pod
        ending.metadata.deletionTimestamp = Timestamp(microseconds: 0)
        var scheduler = scheduler(
            [full("a"), PodInfo(ending), full("c"), member("x"), member("y")], "abc")
        #expect(words(scheduler.decide()) == ["x on b: ", "y on c: on-c"])
        #expect(words(scheduler.decide()).isEmpty)
        scheduler.forget(pod: "uid-on-c")
        #expect(words(scheduler.decide()).isEmpty)
        scheduler.forget(pod: "uid-on-b")
        #expect(words(scheduler.decide()) == ["x -> b", "y -> c"])
    }

    @Test("where one of the victims stays, the room of the whole gang is given back")
    func refused() {
        var scheduler = scheduler([full("a"), full("b"), member("x"), member("y")], "ab")
        #expect(words(scheduler.decide()) == ["x on a: on-a", "y on b: on-b"])
        scheduler.spare("uid-on-b")
        #expect(scheduler.nominations.isEmpty)
        scheduler.forget(pod: "uid-on-a")
        scheduler.observe(Make.pod("other", cores: 24, extra: ["priority": 0]))
        // It is tried anew, from what is there now.
        #expect(words(scheduler.decide()) == ["x on a: ", "y on b: on-b"])
    }

    @Test("of many, no more than needed go", arguments: [1, 2, 7])
    func many(size: Int) {
        let nodes = (0..<40).map { "n\(10 + $0)" }
        var scheduler = SchedulingState(
            pods: nodes.enumerated().map { full($1, priority: $0 % 9) }
                + (0..<size).map { member("x\($0)", size: size) },
            nodes: nodes.map { Make.node($0) }
        ).scheduler
        let victims = scheduler.decide().flatMap { decision -> [Int] in
            guard case .preempt(_, _, let victims) = decision else { return [] }
            return victims.map(\.priority)
        }
        #expect(victims.count == size)
        // Five have the priority 0, five 1.
        #expect(victims.sorted() == Array((Array(repeating: 0, count: 5) + [1, 1]).prefix(size)))
    }
}
