// What the server counts. Cores keep the names of AWS's neuron-monitor exporter, so that its dashboards work; the rest
// is named for this server.

internal import HTTP
internal import ModelSources
internal import Models
internal import NeuronRuntime
internal import Observability
internal import SystemIO
internal import Text

/// The metrics of one server.
struct ServerMetrics: Sendable {
    let registry = MetricsRegistry()
    let generation: GenerationMetrics
    private let named: NamedMetrics
    let requests: Counter
    let texts: Counter
    let tokens: Counter
    let requestTime: Histogram
    let queueTime: Histogram
    let computeTime: Histogram
    let batchSize: Histogram

    /// Models that made room for others.
    let unloads: Counter

    private let phases: Gauge
    private let downloaded: Gauge
    /// Groups that do not compute any more.
    let lost: Gauge
    private let open: Gauge
    private let ended: Counter
    private let ready: Gauge
    private let waiting: Gauge
    private let running: Gauge
    private let utilization: Gauge
    private let constants: Gauge
    private let tensors: Gauge
    private let memory: Gauge
    private let executions: Counter
    private let errors: Counter
    private let switches: Counter
    private let tag: String
    /// Busy time by first core, and when it was read, at the last reading of the metrics.
    private let before = Lock<(busy: [Int: Duration], at: ContinuousClock.Instant)>(([:], .now))

    /// - Parameter tag: NEURON_PROCESS_TAG, which tells processes apart in neuron-monitor's metrics.
    init(tag: String) {
        self.tag = tag
        requests = registry.counter(
            "ganglion_model_server_requests_total", "Predictions asked for, by model and status code.",
            labels: ["model", "code"])
        texts = registry.counter(
            "ganglion_model_server_texts_total", "Texts embedded, by model.", labels: ["model"])
        tokens = registry.counter(
            "ganglion_model_server_tokens_total", "Tokens of these texts, by model.", labels: ["model"])
        requestTime = registry.histogram(
            "ganglion_model_server_request_seconds", "Time from a prediction's arrival to its answer.",
            labels: ["model"])
        queueTime = registry.histogram(
            "ganglion_model_server_queue_seconds", "Time from a request's arrival until a group took it.",
            labels: ["model"])
        computeTime = registry.histogram(
            "ganglion_model_server_compute_seconds", "Time that a group computed.", labels: ["model"])
        batchSize = registry.histogram(
            "ganglion_model_server_batch_texts", "Texts computed together.",
            buckets: [1, 2, 4, 8, 16, 32, 64, 128], labels: ["model"])
        unloads = registry.counter(
            "ganglion_model_server_model_unloads_total",
            "How often a model was unloaded, since others needed its chips' memory.", labels: ["model"])
        phases = registry.gauge(
            "ganglion_model_server_model_phase", "1 for how far a model is, by version; else 0.",
            labels: ["model", "version", "phase"])
        downloaded = registry.gauge(
            "ganglion_model_server_model_downloaded_bytes",
            "Bytes of a model that have come, while it is downloaded.",
            labels: ["model", "version"])
        ready = registry.gauge("ganglion_model_server_ready", "1 when every group has its models, else 0.")
        waiting = registry.gauge("ganglion_model_server_queue_length", "Requests that wait for a group.")
        running = registry.gauge(
            "ganglion_model_server_requests_running",
            "Predictions that are read, computed or printed: all that have come and do not wait for a group.")
        utilization = registry.gauge(
            "neuroncore_utilization_ratio",
            "Share of the time since the last reading that the core computed.",
            labels: ["neuroncore", "runtime_tag"])
        constants = registry.gauge(
            "neuroncore_memory_usage_constants", "Bytes of weights on the core.",
            labels: ["neuroncore", "memory_location", "runtime_tag"])
        tensors = registry.gauge(
            "neuroncore_memory_usage_tensors", "Bytes of activations on the core.",
            labels: ["neuroncore", "memory_location", "runtime_tag"])
        memory = registry.gauge(
            "neuron_runtime_memory_used_bytes", "Bytes that the process uses on its Neuron devices.",
            labels: ["memory_location", "runtime_tag"])
        executions = registry.counter(
            "execution_status_total", "Batches executed, by result.", labels: ["status_type"])
        errors = registry.counter(
            "execution_errors_total",
            "Executions that failed, by the kind of error as neuron-monitor has it.",
            labels: ["error_type"])
        switches = registry.counter(
            "ganglion_model_server_context_switches_total",
            "Batches before which the group's cores had executed another model.", labels: [])
        lost = registry.gauge(
            "ganglion_model_server_groups_lost", "Groups whose cores compute no more until the process ends.")
        open = registry.gauge("ganglion_model_server_connections", "Connections that are open.")
        ended = registry.counter(
            "ganglion_model_server_connections_ended_total",
            "Connections, and requests of HTTP/2, that were ended for their client's fault or for want of room.",
            labels: ["reason"])
        generation = GenerationMetrics(registry)
        named = NamedMetrics(registry)
        registry.addProcessMetrics()
    }

