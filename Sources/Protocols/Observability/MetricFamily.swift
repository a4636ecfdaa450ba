// One metric with all its series, and how it is written.

import SystemIO

final class MetricFamily: Sendable {
    enum Kind: Equatable {
        case counter
        case gauge
        case histogram([Double])
    }

    struct Series {
        var sum = 0.0
        var count: UInt64 = 0
        /// Observations in each bucket alone, not those below it.
        var buckets: [UInt64] = []
    }

    /// A function in a structure: a generic lock would wrap a bare one anew at each access.
    struct Source {
        var read: (@Sendable () -> Double?)?
    }

    let name: String
    let help: String
    let kind: Kind
    let labels: [String]
    /// Where the value is read when it is asked for, if anywhere.
    let source = Lock(Source())
    private let all: Lock<[[String]: Series]>

    init(name: String, help: String, kind: Kind, labels: [String]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        // A metric without labels is there from the start, at 0: a rate needs a first value.
        var start: [[String]: Series] = [:]
        if labels.isEmpty { start[[]] = Self.empty(kind) }
        all = Lock(start)
    }

    func update(_ values: [String], _ body: (inout Series) -> Void) {
        precondition(values.count == labels.count, "\(name) has \(labels.count) labels, not \(values.count)")
        all.withLock { all in
            if let known = all.index(forKey: values) { return body(&all.values[known]) }
            let full = all.count >= MetricsRegistry.maximumSeries
            body(&all[full ? labels.map { _ in "other" } : values, default: Self.empty(kind)])
        }
    }

    func observe(_ value: Double, _ values: [String]) {
        guard case .histogram(let bounds) = kind else { return }
        update(values) { series in
            series.sum += value
            series.count += 1
            if let bucket = bounds.firstIndex(where: { value <= $0 }) { series.buckets[bucket] += 1 }
        }
    }

    func remove(_ values: [String]) { all.withLock { _ = $0.removeValue(forKey: values) } }

    func series(_ values: [String]) -> Series { all.withLock { $0[values] } ?? Self.empty(kind) }

    private static func empty(_ kind: Kind) -> Series {
        guard case .histogram(let bounds) = kind else { return Series() }
        return Series(buckets: Array(repeating: 0, count: bounds.count))
    }

    // MARK: Text format

    var exposition: String {
        var text = "# HELP \(name) \(Self.escape(help, quotes: false))\n# TYPE \(name) \(typeName)\n"
        if let read = source.withLock({ $0.read }) {
            guard let value = read() else { return "" }
            return text + "\(name) \(Self.number(value))\n"
        }
        for (values, series) in all.withLock({ $0 }).sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
        {
            guard case .histogram(let bounds) = kind else {
                text += "\(name)\(Self.labels(labels, values)) \(Self.number(series.sum))\n"
                continue
            }
            var below: UInt64 = 0
            for (bound, count) in zip(bounds, series.buckets) {
                below += count
                text += "\(name)_bucket\(bucketLabels(values, Self.number(bound))) \(below)\n"
            }
            text += "\(name)_bucket\(bucketLabels(values, "+Inf")) \(series.count)\n"
            text += "\(name)_sum\(Self.labels(labels, values)) \(Self.number(series.sum))\n"
            text += "\(name)_count\(Self.labels(labels, values)) \(series.count)\n"
        }
        return text
    }

    private var typeName: String {
        switch kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    private func bucketLabels(_ values: [String], _ bound: String) -> String {
        Self.labels(labels + ["le"], values + [bound])
    }

    private static func labels(_ names: [String], _ values: [String]) -> String {
        guard !names.isEmpty else { return "" }
        let pairs = zip(names, values).map { "\($0)=\"\(escape($1, quotes: true))\"" }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : "\(value)"
    }
}
