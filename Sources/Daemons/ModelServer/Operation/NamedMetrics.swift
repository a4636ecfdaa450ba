// The same counts under the names that dashboards and autoscalers of other servers ask for: Triton's, TorchServe's, and the
// Inference Gateway's model server protocol.

internal import Observability
internal import SystemIO
internal import Text

/// Metrics that are made of a server's counts when they are read.
struct NamedMetrics: Sendable {
    private let success: Counter
    private let failure: Counter
    private let inferences: Counter
    private let executions: Counter
    private let pending: Gauge
    private let requestMicroseconds: Counter
    private let queueMicroseconds: Counter
    private let computeMicroseconds: Counter
    private let torchRequests: Counter
    private let torchLatency: Counter
    private let torchQueue: Counter
    private let running: Gauge
    private let waiting: Gauge
    private let cacheUse: Gauge
    private let cacheConfiguration: Gauge

    init(_ registry: MetricsRegistry) {
        let model = ["model", "version"]
        success = registry.counter(
            "nv_inference_request_success", "Requests answered, as Triton counts them.", labels: model)
        failure = registry.counter(
            "nv_inference_request_failure", "Requests not answered, by Triton's reasons.",
            labels: model + ["reason"])
        inferences = registry.counter("nv_inference_count", "Texts or tensors answered.", labels: model)
        executions = registry.counter("nv_inference_exec_count", "Passes that answered them.", labels: model)
        pending = registry.gauge(
            "nv_inference_pending_request_count", "Requests that wait for a group.", labels: model)
        requestMicroseconds = registry.counter(
            "nv_inference_request_duration_us", "Time of all requests, in microseconds.", labels: model)
        queueMicroseconds = registry.counter(
            "nv_inference_queue_duration_us", "Of it the time in the queue.", labels: model)
        computeMicroseconds = registry.counter(
            "nv_inference_compute_infer_duration_us", "Of it the time on a group.", labels: model)
        let torch = ["model_name", "model_version"]
        torchRequests = registry.counter(
            "ts_inference_requests_total", "Requests, as TorchServe counts them.", labels: torch)
        torchLatency = registry.counter(
            "ts_inference_latency_microseconds", "Time of all requests, in microseconds.", labels: torch)
        torchQueue = registry.counter(
            "ts_queue_latency_microseconds", "Of it the time in the queue.", labels: torch)
        running = registry.gauge(
            "vllm:num_requests_running", "Requests that are being answered (Inference Gateway).",
            labels: ["model_name"])
        waiting = registry.gauge(
            "vllm:num_requests_waiting", "Requests that wait for room (Inference Gateway).",
            labels: ["model_name"])
        cacheUse = registry.gauge(
            "vllm:kv_cache_usage_perc", "Share of the cache that is in use, 0 to 1 (Inference Gateway).",
            labels: ["model_name"])
        cacheConfiguration = registry.gauge(
            "vllm:cache_config_info", "Blocks of the cache (Inference Gateway).",
            labels: ["block_size", "num_gpu_blocks"])
    }

    /// Brings a model's numbers up to date.
    func update(_ model: HostedModel, waiting count: Int) {
        let counts = model.meter.counts
        let labels = [model.name, model.version]
        Self.raise(success, labels, to: Double(counts.successes))
        for (reason, count) in counts.failures { Self.raise(failure, labels + [reason], to: Double(count)) }
        Self.raise(inferences, labels, to: Double(counts.texts))
        Self.raise(executions, labels, to: Double(counts.passes))
        pending.set(Double(count), labels)
        Self.raise(requestMicroseconds, labels, to: counts.requestTime.inSeconds * 1e6)
        Self.raise(queueMicroseconds, labels, to: counts.queueTime.inSeconds * 1e6)
        Self.raise(computeMicroseconds, labels, to: counts.computeTime.inSeconds * 1e6)
        Self.raise(torchRequests, labels, to: Double(counts.answers.values.reduce(0, +)))
        Self.raise(torchLatency, labels, to: counts.requestTime.inSeconds * 1e6)
        Self.raise(torchQueue, labels, to: counts.queueTime.inSeconds * 1e6)
        guard case .generation(let generator) = model.content else { return }
        let load = generator.load
        running.set(Double(load.running), [model.name])
        waiting.set(Double(load.waiting), [model.name])
        cacheUse.set(load.cacheUse, [model.name])
        let information = generator.information
        guard information.cacheBlocks > 0 else { return }
        cacheConfiguration.set(1, [String(information.cacheBlockTokens), String(information.cacheBlocks)])
    }

    private static func raise(_ counter: Counter, _ labels: [String], to value: Double) {
        counter.increment(labels, by: max(0, value - counter.value(labels)))
    }
}
