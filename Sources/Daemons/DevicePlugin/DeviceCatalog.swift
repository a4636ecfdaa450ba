// From chips to what the kubelet counts. A device of a resource is a core or a whole chip. Where a node has both resources,
// what one has given is masked in the other: the kubelet takes them for unrelated. Ids are the same after every restart, since
// the kubelet's books are kept by id: plain integers, or in a layout that is not the default, integers with its name
// (CoreNumbering.swift).

package import KubeletAPI
package import Neuron
package import Placement

/// What one device is.
package enum Granularity: String, CaseIterable, Sendable {
    /// A logical core; its id is that of its number on the node.
    case core
    /// A chip with all its cores; its id is the chip's number.
    case chip
}

/// The devices of one resource.
package struct DeviceCatalog: Sendable {
    /// A device.
    package struct Device: Equatable, Sendable {
        /// What the kubelet knows it by.
        package var id: String
        /// Its number: the core's, or the chip's.
        package var number: Int
        /// The chip it is, or is on.
        package var chip: Int
        /// Its cores, by their numbers on the node.
        package var cores: Range<Int>
        /// May it be given to a pod?
        package var isHealthy: Bool
        /// The near NUMA node, where it is known and is to be told.
        package var numaNode: Int?
    }

    /// All devices, by rising number.
    package let devices: [Device]
    /// What one device is.
    package let granularity: Granularity
    /// For placement.
    package let topology: CoreTopology
    /// Physical cores in a logical one, where the family has a choice; else nil.
    package let logicalCoreSize: Int?
    /// How cores are numbered.
    package let numbering: CoreNumbering
    private let chips: [Int: Chip]
    private let byID: [String: Device]

    /// The devices of the chips in a ledger.
    ///
    /// - Parameters:
    ///   - tellsNUMA: whether devices carry their NUMA node, which Topology Manager then aligns to.
    ///   - masked: cores that are given out otherwise: their devices are not healthy.
    package init?(
        _ ledger: NodeLedger, granularity: Granularity = .core, tellsNUMA: Bool = false,
        masked: CoreSet = []
    ) {
        guard let inventory = ledger.inventory else { return nil }
        self.granularity = granularity
        topology = inventory.topology
        let hasChoice = (inventory.family?.logicalCoreSizes.count ?? 1) > 1
        logicalCoreSize = hasChoice ? inventory.logicalCoreSize : nil
        let numbering = CoreNumbering(inventory)
        self.numbering = numbering
        var devices: [Device] = []
        for entry in ledger.entries {
            let chip = entry.chip
            // -1 means that the host has one node only: a hint that says so cannot be fulfilled (kubelet, 1.11).
            let numaNode = tellsNUMA ? chip.numaNode.flatMap { $0 >= 0 ? $0 : nil } : nil
            func add(_ id: String, _ number: Int, _ cores: Range<Int>) {
                devices.append(
                    Device(
                        id: id, number: number, chip: chip.index, cores: cores,
                        isHealthy: entry.isHealthy && !cores.contains(where: masked.contains),
                        numaNode: numaNode))
            }
            switch granularity {
            case .core: for core in chip.cores { add(numbering.id(core), core, core..<core + 1) }
            case .chip: add(String(chip.index), chip.index, chip.cores)
            }
        }
        self.devices = devices
        byID = Dictionary(devices.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        chips = Dictionary(
            ledger.entries.map { ($0.chip.index, $0.chip) }, uniquingKeysWith: { first, _ in first })
    }

    /// The device with this id; nil when there is none.
    package func device(_ id: String) -> Device? { byID[id] }

    /// Where a chip is on the host, and what is there.
    package func deviceFile(chip: Int) -> (path: String, file: DeviceFile)? {
        chips[chip].map { ($0.devicePath, $0.deviceFile) }
    }

    /// The cores of devices; ids that there are not are left out.
    package func cores(_ ids: some Sequence<String>) -> CoreSet {
        var cores = CoreSet()
        for id in ids {
            guard let device = byID[id] else { continue }
            for core in device.cores { cores.insert(core) }
        }
        return cores
    }

    /// The cores that share hardware with devices of another layout, which the kubelet still knows somebody to hold. Chips
    /// are the same in every layout.
    package func coresOfOtherLayouts(_ ids: some Sequence<String>) -> CoreSet {
        guard granularity == .core else { return [] }
        return ids.reduce(CoreSet()) { numbering.core($1) == nil ? $0.union(numbering.sharing($1)) : $0 }
    }

    /// The ids of the devices whose cores these are, by rising number; nil when a device is there in part.
    package func ids(_ cores: CoreSet) -> [String]? {
        var ids: [String] = []
        var covered = 0
        for device in devices where cores.contains(device.cores.lowerBound) {
            guard device.cores.allSatisfy(cores.contains) else { return nil }
            ids.append(device.id)
            covered += device.cores.count
        }
        return covered == cores.count ? ids : nil
    }

    /// The list for the kubelet: always complete.
    package var list: DevicePluginAPI.ListAndWatchResponse {
        DevicePluginAPI.ListAndWatchResponse(
            devices: devices.map { device in
                DevicePluginAPI.Device(
                    id: device.id,
                    health: device.isHealthy ? DevicePluginAPI.healthy : DevicePluginAPI.unhealthy,
                    topology: device.numaNode.map { .init(nodes: [.init(id: Int64($0))]) })
            })
    }
}
