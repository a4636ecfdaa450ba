// A node's chips as neuron-ls shows them: the short table of the first versions, and the wide one of SDK 2.25 and
// newer with its lines before the table.

internal import Neuron

extension NeuronInventory {
    /// The older table: device, cores, memory, links where there are any, PCI address without its domain.
    func shortTable() -> String {
        TextTable(
            style: .centred,
            columns: [
                device, cores, memory, connected,
                .init(heading: ("PCI", "BDF"), cells: chips.map { $0.pciAddress?.short ?? "" }),
            ]
        ).rendered()
    }

    /// The newer table with the lines before it; what is not known is left out.
    func wideTable() -> String {
        var preface = ""
        if let instanceTypeName { preface += "instance-type: \(instanceTypeName)\n" }
        if let instanceID { preface += "instance-id: \(instanceID)\n" }
        if let family, family.logicalCoreSizes.count > 1 {
            preface += "logical-neuroncore-config: \(logicalCoreSize)\n"
        }
        return preface
            + TextTable(
                style: .leftAligned,
                columns: [
                    device, cores,
                    .init(heading: ("NEURON", "CORE IDS"), cells: chips.map { Self.range($0.cores) }),
                    memory, connected,
                    .init(heading: ("PCI", "BDF"), cells: chips.map { $0.pciAddress?.description ?? "" }),
                    .init(heading: ("CPU", "AFFINITY"), cells: chips.map { $0.cpuAffinity ?? "" }),
                    .init(
                        heading: ("NUMA", "NODE"),
                        cells: chips.map { chip in chip.numaNode.map { "\($0)" } ?? "" }),
                ]
            ).rendered()
    }

    private var device: TextTable.Column {
        .init(heading: ("NEURON", "DEVICE"), cells: chips.map { "\($0.index)" })
    }

    private var cores: TextTable.Column {
        .init(heading: ("NEURON", "CORES"), cells: chips.map { "\($0.coreCount)" })
    }

    private var memory: TextTable.Column {
        // neuron-ls writes GB and means GiB.
        .init(
            heading: ("NEURON", "MEMORY"),
            cells: chips.map { chip in chip.memoryBytes.map { "\($0 >> 30) GB" } ?? "" })
    }

    private var connected: TextTable.Column {
        .init(
            heading: ("CONNECTED", "DEVICES"),
            cells: chips.map { $0.connected.map(String.init).joined(separator: ", ") })
    }

    private static func range(_ cores: Range<Int>) -> String {
        cores.count == 1 ? "\(cores.lowerBound)" : "\(cores.lowerBound)-\(cores.upperBound - 1)"
    }
}
