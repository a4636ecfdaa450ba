import KubernetesAPI
import Testing

@testable import LocalControllers

@Suite("Pods of nodes that are gone")
struct PodGarbageCollectorTests {
    let cluster = TestCluster()

    @Test("are deleted at once; those of nodes that are there, and those without a node, stay")
    func collects() async throws {
        try await cluster.api.create(Make.node("here"))
        try await cluster.create(Make.running("stays", at: "127.88.0.1", labels: [:], on: "here"))
        try await cluster.create(Make.running("goes", at: "127.88.0.2", labels: [:], on: "gone"))
        try await cluster.create(Make.pod("waits"))
        let collector = PodGarbageCollector(cluster: cluster.client("pod-garbage-collector"))
        try await collector.reconcile()
        #expect(try await cluster.api.list(Pod.self).map(\.metadata.name) == ["stays", "waits"])
    }

    @Test("are deleted when their node is")
    func follows() async throws {
        let controllers = Controllers { cluster.client($0) }
        try await cluster.api.create(Make.node("n1"))
        try await cluster.create(Make.running("p", at: "127.88.0.1", labels: [:]))
        await controllers.start()
        try await cluster.api.delete(Node.self, ObjectKey(name: "n1"), DeleteOptions())
        try await cluster.wait(Pod.self) { $0.isEmpty }
        await controllers.stop()
    }
}
