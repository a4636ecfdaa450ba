// Counters, gauges and histograms in the form that Prometheus reads. A series is one number behind a lock; a label
// value that a peer chooses cannot make series without end.

internal import SystemIO
internal import Text

/// All metrics of a program.
///
///     let metrics = MetricsRegistry()
///     let allocations = metrics.counter("ganglion_allocations_total", "Allocate calls", labels: ["result"])
///     allocations.increment(["ok"])
///
/// A name stands for one kind and one list of labels, and a series has a value for each label: a program that says
/// otherwise in its own text traps, at the latest in the first test of that line. Nothing a peer sends leads there.
public final class MetricsRegistry: Sendable {
    /// Series of one metric; what comes beyond is counted in one whose label values are all "other".
    public static let maximumSeries = 2_000

    private let families = Lock<[MetricFamily]>([])

    /// No metrics.
    public init() {}

    /// A number that only grows. The name ends in `_total`.
    public func counter(_ name: String, _ help: String, labels: [String] = []) -> Counter {
        Counter(family: family(name, help, .counter, labels))
    }

    /// A number that goes up and down.
    public func gauge(_ name: String, _ help: String, labels: [String] = []) -> Gauge {
        Gauge(family: family(name, help, .gauge, labels))
    }

    /// A number that is asked for when the metrics are read; `read` gives none when it returns nil.
    public func gauge(_ name: String, _ help: String, read: @escaping @Sendable () -> Double?) {
        family(name, help, .gauge, []).source.withLock { $0.read = read }
    }

    /// A growing number that is asked for when the metrics are read.
    public func counter(_ name: String, _ help: String, read: @escaping @Sendable () -> Double?) {
        family(name, help, .counter, []).source.withLock { $0.read = read }
    }

    /// Counts of observations up to each bound; times in seconds, sizes in bytes.
    ///
    /// - Parameter buckets: upper bounds in rising order, without infinity.
    public func histogram(
        _ name: String, _ help: String, buckets: [Double] = Histogram.times, labels: [String] = []
    ) -> Histogram {
        Histogram(family: family(name, help, .histogram(buckets), labels))
    }

    /// Everything, in the text format of Prometheus, version 0.0.4: metrics in the order in which they were made.
    public func exposition() -> String {
        families.withLock { $0 }.map(\.exposition).joined()
    }

    /// The Content-Type of `exposition()`.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private func family(
        _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ labels: [String]
    ) -> MetricFamily {
        families.withLock { families in
            if let known = families.first(where: { $0.name == name }) {
                // Two parts of a program that disagree about a metric: a fault of the program, found by any test.
                precondition(known.kind == kind && known.labels == labels, "\(name) is two different metrics")
                return known
            }
            let family = MetricFamily(name: name, help: help, kind: kind, labels: labels)
            families.append(family)
            return family
        }
    }
}

/// A number that only grows.
public struct Counter: Sendable {
    let family: MetricFamily

    /// Adds to the series of these label values, in the order of the labels; negative amounts are ignored.
    public func increment(_ labels: [String] = [], by amount: Double = 1) {
        guard amount > 0 else { return }
        family.update(labels) { $0.sum += amount }
    }

    /// The number as it is.
    public func value(_ labels: [String] = []) -> Double { family.series(labels).sum }
}

/// A number that goes up and down.
public struct Gauge: Sendable {
    let family: MetricFamily

    /// Sets the series of these label values.
    public func set(_ value: Double, _ labels: [String] = []) { family.update(labels) { $0.sum = value } }
    /// Adds to it; negative amounts subtract.
    public func add(_ amount: Double, _ labels: [String] = []) { family.update(labels) { $0.sum += amount } }
    /// Forgets a series whose thing is gone.
    public func remove(_ labels: [String]) { family.remove(labels) }
    /// The number as it is.
    public func value(_ labels: [String] = []) -> Double { family.series(labels).sum }
}

/// Counts of observations up to each bound.
public struct Histogram: Sendable {
    let family: MetricFamily

    /// Bounds for times from 100 microseconds to 10 s.
    public static let times: [Double] = [
        0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// Takes one observation.
    public func observe(_ value: Double, _ labels: [String] = []) { family.observe(value, labels) }

    /// Takes a time, in seconds.
    public func observe(_ duration: Duration, _ labels: [String] = []) {
        observe(duration.inSeconds, labels)
    }

    /// How many observations there were.
    public func count(_ labels: [String] = []) -> Int { Int(family.series(labels).count) }
}
