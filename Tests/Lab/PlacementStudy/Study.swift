// The whole comparison: for each instance type and load the share of requests that each rule places on a group that the
// runtime can use.

internal import Neuron
package import Placement

/// One instance type with the sizes that are asked of it.
package struct StudyCase: Sendable {
    /// The instance type.
    package let name: String
    /// The node.
    package let topology: CoreTopology
    /// Cores asked for, each as often as it stands here.
    package let sizes: [Int]

    /// The cases of the published figures: small servers, one model on a chip, on a row of chips, on a half.
    package static let all: [StudyCase] = [
        ("inf2.48xlarge", [1, 1, 2, 2, 2, 4, 4, 8, 12]),
        ("trn1.32xlarge", [1, 1, 2, 2, 2, 8, 8, 16]),
        ("trn2.48xlarge", [1, 1, 2, 4, 4, 4, 16, 16, 32]),
    ].compactMap { name, sizes in
        guard let topology = try? InstanceType.named(name).topology(logicalCoreSize: nil) else { return nil }
        return StudyCase(name: name, topology: topology, sizes: sizes)
    }
}

/// Shares of requests that were placed on a usable group.
package struct StudyPoint: Equatable, Sendable {
    /// Cores asked for at a time, as a share of the node's.
    package var load: Double
    /// What nobody can exceed: the best of all placements, by one who knows the future. Ganglion's share, and what is
    /// gained on the traces that are searched.
    package var bound: Double
    /// By one who tries every group for each request against random futures; as the bound.
    package var lookAhead: Double
    /// By each rule.
    package var shares: [PlacementRule: Double]
}

extension StudyCase {
    /// Plays traces at one load.
    ///
    /// - Parameters:
    ///   - traces: how many; the same seed gives the same.
    ///   - searched: of those, how many the searches for the best are tried on: they take a thousand times as long.
    ///   - length: requests in each.
    ///   - budget: steps of the search for the bound, for each trace and number of losses.
    ///   - futures: random futures that each group is tried against.
    package func point(
        load: Double, traces: Int, searched: Int, length: Int, seed: UInt64, budget: Int = 50_000,
        futures: Int = 16
    ) -> StudyPoint {
        let node = StudyNode(topology)
        let demand = StudyDemand(sizes: sizes, cores: topology.coreCount, load: load)
        var lost = Dictionary(PlacementRule.allCases.map { ($0, 0) }, uniquingKeysWith: { first, _ in first })
        var saved = (bound: 0, lookAhead: 0)
        for number in 0..<traces {
            var random = StudyGenerator(seed: seed &+ UInt64(number) &* 1_000_003)
            let trace = StudyTrace(demand, count: length, random: &random)
            var counts: [PlacementRule: Int] = [:]
            for rule in PlacementRule.allCases { counts[rule] = node.lost(trace, rule, random: &random) }
            lost.merge(counts, uniquingKeysWith: +)
            guard number < searched, let own = counts[.ganglion] else { continue }
            let ahead = node.lostLookingAhead(
                trace, demand, futures: futures, horizon: 20, random: &random)
            saved.lookAhead += own - ahead
            let known = min(ahead, counts.values.min() ?? ahead)
            saved.bound += own - node.fewestLost(trace, known: known, budget: budget)
        }
        let shares = lost.mapValues { 1 - Double($0) / Double(max(1, traces * length)) }
        func share(gaining saved: Int) -> Double {
            let gain = Double(saved) / Double(max(1, min(traces, searched) * length))
            return min(1, (shares[.ganglion] ?? 0) + gain)
        }
        return StudyPoint(
            load: load, bound: share(gaining: saved.bound), lookAhead: share(gaining: saved.lookAhead),
            shares: shares)
    }
}
