// The study of which node is only as good as its replay.

import Placement
import Testing

@testable import PlacementStudy

@Suite("Study of nodes")
struct ClusterStudyTests {
    /// Two small nodes, each of four chips with two cores.
    private static let small = ClusterStudy(
        nodes: [CoreTopology(chipCount: 4, coresPerChip: 2), CoreTopology(chipCount: 4, coresPerChip: 2)],
        sizes: [1, 2, 4, 8])

    @Test("the same seed gives the same shares, which are shares", arguments: NodeRule.allCases)
    func deterministic(rule: NodeRule) {
        let share = Self.small.share(rule, load: 1, count: 400, seed: 7)
        #expect(share == Self.small.share(rule, load: 1, count: 400, seed: 7))
        #expect((0...1).contains(share.requests) && (0...1).contains(share.load))
        #expect(share.requests > 0)
    }

    @Test("of a load that is next to nothing, every rule places everything", arguments: NodeRule.allCases)
    func idle(rule: NodeRule) {
        let share = Self.small.share(rule, load: 0.01, count: 400, seed: 3)
        #expect(share.requests > 0.97)
    }

    @Test("on a cluster whose nodes are wanted, at least a twentieth more of the load is placed")
    func contended() {
        let study = ClusterStudy.mixed
        let own = study.share(.ganglion, load: 0.9, count: 4000, seed: 1)
        for rule in [NodeRule.mostAllocated, .leastAllocated] {
            let other = study.share(rule, load: 0.9, count: 4000, seed: 1)
            #expect(own.load > other.load * 1.05, "\(rule): \(other.load) beside \(own.load)")
        }
    }

    @Test("the picture has a line for each rule and names it")
    func picture() {
        let shares = Dictionary(
            NodeRule.allCases.map { ($0, ClusterShare(requests: 0.5, load: 0.5)) },
            uniquingKeysWith: { first, _ in first })
        let svg = ClusterPlot.svg([
            ClusterPoint(load: 0.5, shares: shares), ClusterPoint(load: 1, shares: shares),
        ])
        for rule in NodeRule.allCases { #expect(svg.contains(">\(rule.rawValue)<")) }
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
        #expect(ClusterPlot.svg([]).isEmpty)
    }
}
