// A fake node in a directory of its own, which goes with the test.

import DevicePlugin
import Glibc
import KubeletAPI
import Neuron
import SystemIO
import TestSupport
import Testing

/// A fake node.
final class FakeNode: Sendable {
    let directory: TemporaryDirectory
    let device: FakeDevice

    init(_ instanceType: String, logicalCoreSize: Int? = nil) throws {
        directory = try TemporaryDirectory()
        device = try FakeDevice.create(
            instanceType: instanceType, at: directory.path + "/node", driverVersion: .init(2, 30, 2, 0),
            logicalCoreSize: logicalCoreSize, monitorCounters: false)
    }

    /// The devices of an instance type's node, for tests that change nothing: writing a tree is slow.
    ///
    /// - Parameter file: what stands at the chips' paths instead of fake chips.
    static func catalog(
        _ instanceType: String, _ granularity: Granularity = .core, logicalCoreSize: Int? = nil,
        file: DeviceFile? = nil
    ) throws -> DeviceCatalog {
        let key = "\(instanceType) \(logicalCoreSize ?? 0)"
        var inventory = try inventories.withLock { known in
            if let inventory = known[key] { return inventory }
            let inventory = try FakeNode(instanceType, logicalCoreSize: logicalCoreSize).scan()
            known[key] = inventory
            return inventory
        }
        for index in inventory.chips.indices {
            if let file { inventory.chips[index].deviceFile = file }
        }
        var ledger = NodeLedger()
        _ = ledger.update(inventory)
        return try #require(DeviceCatalog(ledger, granularity: granularity))
    }

    private static let inventories = Lock<[String: NeuronInventory]>([:])

    func scan() -> NeuronInventory { Discovery(device.settings).scan() }
}

extension DevicePluginAPI.ContainerPreferredAllocationRequest {
    /// A request with numbers for ids.
    static func of(
        _ size: Int, available: some Sequence<Int>, mustInclude: [Int] = []
    ) -> DevicePluginAPI.ContainerPreferredAllocationRequest {
        .init(
            availableDeviceIDs: available.map(String.init),
            mustIncludeDeviceIDs: mustInclude.map(String.init),
            allocationSize: Int32(size))
    }
}
