// The cases of Kubernetes' node tests for device plugins (test/e2e_node: device_plugin_test.go,
// device_plugin_failures_test.go, device_plugin_failures_pod_status_test.go), told again with our own plugin and our own
// kubelet's device manager, over their real sockets.

import DevicePlugin
import GRPC
import KubeletAPI
import Neuron
import Observability
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

private let resource = "aws.amazon.com/neuroncore"

/// A node with six chips of two cores, whose kubelet and plugin start and end as a test says.
private actor ConformanceNode {
    let scratch: TemporaryDirectory
    let fake: FakeDevice
    let metrics = MetricsRegistry()
    fileprivate var manager: DeviceManager?
    private var server: GRPCServer?
    private var plugin: DevicePluginDaemon?
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    init() throws {
        scratch = try TemporaryDirectory()
        fake = try FakeDevice.create(
            instanceType: "inf2.24xlarge", at: scratch.path + "/node", monitorCounters: false)
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func startKubelet() async throws {
        let manager = DeviceManager(
            root: scratch.path, connector: GRPCPluginConnector(loop: .shared), timings: KubeletTimings(),
            loop: .shared
        ) { [changed] _ in changed.yield() }
        #expect(try await manager.prepare() == nil)
        let server = GRPCServer(router: KubeletSockets.registrationRouter(manager))
        try await server.listen(on: .unix(scratch.path + "/device-plugins/kubelet.sock"))
        (self.manager, self.server) = (manager, server)
    }

    /// Ends as a process does, with all its connections; the checkpoint stays.
    func stopKubelet() async {
        await server?.shutdown(grace: .zero)
        await manager?.disconnectAll()
        manager = nil
    }

    func startPlugin() async throws {
        var served = ResourcePlugin.Settings(
            resource: resource, kubeletRoot: scratch.path, endpoint: "ganglion-neuroncore.sock")
        served.pollInterval = .milliseconds(300)
        // Long enough for a test to see the node without devices in between.
        served.registration.pause = .seconds(1)
        var settings = DevicePluginDaemon.Settings(served: [.init(served, .core)], discovery: fake.settings)
        settings.monitor.interval = .milliseconds(20)
        let plugin = DevicePluginDaemon(settings: settings, log: .silent, metrics: metrics)
        try await plugin.start()
        self.plugin = plugin
    }

    func stopPlugin() async { await plugin?.stop() }

    /// Waits until the node shows this.
    func shows(_ allocatable: Int, of capacity: Int) async {
        var iterator = changes.makeAsyncIterator()
        while true {
            let now = await manager?.capacity()
            if now?.capacity[resource] == capacity, now?.allocatable[resource] == allocatable { return }
            guard await iterator.next() != nil else { return }
        }
    }

    /// Admits a pod's containers: name, kind and count of each; gives the devices of the last.
    @discardableResult
    func admit(
        _ pod: String, _ containers: [(String, ContainerRequest.Kind, Int)] = [("main", .regular, 2)],
        running: Bool = false, active: Set<String> = ["a", "b"]
    ) async throws -> Set<String> {
        let requests = containers.map { name, kind, count in
            ContainerRequest(name: name, kind: kind, limits: [resource: count])
        }
        let names = running ? Set(containers.map(\.0)) : []
        try await manager?.admit(pod: pod, requests, running: names, active: active)
        return await held(pod, containers.last?.0 ?? "")
    }

    func held(_ pod: String, _ container: String = "main") async -> Set<String> {
        let key = ContainerKey(pod: pod, container: container)
        return await manager?.allocations(key)[resource]?.ids ?? []
    }

    func runOptions(_ pod: String) async -> DeviceRunOptions? {
        await manager?.runOptions(ContainerKey(pod: pod, container: "main"))
    }

    func health(_ pod: String) async -> [String: Bool]? {
        await manager?.health(ContainerKey(pod: pod, container: "main"))[resource]
    }

    /// Allocate calls that the plugin has answered well.
    var allocations: Double {
        metrics.counter(
            "ganglion_device_plugin_allocations_total",
            "Allocate calls by result: ok, unusable (handed out, but the runtime cannot use the set), refused.",
            labels: ["resource", "result"]
        ).value([resource, "ok"])
    }

    func finish() async {
        await stopPlugin()
        await stopKubelet()
    }
}

@Suite("Kubernetes' node tests for device plugins", .timeLimit(.minutes(10)))
struct NodeConformanceTests {
    private func node() async throws -> ConformanceNode {
        let node = try ConformanceNode()
        try await node.startKubelet()
        try await node.startPlugin()
        await node.shows(12, of: 12)
        return node
    }

    @Test("can schedule a pod that requires a device")
    func schedules() async throws {
        let node = try await node()
        #expect(try await node.admit("a") == ["0", "1"])
        let options = try #require(await node.runOptions("a"))
        #expect(options.environment["NEURON_RT_VISIBLE_CORES"] == "0,1")
        #expect(options.mounts == ["/dev/neuron0": node.fake.root + "/dev/neuron0"])
        await node.finish()
    }

    @Test(
        "keeps device plugin assignments across pod restarts (no kubelet restart, no device plugin restart)")
    func containerRestart() async throws {
        let node = try await node()
        let first = try await node.admit("a")
        let options = await node.runOptions("a")
        #expect(await node.runOptions("a") == options)
        #expect(await node.allocations == 1, "a restart of the container allocates nothing")
        let second = try await node.admit("b")
        #expect(first.isDisjoint(with: second))
        await node.finish()
    }

    @Test("keeps device plugin assignments across kubelet restarts", arguments: [true, false])
    func kubeletRestart(running: Bool) async throws {
        let node = try await node()
        let before = try await node.admit("a")
        await node.stopKubelet()
        try await node.startKubelet()
        if running {
            // The container runs on, whether the plugin is back or not.
            #expect(try await node.admit("a", running: true) == before)
        }
        await node.shows(12, of: 12)
        #expect(try await node.admit("a") == before)
        #expect(try await node.admit("b").isDisjoint(with: before))
        #expect(await node.allocations == 2)
        await node.finish()
    }

    @Test("will not attempt to admit the succeeded pod after the kubelet restart and device plugin removed")
    func succeededPod() async throws {
        let node = try await node()
        try await node.admit("a")
        await node.stopPlugin()
        await node.shows(0, of: 12)
        await node.stopKubelet()
        try await node.startKubelet()
        await node.shows(0, of: 0)
        // A pod that has ended is not admitted again; what it held is free for those that come.
        try await node.startPlugin()
        await node.shows(12, of: 12)
        #expect(try await node.admit("b", active: ["b"]) == ["0", "1"])
        await node.finish()
    }

    @Test("keeps device plugin assignments after the device plugin has restarted (no kubelet restart)")
    func pluginRestart() async throws {
        let node = try await node()
        let before = try await node.admit("a")
        for _ in 0..<3 {
            await node.stopPlugin()
            await node.shows(0, of: 12)
            try await node.startPlugin()
            await node.shows(12, of: 12)
        }
        #expect(await node.held("a") == before)
        #expect(try await node.admit("a") == before)
        #expect(try await node.admit("b").isDisjoint(with: before))
        await node.finish()
    }

    @Test("keeps device plugin assignments after kubelet restart and device plugin restart")
    func bothRestart() async throws {
        let node = try await node()
        let before = try await node.admit("a")
        await node.stopPlugin()
        await node.stopKubelet()
        try await node.startKubelet()
        #expect(try await node.admit("a", running: true) == before)
        try await node.startPlugin()
        await node.shows(12, of: 12)
        #expect(try await node.admit("a", running: true) == before)
        await node.finish()
    }

    @Test("[OrphanedPods] pods that were deleted while the kubelet was down leave their devices")
    func orphans() async throws {
        let node = try await node()
        try await node.admit("a", [("main", .regular, 12)])
        await node.stopKubelet()
        try await node.startKubelet()
        await node.shows(12, of: 12)
        #expect(try await node.admit("b", [("main", .regular, 12)], active: ["b"]).count == 12)
        await node.finish()
    }

    @Test("can schedule a pod with a restartable init container")
    func restartableInit() async throws {
        let node = try await node()
        let regular = try await node.admit(
            "a", [("init", .initial, 2), ("sidecar", .sidecar, 2), ("regular", .regular, 2)])
        #expect(await node.held("a", "init") == node.held("a", "sidecar"))
        #expect(regular.isDisjoint(with: await node.held("a", "sidecar")))
        await node.finish()
    }

    @Test("does not keep device plugin assignments across node reboots if fails admission")
    func reboot() async throws {
        let node = try await node()
        try await node.admit("a")
        await node.finish()
        try await node.startKubelet()
        await #expect(throws: DeviceAllocationError.noHealthyDevices(resource: resource)) {
            try await node.admit("a")
        }
        await node.finish()
    }

    @Test("will show health of a device, and of four devices, as it goes and comes back")
    func health() async throws {
        let node = try await node()
        let held = try await node.admit("a")
        #expect(await node.health("a") == ["0": true, "1": true])
        for chip in [0, 3] { try node.fake.setMemoryErrors(.memory, chip: chip, to: 1) }
        await node.shows(8, of: 12)
        // The pod runs on; its status says what it runs on.
        #expect(await node.held("a") == held)
        #expect(await node.health("a") == ["0": false, "1": false])
        await #expect(throws: DeviceAllocationError.previousUnhealthy(resource: resource)) {
            try await node.admit("a")
        }
        try node.fake.setMemoryErrors(.memory, chip: 3, to: 0)
        await node.shows(10, of: 12)
        try node.fake.setMemoryErrors(.memory, chip: 0, to: 0)
        await node.shows(12, of: 12)
        #expect(await node.health("a") == ["0": true, "1": true])
        #expect(try await node.admit("a") == held)
        await node.finish()
    }

    @Test("will set allocatable to zero when the plugin is stopped, and keeps capacity")
    func stopped() async throws {
        let node = try await node()
        await node.stopPlugin()
        await node.shows(0, of: 12)
        await node.finish()
    }

    @Test("comes back by itself when the kubelet ends ListAndWatch, which it never opens again")
    func streamEnds() async throws {
        let node = try await node()
        let before = try await node.admit("a")
        for _ in 0..<3 {
            await node.dropPlugin()
            await node.shows(12, of: 12)
        }
        #expect(try await node.admit("a") == before)
        await node.finish()
    }
}

extension ConformanceNode {
    /// The kubelet loses the plugin, as its fault does to a registration; waits until the node shows it.
    fileprivate func dropPlugin() async {
        await manager?.disconnectAll()
        await shows(0, of: 12)
    }
}

extension DeviceManager {
    /// Closes the connections to all plugins, as the end of the process would.
    fileprivate func disconnectAll() async {
        for connection in connections.values { await connection.close() }
    }
}
