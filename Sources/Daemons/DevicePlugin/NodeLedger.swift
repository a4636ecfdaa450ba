// What the plugin knows about the node's chips over its life. Discovery tells what it sees now; the kubelet must hear
// something steadier: an id that was once advertised is never dropped (the kubelet takes a missing device of a running
// pod for a healthy one, and reads it without a check), and a file that could not be read is no news about health.

package import Neuron
package import Placement

/// The node as it is advertised.
package struct NodeLedger: Sendable {
    /// A chip with the health that is told of it.
    package struct Entry: Equatable, Sendable {
        /// As it was last seen.
        package var chip: Chip
        /// What is wrong with it; nothing when it is healthy.
        package var faults: [HealthFault] = []

        /// May its cores be given to pods?
        package var isHealthy: Bool { faults.isEmpty }
    }

    /// A change of a chip's health.
    package struct HealthChange: Equatable, Sendable {
        /// The chip.
        package var chip: Int
        /// What is wrong with it; nothing when it has recovered.
        package var faults: [HealthFault] = []
    }

    /// What an inventory has changed.
    package struct Changes: Equatable, Sendable {
        /// Chips that were not there before.
        package var added: [Int] = []
        /// Chips that have become unhealthy, or healthy, or unhealthy for another reason.
        package var health: [HealthChange] = []
        /// Unhealthy chips whose counters have gone on: no news for the kubelet or the log, only for who shows the counts.
        package var counted: [Int] = []
        /// Sentences about what is wrong that have not been told before.
        package var remarks: [String] = []

        /// Has nothing changed that the kubelet or the agent should hear?
        package var isEmpty: Bool { added.isEmpty && health.isEmpty && counted.isEmpty }
    }

    /// The chips ever seen, by rising number.
    package private(set) var entries: [Entry] = []
    /// The inventory that the rest is from: instance type, driver, topology.
    package private(set) var inventory: NeuronInventory?
    private var told: Set<String> = []

    /// A ledger of nothing.
    package init() {}

    /// The instance's chips and links. Fixed once it is known, except that chips can be added.
    package var topology: CoreTopology? { inventory?.topology }

    /// Takes what discovery has found now.
    package mutating func update(_ found: NeuronInventory) -> Changes {
        var changes = Changes()
        var remarks = found.problems.map(\.description)
        let seen = Set(found.chips.map(\.index))
        for chip in found.chips {
            if let known = entries.firstIndex(where: { $0.chip.index == chip.index }) {
                guard entries[known].chip.coreCount == chip.coreCount else {
                    remarks.append(
                        "neuron\(chip.index) now has \(chip.coreCount) cores, it is advertised with "
                            + "\(entries[known].chip.coreCount): restart the plugin to number the cores anew")
                    continue
                }
                entries[known].chip = chip
                Self.update(&entries[known], chip.health, &changes)
            } else if let first = entries.first, first.chip.coreCount != chip.coreCount {
                remarks.append(
                    "neuron\(chip.index) has \(chip.coreCount) cores and the others \(first.chip.coreCount): it is "
                        + "left out, restart the plugin to number the cores anew")
            } else {
                var entry = Entry(chip: chip)
                changes.added.append(chip.index)
                Self.update(&entry, chip.health, &changes)
                entries.append(entry)
            }
        }
        for index in entries.indices where !seen.contains(entries[index].chip.index) {
            // A chip that is there and cannot be read as a whole is not gone.
            let health = found.leftOut[entries[index].chip.index] ?? .unhealthy([.missing])
            Self.update(&entries[index], health, &changes)
        }
        entries.sort { $0.chip.index < $1.chip.index }
        changes.remarks = remarks.filter { told.insert($0).inserted }
        // A problem that is gone is news again when it comes back.
        told.formIntersection(remarks)
        keep(found)
        return changes
    }

    private static func update(_ entry: inout Entry, _ health: ChipHealth, _ changes: inout Changes) {
        switch health {
        case .healthy: set(&entry, [], &changes)
        case .unhealthy(let faults): set(&entry, faults, &changes)
        case .unknown: break  // neither health nor sickness: what was known stays
        }
    }

    private static func set(_ entry: inout Entry, _ faults: [HealthFault], _ changes: inout Changes) {
        guard entry.faults != faults else { return }
        let isSame = entry.faults.map(\.uncounted) == faults.map(\.uncounted)
        entry.faults = faults
        if isSame {
            changes.counted.append(entry.chip.index)
        } else {
            changes.health.append(HealthChange(chip: entry.chip.index, faults: faults))
        }
    }

    /// A topology that has gone blank or has shrunk, because a chip or the driver is gone, is not taken.
    private mutating func keep(_ found: NeuronInventory) {
        guard !found.chips.isEmpty else { return }
        guard let known = inventory else {
            inventory = found
            return
        }
        var merged = found
        let lostLinks =
            found.topology.adjacency.allSatisfy(\.isEmpty)
            && !known.topology.adjacency.allSatisfy(\.isEmpty)
        if found.topology.coreCount < known.topology.coreCount || lostLinks
            || found.topology.coresPerChip != known.topology.coresPerChip
        {
            merged.topology = known.topology
            merged.logicalCoreSize = known.logicalCoreSize
        }
        merged.instanceType = found.instanceType ?? known.instanceType
        merged.instanceTypeName = found.instanceTypeName ?? known.instanceTypeName
        merged.family = found.family ?? known.family
        inventory = merged
    }
}
