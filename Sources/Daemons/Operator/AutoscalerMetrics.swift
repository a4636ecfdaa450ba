// What an autoscaler counts.

internal import KubernetesAPI
internal import Observability

/// The metrics of the autoscaler.
struct AutoscalerMetrics: Sendable {
    private let inFlight: Gauge
    private let desired: Gauge
    private let readings: Counter
    private let scalings: Counter

    init(_ registry: MetricsRegistry) {
        inFlight = registry.gauge(
            "ganglion_autoscaler_in_flight_requests",
            "Requests in flight in the pods of a ModelServer, averaged over its window.",
            labels: ["namespace", "name"])
        desired = registry.gauge(
            "ganglion_autoscaler_desired_replicas", "Replicas that the autoscaler wants of a ModelServer.",
            labels: ["namespace", "name"])
        readings = registry.counter(
            "ganglion_autoscaler_readings_total", "Pods asked for their load, by result.", labels: ["result"])
        scalings = registry.counter(
            "ganglion_autoscaler_scalings_total", "Changes of spec.replicas, by direction.",
            labels: ["direction"])
    }

    /// A pod was asked.
    func read(_ result: String) { readings.increment([result]) }

    /// The replicas of a server were changed.
    func scaled(up isUp: Bool) { scalings.increment([isUp ? "up" : "down"]) }

    /// A server was looked at.
    func observe(_ key: ObjectKey, inFlight load: Double?, desired replicas: Int) {
        if let load { inFlight.set(load, [key.namespace, key.name]) }
        desired.set(Double(replicas), [key.namespace, key.name])
    }

    /// A server is gone, or is not scaled any more.
    func forget(_ key: ObjectKey) {
        inFlight.remove([key.namespace, key.name])
        desired.remove([key.namespace, key.name])
    }
}
