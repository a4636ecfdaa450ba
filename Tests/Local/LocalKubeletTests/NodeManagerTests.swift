import JSON
import KubernetesAPI
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

/// No plugin can be reached.
private struct NoPlugins: PluginConnector {
    func connect(_ path: String, timeout: Duration) async throws(PluginError) -> any PluginConnection {
        throw PluginError(description: "no plugin")
    }
    func runOptions(_ response: [UInt8]) -> DeviceRunOptions { DeviceRunOptions() }
}

@Suite("The node towards the API server")
struct NodeManagerTests {
    private let scratch: TemporaryDirectory
    private let path = "/api/v1/nodes/local"

    init() throws { scratch = try TemporaryDirectory() }

    private func manager(_ cluster: ScriptedCluster) async throws -> NodeManager {
        let devices = DeviceManager(
            root: scratch.path, connector: NoPlugins(), timings: KubeletTimings(), loop: .shared
        ) { _ in }
        _ = try await devices.prepare()
        var timings = KubeletTimings()
        timings.retry = .milliseconds(1)
        return NodeManager(
            name: "local", labels: ["kubernetes.io/os": "linux"],
            facts: NodeFacts(cpus: 2, memory: 1 << 20, storage: 1 << 30), version: "v1.36.2", images: [],
            socket: "/run/kubelet-api.sock", cluster: cluster, devices: devices, timings: timings,
            loop: .shared)
    }

    @Test("registers a node that is not there, with its labels and its status")
    func registers() async throws {
        let cluster = ScriptedCluster()
        try await manager(cluster).register()
        #expect(cluster.requests.map(\.method) == ["POST", "PATCH"])
        let node = try #require(cluster.requests.first).body
        #expect(node.kind == "Node")
        #expect(node.metadata?.labels == ["kubernetes.io/os": "linux"])
        #expect(node.status?.capacity?.cpu == "2")
        #expect(cluster.requests.last?.path == path + "/status")
    }

    @Test("sets labels of one that is, and zeroes extended resources that it cannot know of")
    func knows() async throws {
        let cluster = ScriptedCluster(objects: [
            path: [
                "metadata": ["name": "local"],
                "status": ["capacity": ["cpu": "2", "aws.amazon.com/neuroncore": "24"]],
            ]
        ])
        try await manager(cluster).register()
        #expect(cluster.requests.map(\.method) == ["PATCH", "PATCH"])
        #expect(
            cluster.requests.first?.body == [
                "metadata": [
                    "labels": ["kubernetes.io/os": "linux"],
                    "annotations": ["local.ganglion.dev/kubelet-socket": "/run/kubelet-api.sock"],
                ]
            ])
        #expect(cluster.requests.last?.body.status?.capacity?["aws.amazon.com/neuroncore"] == "0")
    }

    @Test("tries again while the API server is away")
    func retries() async throws {
        let cluster = ScriptedCluster()
        cluster.fail("/api/v1/nodes", with: [503, 503])
        try await manager(cluster).register()
        #expect(cluster.requests.filter { $0.path == "/api/v1/nodes" }.count == 3)
    }

    @Test("renews its lease, and registers again when its node was deleted")
    func runs() async throws {
        let cluster = ScriptedCluster()
        let manager = try await manager(cluster)
        cluster.fail(path + "/status", with: [404])
        let running = Task { await manager.run() }
        await cluster.until { $0.requests.contains { $0.path == "/api/v1/nodes" } }
        let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        let lease = try #require(cluster.requests.first { $0.path == leases }).body
        #expect(lease.spec?.holderIdentity == "local")
        #expect(lease.spec?.leaseDurationSeconds == 40)
        running.cancel()
        await running.value
    }
}
