// What all chips of one generation share. The strings are the driver's (neuron_dhal_v*.c, driver 2.24.7.0): note
// that Inferentia2 calls its device architecture NDv3 and its cores NCv2, so neither tells the families apart; the
// device name does.

package import Placement

/// A generation of Neuron chips.
package enum NeuronFamily: String, CaseIterable, Hashable, Sendable {
    case inferentia = "inf1"
    case inferentia2 = "inf2"
    case trainium1 = "trn1"
    case trainium2 = "trn2"
    case trainium3 = "trn3"

    /// What `info/architecture/device_name` reads. Trainium3's is expected from the others, no source shows it.
    package var deviceName: String {
        switch self {
        case .inferentia: "Inferentia"
        case .inferentia2: "Inferentia2"
        case .trainium1: "Trainium1"
        case .trainium2: "Trainium2"
        case .trainium3: "Trainium3"
        }
    }

    /// The family that a `device_name` names.
    package init?(deviceName: String) {
        guard let family = Self.allCases.first(where: { $0.deviceName == deviceName }) else { return nil }
        self = family
    }

    /// What `info/architecture/instance_type` reads: the family, not the EC2 type.
    package var sysfsInstanceType: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }

    /// What the device's `arch_type` reads.
    package var deviceArchitecture: String {
        switch self {
        case .inferentia: "NDv1"
        case .trainium1: "NDv2"
        case .inferentia2, .trainium2: "NDv3"
        case .trainium3: "NDv4"
        }
    }

    /// What each core's `arch_type` reads.
    package var coreArchitecture: String {
        switch self {
        case .inferentia: "NCv1"
        case .inferentia2, .trainium1: "NCv2"
        case .trainium2: "NCv3"
        case .trainium3: "NCv4"
        }
    }

    /// PCI device id; Amazon's vendor id is 1d0f. nil where it is not published.
    package var pciDevice: UInt16? {
        switch self {
        case .inferentia: 0x7064
        case .inferentia2: 0x7264
        case .trainium1: 0x7164
        case .trainium2: 0x7364
        case .trainium3: nil
        }
    }

    /// Cores on the die, whatever the logical core size: what `core_count` reads.
    package var physicalCoresPerChip: Int {
        switch self {
        case .inferentia: 4
        case .inferentia2, .trainium1: 2
        case .trainium2, .trainium3: 8
        }
    }

    /// Device memory of a chip in octets. No file has it; from the address maps in the driver (neuron_dhal_v*.c).
    package var memoryPerChip: UInt64 {
        switch self {
        case .inferentia: 8 << 30
        case .inferentia2, .trainium1: 32 << 30
        case .trainium2: 96 << 30
        case .trainium3: 144 << 30
        }
    }

    /// Physical cores that form a logical core unless somebody says otherwise (NEURON_LOGICAL_NC_CONFIG).
    package var defaultLogicalCoreSize: Int { logicalCoreSizes.last ?? 1 }

    /// The logical core sizes that there are: 1 and 2 on Trainium2 and 3, else only 1.
    package var logicalCoreSizes: [Int] {
        switch self {
        case .inferentia, .inferentia2, .trainium1: [1]
        case .trainium2, .trainium3: [1, 2]
        }
    }

    /// The chip groups that the runtime takes: any run on Inferentia; 1, 4, 8, 16 chips in place on Trainium.
    package var groups: ChipGroups {
        switch self {
        case .inferentia, .inferentia2: .anyRun
        case .trainium1, .trainium2, .trainium3: .trainium
        }
    }

    /// Whether the driver has `stats/hardware`, a serial number and engine counters; Inferentia has not.
    package var hasHardwareStatistics: Bool { self != .inferentia }
}
