import GRPC
import Glibc
import KubeletAPI
import Neuron
import Observability
import Protobuf
import SystemIO
import TestSupport
import Testing

@testable import DevicePlugin

/// A node with a plugin and a kubelet, over real Unix sockets.
final class Node: Sendable {
    static let resource = "aws.amazon.com/neuroncore"

    let fake: FakeNode
    let kubelet: FakeKubelet
    let settings: DevicePluginDaemon.Settings
    let metrics = MetricsRegistry()

    init(
        _ instanceType: String = "inf2.24xlarge", logicalCoreSize: Int? = nil, agentSocket: Bool = false,
        flow: RegistrationFlow = .kubeletSocket, both: Bool = false, pause: Duration? = nil
    ) throws {
        fake = try FakeNode(instanceType, logicalCoreSize: logicalCoreSize)
        let root = fake.directory.path
        kubelet = FakeKubelet(root: root + "/kubelet")
        func served(_ name: String, _ granularity: Granularity) -> DevicePluginDaemon.Served {
            var resource = ResourcePlugin.Settings(
                resource: "aws.amazon.com/\(name)", kubeletRoot: root + "/kubelet",
                endpoint: "ganglion-\(name).sock", flow: flow)
            // A test awaits events; the poll must be able to find what no event tells.
            resource.pollInterval = .milliseconds(300)
            // A machine that is slow must not look like a kubelet that does not answer.
            resource.registerTimeout = .seconds(300)
            resource.drainTimeout = .seconds(300)
            resource.registration.streamDeadline = .seconds(300)
            if let pause { resource.registration.pause = pause }
            return .init(resource, granularity)
        }
        let all = [served("neuroncore", .core)] + (both ? [served("neuron", .chip)] : [])
        var settings = DevicePluginDaemon.Settings(served: all, discovery: fake.device.settings)
        settings.monitor.interval = .milliseconds(50)
        settings.podResourcesSocket = root + "/kubelet/" + PodResourcesAPI.socket
        settings.podResourcesInterval = .milliseconds(50)
        if agentSocket { settings.agentSocket = root + "/run/plugin.sock" }
        self.settings = settings
    }

    var ownSocket: String { fake.directory.path + "/kubelet/device-plugins/ganglion-neuroncore.sock" }

    func plugin(log: Logger = .silent) -> DevicePluginDaemon {
        DevicePluginDaemon(settings: settings, log: log, metrics: metrics)
    }
}

