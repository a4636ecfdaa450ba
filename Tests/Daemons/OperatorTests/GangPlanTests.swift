// The pods of a ModelServer that are placed together, and made anew together where that is asked for.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import Scheduling
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("Gangs of ModelServers")
struct GangPlanTests {
    private func server(replicas: Int = 2, together: Bool = false) -> PlannedServer {
        var server = PlannedServer(Make.spec(replicas: replicas))
        server.spec["gang"] = true
        if together { server.spec["rollout"] = ["restartTogether": true] }
        return server
    }

    /// A pod of the gang.
    private func member(
        _ server: PlannedServer, _ replica: Int, uid: String? = nil, node: String = "a", size: Int? = nil,
        change: (inout JSON) -> Void = { _ in }
    ) throws -> PodInfo {
        try server.pod(replica, uid: uid, node: node, ready: !node.isEmpty) { pod in
            pod[path: ["metadata", "annotations"]] = [
                WellKnown.gangAnnotation: "modelserver/m",
                WellKnown.gangSizeAnnotation: .string(String(size ?? server.spec.replicas?.int ?? 0)),
            ]
            change(&pod)
        }
    }

    @Test("its pods say that they are one gang, and how large it is")
    func annotations() throws {
        let plan = try server(replicas: 3).plan()
        #expect(plan.words == ["create 0", "create 1", "create 2"])
        for action in plan.actions {
            guard case .createPod(let pod) = action else { continue }
            #expect(pod.meta.annotations[WellKnown.gangAnnotation] == "modelserver/m")
            #expect(pod.meta.annotations[WellKnown.gangSizeAnnotation] == "3")
            let info = PodInfo(pod.typed())
            #expect(info.gang?.name == "modelserver/m")
        }
    }

    @Test("those that wait are made anew when the gang has another size; those that run are not")
    func size() throws {
        var server = server(replicas: 2)
        server.pods = try [0, 1].map { try member(server, $0, node: "", size: 3) }
        #expect(
            try server.plan().words == [
                "delete uid-0: its gang has 2 pods now", "delete uid-1: its gang has 2 pods now",
            ])
        server.pods = try [0, 1].map { try member(server, $0, size: 3) }
        #expect(try server.plan().words == [])
    }

    @Test("when it becomes a gang all pods go, for the gang is placed as a whole")
    func switchedOn() throws {
        var server = server(replicas: 3)
        server.pods = try (0..<3).map { try PlannedServer(Make.spec(replicas: 3)).pod($0) }
        let words = try server.plan().words
        #expect(words.count == 4)
        #expect(words.dropFirst().allSatisfy { $0.hasSuffix(": the template has changed") })
        // A gang whose template changes goes one by one.
        server.pods = try (0..<3).map { try member(server, $0) }
        server.spec["batching"] = ["maxBatchSize": 3]
        #expect(try server.plan().words == ["try 0 for uid-0", "delete uid-0: the template has changed"])
    }

    @Test("without restartTogether one that ends is replaced alone")
    func alone() throws {
        var server = server()
        server.pods = [try member(server, 1)]
        #expect(try server.plan().words == ["create 0"])
    }

    @Test("with restartTogether the others go with one that goes, and the next start is left alone")
    func goes() throws {
        var server = server(replicas: 3, together: true)
        server.pods = [
            try member(server, 0), try member(server, 1),
            try member(server, 2) { $0[path: ["metadata", "deletionTimestamp"]] = "2026-01-01T00:00:00Z" },
        ]
        let name = server.pods[2].key.name
        #expect(
            try server.plan().words == [
                "delete uid-0: pod \(name) of its gang goes", "delete uid-1: pod \(name) of its gang goes",
            ])
        server.pods[0] = try member(server, 0, uid: "next-0", node: "")
        server.pods[1] = try member(server, 1, uid: "next-1", node: "")
        #expect(try server.plan().words == [])
        server.pods.removeLast()
        #expect(try server.plan().words == ["create 2"])
    }

    @Test("one that was deleted by force, or one more, means a new start")
    func gone() throws {
        var server = server(replicas: 3, together: true)
        server.pods = try [0, 2].map { try member(server, $0) }
        #expect(
            try server.plan().words == [
                "delete uid-0: replica 1 of its gang has gone",
                "delete uid-2: replica 1 of its gang has gone", "create 1",
            ])
        server.pods = try (0..<3).map { try member(server, $0, size: 4) }
        #expect(
            try server.plan().words == (0..<3).map { "delete uid-\($0): its gang has 3 pods now" })
    }

    @Test("one that has ended, or whose container was restarted, takes the others with it after a pause")
    func failed() throws {
        var server = server(together: true)
        server.pods = [
            try member(server, 0),
            try member(server, 1) {
                $0[path: ["status", "containerStatuses"]] = [
                    ["name": "model-server", "restartCount": 1, "ready": true]
                ]
            },
        ]
        let name = server.pods[1].key.name
        var failures = FailureMemory()
        let first = try server.plan(&failures, now: .zero)
        #expect(first.words == [])
        #expect(first.lookAgainAfter == .seconds(1))
        let why = "container model-server of pod \(name) of its gang was restarted"
        #expect(
            try server.plan(&failures, now: .seconds(1)).words == [
                "delete uid-0: \(why)", "delete uid-1: \(why)",
            ])
        server.pods[1] = try member(server, 1, uid: "ended") { $0[path: ["status", "phase"]] = "Failed" }
        failures = FailureMemory()
        #expect(try server.plan(&failures, now: .zero).words == [])
        #expect(
            try server.plan(&failures, now: .seconds(1)).words == [
                "delete uid-0: pod \(name) of its gang has ended", "delete ended: it has ended: PodFailed",
            ])
    }

    @Test("an edit replaces all of them at once")
    func edit() throws {
        var server = server(replicas: 3, together: true)
        server.pods = try (0..<3).map { try member(server, $0) }
        server.spec["batching"] = ["maxBatchSize": 3]
        #expect(
            try server.plan().words == ["try 0 for uid-0"]
                + (0..<3).map { "delete uid-\($0): the template has changed" })
    }

    @Test(
        "restartTogether is refused where it could do nothing",
        arguments: [
            (
                ["restartTogether": true], false,
                "spec.rollout.restartTogether is for gangs: set spec.gang, too"
            ),
            (
                ["restartTogether": true, "maxSurge": 1], true,
                "spec.rollout.maxSurge is 1: with restartTogether no pod has its next one beside it"
            ),
        ] as [(JSON, Bool, String)])
    func refused(rollout: JSON, gang: Bool, words: String) throws {
        var server = PlannedServer(Make.spec())
        server.spec["gang"] = .bool(gang)
        server.spec["rollout"] = rollout
        #expect(throws: InvalidSpec(words)) { try server.resolved() }
    }
}
