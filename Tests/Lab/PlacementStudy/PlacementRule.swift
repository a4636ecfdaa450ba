// The rules that are compared. Those of other plugins are for GPUs; here they choose NeuronCores, a chip being what a
// GPU with partitions is to them, and links between chips what NVLink and XGMI are.

package import Placement

/// Chooses cores among those that are free.
package enum PlacementRule: String, CaseIterable, Sendable {
    /// Ganglion's, the one that plugin and operator share.
    case ganglion = "Ganglion"
    /// The set with the best links, by growing one from each core (NVIDIA's best-effort policy scores whole partitions
    /// of what is free, which takes exponential time; a single device is the first there is, as with theirs).
    case nvidia = "NVIDIA-like"
    /// A chip that can hold it, the fullest first; else chips whose links weigh least (AMD's best-effort policy).
    case amd = "AMD-like"
    /// Any: what the kubelet does with a plugin that prefers nothing.
    case random = "kubelet alone"

    /// The cores for a request; nil where there are not enough.
    package func choose(
        _ size: Int, free: CoreSet, topology: CoreTopology, random: inout some RandomNumberGenerator
    ) -> CoreSet? {
        guard free.count >= size else { return nil }
        switch self {
        case .ganglion:
            return preferredGroup(available: free, size: size, topology: topology)?.cores
        case .nvidia: return Self.bestLinked(size, free, topology)
        case .amd: return Self.lightest(size, free, topology)
        case .random: return CoreSet(Array(free).shuffled(using: &random).prefix(size))
        }
    }

    /// How well two cores are linked: on one chip, on neighbours, apart.
    private static func score(_ a: Int, _ b: Int, _ topology: CoreTopology) -> Int {
        let (one, other) = (a / topology.coresPerChip, b / topology.coresPerChip)
        if one == other { return 60 }
        return topology.adjacency[one].contains(other) ? 30 : 10
    }

    private static func bestLinked(_ size: Int, _ free: CoreSet, _ topology: CoreTopology) -> CoreSet? {
        if size == 1 { return free.first.map { [$0] } }
        var best: (score: Int, cores: [Int])?
        for start in free {
            var cores = [start]
            var total = 0
            var gains: [Int: Int] = [:]
            for core in free where core != start { gains[core] = score(start, core, topology) }
            while cores.count < size {
                guard
                    let next = gains.max(by: { ($0.value, -$0.key) < ($1.value, -$1.key) })
                else { return nil }
                total += next.value
                cores.append(next.key)
                gains[next.key] = nil
                for core in gains.keys { gains[core, default: 0] += score(next.key, core, topology) }
            }
            if best.map({ total > $0.score }) ?? true { best = (total, cores) }
        }
        return best.map { CoreSet($0.cores) }
    }

    private static func lightest(_ size: Int, _ free: CoreSet, _ topology: CoreTopology) -> CoreSet? {
        let byChip = (0..<topology.chipCount).map { Array(topology.cores(ofChip: $0).intersection(free)) }
        let chips = byChip.indices.filter { !byChip[$0].isEmpty }
            .sorted { (byChip[$0].count, $0) < (byChip[$1].count, $1) }
        if let chip = chips.first(where: { byChip[$0].count >= size }) {
            return CoreSet(byChip[chip].prefix(size))
        }
        var best: (weight: Int, chips: [Int])?
        for start in chips {
            var taken = [start]
            var count = byChip[start].count
            var total = 0
            while count < size {
                func weight(_ chip: Int) -> Int {
                    taken.reduce(0) { $0 + (topology.adjacency[chip].contains($1) ? 10 : 50) }
                }
                guard
                    let next = chips.filter({ !taken.contains($0) })
                        .min(by: { (weight($0), byChip[$0].count, $0) < (weight($1), byChip[$1].count, $1) })
                else { return nil }
                total += weight(next)
                taken.append(next)
                count += byChip[next].count
            }
            if best.map({ total < $0.weight }) ?? true { best = (total, taken) }
        }
        return best.map { CoreSet($0.chips.flatMap { byChip[$0] }.prefix(size)) }
    }
}
