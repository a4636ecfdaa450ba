// The kubelet's books are kept by id and outlive a reboot, the numbers of logical cores do not: with another
// logical_nc_config the same number is other hardware. So an id says which layout its number is of. In the family's default
// layout it is the plain number, as AWS's plugin has it; in another it has the layout before it. The kubelet then finds by
// itself that what it remembers of the other layout is not there (manager.go, devicesToAllocate: "previously allocated
// devices are no longer healthy"), instead of starting a container on cores that have since been given to somebody else.

package import Placement

/// How the logical cores of a node are numbered, and by which ids the kubelet knows them.
package struct CoreNumbering: Equatable, Sendable {
    /// Physical cores in a logical one.
    package let logicalCoreSize: Int
    /// What that is unless somebody says otherwise: ids of that layout are plain numbers.
    package let defaultSize: Int

    /// More than any node has, and few enough to multiply.
    private static let limit = 1 << 20
    private static let prefix = "lnc"

    /// A numbering; sizes below 1 count as 1.
    package init(logicalCoreSize: Int, defaultSize: Int) {
        self.logicalCoreSize = max(1, logicalCoreSize)
        self.defaultSize = max(1, defaultSize)
    }

    /// The numbering of an inventory.
    package init(_ inventory: NeuronInventory) {
        self.init(
            logicalCoreSize: inventory.logicalCoreSize,
            defaultSize: inventory.family?.defaultLogicalCoreSize ?? inventory.logicalCoreSize)
    }

    /// The id of a core: `7`, or `lnc1-7` where the layout is not the family's default.
    package func id(_ core: Int) -> String { Self.id(core, size: logicalCoreSize, defaultSize) }

    private static func id(_ core: Int, size: Int, _ defaultSize: Int) -> String {
        size == defaultSize ? String(core) : "\(prefix)\(size)-\(core)"
    }

    /// The core with this id; nil for an id of another layout, and for what is no id at all.
    package func core(_ id: String) -> Int? {
        guard let (core, size) = parse(id), size == logicalCoreSize else { return nil }
        return core
    }

    /// The cores that share physical cores with the one that an id names, whatever layout it is of; none for what is no id.
    ///
    /// In a layout that is not the default, a plain number may also be the id of AWS's plugin, or of an earlier one of ours, which do
    /// not name the layout: then the core of that number counts as well. Rather too many cores are held than one twice.
    package func sharing(_ id: String) -> CoreSet {
        guard let (core, size) = parse(id) else { return [] }
        var cores = CoreSet(core * size / logicalCoreSize..<((core + 1) * size - 1) / logicalCoreSize + 1)
        if size == defaultSize, size != logicalCoreSize { cores.insert(core) }
        return cores
    }

    private func parse(_ id: String) -> (core: Int, size: Int)? {
        var core: Int?
        var size: Int? = defaultSize
        if id.hasPrefix(Self.prefix) {
            let parts = id.utf8.dropFirst(Self.prefix.utf8.count)
                .split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            size = Int(Substring(parts[0]))
            core = Int(Substring(parts[1]))
        } else {
            core = Int(id)
        }
        guard let core, let size, (0..<Self.limit).contains(core), (1...64).contains(size),
            // One spelling only: `07` and `lnc2-7` on a node whose default is 2 are nobody's.
            Self.id(core, size: size, defaultSize) == id
        else { return nil }
        return (core, size)
    }
}
