// What the server counts. Cores keep the names of AWS's neuron-monitor exporter, so that its dashboards work; the rest
// is named for this server.

internal import Models
internal import NeuronRuntime
internal import Observability
internal import SystemIO
internal import Text

/// The metrics of one server.
struct ServerMetrics: Sendable {
    let registry = MetricsRegistry()
    let requests: Counter
    let texts: Counter
    let tokens: Counter
    let queueTime: Histogram
    let computeTime: Histogram
    let batchSize: Histogram

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
        queueTime = registry.histogram(
            "ganglion_model_server_queue_seconds", "Time from a request's arrival until a group took it.",
            labels: ["model"])
        computeTime = registry.histogram(
            "ganglion_model_server_compute_seconds", "Time that a group computed.", labels: ["model"])
        batchSize = registry.histogram(
            "ganglion_model_server_batch_texts", "Texts computed together.",
            buckets: [1, 2, 4, 8, 16, 32, 64, 128], labels: ["model"])
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
        registry.addProcessMetrics()
    }

    /// Brings the gauges up to date and writes everything.
    func exposition(_ state: ServerState, waiting count: Int, running unanswered: Int) -> String {
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
