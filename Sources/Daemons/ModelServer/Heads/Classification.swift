// Labels of texts, as transformers' text-classification pipeline gives them, and as tensors.

internal import HTTP
internal import HTTP1
internal import JSON
internal import Models

extension ModelContent {
    /// Whether its inputs may be two texts each.
    var takesPairs: Bool {
        switch self {
        case .classification, .answers: true
        case .embedding, .generation, .identity: false
        }
    }
}

/// What a classifier is told besides the texts; the names are the pipeline's.
struct ClassificationParameters: Equatable {
    /// How many labels of each text; nil for the likeliest alone, in the form without a list.
    private(set) var count: Int?
    /// Instead of the model's own.
    private(set) var function: ScoreFunction?

    /// - Throws: 400 for what would do nothing.
    init(_ parameters: [String: JSON]) throws(HTTPProblem) {
        for (name, value) in parameters {
            switch name {
            case "top_k":
                guard value.isNull || (value.int ?? 0) > 0 else {
                    throw OpenAIFields.wrong(name, value, "a whole number from 1 on, or null")
                }
                count = value.int ?? .max
            case "function_to_apply":
                guard let function = ScoreFunction(rawValue: value.string?.lowercased() ?? "") else {
                    throw OpenAIFields.wrong(name, value, "sigmoid, softmax or none")
                }
                self.function = function
            case "truncation" where value.bool == true: continue
            default:
                throw HTTPProblem(
                    400, "the parameter \(name.prefix(64)) is none of top_k, function_to_apply",
                    parameter: String(name.prefix(64)))
            }
        }
    }
}

extension InferenceServer {
    /// The scores of texts and pairs, in the order of the labels.
    func scores(
        _ model: HostedModel, _ encoder: EmbeddingModel, _ inputs: [PredictionInput], priority: Int? = nil,
        timeout: Duration? = nil
    ) async throws(HTTPProblem) -> Dispatcher.Prediction {
        let octets = inputs.reduce(0) { $0 + $1.texts.reduce(0) { $0 + $1.utf8.count } }
        let cut = await textWork(octets: octets) {
            inputs.map { input in
                switch input {
                case .text(let text): encoder.tokenize(text)
                case .pair(let one, let two), .question(let one, context: let two):
                    encoder.tokenize(one, pairedWith: two)
                }
            }
        }
        return try await embed(model, cut, priority: priority, timeout: timeout)
    }

    func classify(
        _ model: HostedModel, _ encoder: EmbeddingModel, _ classifier: ClassifierSettings,
        _ asked: PredictionRequest
    ) async throws(HTTPProblem) -> HTTPResponse {
        let parameters = try ClassificationParameters(asked.parameters)
        for case .question in asked.inputs {
            throw HTTPProblem(400, "model \(model.name) gives labels: send texts, and no question")
        }
        let prediction = try await scores(model, encoder, asked.inputs)
        let function = parameters.function ?? classifier.function
        let labels: [[JSON]] = prediction.embeddings.map { logits in
            let scores = function(logits)
            let order = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
            return order.prefix(parameters.count ?? 1).map { index in
                ["label": .string(classifier.labels[index]), "score": .double(Double(scores[index]))]
            }
        }
        // The pipeline gives a list for each text where a number of labels is asked for, and for one text that list alone.
        let all: [JSON] =
            if parameters.count == nil { labels.flatMap { $0 } } else {
                asked.isList ? labels.map { .array($0) } : labels[0]
            }
        return .json(200, asked.usesInstances ? ["predictions": .array(all)] : .array(all))
    }

    /// Scores and the likeliest label of each text, or of each row of two.
    func classify(
        _ model: HostedModel, _ encoder: EmbeddingModel, _ classifier: ClassifierSettings,
        _ request: InferRequest
    ) async throws(HTTPProblem) -> [InferTensor] {
        let input = try request.onlyInput("text", of: model.name)
        let isPairs = input.shape.count == 2 && input.shape[1] == 2
        guard isPairs || input.shape.count == 1 || input.shape.count == 2 && input.shape[1] == 1 else {
            throw HTTPProblem(
                400,
                "input 'text' has shape \(input.shape), and model '\(model.name)' expects [-1], [-1,1], or [-1,2] for pairs"
            )
        }
        let texts = try input.texts()
        try limits.check(texts)
        let inputs: [PredictionInput] =
            isPairs
            ? stride(from: 0, to: texts.count, by: 2).map { .pair(texts[$0], texts[$0 + 1]) }
            : texts.map { .text($0) }
        let prediction = try await scores(
            model, encoder, inputs, priority: try request.priority(), timeout: try request.timeout())
        let scores = prediction.embeddings.map { classifier.function($0) }
        let labels = scores.map { row in
            let best = row.indices.max { (row[$0], -$0) < (row[$1], -$1) } ?? 0
            return classifier.labels[best].utf8
        }
        return [
            InferTensor(
                "scores", .float32, [inputs.count, classifier.labels.count], InferTensor.content(of: scores)),
            InferTensor("label", .bytes, [inputs.count], InferTensor.content(of: labels)),
        ]
    }
}