    /// An answer with a status; without a model, one to a name that there is not.
    func count(_ status: Int, _ model: HostedModel?, took: Duration) {
        guard let model else { return requests.increment(["", String(status)]) }
        model.meter.count(status, took: took)
        requestTime.observe(took, [model.name])
    }

    /// Vectors that were computed.
    func count(_ prediction: Dispatcher.Prediction, _ model: HostedModel) {
        let labels = [model.name]
        model.meter.count(prediction)
        queueTime.observe(prediction.queued, labels)
        computeTime.observe(prediction.computed, labels)
        batchSize.observe(Double(prediction.batch), labels)
    }

    /// Brings what is counted of connections up to date.
    func update(_ connections: HTTPConnectionCounts) {
        open.set(Double(connections.open))
        let counts = connections.ended
        for reason in HTTPConnectionCounts.Reason.allCases {
            raise(ended, [reason.rawValue], to: counts[reason] ?? 0)
        }
    }

    /// Brings the gauges up to date and writes everything.
    func exposition(
        _ state: ServerState, waiting count: Int, byModel waitingByModel: [String: Int],
        running unanswered: Int
    ) -> String {
        update(state.registry.models, waitingByModel)
        ready.set(state.phase == .ready ? 1 : 0)
        waiting.set(Double(count))
        running.set(Double(unanswered))
        var used = 0
        var batches = 0
        var changes = 0
        var failures: [String: Int] = [:]
        before.withLock { before in
            let now = ContinuousClock.now
            let elapsed = (now - before.at).inSeconds
            for group in state.groups {
                let statistics = group.statistics
                let first = group.cores.lowerBound
                let busy = (statistics.busy - (before.busy[first] ?? .zero)).inSeconds
                before.busy[first] = statistics.busy
                batches += statistics.batches
                changes += statistics.contextSwitches
                for (status, count) in statistics.failures { failures[status.errorType, default: 0] += count }
                for (core, bytes) in zip(group.cores, group.memory) {
                    let name = String(core)
                    utilization.set(elapsed > 0 ? min(1, busy / elapsed) : 0, [name, tag])
                    constants.set(Double(bytes.constants), [name, "None", tag])
                    tensors.set(Double(bytes.tensors), [name, "None", tag])
                    used += bytes.constants + bytes.tensors
                }
            }
            before.at = now
        }
        memory.set(Double(used), ["neuron_device", tag])
        let counted = executions.value(["completed"])
        executions.increment(["completed"], by: max(0, Double(batches) - counted))
        switches.increment([], by: max(0, Double(changes) - switches.value([])))
        for (type, count) in failures {
            errors.increment([type], by: max(0, Double(count) - errors.value([type])))
        }
        return registry.exposition()
    }

    /// Brings what is counted by model up to date. Versions of one name are one series here.
    private func update(_ models: [HostedModel], _ waiting: [String: Int]) {
        var answers: [[String]: Int] = [:]
        var texts: [String: Int] = [:]
        var tokens: [String: Int] = [:]
        for model in models {
            named.update(model, waiting: waiting[model.key] ?? 0)
            let phase = model.phase
            for name in ModelPhase.names {
                phases.set(name == phase.name ? 1 : 0, [model.name, model.version, name])
            }
            if case .downloading(let progress) = phase {
                downloaded.set(Double(progress.octets), [model.name, model.version])
            }
            let counts = model.meter.counts
            for (status, count) in counts.answers {
                answers[[model.name, String(status)], default: 0] += count
            }
            texts[model.name, default: 0] += counts.texts
            tokens[model.name, default: 0] += counts.tokens
        }
        for (labels, count) in answers { raise(requests, labels, to: count) }
        for (name, count) in texts { raise(self.texts, [name], to: count) }
        for (name, count) in tokens { raise(self.tokens, [name], to: count) }
    }

    private func raise(_ counter: Counter, _ labels: [String], to value: Int) {
        counter.increment(labels, by: max(0, Double(value) - counter.value(labels)))
    }
}

extension NRTStatus {
    /// neuron-monitor's words for kinds of errors.
    fileprivate var errorType: String {
        switch self {
        case .numericalError: "numerical"
        case .timeout, .queueFull, .coreBusy, .resource: "transient"
        case .badInput, .outOfBounds, .invalid, .unsupportedVersion, .notEnoughCores: "model"
        case .uninitialized, .closed, .invalidHandle, .hostMemory: "runtime"
        case _ where isHardware: "hardware"
        default: "generic"
        }
    }
}
