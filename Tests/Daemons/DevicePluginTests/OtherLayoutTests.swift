// logical_nc_config has changed, and the kubelet's checkpoint still has devices of the layout before.

import GRPC
import KubeletAPI
import Neuron
import Placement
import SystemIO
import Testing

@testable import DevicePlugin

@Suite("Cores that are cut in another way", .timeLimit(.minutes(10)))
struct OtherLayoutTests {
    @Test("have other ids, and the family's default layout has plain ones")
    func ids() throws {
        let pairs = try FakeNode.catalog("trn2.3xlarge")
        #expect(pairs.devices.map(\.id) == ["0", "1", "2", "3"])
        let halves = try FakeNode.catalog("trn2.3xlarge", logicalCoreSize: 1)
        #expect(halves.devices.map(\.id) == (0..<8).map { "lnc1-\($0)" })
        #expect(halves.list.devices.map(\.id) == halves.devices.map(\.id))
        #expect(halves.ids([1, 2]) == ["lnc1-1", "lnc1-2"])
        #expect(halves.cores(["lnc1-5", "5"]) == [5])
        #expect(halves.coresOfOtherLayouts(["lnc1-5", "2", "nobody's"]) == [2, 4, 5])
        #expect(pairs.coresOfOtherLayouts(["lnc1-5", "2"]) == [2])
        #expect(throws: AllocationError.unknown("5")) { try Allocator(catalog: halves).allocate(["5"]) }
        let allocation = try Allocator(catalog: halves).allocate(["lnc1-3", "lnc1-2"])
        #expect(allocation.cores == [2, 3])
        #expect(
            allocation.response.envs == [
                "NEURON_RT_VISIBLE_CORES": "2,3", "GANGLION_HOST_CORES": "2,3",
                "NEURON_LOGICAL_NC_CONFIG": "1",
            ])
        let chips = try FakeNode.catalog("trn2.3xlarge", .chip, logicalCoreSize: 1)
        #expect(chips.devices.map(\.id) == ["0"], "a chip is a chip in every layout")
        #expect(chips.coresOfOtherLayouts(["2"]) == [])
    }

    /// trn2.3xlarge: one chip with eight physical cores.
    private func node(logicalCoreSize: Int, held: [String], account: Bool = true) async throws -> Node {
        let node = try Node("trn2.3xlarge", logicalCoreSize: logicalCoreSize)
        try await node.kubelet.start()
        await node.kubelet.setPods([(Node.resource, held)])
        if account { try await node.kubelet.servePodResources() }
        return node
    }

    private func unhealthy(_ state: FakeKubelet.State) -> [String] {
        (state.resources[Node.resource]?.devices ?? []).filter { $0.health != "Healthy" }.map(\.id)
    }

    @Test(
        "are not given while a pod holds the hardware as a device of the layout before",
        arguments: [
            (1, ["2"], ["lnc1-2", "lnc1-4", "lnc1-5"]), (2, ["lnc1-4"], ["2"]),
            (2, ["lnc1-0", "lnc1-7"], ["0", "3"]),
            (1, ["lnc1-2", "other"], []),
        ])
    func masked(size: Int, held: [String], masked: [String]) async throws {
        let node = try await node(logicalCoreSize: size, held: held)
        let plugin = node.plugin()
        try await plugin.start()
        let count = size == 1 ? 8 : 4
        // In the first list already: nobody can be faster.
        let state = await node.kubelet.wait { $0.resources[Node.resource]?.lists == 1 }
        #expect(unhealthy(state) == masked)
        #expect(state.allocatable == count - masked.count)
        if let first = masked.first {
            let client = try await node.kubelet.client(Node.resource)
            let core = try #require(CoreNumbering(logicalCoreSize: size, defaultSize: 2).core(first))
            await #expect(
                throws: GRPCStatus(
                    .invalidArgument,
                    "cores \(core) are given out as aws.amazon.com/neuroncore of another logical core size: "
                        + "create the pod again, the kubelet knows by now")
            ) { try await client.allocate(.init(containerRequests: [.init(deviceIDs: [first])])) }
        }
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("are refused also where the kubelet tells of the pod only while it asks, as after its restart")
    func restarted() async throws {
        let node = try await node(logicalCoreSize: 1, held: [])
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 8 }
        await node.kubelet.setPods([(Node.resource, ["2"])])
        let client = try await node.kubelet.client(Node.resource)
        await #expect(throws: GRPCStatus.self) {
            try await client.allocate(.init(containerRequests: [.init(deviceIDs: ["lnc1-3", "lnc1-4"])]))
        }
        await node.kubelet.wait { $0.allocatable == 5 }
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("are given where the kubelet does not say who holds what")
    func silent() async throws {
        let node = try await node(logicalCoreSize: 1, held: ["2"], account: false)
        let plugin = node.plugin()
        try await plugin.start()
        await node.kubelet.wait { $0.allocatable == 8 }
        await plugin.stop()
        await node.kubelet.close()
    }
}
