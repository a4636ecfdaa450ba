// What an EC2 instance type has. The driver says neither the type's name nor the memory nor, when a chip is missing,
// the links: all of that comes from here.

package import Placement
internal import Text

/// An EC2 instance type with Neuron chips.
package struct InstanceType: Hashable, Sendable {
    /// The type's name, `inf2.48xlarge`.
    package let name: String
    /// The generation of its chips.
    package let family: NeuronFamily
    /// How many chips an instance has.
    package let chipCount: Int
    /// Virtual CPUs.
    package let vCPUs: Int
    /// Host memory in GiB.
    package let hostMemoryGiB: Int
    /// Dense BF16 TFLOPS of all chips.
    package let teraflops: Int
    /// How the chips are linked.
    package let links: ChipLinks
    /// Linux on-demand price per hour in us-east-1, in millionths of a US dollar; nil where none is published.
    package let hourlyPriceMicrodollars: Int?

    /// Physical cores on each chip.
    package var physicalCoresPerChip: Int { family.physicalCoresPerChip }
    /// Device memory of each chip in octets.
    package var memoryPerChip: UInt64 { family.memoryPerChip }
    /// Device memory in all, in octets.
    package var memory: UInt64 { UInt64(chipCount) * memoryPerChip }

    /// Logical cores on each chip.
    ///
    /// - Parameter logicalCoreSize: physical cores in a logical one; the family's default when nil, or when the
    ///   family has no such size.
    package func coresPerChip(logicalCoreSize: Int? = nil) -> Int {
        var size = family.defaultLogicalCoreSize
        if let logicalCoreSize, family.logicalCoreSizes.contains(logicalCoreSize) { size = logicalCoreSize }
        return physicalCoresPerChip / size
    }

    /// Logical cores in all: what a node of the type advertises.
    package func coreCount(logicalCoreSize: Int? = nil) -> Int {
        chipCount * coresPerChip(logicalCoreSize: logicalCoreSize)
    }

    /// For each chip those it is linked to.
    package var adjacency: [[Int]] { links.adjacency(count: chipCount, family: family) }

    /// What placement needs to know, for whoever has only the type's name.
    package func topology(logicalCoreSize: Int? = nil) -> CoreTopology {
        CoreTopology(
            chipCount: chipCount, coresPerChip: coresPerChip(logicalCoreSize: logicalCoreSize),
            adjacency: adjacency, groups: family.groups)
    }

    /// The type of a name; SageMaker's `ml.` is dropped.
    ///
    /// - Throws: `UnknownInstanceType` with the nearest name and the list.
    package static func named(_ name: String) throws(UnknownInstanceType) -> InstanceType {
        let plain = name.hasPrefix("ml.") ? String(name.dropFirst(3)) : name
        guard let type = all.first(where: { $0.name == plain }) else { throw UnknownInstanceType(name: name) }
        return type
    }
}

/// A name that is no instance type of the table.
package struct UnknownInstanceType: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name as given.
    package let name: String

    /// The table's name that is most like it.
    package var nearestName: String? { nearest(to: name, among: InstanceType.all.map(\.name)) }

    /// One sentence with the nearest name and all names.
    package var description: String {
        let guess = nearestName.map { ", did you mean \($0)?" } ?? ":"
        let known = InstanceType.all.map(\.name).joined(separator: ", ")
        return "unknown instance type '\(name.prefix(64))'\(guess) known are \(known)"
    }
}
