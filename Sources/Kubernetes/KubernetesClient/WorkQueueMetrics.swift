// client-go's and controller-runtime's metric names for queues and reconcilers.

package import Observability

/// Counts what one queue and its reconciler do.
package struct WorkQueueMetrics: Sendable {
    private let name: String
    private let depthGauge: Gauge
    private let adds: Counter
    private let retries: Counter
    private let queueDuration: Histogram
    private let workDuration: Histogram
    private let reconciles: Counter
    private let errors: Counter

    /// Registers the metrics.
    ///
    /// - Parameter name: the label `name` (queue) and `controller`.
    package init(_ registry: MetricsRegistry, name: String) {
        self.name = name
        let buckets = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100]
        depthGauge = registry.gauge("workqueue_depth", "Keys that wait.", labels: ["name"])
        adds = registry.counter("workqueue_adds_total", "Keys that were added.", labels: ["name"])
        retries = registry.counter(
            "workqueue_retries_total", "Keys that were added again after a failure.", labels: ["name"])
        queueDuration = registry.histogram(
            "workqueue_queue_duration_seconds", "How long keys waited.", buckets: buckets, labels: ["name"])
        workDuration = registry.histogram(
            "workqueue_work_duration_seconds", "How long work on keys took.", buckets: buckets,
            labels: ["name"])
        reconciles = registry.counter(
            "controller_runtime_reconcile_total", "Reconciliations by result.",
            labels: ["controller", "result"])
        errors = registry.counter(
            "controller_runtime_reconcile_errors_total", "Reconciliations that failed.",
            labels: ["controller"])
    }

    func depth(_ depth: Int) { depthGauge.set(Double(depth), [name]) }
    func added() { adds.increment([name]) }
    func retried() { retries.increment([name]) }
    func waited(_ time: Duration) { queueDuration.observe(time, [name]) }
    func worked(_ time: Duration) { workDuration.observe(time, [name]) }

    /// A reconciliation is over.
    ///
    /// - Parameter result: `success`, `error`, `requeue` or `requeue_after`.
    package func reconciled(_ result: String) {
        reconciles.increment([name, result])
        if result == "error" { errors.increment([name]) }
    }
}
