import JSON
import Testing

@testable import LocalAPIServer

@Suite("Disruption budgets and evictions")
struct DisruptionTests {
    private let server = PlainServer()
    private let budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"

    private func pod(_ name: String, phase: String = "Running", ready: Bool = true) async {
        await server.send(
            "POST", core + "/pods",
            [
                "metadata": ["name": .string(name), "labels": ["app": "a"]],
                "spec": ["nodeName": "n", "containers": [["name": "c", "image": "i"]]],
            ])
        await server.send(
            "PATCH", core + "/pods/\(name)/status",
            [
                "status": [
                    "phase": .string(phase),
                    "conditions": [["type": "Ready", "status": ready ? "True" : "False"]],
                ]
            ], type: "application/merge-patch+json")
    }

    private func budget(_ name: String, _ spec: JSON) async {
        var spec = spec
        spec.selector = ["matchLabels": ["app": "a"]]
        let made = await server.send("POST", budgets, ["metadata": ["name": .string(name)], "spec": spec])
        #expect(made.status == 201)
    }

    private func evict(_ name: String) async -> (status: Int, body: JSON) {
        await server.send(
            "POST", core + "/pods/\(name)/eviction",
            ["apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": .string(name)]])
    }

    private func status(_ name: String) async -> [Int?] {
        let status = await server.send("GET", "\(budgets)/\(name)").body.status
        return [
            status?.currentHealthy?.int, status?.desiredHealthy?.int, status?.expectedPods?.int,
            status?.disruptionsAllowed?.int,
        ]
    }

    @Test("minAvailable keeps what it says through a drain, though the evicted still run")
    func drain() async {
        for name in ["a", "b", "c"] { await pod(name) }
        await budget("one", ["minAvailable": 1])
        #expect(await status("one") == [3, 1, 3, 2])
        #expect(await evict("a").status == 201)
        #expect(await status("one") == [2, 1, 3, 1])
        #expect(await evict("b").status == 201)
        let refused = await evict("c")
        #expect(refused.status == 429)
        #expect(
            refused.body.details?.causes?[0]?.message
                == "The disruption budget one needs 1 healthy pods and has 1 currently")
        let condition = await server.send("GET", "\(budgets)/one").body.status?.conditions?[0]
        #expect(condition?.type == "DisruptionAllowed" && condition?.reason == "InsufficientPods")
        await pod("d")
        #expect(await evict("c").status == 201, "there is another one")
    }

    @Test("nobody needs pods that do not run, and those that are not ready go while the others suffice")
    func unhealthy() async {
        await pod("ready")
        await pod("sick", ready: false)
        await pod("done", phase: "Succeeded", ready: false)
        await budget("one", ["minAvailable": 1])
        #expect(await status("one") == [1, 1, 3, 0])
        #expect(await evict("done").status == 201)
        #expect(await evict("sick").status == 201)
        #expect(await evict("ready").status == 429)
        await pod("sicker", ready: false)
        await server.send("DELETE", core + "/pods/ready?gracePeriodSeconds=0")
        #expect(await evict("sicker").status == 429, "IfHealthyBudget")
        await server.send(
            "PATCH", budgets + "/one", ["spec": ["unhealthyPodEvictionPolicy": "AlwaysAllow"]],
            type: "application/merge-patch+json")
        #expect(await evict("sicker").status == 201)
    }

    @Test(
        "a share of pods that nobody replaces is nothing that can be given away, and two budgets are one too many"
    )
    func faults() async {
        for name in ["a", "b"] { await pod(name) }
        await budget("share", ["maxUnavailable": 1])
        #expect(await status("share") == [2, 0, 0, 0])
        #expect(await evict("a").status == 429)
        await budget("more", ["minAvailable": 1])
        #expect(await evict("a").status == 500)
    }

    @Test(
        "the counts of a controller's pods are of what it wants, not of what there is",
        arguments: [
            (["maxUnavailable": 1], 4, [3, 3, 4, 0]), (["maxUnavailable": "50%"], 4, [3, 2, 4, 1]),
            (["minAvailable": "50%"], 4, [3, 2, 4, 1]), (["minAvailable": "51%"], 4, [3, 3, 4, 0]),
            (["minAvailable": 5], 4, [3, 5, 3, 0]), (["maxUnavailable": 9], 4, [3, 0, 4, 3]),
            (["maxUnavailable": "0%"], 3, [3, 3, 3, 0]),
        ] as [(JSON, Int, [Int])])
    func counts(spec: JSON, replicas: Int, wanted: [Int]) {
        let pod: JSON = [
            "metadata": ["ownerReferences": [["controller": true, "uid": "u"]]],
            "status": ["conditions": [["type": "Ready", "status": "True"]]],
        ]
        let budget = DisruptionBudget(spec, pods: [pod, pod, pod]) { _ in replicas }
        #expect(
            [
                budget.currentHealthy, budget.desiredHealthy, budget.expectedPods, budget.disruptionsAllowed,
            ] == wanted)
    }
}
