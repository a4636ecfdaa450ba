// How pods are replaced when the template changes: by surge, by unavailability, paused, and back.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import Scheduling
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("Rollouts")
struct RolloutTests {
    private static let outOfCores = "0/1 nodes can hold a group of 4 NeuronCores"

    /// A server of some replicas with another template than that of its pods.
    private func edited(
        replicas: Int = 3, surge: Int, unavailable: Int, edit: (inout JSON) -> Void = { _ in }
    ) throws -> (old: PlannedServer, new: PlannedServer) {
        var old = PlannedServer(Make.spec(replicas: replicas))
        old.spec["rollout"] = ["maxSurge": JSON(surge), "maxUnavailable": JSON(unavailable)]
        var new = old
        new.spec["batching"] = ["maxBatchSize": 3]
        edit(&new.spec)
        new.pods = try (0..<replicas).map { try old.pod($0, uid: "old-\($0)") }
        return (old, new)
    }

    // MARK: Surge

    @Test("with a surge a replica gets its next pod first, and loses the old one when that serves")
    func surge() throws {
        var (_, server) = try edited(surge: 1, unavailable: 0)
        #expect(try server.plan().words == ["create 0"])
        server.pods.append(try server.pod(0, uid: "new-0", ready: false))
        #expect(try server.plan().words == [])
        let status = try server.plan().status
        #expect(status.replicas == 4)
        #expect(status.readyReplicas == 3)
        #expect(status.updatedReplicas == 1)
        #expect(status.conditions["Ready"]?.reason == "AllReady")
        server.pods[3] = try server.pod(0, uid: "new-0")
        let name = server.pods[3].key.name
        #expect(name != server.pods[0].key.name)
        #expect(try server.plan().words == ["delete old-0: replica 0 has the pod \(name)", "create 1"])
        server.pods.remove(at: 0)
        #expect(try server.plan().words == ["create 1"])
    }

    @Test(
        "surge and unavailability go side by side, each to its bound",
        arguments: [
            (2, 0, ["create 0", "create 1"]),
            (5, 0, ["create 0", "create 1", "create 2"]),
            (1, 1, ["create 0", "try 1 for old-1", "delete old-1: the template has changed"]),
            (
                0, 2,
                [
                    "try 0 for old-0", "delete old-0: the template has changed",
                    "delete old-1: the template has changed",
                ]
            ),
        ] as [(Int, Int, [String])])
    func bounds(surge: Int, unavailable: Int, words: [String]) throws {
        #expect(try edited(surge: surge, unavailable: unavailable).new.plan().words == words)
    }

