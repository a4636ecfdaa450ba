// Where a fake node's chips sit. Single-chip types have the addresses seen in published neuron-ls output; the others
// are plausible and nothing more.

extension InstanceType {
    /// The PCI address of a fake node's chip.
    func fakeAddress(ofChip chip: Int) -> PCIAddress {
        if chipCount == 1 {
            switch family {
            case .inferentia, .inferentia2: return PCIAddress(bus: 0, slot: 0x1f)
            case .trainium1: return PCIAddress(bus: 0, slot: 0x1e)
            case .trainium2, .trainium3: return PCIAddress(bus: 0x33, slot: 0)
            }
        }
        return PCIAddress(bus: UInt8(truncatingIfNeeded: 0x10 + 8 * chip), slot: 0x1e)
    }

    /// The NUMA node and the near CPUs of a fake node's chip.
    ///
    /// On trn2.48xlarge chips 4 to 11 are on node 0, the others on node 1, as AWS's example output shows. Of other
    /// large types no such output is known, and small ones have no NUMA nodes: -1 and all CPUs.
    func fakePlace(ofChip chip: Int) -> (numaNode: Int, cpus: String) {
        if family == .trainium2 && chipCount == 16 {
            let near = vCPUs / 4
            let node = (4...11).contains(chip) ? 0 : 1
            let start = node * near
            let second = start + 2 * near
            return (node, "\(start)-\(start + near - 1),\(second)-\(second + near - 1)")
        }
        let isTrainium2 = family == .trainium2
        return (isTrainium2 ? 0 : -1, "0-\(vCPUs - 1)")
    }
}
