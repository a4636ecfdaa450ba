// Which pods of a ModelServer are made, tried and deleted.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import Placement
import Scheduling
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("Pods of a ModelServer")
struct PodsPlanTests {
    private func ending(_ pod: inout JSON) {
        pod[path: ["metadata", "deletionTimestamp"]] = "2026-01-01T00:00:00Z"
    }

    private func named(_ name: String, created: String? = nil) -> (inout JSON) -> Void {
        { pod in
            pod[path: ["metadata", "name"]] = .string(name)
            if let created { pod[path: ["metadata", "creationTimestamp"]] = .string(created) }
        }
    }

    // MARK: Two pods of one replica

    @Test("of two pods of a replica one stays, whichever name comes first", arguments: ["a", "z"])
    func duplicate(name: String) throws {
        let current = PlannedServer(Make.spec())
        let old = PlannedServer(Make.spec(cores: 2))
        let kept = try current.pod(uid: "kept")
        let words = "replica 0 has the pod \(kept.key.name)"
        func plan(_ other: PodInfo) throws -> [String] {
            try PlannedServer(current.spec, pods: [other, kept]).plan().words
        }
        // Of another template, not ready, later, ended.
        #expect(try plan(old.pod(uid: "x", change: named(name))) == ["delete x: \(words)"])
        #expect(try plan(current.pod(uid: "x", ready: false, change: named(name))) == ["delete x: \(words)"])
        let later = named(name, created: "2026-01-02T00:00:00Z")
        #expect(try plan(current.pod(uid: "x", change: later)) == ["delete x: \(words)"])
        #expect(
            try plan(current.pod(uid: "x", phase: "Failed", change: named(name))) == ["delete x: \(words)"])
        // One that ends already needs no second word, and does not keep the replica from being served.
        #expect(
            try plan(
                current.pod(
                    uid: "x",
                    change: {
                        named(name)(&$0)
                        ending(&$0)
                    })) == [])
    }

    @Test("a second pod that serves stays until the first does")
    func servingDuplicate() throws {
        let current = PlannedServer(Make.spec())
        let loading = try current.pod(uid: "loading", ready: false)
        let serving = try PlannedServer(Make.spec(cores: 2)).pod(uid: "serving")
        #expect(try PlannedServer(current.spec, pods: [serving, loading]).plan().words == [])
    }

    // MARK: Nothing healthy goes before the API server has taken its successor

    @Test("a pod is tried before the first one goes for it, and only then")
    func rehearsal() throws {
        let old = PlannedServer(Make.spec(replicas: 3))
        var new = PlannedServer(Make.spec(replicas: 3, cores: 2))
        new.pods = [try old.pod(0), try old.pod(1), try new.pod(2)]
        #expect(
            try new.plan().words == ["try 0 for uid-0", "delete uid-0: the template has changed"])
        new.pods = [try old.pod(0), try old.pod(1, ready: false), try new.pod(2)]
        #expect(
            try new.plan().words == ["try 1 for uid-1", "delete uid-1: the template has changed"])
        new.pods = [try new.pod(0), try new.pod(1), try new.pod(2)]
        #expect(try new.plan().words == [])
        // What has ended serves nobody.
        new.pods[0] = try new.pod(0, phase: "Failed")
        #expect(try new.plan(now: .seconds(0)).words == [])
    }

    @Test("the Service follows an edit when a pod of it is taken, and comes before the first pod otherwise")
    func serviceOrder() throws {
        let old = PlannedServer(Make.spec())
        var new = old
        new.spec["runtime"] = ["port": 9000]
        new.service = PodTemplate(try old.resolved()).service
        #expect(try new.plan().words == ["service", "create 0"])
        new.pods = [try old.pod(0)]
        #expect(
            try new.plan().words == [
                "try 0 for uid-0", "service", "delete uid-0: the template has changed",
            ])
    }

    // MARK: Another default image

    /// trials.md, section 11.
    @Test(
        "another default image replaces no pod, unless that is wanted of servers that name none",
        arguments: [
            (nil, false, false), (nil, true, true), ("mine", false, false), ("mine", true, false),
        ] as [(String?, Bool, Bool)])
    func defaultImage(own: String?, replaces: Bool, goes: Bool) throws {
        var spec = Make.spec()
        if let own {
            spec["template"] = [
                "spec": ["containers": [["name": "model-server", "image": .string(own)]]]
            ]
        }
        var server = PlannedServer(spec)
        server.defaults.image = "v1"
        server.pods = [try server.pod()]
        server.defaults.image = "v2"
        server.defaults.replacesImage = replaces
        let plan = try server.plan()
        #expect(plan.words.isEmpty != goes)
        #expect(plan.status.updatedReplicas == (goes ? 0 : 1))
        // A new pod gets the new image, and a change of the spec still replaces the old one.
        let made = PodTemplate(try server.resolved()).pod(replica: 0)
        #expect(made["spec"]?["containers"]?[0]?["image"]?.string == own ?? "v2")
        server.spec["batching"] = ["maxBatchSize": 3]
        #expect(try server.plan().words.count == 2)
    }

    @Test("another image of a preset's restarts nobody either")
    func presetImage() throws {
        var spec = Make.spec()
        spec["runtime"] = ["preset": "vllm"]
        var server = PlannedServer(spec)
        let hash = try server.resolved().spec.podHash(defaultImage: "vllm:older")
        server.pods = [
            try server.pod {
                $0[path: ["metadata", "labels", WellKnown.hashLabel]] = .string(hash)
                var containers = $0["spec"]?["containers"]?.array ?? []
                containers[0]["image"] = "vllm:older"
                $0[path: ["spec", "containers"]] = .array(containers)
            }
        ]
        #expect(try server.plan().words == [])
    }

    // MARK: Nodes that do not answer

    private func notReady(since: String = "2025-12-31T23:55:00Z") -> LostNode? {
        var node = Make.nodeObject("b", type: "inf2.48xlarge")
        node[path: ["status", "conditions"]] = [
            [
                "type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown",
                "message": "Kubelet stopped posting node status.", "lastTransitionTime": .string(since),
            ]
        ]
        return LostNode(node.typed() as Node)
    }

    @Test(
        "a pod on a node that does not answer is told with the node and the mend", arguments: [true, false])
    func lost(isEnding: Bool) throws {
        var server = PlannedServer(Make.spec())
        server.pods = [
            try server.pod(node: "b", ready: false) { if isEnding { ending(&$0) } }
        ]
        server.lostNodes = ["b": try #require(notReady())]
        let name = server.pods[0].key.name
        let sentence =
            "node b has not been ready since 2025-12-31T23:55:00Z (Kubelet stopped posting node status.), pod \(name) \(isEnding ? "cannot end" : "is lost") there: bring the node back, or kubectl delete pod -n n \(name) --force, or set spec.rollout.replaceLostAfterSeconds"
        let plan = try server.plan()
        #expect(plan.words == [])
        #expect(plan.condition("Degraded") == "True NodeLost: \(sentence)")
        #expect(plan.condition("Ready") == "False NodeLost: \(sentence)")
        if isEnding { #expect(plan.condition("Placed") == "False NodeLost: \(sentence)") }
        server.lostNodes = [:]
        #expect(try server.plan().condition("Degraded") == "False AsExpected: nothing has failed")
    }

    @Test(
        "where the user has said for how long, it is given up then, and not a second earlier",
        arguments: [(301, []), (300, ["force uid-0"]), (30, ["force uid-0"])] as [(Int, [String])])
    func givenUp(limit: Int, words: [String]) throws {
        var server = PlannedServer(Make.spec())
        server.spec["rollout"] = ["replaceLostAfterSeconds": JSON(limit)]
        server.pods = [try server.pod(node: "b", ready: false, change: ending)]
        server.lostNodes = ["b": try #require(notReady())]
        let plan = try server.plan()
        #expect(plan.words.map { $0.split(separator: ":")[0] } == words.map { $0[...] })
        #expect(plan.lookAgainAfter == (words.isEmpty ? .seconds(1) : nil))
        let at =
            "it is replaced at \(limit == 301 ? "2026-01-01T00:00:01Z" : limit == 300 ? "2026-01-01T00:00:00Z" : "2025-12-31T23:55:30Z")"
        #expect(plan.condition("Degraded").hasSuffix(at))
        // A node that is ready again keeps its pods.
        server.lostNodes = [:]
        #expect(try server.plan().words == [])
    }

    @Test("a node that is ready is not lost, one that is gone is the garbage collector's")
    func nodes() throws {
        #expect(LostNode(Make.nodeObject("b", type: "inf2.48xlarge").typed() as Node) == nil)
        var server = PlannedServer(Make.spec())
        server.spec["rollout"] = ["replaceLostAfterSeconds": 30]
        server.pods = [try server.pod(node: "b", ready: false)]
        server.lostNodes = ["b": try #require(LostNode(nil))]
        let plan = try server.plan()
        #expect(plan.words == [])
        #expect(plan.condition("Degraded").hasPrefix("True NodeLost: node b is gone, pod "))
    }

    // MARK: Chips

    @Test("what a chip is stays settled when nodes of other kinds join or the last one goes")
    func chips() throws {
        var server = PlannedServer(Make.spec())
        server.spec["neuron"] = ["chips": 3]
        server.status = try server.plan().status
        #expect(server.status?.coresPerReplica == 6)
        #expect(server.status?.coresPerChip == 2)
        for kinds in [[], [2, 8], [4, 8]] as [Set<Int>] {
            server.coresPerChip = kinds
            let plan = try server.plan()
            #expect(plan.words == ["create 0"], "\(kinds)")
            #expect(plan.status.coresPerReplica == 6)
        }
        // A change of the spec is carried out by what was settled; a node of one other kind alone settles it anew.
        server.spec["neuron"] = ["chips": 2]
        server.coresPerChip = []
        #expect(try server.plan().status.coresPerReplica == 4)
        server.coresPerChip = [8]
        #expect(try server.plan().status.coresPerReplica == 16)
        // A status that an earlier operator wrote has the product only.
        server.coresPerChip = [2, 8]
        server.status = ModelServerStatus()
        server.status?.observedGeneration = 1
        server.status?.coresPerReplica = 4
        #expect(try server.plan().status.coresPerReplica == 4)
        server.status?.observedGeneration = 0
        #expect(try server.plan().condition("Placed").contains("chips of 2 and 8 cores would do"))
    }

    @Test("one node and one group are named in kubectl's columns, several are counted")
    func columns() throws {
        var server = PlannedServer(Make.spec(replicas: 2, cores: 4, degree: 2))
        server.pods = [try server.pod(0)]
        #expect(try server.plan().status.nodes == "a")
        #expect(try server.plan().status.neuronCores == "2 groups")
        server.pods.append(try server.pod(1, node: "b"))
        #expect(try server.plan().status.nodes == "2 nodes")
        #expect(try server.plan().status.neuronCores == "4 groups")
        server.spec = Make.spec()
        server.pods = [try server.pod(0)]
        #expect(try server.plan().status.neuronCores == "0,1,2,3")
        server.pods = []
        #expect(try server.plan().status.nodes == nil)
        #expect(try server.plan().status.neuronCores == nil)
    }
}