    @Test("where no group is free for the next pod, the one that serves goes first, if one may be missing")
    func noCores() throws {
        for unavailable in [0, 1] {
            var (_, server) = try edited(surge: 1, unavailable: unavailable)
            server.pods.append(try server.pod(0, uid: "new-0", node: "", ready: false, phase: "Pending"))
            server.unschedulable["new-0"] = Self.outOfCores
            let name = server.pods[3].key.name
            let plan = try server.plan()
            #expect(
                plan.words
                    == (unavailable == 0 ? [] : ["delete old-0: its successor \(name) needs its NeuronCores"])
            )
            #expect(
                plan.condition("Progressing")
                    == "True WaitingForCores: 1 of 3 replicas are up to date; pod \(name) waits beside the one that it replaces: \(Self.outOfCores)"
            )
            // Another replica is missing already: nothing more goes.
            server.pods[2] = try server.pod(2, uid: "new-2", ready: false)
            #expect(try server.plan().words.isEmpty)
        }
    }

    @Test("a next pod that fails is tried again after a pause, and what serves goes on")
    func failingSurge() throws {
        var (_, server) = try edited(surge: 1, unavailable: 0)
        server.pods.append(try server.pod(0, uid: "new-0", phase: "Failed"))
        let plan = try server.plan()
        #expect(plan.words == [])
        #expect(plan.lookAgainAfter == .seconds(1))
        #expect(plan.status.readyReplicas == 3)
    }

    @Test("the pauses between next pods that fail grow, though the old one is ready all the time")
    func failingSurges() throws {
        var (_, server) = try edited(replicas: 1, surge: 1, unavailable: 0)
        let old = server.pods
        var failures = FailureMemory()
        var now = Duration.zero
        for pause in [1, 2, 4, 8] as [Int64] {
            #expect(try server.plan(&failures, now: now).words == ["create 0"])
            server.pods = old + [try server.pod(0, uid: "new-\(pause)", phase: "Failed")]
            #expect(try server.plan(&failures, now: now).lookAgainAfter == .seconds(pause))
            now += .seconds(pause)
            #expect(
                try server.plan(&failures, now: now).words == ["delete new-\(pause): it has ended: PodFailed"]
            )
            server.pods = old
        }
    }

    /// A device plugin that refuses what the kubelet allots ends a pod so (kubelet, lifecycle/predicate.go).
    @Test("a pod that its node did not admit is told and replaced after a pause")
    func unadmitted() throws {
        var server = PlannedServer(Make.spec())
        server.pods = [
            try server.pod(ready: false, phase: "Failed") {
                $0[path: ["status", "reason"]] = "UnexpectedAdmissionError"
                $0[path: ["status", "message"]] = "Allocate failed"
            }
        ]
        var failures = FailureMemory()
        let name = server.pods[0].key.name
        let plan = try server.plan(&failures, now: .zero)
        #expect(plan.words == [])
        #expect(
            plan.condition("Degraded")
                == "True PodFailed: pod \(name): UnexpectedAdmissionError: Allocate failed")
        #expect(
            try server.plan(&failures, now: .seconds(1)).words
                == ["delete uid-0: it has ended: UnexpectedAdmissionError"])
    }

    @Test("a pod that serves nobody is replaced at once, by a surge or without")
    func unready() throws {
        let (old, edit) = try edited(surge: 1, unavailable: 0)
        var server = edit
        server.pods[1] = try old.pod(1, uid: "old-1", ready: false)
        #expect(
            try server.plan().words == [
                "create 0", "try 1 for old-1", "delete old-1: the template has changed",
            ])
    }

    @Test("no surge and nobody missing is refused")
    func neither() throws {
        var server = PlannedServer(Make.spec())
        server.spec["rollout"] = ["maxSurge": 0, "maxUnavailable": 0]
        #expect(
            try server.plan().condition("Progressing")
                == "False InvalidSpec: spec.rollout has 0 in maxUnavailable and in maxSurge: no pod could be replaced, set one of them"
        )
    }

    @Test("a pod is ready when its readiness gates are, for the kubelet says so")
    func readinessGates() throws {
        var (_, server) = try edited(surge: 1, unavailable: 0) {
            $0["template"] = ["spec": ["readinessGates": [["conditionType": "example.com/warm"]]]]
        }
        server.pods.append(
            try server.pod(0, uid: "new-0", ready: false) {
                $0[path: ["status", "conditions"]] = [
                    ["type": "ContainersReady", "status": "True"], ["type": "Ready", "status": "False"],
                ]
            })
        let made = try #require(server.pods.last?.pod)
        #expect(
            try JSON(encoding: made)["spec"]?["readinessGates"] == [["conditionType": "example.com/warm"]])
        #expect(try server.plan().words == [])
    }

    // MARK: Pause

    @Test("a paused server replaces nothing, and scales with what it had")
    func paused() throws {
        let (old, edit) = try edited(surge: 0, unavailable: 1) { $0["paused"] = true }
        var server = edit
        server.status = try old.plan().status
        server.spec["replicas"] = 4
        let plan = try server.plan()
        #expect(plan.words == ["create 3"])
        guard case .createPod(let pod)? = plan.actions.first else { return }
        #expect(pod.meta.labels[WellKnown.hashLabel] == (try old.resolved().hash))
        #expect(
            plan.condition("Progressing")
                == "Unknown Paused: 0 of 4 replicas are up to date: spec.paused holds back the others")
        #expect(plan.status.updatedReplicas == 0)
        #expect(plan.status.revisions.map(\.revision) == [1])
        // Then it goes on.
        server.spec["paused"] = false
        server.spec["replicas"] = 3
        #expect(try server.plan().words == ["try 0 for old-0", "delete old-0: the template has changed"])
        #expect(try server.plan().status.revisions.map(\.revision) == [1, 2])
    }

    @Test("a pause in the middle of a rollout leaves both kinds of pods")
    func pausedHalfway() throws {
        var (_, server) = try edited(surge: 0, unavailable: 1)
        server.pods[0] = try server.pod(0)
        server.status = try server.plan().status
        server.spec["paused"] = true
        #expect(try server.plan().words == [])
        // One that is gone comes back from the newest.
        server.pods.remove(at: 1)
        guard case .createPod(let pod)? = try server.plan().actions.first else {
            Issue.record("no pod is made")
            return
        }
        #expect(pod.meta.labels[WellKnown.hashLabel] == (try server.resolved().hash))
    }

    // MARK: Drains

    @Test("there is a PodDisruptionBudget where one is wanted, and none of another's is touched")
    func budget() throws {
        var server = PlannedServer(Make.spec())
        server.pods = [try server.pod()]
        #expect(try server.plan().words == [])
        server.spec["disruptionBudget"] = ["maxUnavailable": 2]
        guard case .applyBudget(var made)? = try server.plan().actions.first else {
            Issue.record("no budget is made")
            return
        }
        #expect(made.meta.name == "m")
        #expect(
            made["spec"] == [
                "maxUnavailable": 2, "selector": ["matchLabels": [WellKnown.serverLabel: "m"]],
                "unhealthyPodEvictionPolicy": "AlwaysAllow",
            ])
        made["status"] = ["disruptionsAllowed": 1]
        server.budget = made
        #expect(try server.plan().words == [])
        server.spec["disruptionBudget"] = [:]
        #expect(try server.plan().words == ["budget"])
        server.spec["disruptionBudget"] = nil
        #expect(try server.plan().words == ["no budget"])
        made[path: ["metadata", "ownerReferences"]] = []
        server.budget = made
        #expect(try server.plan().words == [])
        server.spec["disruptionBudget"] = ["maxUnavailable": 0]
        let plan = try server.plan()
        #expect(plan.words == [])
        #expect(
            plan.condition("Degraded")
                == "True DisruptionBudgetConflict: the PodDisruptionBudget m exists and belongs to somebody else: remove spec.disruptionBudget or delete it"
        )
    }

    // MARK: Revisions

    private func server(_ spec: JSON, revisions: [ModelServerStatus.Revision], rollback: String)
        -> ModelServer
    {
        var object = Make.server(spec: spec)
        object[path: ["metadata", "annotations"]] = [WellKnown.rollbackAnnotation: .string(rollback)]
        var server: ModelServer = object.typed()
        server.status = ModelServerStatus()
        server.status?.revisions = revisions
        return server
    }

    @Test("the last few are kept, the present one last; one that comes back gets a new number")
    func history() throws {
        var server = PlannedServer(Make.spec())
        server.spec["revisionHistoryLimit"] = 2
        func edit(_ size: Int) throws -> [Int] {
            server.spec["batching"] = ["maxBatchSize": JSON(size)]
            server.status = try server.plan().status
            return server.status?.revisions.map(\.revision) ?? []
        }
        #expect(try edit(1) == [1])
        #expect(try edit(1) == [1])
        #expect(try edit(2) == [1, 2])
        #expect(try edit(3) == [1, 2, 3])
        #expect(try edit(4) == [2, 3, 4])
        #expect(try edit(2) == [3, 4, 5])
        #expect(server.status?.revisions.last?.templateHash == (try server.resolved().hash))
        // What decides how many pods there are is none.
        server.spec["replicas"] = 9
        #expect(try edit(2) == [3, 4, 5])
        server.spec["revisionHistoryLimit"] = 0
        #expect(try edit(2) == [5])
    }

    @Test("a large template leaves fewer")
    func large() throws {
        var server = PlannedServer(Make.spec())
        for index in 0..<10 {
            server.spec["template"] = [
                "spec": ["x": .string(String(repeating: "y", count: 100_000)), "n": JSON(index)]
            ]
            server.status = try server.plan().status
        }
        #expect(server.status?.revisions.map(\.revision) == [9, 10])
    }

    @Test(
        "the annotation names a revision, or the one before",
        arguments: [("1", 1), ("0", 2), ("2", 2), ("3", 3)] as [(String, Int)])
    func rollback(value: String, revision: Int) throws {
        var spec = Make.spec()
        let parts = [4, 5].map { cores -> JSON in
            ["neuron": ["cores": JSON(cores)], "models": [["name": "m", "uri": "/m"]]]
        }
        spec["queue"] = ["maxLength": 3]
        let present = (Make.server(spec: spec).typed() as ModelServer).spec?.podPart ?? [:]
        let revisions = zip(1..., parts + [present]).map {
            ModelServerStatus.Revision(revision: $0, templateHash: "h", spec: $1)
        }
        let rollback = try #require(Rollback(server(spec, revisions: revisions, rollback: value)))
        #expect(rollback.sentence == "pods are made from revision \(revision) again")
        let steps = try #require(rollback.patch?.array)
        #expect(steps[1] == ["op": "remove", "path": "/metadata/annotations/ganglion.dev~1rollback-to"])
        let words = steps.dropFirst(2).map { "\($0["op"]?.string ?? "") \($0["path"]?.string ?? "")" }
        #expect(words.contains("add /spec/neuron"))
        #expect(words.contains("\(revision == 3 ? "add" : "remove") /spec/queue"))
        #expect(!words.contains { $0.contains("replicas") || $0.contains("batching") })
    }

    @Test("one that is not there is told", arguments: ["7", "x", "", "-1"])
    func unknownRevision(value: String) throws {
        let revisions = [ModelServerStatus.Revision(revision: 4, templateHash: "h", spec: ["a": 1])]
        let rollback = try #require(Rollback(server(Make.spec(), revisions: revisions, rollback: value)))
        #expect(rollback.patch == nil)
        #expect(
            rollback.sentence
                == "ganglion.dev/rollback-to is \"\(value)\": give one of the revisions 4, or 0 for the one before the present one"
        )
    }
}
