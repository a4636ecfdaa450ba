// What is counted of language models' answers, under vLLM's names and in vLLM's buckets, which the Inference Gateway's
// dashboards and autoscalers ask for.

internal import Observability
internal import SystemIO
internal import Text

/// The metrics of all language models of a server.
struct GenerationMetrics: Sendable {
    private let firstToken: Histogram
    private let firstResponse: Histogram
    private let betweenTokens: Histogram
    private let whole: Histogram
    private let promptLength: Histogram
    private let answerLength: Histogram
    private let promptTokens: Counter
    private let answerTokens: Counter
    private let success: Counter

    /// Of `vllm/v1/metrics/loggers.py`.
    private static let firstTokenBuckets = [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160,
        640, 2560,
    ]
    private static let tokenBuckets = [
        0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
    ]
    private static let wholeBuckets = [
        0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
    ]
    private static let lengthBuckets: [Double] = [1, 10, 100, 1_000, 10_000].flatMap { [$0, 2 * $0, 5 * $0] }

    init(_ registry: MetricsRegistry) {
        let model = ["model_name"]
        firstToken = registry.histogram(
            "vllm:time_to_first_token_seconds", "Time until the first token of an answer.",
            buckets: Self.firstTokenBuckets, labels: model)
        // Triton's own buckets.
        firstResponse = registry.histogram(
            "nv_inference_first_response_histogram_ms",
            "Time until the first piece of an answer, in milliseconds, as Triton has it.",
            buckets: [100, 500, 2_000, 5_000], labels: ["model", "version"])
        betweenTokens = registry.histogram(
            "vllm:inter_token_latency_seconds", "Time between two tokens of an answer.",
            buckets: Self.tokenBuckets, labels: model)
        whole = registry.histogram(
            "vllm:e2e_request_latency_seconds", "Time until the last token of an answer.",
            buckets: Self.wholeBuckets, labels: model)
        promptLength = registry.histogram(
            "vllm:request_prompt_tokens", "Tokens of prompts.", buckets: Self.lengthBuckets, labels: model)
        answerLength = registry.histogram(
            "vllm:request_generation_tokens", "Tokens of answers.", buckets: Self.lengthBuckets, labels: model
        )
        promptTokens = registry.counter(
            "vllm:prompt_tokens_total", "Tokens of all prompts.", labels: model)
        answerTokens = registry.counter(
            "vllm:generation_tokens_total", "Tokens of all answers.", labels: model)
        success = registry.counter(
            "vllm:request_success_total", "Answers that have come to their end, by why they have.",
            labels: model + ["finished_reason"])
    }

    /// Begins to time an answer.
    func timer(_ model: HostedModel) -> GenerationTimer { GenerationTimer(self, model) }

    fileprivate func noteFirst(_ model: HostedModel, after time: Duration) {
        firstToken.observe(time, [model.name])
        firstResponse.observe(time.inSeconds * 1_000, [model.name, model.version])
    }

    fileprivate func noteNext(_ model: HostedModel, after time: Duration) {
        betweenTokens.observe(time, [model.name])
    }

    fileprivate func noteEnd(
        _ model: HostedModel, _ piece: GenerationPiece, _ reason: FinishReason, after time: Duration
    ) {
        let labels = [model.name]
        whole.observe(time, labels)
        promptLength.observe(Double(piece.promptTokens), labels)
        answerLength.observe(Double(piece.completionTokens), labels)
        promptTokens.increment(labels, by: Double(piece.promptTokens))
        answerTokens.increment(labels, by: Double(piece.completionTokens))
        success.increment(labels + [reason.rawValue])
    }
}

/// Times one answer, piece by piece.
struct GenerationTimer: Sendable {
    private let metrics: GenerationMetrics
    private let model: HostedModel
    private let start = MonotonicClock.time
    private var last: Duration?

    fileprivate init(_ metrics: GenerationMetrics, _ model: HostedModel) {
        self.metrics = metrics
        self.model = model
    }

    /// A piece has come.
    mutating func note(_ piece: GenerationPiece) {
        let now = MonotonicClock.time
        if piece.token != nil {
            if let last {
                metrics.noteNext(model, after: now - last)
            } else {
                metrics.noteFirst(model, after: now - start)
            }
            last = now
        }
        if let reason = piece.finish { metrics.noteEnd(model, piece, reason, after: now - start) }
    }
}
