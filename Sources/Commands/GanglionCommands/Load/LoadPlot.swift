// Throughput against latency, as a picture and as text for a terminal.

internal import Text

/// The curve of a sweep.
struct LoadPlot {
    private struct Point {
        let name: String
        /// Requests a second.
        let rate: Double
        /// Milliseconds by percentile.
        let times: [Int: Double]
    }

    private static let shares = [50, 90, 99]
    private let points: [Point]

    init(_ steps: [LoadStep]) {
        points = steps.filter { $0.isOnCurve && $0.counts.latencies.count > 0 }.map { step in
            let times = Self.shares.map { share in
                (share, Double(step.counts.latencies.percentile(Double(share))) / 1_000)
            }
            return Point(
                name: step.name, rate: step.rate, times: Dictionary(uniqueKeysWithValues: times))
        }
    }

    private var mostRate: Double { Self.roundedUp(points.map(\.rate).max() ?? 1) }
    private var mostTime: Double { Self.roundedUp(points.compactMap { $0.times.values.max() }.max() ?? 1) }

    /// The next number of 1, 2 or 5 and zeros.
    static func roundedUp(_ number: Double) -> Double {
        var unit = 1e-3
        while unit < 1e12 {
            for factor in [1.0, 2, 5] where number <= factor * unit { return factor * unit }
            unit *= 10
        }
        return number
    }

    private static func text(_ number: Double) -> String {
        let thousandths = Int((number * 1_000).rounded())
        guard thousandths % 1_000 != 0 else { return String(thousandths / 1_000) }
        var digits = String(thousandths % 1_000 + 1_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(thousandths / 1_000).\(digits)"
    }

    // MARK: Text

    /// A field of characters: `5` at the median of a load, `9` at its 90th percentile.
    func text(width: Int = 64, height: Int = 16) -> String {
        guard !points.isEmpty else { return "" }
        let mostTime = Self.roundedUp(points.compactMap { $0.times[90] }.max() ?? 1)
        var field = [[Character]](
            repeating: [Character](repeating: " ", count: width), count: height)
        for (share, mark) in [(50, Character("5")), (90, "9")] {
            for point in points {
                let column = Int(point.rate / mostRate * Double(width - 1))
                let row = Int((point.times[share] ?? 0) / mostTime * Double(height - 1))
                field[height - 1 - min(row, height - 1)][min(column, width - 1)] = mark
            }
        }
        let top = Self.text(mostTime)
        let lines = field.enumerated().map { index, line in
            let label = index == 0 ? top : index == height - 1 ? "0" : ""
            return String(repeating: " ", count: max(0, 8 - label.count)) + label + " |" + String(line)
        }
        let end = Self.text(mostRate)
        return "milliseconds (5: median, 9: p90)\n" + lines.joined(separator: "\n") + "\n"
            + String(repeating: " ", count: 9) + "+" + String(repeating: "-", count: width) + "\n"
            + String(repeating: " ", count: 10) + "0"
            + String(repeating: " ", count: max(1, width - 1 - end.count)) + end + " requests/s\n"
    }

    // MARK: SVG

    private static let colors = [50: "#2a7ab0", 90: "#d1761b", 99: "#b03a48"]

    /// A picture of its own.
    ///
    /// - Parameter title: what was asked.
    func svg(title: String) -> String {
        let (left, right, top, bottom) = (70.0, 700.0, 50.0, 380.0)
        func x(_ rate: Double) -> Double { left + rate / mostRate * (right - left) }
        func y(_ time: Double) -> Double { bottom - time / mostTime * (bottom - top) }
        func number(_ value: Double) -> String { Self.text((value * 10).rounded() / 10) }
        var parts = [
            #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 440" font-family="sans-serif" font-size="12">"#,
            #"<rect width="760" height="440" fill="white"/>"#,
            #"<text x="\#(number(left))" y="24" font-size="14">\#(Self.escaped(title))</text>"#,
        ]
        for tick in 0...5 {
            let (rate, time) = (mostRate * Double(tick) / 5, mostTime * Double(tick) / 5)
            parts += [
                #"<line x1="\#(number(left))" x2="\#(number(right))" y1="\#(number(y(time)))" y2="\#(number(y(time)))" stroke="lightgray"/>"#,
                #"<text x="\#(number(left - 8))" y="\#(number(y(time) + 4))" text-anchor="end">\#(Self.text(time))</text>"#,
                #"<text x="\#(number(x(rate)))" y="\#(number(bottom + 18))" text-anchor="middle">\#(Self.text(rate))</text>"#,
            ]
        }
        parts += [
            #"<text x="\#(number((left + right) / 2))" y="\#(number(bottom + 42))" text-anchor="middle">requests a second</text>"#,
            #"<text transform="translate(20 \#(number((top + bottom) / 2))) rotate(-90)" text-anchor="middle">milliseconds</text>"#,
        ]
        for (place, share) in Self.shares.enumerated() {
            let color = Self.colors[share] ?? "black"
            let line = points.map { "\(number(x($0.rate))),\(number(y($0.times[share] ?? 0)))" }
            parts.append(
                #"<polyline points="\#(line.joined(separator: " "))" fill="none" stroke="\#(color)" stroke-width="2"/>"#
            )
            for point in points {
                let time = point.times[share] ?? 0
                parts.append(
                    #"<circle cx="\#(number(x(point.rate)))" cy="\#(number(y(time)))" r="3" fill="\#(color)"><title>\#(Self.escaped(point.name)): \#(Self.text(point.rate.rounded())) requests/s, p\#(share) \#(Self.text(time)) ms</title></circle>"#
                )
            }
            parts.append(
                #"<text x="\#(number(right + 8))" y="\#(number(top + 12 + Double(place) * 18))" fill="\#(color)">p\#(share)</text>"#
            )
        }
        return (parts + ["</svg>\n"]).joined(separator: "\n")
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
    }
}
