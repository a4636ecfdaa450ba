import KubernetesAPI
import SystemIO
import Testing

@testable import LocalControllers

@Suite("Taints that take pods off a node")
struct TaintEvictionTests {
    let cluster = TestCluster()
    private let start = Timestamp(microseconds: 1_800_000_000_000_000)

    private func names() async throws -> [String] {
        try await cluster.api.list(Pod.self).filter { !$0.metadata.isTerminating }.map(\.metadata.name)
    }

    private func eviction() -> TaintEviction {
        TaintEviction(
            cluster: cluster.client("taint-eviction-controller"),
            events: cluster.events("taint-eviction-controller"), loop: .shared)
    }

    @Test("evict who does not tolerate them, later who does for a time, and nobody for another effect")
    func evicts() async throws {
        let drain = Taint(key: "drain", value: "now", effect: .noExecute)
        var bad = NodeSpec()
        bad.taints = [drain, Taint(key: "no-new", effect: .noSchedule)]
        var soft = NodeSpec()
        soft.taints = [Taint(key: "drain", effect: .noSchedule)]
        try await cluster.api.create(Make.node("bad", spec: bad))
        try await cluster.api.create(Make.node("soft", spec: soft))
        func pod(_ name: String, on node: String = "bad", _ tolerations: Toleration...) async throws {
            try await cluster.create(
                Make.running(name, at: "127.88.0.1", labels: [:], on: node) { $0.tolerations = tolerations })
        }
        let forever = Toleration(key: "drain", operator: .exists)
        try await pod("at-once")
        try await pod("other-value", Toleration(key: "drain", operator: .equal, value: "later"))
        try await pod("sixty", Toleration(key: "drain", operator: .exists, tolerationSeconds: 60))
        try await pod(
            "twenty", Toleration(key: "drain", operator: .exists, tolerationSeconds: 60),
            Toleration(operator: .exists, tolerationSeconds: 20))
        try await pod("stays", forever)
        try await pod("elsewhere", on: "soft")

        let eviction = eviction()
        #expect(try await eviction.reconcile(now: start) == .seconds(20))
        #expect(try await names() == ["elsewhere", "sixty", "stays", "twenty"])
        let gone = try #require(try await cluster.api.list(Pod.self).first { $0.metadata.name == "at-once" })
        #expect(gone.status.conditions["DisruptionTarget"]?.reason == "DeletionByTaintManager")
        #expect(gone.metadata.deletionGracePeriodSeconds == 30, "it ends in its own time")
        #expect(
            try await cluster.event("TaintManagerEviction")?.message
                == "Marking for deletion Pod default/at-once")

        #expect(try await eviction.reconcile(now: start.adding(seconds: 19)) == .seconds(1))
        #expect(try await names() == ["elsewhere", "sixty", "stays", "twenty"])
        #expect(try await eviction.reconcile(now: start.adding(seconds: 20)) == .seconds(40))
        #expect(try await names() == ["elsewhere", "sixty", "stays"])
        #expect(try await eviction.reconcile(now: start.adding(seconds: 60)) == nil)
        #expect(try await names() == ["elsewhere", "stays"])
    }

    @Test("give a pod its whole time again when they come back")
    func again() async throws {
        var spec = NodeSpec()
        spec.taints = [Taint(key: "k", effect: .noExecute)]
        try await cluster.api.create(Make.node("n", spec: spec))
        try await cluster.create(
            Make.running("p", at: "127.88.0.1", labels: [:], on: "n") {
                $0.tolerations = [Toleration(key: "k", operator: .exists, tolerationSeconds: 30)]
            })
        let eviction = eviction()
        #expect(try await eviction.reconcile(now: start) == .seconds(30))
        try await setTaints("n", [])
        #expect(try await eviction.reconcile(now: start.adding(seconds: 20)) == nil)
        try await setTaints("n", spec.taints)
        #expect(try await eviction.reconcile(now: start.adding(seconds: 25)) == .seconds(30))
        #expect(try await names() == ["p"])
    }

    private func setTaints(_ name: String, _ taints: [Taint]) async throws {
        var node = try await cluster.api.get(Node.self, ObjectKey(name: name))
        node.spec.taints = taints
        try await cluster.api.replace(node)
    }
}
