// What of `serving.properties` is obeyed. A key that would do nothing is refused by its name: a setting that is silently
// left out is found out under load, and by its absence.

internal import SystemIO
internal import Text

/// The settings of a model's folder beside how it is batched.
struct ModelProperties: Equatable, Sendable {
    /// Where the model is, if not in the folder itself (`option.model_id`, `option.s3url`).
    var location: String?
    /// Cores of a copy (`option.tensor_parallel_degree`); nil for the server's.
    var degree: Int?
    /// The longest sequence of a language model (`option.n_positions`, `option.max_model_len`).
    var positions: Int?
    /// Sequences that a language model computes at a time (`option.max_rolling_batch_size`).
    var sequences: Int?

    /// Keys of how requests are batched, which `BatchPolicy` reads.
    static let batchingKeys = [
        "batch_size", "batchSize", "max_batch_size", "maxBatchSize", "max_batch_delay", "maxBatchDelay",
        "max_batch_tokens", "maxBatchTokens", "job_queue_size", "max_queue_size", "queueSize",
        "queue_timeout",
        "queueTimeout", "max_queue_delay_microseconds", "default_timeout_microseconds", "priority_levels",
        "preferred_batch_size", "predict_timeout", "response_timeout", "option.predict_timeout",
    ]

    /// Keys with one meaning here, and the values that mean it.
    private static let fixed: [String: Set<String>] = [
        "engine": ["Python", "MPI"],
        "option.entryPoint": [
            "djl_python.huggingface", "djl_python.transformers_neuronx", "djl_python.transformers-neuronx",
        ],
        "option.dtype": ["auto"],
        "option.rolling_batch": ["auto"],
        "option.trust_remote_code": ["false"],
        "option.task": ["text-embedding", "feature-extraction", "sentence-similarity", "text-generation"],
    ]
    private static let numbers = [
        "option.tensor_parallel_degree", "option.n_positions", "option.max_model_len",
        "option.max_rolling_batch_size",
    ]

    /// All keys that are known.
    static let keys = batchingKeys + fixed.keys.sorted() + numbers + ["option.model_id", "option.s3url"]

    /// No settings.
    init() {}

    /// Reads keys and values.
    ///
    /// - Parameter place: where they stand, for errors.
    /// - Throws: 400 with the key that is not known, or whose value is not.
    init(_ values: [String: String], place: String) throws(HTTPProblem) {
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            if let known = Self.fixed[key] {
                guard known.contains(value) else {
                    throw HTTPProblem(
                        400,
                        "\(key) in \(place) is \(value.prefix(64)), which this server cannot do: leave it out, or write"
                            + " \(known.sorted().alternatives)")
                }
                continue
            }
            switch key {
            case "option.model_id", "option.s3url": location = value
            case _ where Self.numbers.contains(key): try readNumber(key, value, place)
            case _ where Self.batchingKeys.contains(key): break
            default:
                throw HTTPProblem(
                    400, "\(key.prefix(64)) in \(place) does nothing on this server: leave it out")
            }
        }
    }

    private mutating func readNumber(_ key: String, _ value: String, _ place: String) throws(HTTPProblem) {
        // All cores of the server are what its groups are made for.
        if key == "option.tensor_parallel_degree", value == "max" { return }
        guard let number = Int(value), 1...1_048_576 ~= number else {
            throw HTTPProblem(
                400, "\(key) in \(place) is \(value.prefix(32)): it must be a number, at least 1")
        }
        switch key {
        case "option.tensor_parallel_degree": degree = number
        case "option.max_rolling_batch_size": sequences = number
        default: positions = number
        }
    }
}
