// The layout as text: a line an instance, each model a run of one of four shades, so that neighbours can be told apart.

/// Draws a plan for a terminal.
enum PlanPicture {
    private static let shades: [Character] = ["█", "▓", "▒", "░"]
    /// Instances that are drawn.
    static let mostLines = 200

    /// - Parameter width: columns of the terminal.
    static func text(_ report: PlanReport, width: Int) -> String {
        let shown = report.instances.prefix(mostLines)
        let types = shown.map(\.type.count).max() ?? 0
        let numbers = "\(report.instances.count)".count
        let bar = max(10, (width - numbers - types - 22) / 2)
        var text =
            String(repeating: " ", count: numbers + types + 4)
            + padded("memory, of \(report.memoryLimit)", bar + 7)
            + "compute, of \(report.computeLimit)\n"
        for (index, instance) in shown.enumerated() {
            let number = String(repeating: " ", count: numbers - "\(index + 1)".count) + "\(index + 1)"
            text +=
                "\(number) \(padded(instance.type, types)) \(strip(instance.blocks, bar, \.memory)) "
                + "\(share(instance.memory)) \(strip(instance.blocks, bar, \.compute)) \(share(instance.compute))\n"
        }
        if report.instances.count > mostLines {
            text += "... and \(Money.grouped(report.instances.count - mostLines)) more\n"
        }
        return text
    }

    private static func share(_ value: Double) -> String {
        let text = Money.decimal(value * 100, 0) + "%"
        return String(repeating: " ", count: max(0, 4 - text.count)) + text
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func strip(
        _ blocks: [PlanReport.Block], _ width: Int, _ size: (PlanReport.Block) -> Double
    ) -> String {
        var text = ""
        var sum = 0.0
        var drawn = 0
        for (index, block) in blocks.enumerated() {
            sum += size(block)
            let end = min(width, Int((sum * Double(width)).rounded()))
            if end > drawn {
                text += String(repeating: shades[index % shades.count], count: end - drawn)
                drawn = end
            }
        }
        return "│" + text + String(repeating: " ", count: width - drawn) + "│"
    }
}
