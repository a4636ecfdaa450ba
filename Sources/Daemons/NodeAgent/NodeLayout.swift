// What the device plugin says of its node, made fit to work with: numbers are checked once, here, and ids become cores.

internal import GanglionAPI
internal import KubeletAPI
internal import Neuron
internal import Placement

/// The chips of the node and what their devices are.
struct NodeLayout: Equatable, Sendable {
    /// One chip.
    struct ChipState: Equatable, Sendable {
        var index: Int
        /// By the numbers that they have on the node.
        var cores: CoreSet
        var memoryBytes: UInt64
        /// Why it is unhealthy; nil when it is healthy.
        var fault: String?
        /// What is wrong with it by kind, core, counter and count; nothing where the plugin does not say.
        var faults: [NodePluginAPI.Fault] = []
        var connected: [Int]
    }

    /// What one device of a resource is.
    enum Device: Equatable, Sendable {
        case core
        case chip
    }

    /// Empty where it is not known.
    let instanceType: String
    /// Empty where no driver is loaded.
    let driverVersion: String
    /// Where the chips come from; nil where that is not known.
    let deviceSource: DeviceSource?
    /// Physical cores in a logical one; 0 where it is not known.
    let logicalCoreSize: Int
    /// How the kubelet knows the cores.
    let numbering: CoreNumbering
    /// By rising index, each once.
    let chips: [ChipState]
    /// What the plugin advertises.
    let resources: [String: Device]
    /// Whether the kubelet takes all those resources from the plugin.
    let isRegistered: Bool
    /// For placement; nil without chips.
    let topology: CoreTopology?

    /// Takes over what can be right in a state; chips with impossible or repeated numbers are left out.
    init(_ state: NodePluginAPI.NodeState) {
        instanceType = state.instanceType
        driverVersion = state.driverVersion
        deviceSource = DeviceSource(rawValue: state.deviceSource)
        logicalCoreSize = max(0, Int(state.logicalCoreSize))
        let defaultSize = Int(state.defaultLogicalCoreSize)
        numbering = CoreNumbering(
            logicalCoreSize: logicalCoreSize, defaultSize: defaultSize > 0 ? defaultSize : logicalCoreSize)
        var chips: [Int: ChipState] = [:]
        for chip in state.chips {
            let index = Int(chip.index)
            guard (0..<CoreTopology.maximumChips).contains(index), chips[index] == nil else { continue }
            let isHealthy = chip.health == DevicePluginAPI.healthy
            let fault = chip.reason.isEmpty ? "no reason is known" : chip.reason
            chips[index] = ChipState(
                index: index, cores: CoreSet(chip.cores.map { Int(clamping: $0) }),
                memoryBytes: chip.memoryBytes, fault: isHealthy ? nil : fault,
                faults: isHealthy ? [] : chip.faults,
                connected: chip.connected.map { Int(clamping: $0) }
                    .filter { (0..<CoreTopology.maximumChips).contains($0) })
        }
        let sorted = chips.values.sorted { $0.index < $1.index }
        self.chips = sorted
        let cores = sorted.reduce(0) { $0 + $1.cores.count }
        var resources: [String: Device] = [:]
        for resource in state.resources where !resource.name.isEmpty {
            resources[resource.name] = Self.device(of: resource, chips: sorted.count, cores: cores)
        }
        self.resources = resources.isEmpty ? [WellKnown.neuronCore: .core] : resources
        isRegistered = !state.resources.isEmpty && state.resources.allSatisfy(\.registered)
        topology =
            sorted.isEmpty
            ? nil
            : CoreTopology(
                of: instanceType, logicalCoreSize: logicalCoreSize > 0 ? logicalCoreSize : nil,
                reported: sorted.map {
                    ReportedChip(index: $0.index, cores: $0.cores.count, connected: $0.connected)
                })
    }

    /// The cores that a pod can be given.
    var healthyCores: CoreSet {
        chips.reduce(CoreSet()) { $1.fault == nil ? $0.union($1.cores) : $0 }
    }

    /// The cores of devices of a resource. A core that no chip has any more still counts, and so do those that share hardware
    /// with a device of another layout: somebody holds them.
    func cores(of devices: [String], resource: String) -> CoreSet {
        var cores = CoreSet()
        for id in devices {
            switch resources[resource] {
            case .core: cores = cores.union(numbering.sharing(id))
            case .chip:
                guard let number = Int(id) else { continue }
                cores = cores.union(chips.first { $0.index == number }?.cores ?? [])
            case nil: break
            }
        }
        return cores
    }

    /// The devices of a resource that these cores are, by rising number; nil when one is there in part.
    func devices(_ cores: CoreSet, resource: String) -> [String]? {
        switch resources[resource] {
        case .core: return cores.map(numbering.id)
        case .chip:
            let whole = chips.filter { !$0.cores.isEmpty && $0.cores.isSubset(of: cores) }
            guard whole.reduce(0, { $0 + $1.cores.count }) == cores.count else { return nil }
            return whole.map { String($0.index) }
        case nil: return nil
        }
    }

    /// How many cores one device of a resource has.
    func coresPerDevice(_ resource: String) -> Int {
        resources[resource] == .chip ? chips.first?.cores.count ?? 1 : 1
    }

    /// The plugin does not say what its devices are; their count does, and where it cannot, the name.
    private static func device(of resource: NodePluginAPI.Resource, chips: Int, cores: Int) -> Device {
        let devices = Int(resource.devices)
        if chips != cores, devices == chips { return .chip }
        if chips != cores, devices == cores { return .core }
        return resource.name.hasSuffix("/neuron") ? .chip : .core
    }
}
