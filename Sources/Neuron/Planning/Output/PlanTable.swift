// The plan as text: a line an instance, then what it comes to.

/// Prints a plan for a terminal.
enum PlanTable {
    /// Instances that are listed; of more, the table says how many there are.
    static let mostLines = 200

    static func text(_ report: PlanReport) -> String {
        var rows = [["#", "TYPE", "MODELS", "MEMORY", "COMPUTE", "WHICH"]]
        for (index, instance) in report.instances.prefix(mostLines).enumerated() {
            let names = instance.blocks.prefix(4).map { "\($0.name.prefix(24))@\(cores($0.cores))" }
            let more = instance.blocks.count - names.count
            rows.append([
                "\(index + 1)", instance.type, "\(instance.blocks.count)",
                Money.decimal(instance.memory * 100, 1) + " %",
                Money.decimal(instance.compute * 100, 1) + " %",
                names.joined(separator: " ") + (more > 0 ? " and \(more) more" : ""),
            ])
        }
        var text = lined(rows)
        if report.instances.count > mostLines {
            text +=
                "... and \(Money.grouped(report.instances.count - mostLines)) more: --output json has all\n"
        }
        return text + "\n" + summary(report)
    }

    /// `4-7`, or `4`.
    static func cores(_ range: ClosedRange<Int>) -> String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }

    static func summary(_ report: PlanReport) -> String {
        var lines: [(String, String)] = []
        let counts = report.counts.map { "\($0.count) x \($0.type)" }.joined(separator: ", ")
        lines.append(
            (
                "models",
                "\(Money.grouped(report.models)) on \(Money.grouped(report.instances.count)) instances (\(counts))"
            ))
        lines.append(("an hour", Money.dollars(Double(report.cost))))
        lines.append(("a model-hour", Money.dollars(report.costPerModelHour)))
        if let cost = report.costPerMillionRequests, let rate = report.rate {
            lines.append(
                (
                    "a million requests",
                    "\(Money.dollars(cost)) at \(Money.decimal(rate, 1, trim: true)) requests/s"
                ))
        }
        if report.isOptimal {
            lines.append(("proof", "nothing is cheaper"))
        } else {
            let gap = report.bound > 0 ? Double(report.cost - report.bound) / Double(report.bound) * 100 : 0
            lines.append(
                (
                    "proof",
                    "nothing below \(Money.dollars(Double(report.bound))): at most \(Money.decimal(gap, 1)) % too dear"
                ))
        }
        for (rule, cost) in report.simple { lines.append((rule, Money.dollars(Double(cost)))) }
        for clock in report.clocks { lines.append(("clock", clock)) }
        for alternative in report.alternatives {
            let what =
                alternative.cost.map { "\(alternative.instances ?? 0) for \(Money.dollars(Double($0)))" }
                ?? "does not hold every model"
            lines.append(("only \(alternative.type)", what))
        }
        lines.append(("limits", "\(report.memoryLimit) and \(report.computeLimit) of a chip"))
        lines.append(("prices", report.prices))
        lines.append(("took", Money.decimal(report.seconds, 2) + " s"))
        return lined(lines.map { [$0.0, $0.1] })
    }

    /// Columns side by side.
    static func lined(_ rows: [[String]]) -> String {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - cell.count + 3)
                }
            }
            return line + "\n"
        }.joined()
    }
}
