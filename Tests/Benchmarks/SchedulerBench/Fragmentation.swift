// How much of a load over 100 nodes finds cores that the runtime can use, by which rule chooses the node.

import PlacementStudy
import SystemIO

/// Prints the table and, where `output` is named, draws it.
func studyFragmentation(output: String?) throws {
    let study = ClusterStudy.mixed
    print("\(study.nodes.count) nodes, \(study.cores) cores")
    print("| load | \(NodeRule.allCases.map(\.rawValue).joined(separator: " | ")) |")
    var points: [ClusterPoint] = []
    for load in [0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2] {
        var shares: [NodeRule: ClusterShare] = [:]
        for rule in NodeRule.allCases {
            let runs = (0..<3).map { study.share(rule, load: load, count: 12_000, seed: UInt64(1 + $0)) }
            shares[rule] = ClusterShare(
                requests: runs.reduce(0) { $0 + $1.requests } / 3, load: runs.reduce(0) { $0 + $1.load } / 3)
        }
        points.append(ClusterPoint(load: load, shares: shares))
        let cells = NodeRule.allCases.map { rule in
            let share = shares[rule] ?? ClusterShare(requests: 0, load: 0)
            return "\(percent(share.load)) (\(percent(share.requests)))"
        }
        print("| \(percent(load)) | \(cells.joined(separator: " | ")) |")
    }
    if let output { try Files.write(output, Array(ClusterPlot.svg(points).utf8)) }
}

private func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
}
