// The program `ganglion-operator`: from the command line through the election to an operator that runs until SIGTERM,
// with its health and metrics.

package import Arguments
internal import Controller
internal import GanglionAPI
internal import Glibc
internal import HTTPProxy
internal import KubernetesAPI
internal import KubernetesClient
internal import LogArguments
internal import Observability
internal import StatusEndpoints
internal import SystemIO

/// The command line and life of the operator.
package enum OperatorCommand {
    private static let context = Option<String?>(
        "context", placeholder: "NAME", help: "A context of the kubeconfig")
    private static let leaderElect = Flag(
        "leader-elect", environment: "GANGLION_LEADER_ELECT", help: "Work only while holding the Lease")
    private static let namespace = Option<String?>(
        "namespace", environment: "GANGLION_NAMESPACE", placeholder: "NAME",
        help: "Where the Lease is (default: the namespace of the configuration)")
    private static let lease = Option(
        "lease", default: "ganglion-operator", placeholder: "NAME", help: "The Lease's name")
    private static let image = Option(
        "model-server-image", default: "ganglion.dev/model-server:latest",
        environment: "GANGLION_MODEL_SERVER_IMAGE", placeholder: "IMAGE",
        help: "The image of ModelServers whose template names none")
    private static let replaceImage = Flag(
        "replace-image", environment: "GANGLION_REPLACE_IMAGE",
        help: "Replace the pods of ModelServers whose template names no image when the default image changes")
    private static let serverCommand = Option<String?>(
        "model-server-command", environment: "GANGLION_MODEL_SERVER_COMMAND", placeholder: "PATH",
        help: "The program in that image, where it is not the image's own entrypoint")
    private static let modelCache = Option<String?>(
        "model-cache", environment: "GANGLION_NODE_MODEL_CACHE", placeholder: "PATH",
        help: "The folder of every node in which model servers share the models that they fetch",
        check: { $0.hasPrefix("/") ? nil : "must be an absolute path" })
    private static let modelCacheSize = Option<String?>(
        "model-cache-size", environment: "GANGLION_NODE_MODEL_CACHE_SIZE", placeholder: "SIZE",
        help: "How much that folder may hold, such as 200Gi (default the server's)",
        check: { SchemaPattern.octets.matches($0) ? nil : "must be a size such as 200Gi" })
    private static let chipResource = Option(
        "chip-resource-name", default: WellKnown.neuronChip, environment: "GANGLION_CHIP_RESOURCE_NAME",
        placeholder: "NAME", help: "The extended resource of whole chips, whose cores pods of others may hold"
    )
    private static let workers = Option(
        "workers", default: 4, placeholder: "N", help: "ModelServers worked on at a time",
        check: { (1...64).contains($0) ? nil : "must be from 1 to 64" })
    private static let deleteRejectedPods = Flag(
        "delete-rejected-pods", environment: "GANGLION_DELETE_REJECTED_PODS",
        help:
            "Delete pods with NeuronCores that a kubelet rejected (UnexpectedAdmissionError), where a controller makes others"
    )
    private static let profiling = Flag(
        "profiling", environment: "GANGLION_PROFILING",
        help:
            "Serve /debug/queues and /debug/cluster beside the metrics: what is worked on, and what waits and why"
    )

    /// The program.
    package static let command = Command(
        "ganglion-operator", summary: "Runs ModelServers on groups of NeuronCores",
        details: """
            Makes the pods and the Service of each ModelServer, chooses node and NeuronCores for every pod whose \
            schedulerName is ganglion-operator, and keeps the status true.
            """,
        arguments: [
            PlacementOptions.kubeconfig, context, leaderElect, namespace, lease, image, replaceImage,
            serverCommand, modelCache, modelCacheSize, PlacementOptions.resource, chipResource,
            PlacementOptions.extenderSchedulers,
            deleteRejectedPods, workers, PlacementOptions.metricsAddress, profiling,
        ] + LogOptions.all,
        examples: [
            .init("ganglion-operator --kubeconfig ~/.kube/config", "Against any cluster, from anywhere"),
            .init("ganglion-operator --leader-elect", "In a pod, one of several"),
        ]
    ) { values in
        try await run(values, LogOptions.logger(values))
    }

    private static func run(_ values: ArgumentValues, _ log: Logger) async throws {
        let signals = try SignalWatcher()
        let registry = MetricsRegistry()
        registry.addProcessMetrics()
        let configuration = try ClientConfiguration.load(
            kubeconfig: values[PlacementOptions.kubeconfig], context: values[context])
        let client = try await KubernetesClient.make(
            configuration, program: "ganglion-operator", metrics: ClientMetrics(registry))
        let identity = hostName() + "_" + String(UInt64.random(in: 0 ... .max), radix: 16)
        var settings = OperatorSettings()
        settings.serving.image = values[image]
        settings.serving.replacesImage = values[replaceImage]
        settings.serving.command = values[serverCommand].map { [$0] } ?? []
        settings.serving.modelCachePath = values[modelCache]
        settings.serving.modelCacheSize = values[modelCacheSize]
        settings.serving.resource = values[PlacementOptions.resource]
        settings.deletesRejectedPods = values[deleteRejectedPods]
        settings.chipResource = values[chipResource]
        settings.extenderSchedulers = PlacementOptions.extenderSchedulers(values) ?? []
        settings.workers = values[workers]
        settings.instance = hostName()
        settings.registry = registry
        var elector: LeaderElector?
        if values[leaderElect] {
            let lease = ObjectKey(
                namespace: values[namespace] ?? configuration.namespace, name: values[lease])
            elector = LeaderElector(client, lease: lease, identity: identity, registry: registry, log: log)
        }
        let worker = Operator(client, settings: settings, leadership: elector, log: log)
        let status = try PlacementOptions.statusServer(
            values, log: log, metrics: registry, pages: values[profiling] ? worker.debugPages : [:]
        ) { worker.checks }
        await status.start()
        log.info(
            "starting",
            [
                "version": Product.version, "server": configuration.server.authority,
                "proxy": configuration.proxy?.authority ?? "none",
            ])
        let stopping = Task {
            _ = await signals.first()
            log.info("stopping")
            await worker.stop()
        }
        // Where another leads, requests that are under way could collide with its work: the process ends at once.
        if await worker.run() == .leadershipLost { exit(1) }
        await stopping.value
        await status.stop()
    }

    private static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
