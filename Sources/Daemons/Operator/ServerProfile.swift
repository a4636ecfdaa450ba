// What is known of the servers that others wrote: where they listen, how they say that they are well, how long they take to
// start, where they publish their load. docs/SERVERS.md has the source of every fact; what has no source is not here.

internal import GanglionAPI

/// Where a server publishes its load as Prometheus metrics.
struct MetricsSource: Equatable, Sendable {
    /// The port; nil for the one that serves.
    var port: Int?
    /// The path.
    var path: String
    /// The gauge of requests that are computed; nil where none counts them.
    var running: String?
    /// The gauge of requests that wait; nil where none counts them.
    var waiting: String?
    /// The counter of all requests; nil where none is known.
    var requests: String?
}

/// How often a probe asks and how often it may fail.
struct ProbeTiming: Equatable, Sendable {
    /// Seconds between two questions, which is also how coarse a start-up budget is.
    var startup: Int
    /// Seconds between two questions and failures in a row until a pod gets no requests any more.
    var readiness: (period: Int, failures: Int)

    static func == (left: Self, right: Self) -> Bool {
        left.startup == right.startup && left.readiness == right.readiness
    }
}

/// What is known of one server.
struct ServerProfile: Sendable {
    /// A public image with the Neuron SDK; nil where there is none, or where the operator's settings name it.
    var image: String?
    /// Where it serves.
    var port = 8080
    /// Answers 200 to 399 when it can serve; nil where only the port itself can be asked.
    var readinessPath: String?
    /// Answers 200 to 399 while it need not be restarted; nil where it ends by itself, or nothing is known.
    var livenessPath: String?
    /// How long a start may take, download and compilation included, in seconds.
    var startupTimeout: Int
    /// How often it is asked.
    var timing = ProbeTiming(startup: 10, readiness: (period: 10, failures: 3))
    /// Where it publishes its load; nil where nothing is known.
    var metrics: MetricsSource?
    /// Where it says how far its models are, as Ganglion's own server does; nil for one that does not.
    var modelsPath: String?
    /// Ports that it uses beside the one that serves.
    var otherPorts: [Int] = []
    /// The schemes of `models[].uri` that it takes beside a plain path or name; nil where it decides itself.
    var schemes: [String]?
    /// Whether one server holds several models on the same cores.
    var servesManyModels = true
    /// Whether one server holds several copies, each on its own group of cores.
    var servesManyCopies = true
    /// Whether `batching.maxBatchSize` and `queue.maxLength` can be handed over.
    var takesBatchSize = false
    var takesQueueLength = false
}

extension RuntimePreset {
    /// What is known of the server.
    var profile: ServerProfile {
        switch self {
        case .ganglion:
            ServerProfile(
                readinessPath: "/ping", startupTimeout: 1800,
                timing: ProbeTiming(startup: 1, readiness: (period: 2, failures: 2)),
                metrics: MetricsSource(
                    path: "/metrics", running: "ganglion_model_server_requests_running",
                    waiting: "ganglion_model_server_queue_length",
                    requests: "ganglion_model_server_requests_total"),
                modelsPath: "/", takesBatchSize: true, takesQueueLength: true)
        case .vllm:
            ServerProfile(
                image: "public.ecr.aws/neuron/pytorch-inference-vllm-neuronx:"
                    + "0.16.0-neuronx-py312-sdk2.31.1-ubuntu24.04",
                port: 8000, readinessPath: "/health", livenessPath: "/health", startupTimeout: 5100,
                metrics: MetricsSource(
                    path: "/metrics", running: "vllm:num_requests_running",
                    waiting: "vllm:num_requests_waiting", requests: "vllm:request_success_total"),
                schemes: ["file", "hf"], servesManyModels: false, servesManyCopies: false,
                takesBatchSize: true)
        case .djlLMI:
            ServerProfile(
                readinessPath: "/ping", livenessPath: "/ping", startupTimeout: 3600,
                metrics: MetricsSource(path: "/server/metrics"),
                schemes: ["djl", "file", "hf", "s3"], servesManyModels: false,
                takesBatchSize: true, takesQueueLength: true)
        case .triton:
            ServerProfile(
                port: 8000, readinessPath: "/v2/health/ready", livenessPath: "/v2/health/live",
                startupTimeout: 1800,
                metrics: MetricsSource(
                    port: 8002, path: "/metrics", waiting: "nv_inference_pending_request_count",
                    requests: "nv_inference_request_success"),
                otherPorts: [8001], schemes: ["as", "file", "gs", "s3"])
        case .torchserve:
            ServerProfile(
                image: "public.ecr.aws/neuron/pytorch-inference-neuronx:"
                    + "2.9.0-neuronx-py312-sdk2.31.1-ubuntu24.04",
                readinessPath: "/ping", livenessPath: "/ping", startupTimeout: 1800,
                metrics: MetricsSource(port: 8082, path: "/metrics"),
                otherPorts: [7070, 7071, 8081], schemes: ["file", "http", "https"],
                servesManyModels: false, servesManyCopies: false, takesQueueLength: true)
        case .custom:
            ServerProfile(
                startupTimeout: 1800, timing: ProbeTiming(startup: 1, readiness: (period: 5, failures: 3)))
        }
    }

    /// Where a model answers, below the server's URL; nil where nobody knows.
    func path(ofModel model: ServedModel) -> String? {
        switch self {
        case .ganglion, .torchserve:
            "/predictions/\(model.name)" + (model.version == "1" ? "" : "/\(model.version)")
        // The base URL of OpenAI's clients; the request's body names the model.
        case .vllm: "/v1"
        // It names a model after its location; with one model this path needs no name.
        case .djlLMI: "/invocations"
        case .triton: "/v2/models/\(model.name)/infer"
        case .custom: nil
        }
    }
}
