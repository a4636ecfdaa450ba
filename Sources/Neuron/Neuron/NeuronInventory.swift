// What discovery found: the one description of a node's chips that everything above works from.

package import Placement

/// Where the name of the instance type came from.
package enum InstanceTypeSource: String, Hashable, Sendable, CustomStringConvertible {
    /// Somebody said so.
    case setting = "the setting"
    /// The firmware's product name.
    case firmware = "the DMI product name"
    /// Only one type has so many chips of this family.
    case inferred = "the chips"

    /// The words for a sentence: "from the setting".
    package var description: String { rawValue }
}

/// A Neuron chip: what `/dev/neuronN` is.
package struct Chip: Hashable, Sendable {
    /// N. Not the order on the PCI bus.
    package var index: Int
    /// Cores on the die.
    package var physicalCoreCount: Int
    /// Logical cores: what is advertised.
    package var coreCount: Int
    /// The chips it is linked to, in the driver's order, or the table's where the driver is silent.
    package var connected: [Int]
    /// Device memory in octets; nil for an unknown family.
    package var memoryBytes: UInt64?
    /// Sixteen hexadecimal digits; nil on Inferentia, or when it cannot be read.
    package var serialNumber: String?
    /// The product's name as the driver gives it, `Inferentia2`.
    package var deviceName: String?
    /// The device node on the host, or the fake chip's file.
    package var devicePath: String
    /// What is at that path.
    package var deviceFile: DeviceFile
    /// The address on the PCI bus; nil when it cannot be asked for.
    package var pciAddress: PCIAddress?
    /// The near NUMA node; -1 when the host has but one, nil when not known.
    package var numaNode: Int?
    /// The near CPUs as a list like `0-47,96-143`; nil when not known.
    package var cpuAffinity: String?
    /// How it is.
    package var health: ChipHealth

    /// A chip; what is left out is not known.
    package init(
        index: Int, physicalCoreCount: Int, coreCount: Int, connected: [Int] = [], memoryBytes: UInt64? = nil,
        serialNumber: String? = nil, deviceName: String? = nil, devicePath: String,
        deviceFile: DeviceFile = .node,
        pciAddress: PCIAddress? = nil, numaNode: Int? = nil, cpuAffinity: String? = nil,
        health: ChipHealth = .healthy
    ) {
        self.index = index
        self.physicalCoreCount = physicalCoreCount
        self.coreCount = coreCount
        self.connected = connected
        self.memoryBytes = memoryBytes
        self.serialNumber = serialNumber
        self.deviceName = deviceName
        self.devicePath = devicePath
        self.deviceFile = deviceFile
        self.pciAddress = pciAddress
        self.numaNode = numaNode
        self.cpuAffinity = cpuAffinity
        self.health = health
    }

    /// Its logical cores in node-wide numbers.
    package var cores: Range<Int> { index * coreCount..<(index + 1) * coreCount }
}

/// A node's chips.
package struct NeuronInventory: Hashable, Sendable {
    /// The type, when it is in the table.
    package var instanceType: InstanceType?
    /// The type's name as found, in the table or not.
    package var instanceTypeName: String?
    /// Where the name came from.
    package var instanceTypeSource: InstanceTypeSource?
    /// The EC2 instance id, `i-…`, as the firmware has it.
    package var instanceID: String?
    /// The family of the chips; nil when it is not known.
    package var family: NeuronFamily?
    /// The chips, ascending by number. Numbers may be missing.
    package var chips: [Chip]
    /// The health of chips that are there and of which too little can be read to use them, by number.
    package var leftOut: [Int: ChipHealth]
    /// Physical cores in a logical core, 1 or 2.
    package var logicalCoreSize: Int
    /// The driver's version; nil when it is not loaded or writes none.
    package var driverVersion: DriverVersion?
    /// For placement. NUMA is left out of it: not everyone who places can know it, and all must agree.
    package var topology: CoreTopology
    /// What was wrong, in the order it was found.
    package var problems: [DiscoveryProblem]

    /// An inventory; what is left out is not known.
    package init(
        instanceType: InstanceType? = nil, instanceTypeName: String? = nil,
        instanceTypeSource: InstanceTypeSource? = nil, instanceID: String? = nil, family: NeuronFamily? = nil,
        chips: [Chip], leftOut: [Int: ChipHealth] = [:], logicalCoreSize: Int = 1,
        driverVersion: DriverVersion? = nil, topology: CoreTopology,
        problems: [DiscoveryProblem] = []
    ) {
        self.instanceType = instanceType
        self.instanceTypeName = instanceTypeName
        self.instanceTypeSource = instanceTypeSource
        self.instanceID = instanceID
        self.family = family
        self.chips = chips
        self.leftOut = leftOut
        self.logicalCoreSize = logicalCoreSize
        self.driverVersion = driverVersion
        self.topology = topology
        self.problems = problems
    }

    /// Where the chips come from; nil where there is none. Among real chips a fake one does not count: it is unhealthy.
    package var deviceSource: DeviceSource? {
        if chips.isEmpty { return nil }
        return chips.contains { $0.deviceFile == .fakeChip } && !chips.contains { $0.deviceFile == .node }
            ? .fake : .driver
    }

    /// The logical cores of all chips that are there, healthy or not.
    package var cores: CoreSet {
        chips.reduce(CoreSet()) { $0.union(CoreSet($1.cores)) }
    }

    /// The chip that has a core.
    package func chip(ofCore core: Int) -> Chip? {
        chips.first { $0.cores.contains(core) }
    }
}
