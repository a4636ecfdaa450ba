import KubernetesAPI
import SystemIO
import Testing

@testable import LocalControllers

@Suite("The default scheduler decides")
struct SchedulerSnapshotTests {
    private static let tainted: NodeSpec = {
        var spec = NodeSpec()
        spec.taints = [Taint(key: "dedicated", value: "x", effect: .noSchedule)]
        return spec
    }()
    private static let cordoned: NodeSpec = {
        var spec = NodeSpec()
        spec.unschedulable = true
        return spec
    }()

    private func ended(_ pod: Pod) -> Pod {
        var pod = pod
        pod.status.phase = .succeeded
        return pod
    }

    @Test("places a pod where it fits")
    func fits() {
        let nodes = [Make.node("a", cores: 2), Make.node("b", cores: 4)]
        let snapshot = SchedulerSnapshot(nodes: nodes, pods: [])
        #expect(snapshot.decide(Make.pod("p", cores: 4)) == .node("b"))
    }

    @Test("counts what bound pods hold, and not what ended ones held")
    func taken() {
        let pods = [Make.pod("x", cores: 2, on: "a"), ended(Make.pod("y", cores: 2, on: "a"))]
        let snapshot = SchedulerSnapshot(nodes: [Make.node("a", cores: 4)], pods: pods)
        #expect(snapshot.decide(Make.pod("p", cores: 2)) == .node("a"))
        #expect(
            snapshot.decide(Make.pod("p", cores: 3))
                == .unschedulable("0/1 nodes are available: 1 Insufficient aws.amazon.com/neuroncore."))
    }

    @Test("says why no node fits, in kube-scheduler's words")
    func reasons() {
        let nodes = [
            Make.node("a", cores: 1), Make.node("b", cores: 8, spec: Self.tainted),
            Make.node("c", cores: 8, spec: Self.cordoned), Make.node("d", cores: 8, labels: ["zone": "2"]),
        ]
        let pod = Make.pod("p", cores: 2) { $0.nodeSelector = ["zone": "1"] }
        #expect(
            SchedulerSnapshot(nodes: nodes, pods: []).decide(pod)
                == .unschedulable(
                    "0/4 nodes are available: 1 node(s) had untolerated taint(s) {dedicated: x}, 1 node(s) were"
                        + " unschedulable, 2 node(s) didn't match Pod's node affinity/selector."))
        #expect(
            SchedulerSnapshot(nodes: [], pods: []).decide(pod)
                == .unschedulable("no nodes available to schedule pods"))
    }

    @Test("a toleration lets a pod onto a tainted node")
    func tolerates() {
        let pod = Make.pod("p", cores: 1) {
            $0.tolerations = [Toleration(key: "dedicated", operator: .exists)]
        }
        let node = Make.node("a", cores: 1, spec: Self.tainted)
        #expect(SchedulerSnapshot(nodes: [node], pods: []).decide(pod) == .node("a"))
    }

    @Test("a pod that tolerates the taint of cordoned nodes goes to one")
    func cordon() {
        let node = Make.node("a", cores: 1, spec: Self.cordoned)
        let pod = Make.pod("p", cores: 1) {
            $0.tolerations = [
                Toleration(key: "node.kubernetes.io/unschedulable", operator: .exists, effect: .noSchedule)
            ]
        }
        #expect(SchedulerSnapshot(nodes: [node], pods: []).decide(pod) == .node("a"))
    }

    @Test("goes to the node with the most free CPU, and by name where that is equal")
    func spreads() {
        let nodes = [Make.node("b", cpu: 2), Make.node("a", cpu: 2), Make.node("c", cpu: 4)]
        var snapshot = SchedulerSnapshot(nodes: nodes, pods: [])
        #expect(snapshot.decide(Make.pod("p")) == .node("c"))
        let busy = Make.pod("busy") { $0.containers[0].resources.requests = ["cpu": 3] }
        snapshot.place(busy, on: "c")
        #expect(snapshot.decide(Make.pod("p")) == .node("a"))
    }

    @Test(
        "counts init containers beside the sidecars before them (KEP-753)",
        arguments: [(["init 5", "sidecar 1"], 5), (["sidecar 1", "init 5"], 6)])
    func sidecars(order: [String], cores: Int) {
        let pod = Make.pod("p", cores: 2) { spec in
            spec.initContainers = order.map { word in
                let parts = word.split(separator: " ").map(String.init)
                return Container(
                    name: parts[0], image: "image",
                    resources: ResourceRequirements(requests: [Make.cores: Quantity(parts[1]) ?? .zero]),
                    restartPolicy: parts[0] == "sidecar" ? .always : nil)
            }
        }
        func decide(_ free: Int) -> SchedulerDecision {
            SchedulerSnapshot(nodes: [Make.node("a", cores: free)], pods: []).decide(pod)
        }
        #expect(decide(cores) == .node("a"))
        #expect(decide(cores - 1) != .node("a"))
    }

    @Test("a node takes as many pods as it says")
    func pods() {
        var node = Make.node("a")
        node.status.allocatable["pods"] = 1
        let snapshot = SchedulerSnapshot(nodes: [node], pods: [Make.pod("x", on: "a")])
        #expect(
            snapshot.decide(Make.pod("p")) == .unschedulable("0/1 nodes are available: 1 Too many pods."))
    }
}

