// The driver grants only runs of consecutive cores, without wrap-around, and the collectives of Trainium only
// certain groups of chips. Here a set that somebody else chose is checked, and the answer says why not.

internal import Text

/// Why the Neuron runtime cannot use a set of cores.
package enum UnusableGroup: Error, Hashable, Sendable {
    /// There is no core in it.
    case empty
    /// The node has no such core.
    case noSuchCore(Int, coreCount: Int)
    /// `core` is missing between the first and the last.
    case notConsecutive(CoreSet, missing: Int)
    /// The family takes no group of so many cores.
    case countNotAllowed(Int, valid: [Int])
    /// The group is of a valid size, but starts between the places where such groups start.
    case notAligned(CoreSet)
}

extension UnusableGroup: CustomStringConvertible {
    /// One sentence: the thing, the value, the mend.
    package var description: String {
        switch self {
        case .empty:
            "the group has no core: ask for one or more"
        case .noSuchCore(let core, let count):
            "core \(core) does not exist, the node has cores 0-\(count - 1)"
        case .notConsecutive(let cores, let missing):
            "cores \(cores) are not consecutive (\(missing) is missing): the runtime takes only runs without gaps"
        case .countNotAllowed(let count, let valid):
            "\(count) cores are no valid group on this family: ask for \(list(counts: valid))"
        case .notAligned(let cores):
            "cores \(cores) are not aligned: a group of \(cores.count) cores starts at a multiple of its chips"
        }
    }
}

extension CoreTopology {
    /// Checks that the runtime can use exactly these cores.
    ///
    /// - Throws: `UnusableGroup` with the first thing that is wrong.
    package func checkUsable(_ cores: CoreSet) throws(UnusableGroup) {
        guard let first = cores.first, let last = cores.last else { throw .empty }
        guard last < coreCount else { throw .noSuchCore(last, coreCount: coreCount) }
        guard last - first + 1 == cores.count else {
            let missing = (first...last).first { !cores.contains($0) }
            throw .notConsecutive(cores, missing: missing ?? first)
        }
        guard isValid(count: cores.count) else {
            throw .countNotAllowed(cores.count, valid: validCoreCounts)
        }
        guard isValidGroup(start: first, size: cores.count) else { throw .notAligned(cores) }
    }

    /// Whether the runtime can use exactly these cores.
    package func isUsableByRuntime(_ cores: CoreSet) -> Bool {
        (try? checkUsable(cores)) != nil
    }

    /// The most cores that a valid group of free cores has; 0 when nothing is free.
    package func largestFreeGroup(_ free: CoreSet) -> Int {
        let space = FreeSpace(free, topology: self)
        let runs = space.cores.runs()
        switch groups {
        case .anyRun: return runs.map(\.count).max() ?? 0
        case .aligned:
            let whole = validChipCounts.last { size in
                stride(from: 0, through: chipCount - size, by: size).contains { start in
                    let mask: UInt64 = (size >= 64 ? .max : (1 << UInt64(size)) - 1) << UInt64(start)
                    return mask & ~space.wholeChips == 0
                }
            }
            if let whole { return whole * coresPerChip }
            // No chip is wholly free: the longest run inside one chip.
            return (0..<chipCount).map { chip in
                cores(ofChip: chip).intersection(space.cores).runs().map(\.count).max() ?? 0
            }.max() ?? 0
        }
    }
}

/// `1, 2, 8 or 16`; runs of counts are drawn together as in `1-24`.
func list(counts: [Int]) -> String {
    var parts: [String] = []
    var index = 0
    while index < counts.count {
        var end = index
        while end + 1 < counts.count && counts[end + 1] == counts[end] + 1 { end += 1 }
        if end - index >= 2 {
            parts.append("\(counts[index])-\(counts[end])")
        } else {
            parts += counts[index...end].map(String.init)
        }
        index = end + 1
    }
    return parts.isEmpty ? "none" : parts.alternatives
}
