// The kubelet gives one device twice (kubernetes #137534): what tells that from what is right.

import GRPC
import KubeletAPI
import Observability
import SystemIO
import Testing

@testable import DevicePlugin

@Suite("Devices that were handed out a moment ago")
struct HandoutsTests {
    @Test("are remembered for that moment, by id")
    func moment() {
        var handouts = Handouts()
        #expect(handouts.handOut(["0", "1"], now: .zero) == [])
        #expect(handouts.handOut(["1", "2"], now: .seconds(9)) == ["1"])
        #expect(handouts.handOut(["0"], now: .seconds(10)) == [], "ten seconds are no moment")
        #expect(handouts.handOut(["1"], now: .seconds(18)) == ["1"], "it counts from the last time")
    }

    @Test("belong to the container that the kubelet's account names, of the same resource")
    func holder() throws {
        let pods: [PodResourcesAPI.PodResources] = [
            .init(
                name: "p", namespace: "n",
                containers: [
                    .init(
                        name: "c",
                        devices: [
                            .init(resourceName: "cores", deviceIDs: ["3", "2"]),
                            .init(resourceName: "chips", deviceIDs: ["1"]),
                        ])
                ])
        ]
        let holder = try #require(Handouts.holder(of: ["1", "2", "3"], resource: "cores", in: pods))
        #expect(holder == ("2", "n/p/c"))
        #expect(Handouts.holder(of: ["1"], resource: "cores", in: pods) == nil)
    }
}

@Suite("A kubelet that gives a device twice", .timeLimit(.minutes(10)))
struct GivenTwiceTests {
    private static func request(_ ids: String...) -> DevicePluginAPI.AllocateRequest {
        .init(containerRequests: [.init(deviceIDs: ids)])
    }

    private static let refusal = GRPCStatus(
        .invalidArgument,
        "the kubelet has just given device 1 to default/pod-0/c (kubernetes #137534): create the pod again")

    /// A node whose kubelet has given cores 0 and 1.
    private func node(hasAccount: Bool = true) async throws -> (Node, DevicePluginDaemon, DevicePluginClient)
    {
        let node = try Node()
        try await node.kubelet.start()
        if hasAccount { try await node.kubelet.servePodResources() }
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 12 }
        let client = try await node.kubelet.client(Node.resource)
        _ = try await client.allocate(Self.request("0", "1"))
        return (node, plugin, client)
    }

    private func count(_ node: Node, _ result: String) -> Bool {
        node.metrics.exposition().contains(
            "ganglion_device_plugin_given_twice_total{resource=\"\(Node.resource)\",result=\"\(result)\"} 1\n"
        )
    }

    @Test("is refused where its account shows that a container has it")
    func refused() async throws {
        let (node, plugin, client) = try await node()
        await node.kubelet.setPods([(Node.resource, ["0", "1"])])
        await #expect(throws: Self.refusal) { try await client.allocate(Self.request("1", "2")) }
        #expect(count(node, "refused"))
        _ = try await client.allocate(Self.request("2", "3"))
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("is refused also where its account shows that a moment later")
    func late() async throws {
        let (node, plugin, client) = try await node()
        await node.kubelet.setPods([(Node.resource, ["0", "1"])], afterLists: 1)
        await #expect(throws: Self.refusal) { try await client.allocate(Self.request("1")) }
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("is in its right where nobody holds it: init containers, and pods that were refused after Allocate")
    func handedOn() async throws {
        let (node, plugin, client) = try await node()
        _ = try await client.allocate(Self.request("0", "1"))
        await node.kubelet.setPods([(Node.resource, ["2"]), (BothResourcesTests.chips, ["0", "1"])])
        _ = try await client.allocate(Self.request("0", "1"))
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("is believed, and counted, where it does not say who holds what")
    func unverified() async throws {
        let (node, plugin, client) = try await node(hasAccount: false)
        _ = try await client.allocate(Self.request("1"))
        #expect(count(node, "unverified"))
        await plugin.stop()
        await node.kubelet.close()
    }
}
