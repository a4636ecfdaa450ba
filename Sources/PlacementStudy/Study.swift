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
    /// What nobody can exceed: the best of all placements, by one who knows the future.
    package var bound: Double
    /// By one who tries every group for each request against random futures.
    package var lookAhead: Double
    /// By each rule.
    package var shares: [PlacementRule: Double]
}

extension StudyCase {
    /// Plays traces at one load.
    ///
    /// - Parameters:
    ///   - traces: how many; the same seed gives the same.
    ///   - length: requests in each.
    ///   - budget: steps of the search for the bound, for each trace and number of losses.
    ///   - futures: random futures that each group is tried against.
    package func point(
        load: Double, traces: Int, length: Int, seed: UInt64, budget: Int = 50_000, futures: Int = 16
    ) -> StudyPoint {
        let node = StudyNode(topology)
        let demand = StudyDemand(sizes: sizes, cores: topology.coreCount, load: load)
        var lost = Dictionary(PlacementRule.allCases.map { ($0, 0) }, uniquingKeysWith: { first, _ in first })
        var fewest = 0
        var ahead = 0
        for number in 0..<traces {
            var random = StudyGenerator(seed: seed &+ UInt64(number) &* 1_000_003)
            let trace = StudyTrace(demand, count: length, random: &random)
            var known = length
            for rule in PlacementRule.allCases {
                let count = node.lost(trace, rule, random: &random)
                lost[rule, default: 0] += count
                known = min(known, count)
            }
            let count = node.lostLookingAhead(
                trace, demand, futures: futures, horizon: 20, random: &random)
            ahead += count
            fewest += node.fewestLost(trace, known: min(known, count), budget: budget)
        }
        let all = Double(max(1, traces * length))
        return StudyPoint(
            load: load, bound: 1 - Double(fewest) / all, lookAhead: 1 - Double(ahead) / all,
            shares: lost.mapValues { 1 - Double($0) / all })
    }
}
