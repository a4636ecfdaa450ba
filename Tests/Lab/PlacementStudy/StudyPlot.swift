// The comparison as a picture: a panel for each instance type, a line for each rule. Text and lines only, so that it is
// read well in either colour scheme and in a diff.

/// Draws study points.
package enum StudyPlot {
    private static let width = 300.0
    private static let height = 220.0
    private static let left = 46.0
    private static let top = 34.0
    private static let gap = 30.0

    private static let colours: [(name: String, colour: String, dash: String)] = [
        ("bound: knows the future", "#aaaaaa", "2 3"),
        ("every group tried", "#444444", "5 3"), (PlacementRule.ganglion.rawValue, "#0a7d33", ""),
        (PlacementRule.amd.rawValue, "#c2410c", ""), (PlacementRule.nvidia.rawValue, "#1d4ed8", ""),
        (PlacementRule.random.rawValue, "#9333ea", "2 3"),
    ]

    /// The picture, SVG 1.1.
    package static func svg(_ panels: [(name: String, points: [StudyPoint])]) -> String {
        let total = left + Double(panels.count) * (width + gap)
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(whole(total))" height="\(whole(height + top + 80))" \
            font-family="sans-serif" font-size="11">
            <rect width="100%" height="100%" fill="white"/>
            <text x="\(whole(left))" y="16" font-size="13">Requests placed on cores that the Neuron runtime can use, \
            by load</text>

            """
        for (index, panel) in panels.enumerated() {
            text += draw(panel.name, panel.points, x: left + Double(index) * (width + gap))
        }
        for (index, entry) in colours.enumerated() {
            let x = left + Double(index) * 160
            let y = top + height + 56
            text += line([(x, y), (x + 22, y)], entry.colour, entry.dash)
            text += "<text x=\"\(whole(x + 27))\" y=\"\(whole(y + 4))\">\(entry.name)</text>\n"
        }
        return text + "</svg>\n"
    }

    private static func draw(_ name: String, _ points: [StudyPoint], x left: Double) -> String {
        let loads = points.map(\.load)
        guard let low = loads.min(), let high = loads.max(), high > low else { return "" }
        let floor = 0.4
        func place(_ load: Double, _ share: Double) -> (Double, Double) {
            (
                left + (load - low) / (high - low) * width,
                top + (1 - (max(floor, share) - floor) / (1 - floor)) * height
            )
        }
        var text = "<text x=\"\(whole(left))\" y=\"\(whole(top - 6))\">\(name)</text>\n"
        for share in [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0] {
            let (x, y) = place(low, share)
            text += line([(x, y), (x + width, y)], "#dddddd", "")
            text +=
                "<text x=\"\(whole(x - 6))\" y=\"\(whole(y + 4))\" text-anchor=\"end\">\(whole(share * 100))%</text>\n"
        }
        for load in loads {
            let (x, y) = place(load, floor)
            text +=
                "<text x=\"\(whole(x))\" y=\"\(whole(y + 16))\" text-anchor=\"middle\">\(whole(load * 100))%</text>\n"
        }
        text +=
            "<text x=\"\(whole(left + width / 2))\" y=\"\(whole(top + height + 32))\" text-anchor=\"middle\">"
            + "cores asked for at a time</text>\n"
        text += line(points.map { place($0.load, $0.bound) }, colours[0].colour, colours[0].dash)
        text += line(points.map { place($0.load, $0.lookAhead) }, colours[1].colour, colours[1].dash)
        for rule in PlacementRule.allCases.reversed() {
            guard let entry = colours.first(where: { $0.name == rule.rawValue }) else { continue }
            text += line(
                points.map { place($0.load, $0.shares[rule] ?? 0) }, entry.colour, entry.dash)
        }
        return text
    }

    private static func line(_ points: [(Double, Double)], _ colour: String, _ dash: String) -> String {
        let list = points.map { "\(tenth($0.0)),\(tenth($0.1))" }.joined(separator: " ")
        let dashes = dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
        return
            "<polyline points=\"\(list)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.6\"\(dashes)/>\n"
    }

    private static func whole(_ number: Double) -> String { String(Int(number.rounded())) }
    private static func tenth(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
