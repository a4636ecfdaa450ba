import GRPC
import KubeletAPI
import Observability
import SystemIO
import TestSupport
import Testing

@testable import DevicePlugin

@Suite("A kubelet that finds the plugin's socket in plugins_registry", .timeLimit(.minutes(10)))
struct PluginsRegistryTests {
    @Test("gets the devices without being called, and again after its restart")
    func registers() async throws {
        let node = try Node(flow: .pluginsRegistry)
        let (lines, log) = AsyncStream.makeStream(of: String.self)
        let plugin = node.plugin(log: Logger { log.yield(String(decoding: $0, as: UTF8.self)) })
        try await plugin.start()
        try await node.kubelet.startRegistry()
        await node.kubelet.wait { $0.allocatable == 12 }
        await node.kubelet.close()
        // A new one that came before the plugin has seen the end of the old one would be registered with twice.
        for await line in lines where line.contains("registration ended") { break }
        try await node.kubelet.startRegistry()
        let state = await node.kubelet.wait { $0.allocatable == 12 && $0.registrations == 2 }
        #expect(state.overlaps == 0)
        #expect(
            Files.kind(node.fake.directory.path + "/kubelet/plugins_registry/ganglion-neuroncore.sock")
                == .socket)
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("finds a new socket when the stream has ended: it never opens one twice")
    func streamEnds() async throws {
        let node = try Node(flow: .pluginsRegistry)
        try await node.kubelet.startRegistry()
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        await node.kubelet.drop(Node.resource)
        let state = await node.kubelet.wait { $0.registrations == 2 && $0.allocatable == 12 }
        #expect(state.overlaps == 0)
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("may refuse, and comes again by itself")
    func refuses() async throws {
        let node = try Node(flow: .pluginsRegistry)
        await node.kubelet.refuse([GRPCStatus(.unknown, "not that version")])
        try await node.kubelet.startRegistry()
        let plugin = node.plugin()
        try await plugin.start()
        let state = await node.kubelet.wait { $0.allocatable == 12 }
        #expect(state.refused == 1)
        #expect(plugin.metrics.registrations.value([Node.resource, "failed"]) == 1)
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("waits for its directory, and needs no device-plugins directory")
    func paths() throws {
        let settings = ResourcePlugin.Settings(
            resource: Node.resource, kubeletRoot: "/k", endpoint: "n.sock", flow: .pluginsRegistry)
        #expect(settings.ownSocket == "/k/plugins_registry/n.sock")
        #expect(settings.kubelet == nil)
        #expect(settings.registration == .pluginsRegistry)
    }
}

@Suite("Groups that are on their way", .timeLimit(.minutes(10)))
struct AssignmentWaitTests {
    static let request = DevicePluginAPI.PreferredAllocationRequest(
        containerRequests: [.of(4, available: 0..<12)])

    static let assignment = NodePluginAPI.Assignment(
        podNamespace: "default", podName: "a", podUID: "u", container: "c", resource: Node.resource,
        deviceIDs: ["8", "9", "10", "11"], boundAt: 1)

    @Test("are waited for where there is an agent, at most as long as is set, and not at all without one")
    func waits() async throws {
        let node = try Node(agentSocket: true)
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        let kubelet = try await node.kubelet.client(Node.resource)
        #expect(
            try await kubelet.preferredAllocation(Self.request).containerResponses.first?.deviceIDs.first
                == "0")

        let agent = NodePluginClient(
            try await GRPCClient.connect(to: .unix(try #require(node.settings.agentSocket))))
        var states = try await agent.watchState().makeAsyncIterator()
        _ = try await states.next()
        var settings = node.settings
        settings.behaviour.assignmentWait = .milliseconds(1)
        await plugin.use(settings)
        // Nothing comes: the kubelet gets placement's answer all the same.
        #expect(
            try await kubelet.preferredAllocation(Self.request).containerResponses.first?.deviceIDs.first
                == "0")
        settings.behaviour.assignmentWait = .seconds(600)
        await plugin.use(settings)
        let resource = try #require(await plugin.plugins.first)
        async let answer = kubelet.preferredAllocation(Self.request)
        while await resource.waitingCount == 0 { await Task.yield() }
        _ = try await agent.setAssignments(.init(assignments: [Self.assignment]))
        #expect(try await answer.containerResponses.first?.deviceIDs == ["8", "9", "10", "11"])
        await agent.connection.close()
        await plugin.stop()
        await node.kubelet.close()
    }
}
