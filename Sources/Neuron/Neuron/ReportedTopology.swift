// The chips of a node as others see them: by the table of the instance type where it fits what the node itself reports, else
// by the report. Operator and node agent ask the same, so that a group means the same to both.

package import Placement

/// What a node says of one of its chips.
package struct ReportedChip: Hashable, Sendable {
    /// N of /dev/neuronN.
    package var index: Int
    /// How many cores it has.
    package var cores: Int
    /// The chips that it has links to.
    package var connected: [Int]

    /// A chip.
    package init(index: Int, cores: Int, connected: [Int]) {
        self.index = index
        self.cores = cores
        self.connected = connected
    }
}

extension CoreTopology {
    /// The topology of a node.
    ///
    /// - Parameters:
    ///   - instanceType: its name; another than those of the table is as good as none.
    ///   - logicalCoreSize: nil for the family's default.
    ///   - chips: what the node reports; chips with impossible numbers do not count. Where it reports none, the table stands
    ///     alone.
    /// - Returns: nil where neither says anything.
    package init?(of instanceType: String, logicalCoreSize: Int?, reported chips: [ReportedChip]) {
        let known = try? InstanceType.named(instanceType).topology(logicalCoreSize: logicalCoreSize)
        let possible = chips.filter { (0..<Self.maximumChips).contains($0.index) }
        let cores = possible.map(\.cores).max() ?? 0
        guard let last = possible.map(\.index).max(), cores > 0 else {
            guard let known else { return nil }
            self = known
            return
        }
        if let known, known.coresPerChip == cores, known.chipCount > last {
            self = known
            return
        }
        var adjacency = [[Int]](repeating: [], count: last + 1)
        for chip in possible { adjacency[chip.index] = chip.connected }
        self.init(
            chipCount: last + 1, coresPerChip: cores, adjacency: adjacency, groups: known?.groups ?? .anyRun)
    }
}
