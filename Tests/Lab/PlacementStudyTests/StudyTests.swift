import Placement
import Testing

@testable import PlacementStudy

@Suite("The comparison of placement rules")
struct StudyTests {
    static let inf2 = StudyCase.all[0]

    @Test("has the instance types with their cores, and sizes that the runtime takes")
    func cases() {
        #expect(StudyCase.all.map(\.name) == ["inf2.48xlarge", "trn1.32xlarge", "trn2.48xlarge"])
        #expect(StudyCase.all.map(\.topology.coreCount) == [24, 32, 64])
        for study in StudyCase.all {
            #expect(study.sizes.allSatisfy { study.topology.isValid(count: $0) })
        }
    }

    @Test(
        "plays traces that a scheduler that counts would send, the same for a seed", arguments: [0.5, 1, 2])
    func traces(load: Double) {
        var random = StudyGenerator(seed: 7)
        let demand = StudyDemand(sizes: [1, 4, 8], cores: 24, load: load)
        let trace = StudyTrace(demand, count: 200, random: &random)
        #expect(trace.requests.count == 200)
        for (index, request) in trace.requests.enumerated() {
            let held = trace.requests[...index].filter { $0.departure > request.arrival }
            #expect(held.reduce(0) { $0 + $1.size } <= 24)
            #expect(request.departure > request.arrival)
        }
        var again = StudyGenerator(seed: 7)
        #expect(
            StudyTrace(demand, count: 200, random: &again) == trace)
    }

    @Test("gives each rule exactly what was asked for, of what is free", arguments: PlacementRule.allCases)
    func rules(rule: PlacementRule) {
        var random = StudyGenerator(seed: 1)
        for study in StudyCase.all {
            for _ in 0..<30 {
                let free = CoreSet((0..<study.topology.coreCount).filter { _ in Bool.random(using: &random) })
                for size in [1, 2, 5, free.count, free.count + 1] where size > 0 {
                    let cores = rule.choose(size, free: free, topology: study.topology, random: &random)
                    #expect(cores?.count == (size <= free.count ? size : nil))
                    #expect(cores?.isSubset(of: free) ?? true)
                }
            }
        }
    }

    @Test("other rules do as their authors say")
    func others() {
        var random = StudyGenerator(seed: 1)
        let topology = Self.inf2.topology
        func choose(_ rule: PlacementRule, _ size: Int, _ free: CoreSet) -> CoreSet? {
            rule.choose(size, free: free, topology: topology, random: &random)
        }
        #expect(choose(.nvidia, 1, [4, 5, 9]) == [4], "the first device, though it breaks a pair")
        #expect(choose(.nvidia, 2, [1, 4, 5, 9]) == [4, 5])
        #expect(choose(.amd, 1, [4, 5, 9]) == [9], "the fullest chip")
        #expect(choose(.amd, 4, [0, 1, 22, 23]) == [0, 1, 22, 23], "chips that are linked, around the ring")
    }

    /// Requests as (size, arrival, departure).
    static func trace(_ requests: [(Int, Double, Double)]) -> StudyTrace {
        var random = StudyGenerator(seed: 0)
        var trace = StudyTrace(StudyDemand(sizes: [1], cores: 1, load: 1), count: 0, random: &random)
        trace.requests = requests.map { .init(size: $0.0, arrival: $0.1, departure: $0.2) }
        return trace
    }

    @Test("finds the best of all placements, by looking ahead")
    func best() {
        let node = StudyNode(CoreTopology(chipCount: 2, coresPerChip: 2))
        // The second and third request stay: only one who knows puts them on the same chip.
        let clever = Self.trace([(1, 0, 9), (1, 1, 3), (1, 2, 9), (2, 4, 9)])
        #expect(node.fewestLost(clever, known: 4) == 0)
        // Three cores cannot be had while two ends are taken.
        #expect(node.fewestLost(Self.trace([(2, 0, 9), (2, 0, 9), (1, 1, 9)]), known: 3) == 1)
        // One on purpose: the middle one would cost the two that follow.
        let line = StudyNode(CoreTopology(chipCount: 1, coresPerChip: 4))
        #expect(line.fewestLost(Self.trace([(4, 0, 9), (2, 1, 9), (2, 2, 9)]), known: 3) == 1)
        #expect(node.fewestLost(clever, known: 0) == 0)
    }

    @Test("looks ahead: it keeps a chip whole for what is likely to come")
    func lookAhead() {
        let node = StudyNode(CoreTopology(chipCount: 2, coresPerChip: 2))
        let demand = StudyDemand(sizes: [1, 2], cores: 4, load: 2)
        var random = StudyGenerator(seed: 5)
        let trace = Self.trace([(1, 0, 9), (1, 1, 9), (2, 2, 9)])
        #expect(node.lostLookingAhead(trace, demand, futures: 8, horizon: 10, random: &random) == 0)
        let full = Self.trace([(2, 0, 9), (2, 0, 9), (1, 1, 9)])
        #expect(node.lostLookingAhead(full, demand, futures: 2, horizon: 5, random: &random) == 1)
    }

    @Test("is never beaten by a rule, and says so as shares")
    func shares() {
        let point = Self.inf2.point(
            load: 1, traces: 3, searched: 3, length: 40, seed: 3, budget: 5_000, futures: 4)
        #expect(Set(point.shares.keys) == Set(PlacementRule.allCases))
        #expect(point.lookAhead <= point.bound)
        for share in point.shares.values { #expect(share >= 0 && share <= point.bound && point.bound <= 1) }
    }

    @Test("is as far above Ganglion's rule as on the traces that are searched")
    func searched() throws {
        let small = StudyCase(
            name: "small", topology: CoreTopology(chipCount: 4, coresPerChip: 2), sizes: [1, 2, 4])
        func point(traces: Int, searched: Int) -> StudyPoint {
            small.point(load: 2, traces: traces, searched: searched, length: 20, seed: 3, futures: 4)
        }
        let (none, two, part) = (
            point(traces: 6, searched: 0), point(traces: 2, searched: 2), point(traces: 6, searched: 2)
        )
        let own = try #require(none.shares[.ganglion])
        #expect(none.bound == own && none.lookAhead == own && part.shares == none.shares)
        let lead = try two.bound - #require(two.shares[.ganglion])
        #expect(lead > 0)
        #expect(abs(part.bound - min(1, own + lead)) < 1e-9)
    }

    @Test(
        "is ahead of the other plugins' rules on every type",
        arguments: StudyCase.all.map(\.name), [0.5, 1, 2])
    func ahead(name: String, load: Double) throws {
        let study = try #require(StudyCase.all.first { $0.name == name })
        let traces = study.topology.coreCount > 24 ? 2 : 10
        let point = study.point(load: load, traces: traces, searched: 0, length: 50, seed: 1)
        let own = try #require(point.shares[.ganglion])
        for rule in PlacementRule.allCases where rule != .ganglion {
            #expect(try own > #require(point.shares[rule]), "\(rule.rawValue)")
        }
    }

    @Test("is drawn with a panel for each type and a line for each rule")
    func plot() {
        let shares = Dictionary(
            PlacementRule.allCases.map { ($0, 0.5) }, uniquingKeysWith: { first, _ in first })
        let points = [
            StudyPoint(load: 0.5, bound: 1, lookAhead: 1, shares: shares),
            StudyPoint(load: 1, bound: 0.9, lookAhead: 0.9, shares: shares),
        ]
        let svg = StudyPlot.svg([("inf2.48xlarge", points), ("trn1.32xlarge", points)])
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
        #expect(svg.contains(">inf2.48xlarge</text>") && svg.contains(">Ganglion</text>"))
        #expect(svg.split(separator: "\n").count { $0.contains("stroke=\"#0a7d33\"") } == 3)
        #expect(!svg.contains("nan"))
    }
}
