// What `ganglion operator` and `ganglion extender` have in common on the command line, and how both are asked for their health.

internal import Arguments
internal import GanglionAPI
internal import Observability
internal import StatusEndpoints
internal import SystemIO

/// The options of both, and what is made of them.
enum PlacementOptions {
    static let kubeconfig = Option<String?>(
        "kubeconfig", placeholder: "FILE",
        help: "A kubeconfig; by default KUBECONFIG, then the pod's service account, then ~/.kube/config")
    static let resource = Option(
        "resource-name", default: WellKnown.neuronCore, environment: "GANGLION_RESOURCE_NAME",
        placeholder: "NAME", help: "The extended resource of NeuronCores")
    static let metricsAddress = Option(
        "metrics-address", default: "127.0.0.1:0", environment: "GANGLION_METRICS_ADDRESS",
        placeholder: "ADDRESS", help: "Where /healthz, /readyz and /metrics are served")
    /// The schedulers whose pods get their cores from an extender.
    static let extenderSchedulers = Option<String?>(
        "extender-schedulers", environment: "GANGLION_EXTENDER_SCHEDULERS", placeholder: "NAMES",
        help:
            "The schedulerNames, with commas between, of pods that get their NeuronCores from ganglion extender"
    )

    /// The names; nil where none are given.
    static func extenderSchedulers(_ values: ArgumentValues) -> Set<String>? {
        values[extenderSchedulers].map { Set($0.split(separator: ",").map(String.init)) }
    }

    /// Health and metrics, not started. A problem makes nobody restart the process, since that mends nothing it waits for.
    ///
    /// - Parameter checks: what a probe asks, by name, with what is wrong.
    static func statusServer(
        _ values: ArgumentValues, log: Logger, metrics: MetricsRegistry,
        pages: [String: @Sendable () async -> String] = [:],
        checks: @escaping @Sendable () -> [(name: String, problem: String?)]
    ) throws -> StatusServer {
        StatusServer(
            address: try SocketAddress(parsing: values[metricsAddress]), log: log, metrics: metrics,
            pages: pages
        ) { probe in
            checks().map { StatusCheck(name: $0.name, fault: probe == .ready ? $0.problem : nil) }
        }
    }
}
