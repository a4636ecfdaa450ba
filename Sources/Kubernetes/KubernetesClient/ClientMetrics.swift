// client-go's metric names, so that dashboards and alerts made for other controllers work.

public import Observability

/// Counts requests.
public struct ClientMetrics: Sendable {
    private let requests: Counter
    private let durations: Histogram
    private let retries: Counter

    /// Registers the metrics.
    public init(_ registry: MetricsRegistry) {
        requests = registry.counter(
            "rest_client_requests_total", "Requests to the API server by code and method.",
            labels: ["code", "method", "host"])
        durations = registry.histogram(
            "rest_client_request_duration_seconds", "Time to the whole answer; for a watch, to its head.",
            buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60], labels: ["verb", "host"])
        retries = registry.counter(
            "rest_client_request_retries_total", "Requests that were sent once more.",
            labels: ["code", "verb", "host"])
    }

    func observe(_ method: String, host: String, code: Int?, took: Duration) {
        requests.increment([code.map(String.init) ?? "<error>", method, host])
        durations.observe(took, [method, host])
    }

    func retried(_ method: String, host: String, code: Int) {
        retries.increment([String(code), method, host])
    }
}