@Suite("A device plugin and a kubelet", .timeLimit(.minutes(10)))
struct DaemonTests {
    @Test("the kubelet gets all devices, asks for a preference, and allocates it")
    func allocation() async throws {
        let node = try Node()
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        let state = await node.kubelet.wait { $0.allocatable == 12 }
        #expect(state.registrations == 1)
        #expect(state.resources[Node.resource]?.devices.map(\.id) == (0..<12).map { String($0) })

        let client = try await node.kubelet.client(Node.resource)
        let preferred = try await client.preferredAllocation(
            .init(containerRequests: [.of(4, available: [9, 3, 8, 2, 10, 11, 0])]))
        #expect(preferred.containerResponses.map(\.deviceIDs) == [["8", "9", "10", "11"]])
        let allocated = try await client.allocate(
            .init(containerRequests: [.init(deviceIDs: ["11", "8", "10", "9"])]))
        let device = node.fake.device.root + "/dev"
        #expect(
            allocated.containerResponses == [
                .init(
                    envs: ["NEURON_RT_VISIBLE_CORES": "0,1,2,3", "GANGLION_HOST_CORES": "8,9,10,11"],
                    mounts: [
                        .init(containerPath: "/dev/neuron0", hostPath: device + "/neuron4", readOnly: false),
                        .init(containerPath: "/dev/neuron1", hostPath: device + "/neuron5", readOnly: false),
                    ])
            ])
        try await client.preStartContainer(.init(deviceIDs: ["8"]))
        await #expect(
            throws: GRPCStatus(
                .invalidArgument,
                "there is no device 12: restart the kubelet if it remembers devices of another plugin")
        ) { try await client.allocate(.init(containerRequests: [.init(deviceIDs: ["12"])])) }
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("a sick chip's cores become unhealthy, and healthy again, in whole lists")
    func health() async throws {
        let node = try Node()
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        try node.fake.device.setMemoryErrors(.memory, chip: 2, to: 1)
        let sick = await node.kubelet.wait { $0.allocatable == 10 }
        let devices = try #require(sick.resources[Node.resource]).devices
        #expect(devices.filter { $0.health == "Unhealthy" }.map(\.id) == ["4", "5"])
        #expect(devices.count == 12)
        try node.fake.device.removeChip(5)
        await node.kubelet.wait { $0.allocatable == 8 }
        try node.fake.device.setMemoryErrors(.memory, chip: 2, to: 0)
        let state = await node.kubelet.wait { $0.allocatable == 10 }
        #expect(state.registrations == 1)
        #expect(state.resources[Node.resource]?.lists == 4)
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("a plugin that starts first waits for the kubelet, also for its directory")
    func pluginFirst() async throws {
        let node = try Node()
        let plugin = node.plugin()
        try await plugin.start()
        try await node.kubelet.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("a plugin that starts before the driver waits for chips, and then registers")
    func driverLate() async throws {
        let node = try Node()
        let hidden = node.fake.device.root + "/sys/class/hidden"
        let place = node.fake.device.root + "/sys/class/neuron_device"
        try #require(rename(place, hidden) == 0)
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        #expect(await node.kubelet.state.registrations == 0)
        try #require(rename(hidden, place) == 0)
        await node.kubelet.wait { $0.allocatable == 12 }
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("is registered again after every restart of the kubelet, and never twice at once")
    func kubeletRestarts() async throws {
        let node = try Node(pause: .seconds(1))
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        for round in 1...8 {
            await node.kubelet.wait { $0.allocatable == 12 }
            // In turn: it leaves cleanly, it is killed, it is killed and stays away for a while.
            if round % 3 == 0 { await node.kubelet.close() } else { try await node.kubelet.kill() }
            if round % 3 == 2 { await node.kubelet.wait { $0.openStreams == 0 } }
            try await node.kubelet.start()
        }
        let state = await node.kubelet.wait { $0.allocatable == 12 }
        #expect(state.overlaps == 0)
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("is registered again when the kubelet drops the stream, and when somebody removes the socket")
    func lostStream() async throws {
        let node = try Node(pause: .seconds(1))
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        await node.kubelet.drop(Node.resource)
        await node.kubelet.wait { $0.registrations == 2 && $0.allocatable == 12 }
        try Files.remove(node.ownSocket)
        let state = await node.kubelet.wait { $0.registrations == 3 && $0.allocatable == 12 }
        #expect(state.overlaps == 0)
        #expect(Files.exists(node.ownSocket))
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("goes on asking a kubelet that refuses")
    func refused() async throws {
        let node = try Node()
        try await node.kubelet.start()
        await node.kubelet.refuse([
            GRPCStatus(.unknown, "the resource name is not allowed"), GRPCStatus(.unavailable, "not now"),
            GRPCStatus(.resourceExhausted, "rejected by rate limit"),
        ])
        let plugin = node.plugin()
        try await plugin.start()
        let state = await node.kubelet.wait { $0.allocatable == 12 }
        #expect(state.refused == 3)
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("leaves in order, and the next one takes over where this one was")
    func leaves() async throws {
        let node = try Node()
        try await node.kubelet.start()
        for round in 1...3 {
            let plugin = node.plugin()
            try await plugin.start()
            await node.kubelet.wait { $0.allocatable == 12 }
            await plugin.stop()
            let state = await node.kubelet.wait { $0.endedWell == round && $0.allocatable == 0 }
            #expect(state.registrations == round)
            #expect(!Files.exists(node.ownSocket))
        }
        await node.kubelet.close()
    }

    @Test("replaces the stale socket of a plugin that was killed")
    func staleSocket() async throws {
        let node = try Node()
        try await node.kubelet.start()
        let dead = try Listener(.unix(node.ownSocket + "x")) { _ in }
        try #require(rename(node.ownSocket + "x", node.ownSocket) == 0)
        await dead.close()
        #expect(Files.kind(node.ownSocket) == .socket)
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("answers more than 64 KiB of requests over one connection")
    func manyRequests() async throws {
        let node = try Node("inf2.48xlarge")
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 24 }
        let client = try await node.kubelet.client(Node.resource)
        let request = DevicePluginAPI.PreferredAllocationRequest(containerRequests: [
            .of(4, available: 0..<24)
        ])
        var sent = 0
        while sent < 200_000 {
            let answer = try await client.preferredAllocation(request)
            #expect(answer.containerResponses.first?.deviceIDs == ["0", "1", "2", "3"])
            sent += request.serialized().count
        }
        #expect(await node.kubelet.state.registrations == 1)
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("the agent hands over groups, which are preferred, and sees state as it changes")
    func agent() async throws {
        let node = try Node(agentSocket: true)
        let plugin = node.plugin()
        try await plugin.start()
        let socket = try #require(node.settings.agentSocket)
        let agent = NodePluginClient(try await GRPCClient.connect(to: .unix(socket)))
        var states = try await agent.watchState().makeAsyncIterator()
        var state = try await states.next()
        #expect(state?.instanceType == "inf2.24xlarge")
        #expect(state?.driverVersion == "2.30.2.0")
        #expect(state?.chips.map(\.cores) == (0..<6).map { [2 * $0, 2 * $0 + 1] })
        #expect(state?.chips.first?.connected == [1])
        #expect(state?.chips.first?.memoryBytes == 34_359_738_368)

        try await node.kubelet.start()
        while state?.resources.first?.registered != true { state = try await states.next() }
        await node.kubelet.wait { $0.allocatable == 12 }
        let rejected = try await agent.setAssignments(
            .init(assignments: [
                .init(
                    podNamespace: "default", podName: "bert-0", podUID: "u", container: "server",
                    resource: Node.resource,
                    deviceIDs: ["4", "5", "6", "7"], boundAt: 1),
                .init(podUID: "v", container: "c", resource: Node.resource, deviceIDs: ["99"]),
            ]))
        #expect(
            rejected == [
                .init(podUID: "v", container: "c", reason: "there is no device 99 of \(Node.resource)")
            ])
        let client = try await node.kubelet.client(Node.resource)
        let preferred = try await client.preferredAllocation(
            .init(containerRequests: [.of(4, available: 0..<12)]))
        #expect(preferred.containerResponses.map(\.deviceIDs) == [["4", "5", "6", "7"]])

        try node.fake.device.setResetState(.invalid, chip: 1)
        while state?.chips[1].health != "Unhealthy" { state = try await states.next() }
        #expect(state?.chips[1].reason == "the device reset failed: reload the driver or reboot")
        while state?.resources.first?.healthy != 10 { state = try await states.next() }
        #expect(try await agent.state() == state)
        await agent.connection.close()
        await plugin.stop()
        #expect(!Files.exists(socket))
        await node.kubelet.close()
    }

    @Test("counts what it does")
    func counts() async throws {
        let node = try Node()
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        let client = try await node.kubelet.client(Node.resource)
        _ = try await client.allocate(.init(containerRequests: [.init(deviceIDs: ["0"])]))
        let text = node.metrics.exposition()
        #expect(
            text.contains("ganglion_device_plugin_registered{resource=\"aws.amazon.com/neuroncore\"} 1\n"))
        #expect(
            text.contains(
                "ganglion_device_plugin_devices{resource=\"aws.amazon.com/neuroncore\",health=\"healthy\"} 12\n"
            ))
        #expect(
            text.contains(
                "ganglion_device_plugin_allocations_total{resource=\"aws.amazon.com/neuroncore\",result=\"ok\"} 1\n"
            ))
        await plugin.stop()
        await node.kubelet.close()
    }
}

@Suite("One value for readers of different speed")
struct BroadcastTests {
    @Test("a slow reader gets the newest value, not every one, and ends at the finish")
    func newest() async {
        let broadcast = Broadcast<Int>()
        broadcast.send(1)
        let slow = broadcast.values()
        for value in 2...100 { broadcast.send(value) }
        var reader = slow.makeAsyncIterator()
        #expect(await reader.next() == 100)
        #expect(!broadcast.send(100))
        broadcast.send(101)
        broadcast.finish()
        #expect(await reader.next() == 101)
        #expect(await reader.next() == nil)
        var late = broadcast.values().makeAsyncIterator()
        #expect(await late.next() == 101)
    }
}

@Suite("Paths of sockets")
struct SocketPathTests {
    @Test(
        "are refused where they are too long for the system",
        arguments: [
            (String(repeating: "k", count: 77), "n.sock", nil),
            (String(repeating: "k", count: 79), "n.sock", "kubelet.sock"),
            ("", String(repeating: "n", count: 100), String(repeating: "n", count: 100)),
        ] as [(String, String, String?)])
    func tooLong(root: String, endpoint: String, named: String?) {
        let settings = ResourcePlugin.Settings(
            resource: "aws.amazon.com/neuroncore", kubeletRoot: "/" + root, endpoint: endpoint)
        let path = named.map { "/" + root + "/device-plugins/" + $0 }
        let expected = path.map {
            "cannot use socket path \($0): it has \($0.utf8.count) octets, at most 107 are possible: "
                + "shorten --kubelet-root or the resource's name"
        }
        #expect(settings.socketFault?.description == expected)
    }

    @Test("name the directory's own flag where it was given")
    func tooLongDirectory() {
        let directory = "/" + String(repeating: "d", count: 100)
        var settings = ResourcePlugin.Settings(
            resource: "aws.amazon.com/neuroncore", kubeletRoot: "/k", endpoint: "n.sock")
        settings.devicePluginsDirectory = directory
        #expect(
            settings.socketFault?.description
                == "cannot use socket path \(directory)/kubelet.sock: it has 114 octets, at most 107 are possible: "
                + "shorten --device-plugins-directory or the resource's name")
    }
}
