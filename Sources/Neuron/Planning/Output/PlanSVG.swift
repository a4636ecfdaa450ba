// The picture: a bar for each instance, a block for each model, memory above and compute below. The colours run from dark
// blue to yellow by the model's number, in even steps of lightness, so that colour-blind people see the same order; blocks
// are parted by lines, so that neighbours of like colour stay two. It follows the reader's light or dark scheme.

/// Draws a plan as SVG 1.1.
package enum PlanSVG {
    private static let left = 64.0
    private static let panel = 230.0
    /// Instances that are drawn; of more, the first.
    static let mostBars = 600

    /// The picture.
    package static func draw(_ report: PlanReport) -> String {
        let shown = Array(report.instances.prefix(mostBars))
        let perRow = 60
        let rows = max(1, (shown.count + perRow - 1) / perRow)
        let columns = min(max(shown.count, 1), perRow)
        let pitch = max(13.0, min(40, 1_000 / Double(columns)))
        let width = max(560, left + Double(columns) * pitch + 24)
        let rowHeight = 2 * panel + 92
        let top = 58.0
        let height = top + Double(rows) * rowHeight + 76
        let counts = report.counts.map { "\($0.count) x \($0.type)" }.joined(separator: ", ")
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(number(width))" height="\(number(height))" \
            viewBox="0 0 \(number(width)) \(number(height))" font-family="system-ui, sans-serif" font-size="11" role="img">
            <title>\(escaped("\(Money.grouped(report.models)) models on \(counts)"))</title>
            <style>
            .page { fill: #ffffff } .ink { fill: #1f2328 } .soft { fill: #59636e } .grid { stroke: #d1d9e0 }
            .limit { stroke: #b35900; stroke-dasharray: 5 3 } .block { stroke: #ffffff; stroke-width: 0.8 }
            @media (prefers-color-scheme: dark) {
            .page { fill: #0d1117 } .ink { fill: #f0f6fc } .soft { fill: #9198a1 } .grid { stroke: #3d444d }
            .limit { stroke: #ffb066 } .block { stroke: #0d1117 }
            }
            </style>
            <rect class="page" width="100%" height="100%"/>
            <text class="ink" x="\(number(left))" y="22" font-size="15">\(Money.grouped(report.models)) models on \
            \(Money.grouped(report.instances.count)) instances, \(Money.dollars(Double(report.cost))) an hour</text>
            <text class="soft" x="\(number(left))" y="40">\(escaped(counts)); \
            \(report.isOptimal ? "nothing is cheaper" : "at least \(Money.dollars(Double(report.bound)))")\
            \(shown.count < report.instances.count ? "; the first \(shown.count) are drawn" : "")</text>

            """
        for row in 0..<rows {
            let part = Array(shown[min(row * perRow, shown.count)..<min((row + 1) * perRow, shown.count)])
            let y = top + Double(row) * rowHeight
            svg += panelText(
                part, first: row * perRow, y: y + 18, pitch: pitch, columns: columns, report: report,
                label: "memory", limit: report.memoryLimit, size: \.memory)
            svg += panelText(
                part, first: row * perRow, y: y + panel + 54, pitch: pitch, columns: columns, report: report,
                label: "compute", limit: report.computeLimit, size: \.compute)
            svg += numbers(part.count, first: row * perRow, y: y + 2 * panel + 68, pitch: pitch)
        }
        svg += legend(report, y: top + Double(rows) * rowHeight + 14)
        return svg + "</svg>\n"
    }

    private static func panelText(
        _ instances: [PlanReport.Instance], first: Int, y: Double, pitch: Double, columns: Int,
        report: PlanReport,
        label: String, limit: String, size: (PlanReport.Block) -> Double
    ) -> String {
        let right = left + Double(columns) * pitch
        var text =
            "<text class=\"ink\" x=\"\(number(left))\" y=\"\(number(y - 6))\">\(label), of \(escaped(limit)) a chip</text>\n"
        for step in 0...4 {
            let line = y + panel * (1 - Double(step) / 4)
            text +=
                "<line class=\"\(step == 4 ? "limit" : "grid")\" x1=\"\(number(left))\" x2=\"\(number(right))\" "
                + "y1=\"\(number(line))\" y2=\"\(number(line))\"/>"
                + "<text class=\"soft\" x=\"\(number(left - 6))\" y=\"\(number(line + 4))\" text-anchor=\"end\">\(step * 25) %</text>\n"
        }
        let bar = pitch - 3
        for (index, instance) in instances.enumerated() {
            let x = left + Double(index) * pitch + 1.5
            var sum = 0.0
            for block in instance.blocks {
                let share = size(block)
                guard share > 0 else { continue }
                let tall = panel * share
                let base = y + panel * (1 - sum)
                sum += share
                let colour = colour(block.model, of: report.models)
                text +=
                    "<rect class=\"block\" x=\"\(number(x))\" y=\"\(number(base - tall))\" width=\"\(number(bar))\" "
                    + "height=\"\(number(tall))\" fill=\"\(colour.hex)\"><title>\(escaped(block.name)), cores "
                    + "\(PlanTable.cores(block.cores)), \(MemorySize.text(block.octets)), "
                    + "\(Money.decimal(block.percent, 2, trim: true)) %</title></rect>"
                let label = "\(block.model)"
                if tall >= 11, Double(label.count) * 6.2 <= bar - 2 {
                    text +=
                        "<text x=\"\(number(x + bar / 2))\" y=\"\(number(base - tall / 2 + 3.5))\" text-anchor=\"middle\" "
                        + "font-size=\"10\" fill=\"\(colour.isDark ? "#ffffff" : "#000000")\">\(label)</text>"
                }
            }
            text += "\n"
        }
        return text
    }

    /// The instances' numbers, as many as have room.
    private static func numbers(_ count: Int, first: Int, y: Double, pitch: Double) -> String {
        let widest = Double("\(first + count)".count) * 7 + 4
        let every = max(1, Int((widest / pitch).rounded(.up)))
        var text = ""
        for index in stride(from: 0, to: count, by: every) {
            let x = left + (Double(index) + 0.5) * pitch
            text +=
                "<text class=\"soft\" x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"middle\">\(first + index + 1)</text>"
        }
        return text + "\n"
    }

    /// The colours with the numbers that they stand for.
    private static func legend(_ report: PlanReport, y: Double) -> String {
        let width = 240.0
        let steps = 24
        var text =
            "<text class=\"ink\" x=\"\(number(left))\" y=\"\(number(y))\">colour: the model's place in the input</text>\n"
        let last = max(report.instances.flatMap(\.blocks).map(\.model).max() ?? 0, 0)
        for step in 0..<steps {
            let model = steps > 1 ? last * step / (steps - 1) : 0
            text +=
                "<rect x=\"\(number(left + width * Double(step) / Double(steps)))\" y=\"\(number(y + 8))\" "
                + "width=\"\(number(width / Double(steps) + 0.3))\" height=\"12\" fill=\"\(colour(model, of: last + 1).hex)\"/>"
        }
        for (model, x) in [(0, left), (last / 2, left + width / 2), (last, left + width)]
        where last > 1 || model == 0 {
            text +=
                "<text class=\"soft\" x=\"\(number(x))\" y=\"\(number(y + 34))\" text-anchor=\"middle\">\(model)</text>"
        }
        return text + "\n"
    }

    /// Cividis (Nuñez, Anderton and Renslow, 2018) at eight places, a line between them.
    private static let cividis: [(Double, Double, Double)] = [
        (0, 34, 78), (18, 53, 112), (59, 73, 108), (87, 93, 109), (112, 113, 115), (138, 134, 120),
        (165, 156, 116),
        (195, 179, 105), (225, 204, 85), (254, 232, 56),
    ]

    private static func colour(_ model: Int, of count: Int) -> (hex: String, isDark: Bool) {
        let place = count > 1 ? min(1, Double(model) / Double(count - 1)) * Double(cividis.count - 1) : 0
        let index = min(Int(place), cividis.count - 2)
        let share = place - Double(index)
        let (from, to) = (cividis[index], cividis[index + 1])
        let parts = [
            from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share,
            from.2 + (to.2 - from.2) * share,
        ]
        let digits = Array("0123456789abcdef")
        let hex = parts.map { part in
            let octet = Int(part.rounded())
            return "\(digits[octet / 16])\(digits[octet % 16])"
        }.joined()
        return ("#" + hex, parts[0] * 0.299 + parts[1] * 0.587 + parts[2] * 0.114 < 128)
    }

    private static func number(_ value: Double) -> String { Money.decimal(value, 1, trim: true) }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
