// The share of a cluster's load that is placed, as a picture: a line for each rule.

/// What each rule has placed of a load.
package struct ClusterPoint: Equatable, Sendable {
    /// Cores asked for at a time, as a share of the cluster's.
    package var load: Double
    /// By rule.
    package var shares: [NodeRule: ClusterShare]

    /// A point.
    package init(load: Double, shares: [NodeRule: ClusterShare]) {
        self.load = load
        self.shares = shares
    }
}

/// Draws the points.
package enum ClusterPlot {
    private static let (left, top, width, height) = (52.0, 40.0, 460.0, 240.0)
    private static let colours: [NodeRule: String] = [
        .ganglion: "#0a7d33", .mostAllocated: "#1d4ed8", .leastAllocated: "#c2410c",
    ]

    /// The picture, SVG 1.1.
    package static func svg(_ points: [ClusterPoint]) -> String {
        let loads = points.map(\.load)
        let shares = points.flatMap { $0.shares.values.map(\.load) }
        guard let low = loads.min(), let high = loads.max(), high > low, let least = shares.min() else {
            return ""
        }
        let floor = (least * 10).rounded(.down) / 10
        func place(_ load: Double, _ share: Double) -> (x: Double, y: Double) {
            (left + (load - low) / (high - low) * width, top + (1 - share) / (1 - floor) * height)
        }
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(whole(left + width + 30))" \
            height="\(whole(top + height + 110))" font-family="sans-serif" font-size="11">
            <rect width="100%" height="100%" fill="white"/>
            <text x="\(whole(left))" y="20" font-size="13">Share of the offered load (cores x time) that is placed, \
            100 nodes</text>

            """
        for step in Int((floor * 10).rounded())...10 {
            let (x, y) = place(low, Double(step) / 10)
            text += line([(x, y), (x + width, y)], "#dddddd")
            text +=
                "<text x=\"\(whole(x - 6))\" y=\"\(whole(y + 4))\" text-anchor=\"end\">\(step * 10)%</text>\n"
        }
        for load in loads {
            let x = whole(place(load, floor).x)
            text +=
                "<text x=\"\(x)\" y=\"\(whole(top + height + 16))\" text-anchor=\"middle\">\(whole(load * 100))%</text>\n"
        }
        text +=
            "<text x=\"\(whole(left + width / 2))\" y=\"\(whole(top + height + 34))\" text-anchor=\"middle\">cores asked for at a time, of the cluster's</text>\n"
        for (index, rule) in NodeRule.allCases.enumerated() {
            let colour = colours[rule] ?? "#000000"
            text += line(points.map { place($0.load, $0.shares[rule]?.load ?? 0) }, colour)
            let y = top + height + 54 + Double(index) * 16
            text += line([(left, y), (left + 22, y)], colour)
            text += "<text x=\"\(whole(left + 28))\" y=\"\(whole(y + 4))\">\(rule.rawValue)</text>\n"
        }
        return text + "</svg>\n"
    }

    private static func line(_ points: [(x: Double, y: Double)], _ colour: String) -> String {
        let list = points.map { "\(whole($0.x)),\(whole($0.y))" }.joined(separator: " ")
        return "<polyline points=\"\(list)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.6\"/>\n"
    }

    private static func whole(_ number: Double) -> String { String(Int(number.rounded())) }
}