@Suite("The default scheduler binds")
struct SchedulerTests {
    let cluster = TestCluster()

    private var scheduler: Scheduler {
        Scheduler(cluster: cluster.client("kube-scheduler"), events: cluster.events(Scheduler.name))
    }

    private func node(of pod: String) async throws -> String? {
        try await cluster.api.get(Pod.self, ObjectKey(namespace: "default", name: pod)).spec.nodeName
    }

    @Test("what is pending, as long as there is room, and says so in an event")
    func binds() async throws {
        try await cluster.api.create(Make.node("n1", cores: 2))
        for name in ["a", "b"] { try await cluster.create(Make.pod(name, cores: 2)) }
        try await scheduler.reconcile()
        #expect(try await node(of: "a") == "n1")
        #expect(try await node(of: "b") == nil)
        let event = try #require(try await cluster.event("Scheduled"))
        #expect(event.message == "Successfully assigned default/a to n1")
        #expect(event.involvedObject.name == "a")
        #expect(event.source?.component == "default-scheduler")
    }

    @Test("and tells a pod that fits nowhere why, once")
    func refuses() async throws {
        try await cluster.api.create(Make.node("n1", cores: 1))
        try await cluster.create(Make.pod("large", cores: 2))
        let scheduler = scheduler
        try await scheduler.reconcile()
        let key = ObjectKey(namespace: "default", name: "large")
        let refused = try await cluster.api.get(Pod.self, key)
        let condition = try #require(refused.status.conditions["PodScheduled"])
        #expect(condition.status == .false)
        #expect(condition.reason == "Unschedulable")
        #expect(
            condition.message == "0/1 nodes are available: 1 Insufficient aws.amazon.com/neuroncore.")
        #expect(try await cluster.event("FailedScheduling")?.message == condition.message)
        try await scheduler.reconcile()
        #expect(try await cluster.api.get(Pod.self, key) == refused)
    }

    @Test(
        "no pod of another scheduler, none with a gate, none that is bound",
        arguments: ["other", "gated", "bound"])
    func leavesAlone(kind: String) async throws {
        try await cluster.api.create(Make.node("n1"))
        let made = try await cluster.create(
            Make.pod("p", on: kind == "bound" ? "n2" : nil) { spec in
                if kind == "other" { spec.schedulerName = "ganglion" }
                if kind == "gated" { spec.schedulingGates = [SchedulingGate(name: "example.com/wait")] }
            })
        try await scheduler.reconcile()
        #expect(try await cluster.api.get(Pod.self, made.key) == made)
    }

    @Test("as soon as there is room")
    func follows() async throws {
        let controllers = Controllers { cluster.client($0) }
        await controllers.start()
        try await cluster.create(Make.pod("p", cores: 1))
        _ = try await cluster.event("FailedScheduling")
        try await cluster.api.create(Make.node("n1", cores: 1))
        try await cluster.wait(Pod.self) { $0.first?.spec.nodeName == "n1" }
        await controllers.stop()
    }
}
