// client-go's and controller-runtime's metric names for queues and reconcilers.

public import Observability

/// Counts what one controller and its queue do.
public struct ControllerMetrics: Sendable {
    private let name: String
    private let depthGauge: Gauge
    private let adds: Counter
    private let retries: Counter
    private let queueDuration: Histogram
    private let workDuration: Histogram
    private let reconciles: Counter
    private let errors: Counter
    private let time: Histogram
    private let activeWorkers: Gauge

    /// Registers the metrics.
    ///
    /// - Parameters:
    ///   - name: the label `name` (queue) and `controller`.
    ///   - workers: keys that are worked on at a time.
    public init(_ registry: MetricsRegistry, name: String, workers: Int = 1) {
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
        time = registry.histogram(
            "controller_runtime_reconcile_time_seconds", "How long reconciliations took.",
            buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
            labels: ["controller"])
        activeWorkers = registry.gauge(
            "controller_runtime_active_workers", "Keys that are worked on.", labels: ["controller"])
        activeWorkers.set(0, [name])
        registry.gauge(
            "controller_runtime_max_concurrent_reconciles", "Keys that may be worked on at a time.",
            labels: ["controller"]
        ).set(Double(workers), [name])
    }

    func depth(_ depth: Int) { depthGauge.set(Double(depth), [name]) }
    func added() { adds.increment([name]) }
    func retried() { retries.increment([name]) }
    func waited(_ time: Duration) { queueDuration.observe(time, [name]) }
    func worked(_ time: Duration) { workDuration.observe(time, [name]) }

    /// A reconciliation begins.
    public func began() { activeWorkers.add(1, [name]) }

    /// A reconciliation is over.
    ///
    /// - Parameter result: `success`, `error` or `requeue_after`.
    public func ended(_ result: String, took: Duration) {
        activeWorkers.add(-1, [name])
        reconciles.increment([name, result])
        time.observe(took, [name])
        if result == "error" { errors.increment([name]) }
    }
}
