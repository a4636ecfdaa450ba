import KubernetesAPI
import Testing

@testable import LocalControllers

@Suite("The lives of nodes")
struct NodeLifecycleTests {
    let cluster = TestCluster()
    private let key = ObjectKey(name: "n1")

    private var controller: NodeLifecycle {
        NodeLifecycle(cluster: cluster.client("node-controller"), events: cluster.events("node-controller"))
    }

    private func keysOfTaints() async throws -> Set<String> {
        Set(try await cluster.api.get(Node.self, key).spec.taints.map { "\($0.key):\($0.effect)" })
    }

    private static let unreachable: Set = [
        "node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute",
    ]

    @Test("a node whose kubelet is silent for longer than 40 s becomes unknown and tainted, its pods unready")
    func lost() async throws {
        try await cluster.api.create(Make.node("n1"))
        try await cluster.create(Make.running("p", at: "127.88.0.1", labels: [:]))
        try await cluster.create(Make.running("elsewhere", at: "127.88.1.1", labels: [:], on: "n2"))
        let controller = controller
        try await controller.reconcile(key, now: Timestamp.now.adding(seconds: 30))
        #expect(try await cluster.api.get(Node.self, key).isReady)
        // The creation counts as a sign of life as well, so the clock is asked as if 42 s had passed.
        try await controller.reconcile(key, now: Timestamp.now.adding(seconds: 42))
        let node = try await cluster.api.get(Node.self, key)
        #expect(node.status.conditions["Ready"]?.status == .unknown)
        #expect(node.status.conditions["Ready"]?.reason == "NodeStatusUnknown")
        #expect(node.status.conditions["Ready"]?.message == "Kubelet stopped posting node status.")
        #expect(node.status.conditions["MemoryPressure"]?.reason == "NodeStatusNeverUpdated")
        #expect(try await keysOfTaints() == Self.unreachable)
        let pods = try await cluster.api.list(Pod.self)
        #expect(pods.map(\.isReady) == [true, false])
        #expect(pods.map(\.metadata.name) == ["elsewhere", "p"])
        let event = try #require(try await cluster.event("NodeNotReady"))
        #expect(event.message == "Node n1 status is now: NodeNotReady")
        #expect(event.metadata.namespace == "default")
    }

    @Test("a lease that is renewed keeps it alive")
    func lease() async throws {
        try await cluster.api.create(Make.node("n1"))
        var lease = Lease(ObjectMetadata(name: "n1", namespace: "kube-node-lease"))
        lease.spec.renewTime = Timestamp.now.adding(seconds: 60)
        try await cluster.api.create(lease)
        try await controller.reconcile(key, now: Timestamp.now.adding(seconds: 90))
        #expect(try await cluster.api.get(Node.self, key).isReady)
        try await controller.reconcile(key, now: Timestamp.now.adding(seconds: 102))
        #expect(try await !cluster.api.get(Node.self, key).isReady)
    }

    @Test("the taints go when the node is ready again, and those of others stay")
    func returns() async throws {
        var spec = NodeSpec()
        spec.taints = [Taint(key: "dedicated", value: "x", effect: .noSchedule)]
        try await cluster.api.create(Make.node("n1", spec: spec))
        let controller = controller
        try await controller.reconcile(key, now: Timestamp.now.adding(seconds: 42))
        #expect(try await keysOfTaints() == Self.unreachable.union(["dedicated:NoSchedule"]))
        try await cluster.api.setConditions(Node.self, key, [Condition(type: "Ready", status: .true)])
        try await controller.reconcile(key)
        #expect(try await keysOfTaints() == ["dedicated:NoSchedule"])
    }

    @Test("a node that says that it is not ready is tainted so")
    func notReady() async throws {
        var node = Make.node("n1")
        node.status.conditions = [Condition(type: "Ready", status: .false)]
        try await cluster.api.create(node)
        try await controller.reconcile(key)
        #expect(
            try await keysOfTaints() == [
                "node.kubernetes.io/not-ready:NoSchedule", "node.kubernetes.io/not-ready:NoExecute",
            ])
    }

    @Test("a second look finds nothing to do, and a node that is gone is no fault")
    func idempotent() async throws {
        try await cluster.api.create(Make.node("n1"))
        let controller = controller
        let late = Timestamp.now.adding(seconds: 42)
        try await controller.reconcile(key, now: late)
        let first = try await cluster.api.get(Node.self, key)
        try await controller.reconcile(key, now: late)
        #expect(try await cluster.api.get(Node.self, key) == first)
        try await controller.reconcile(ObjectKey(name: "absent"))
    }
}
