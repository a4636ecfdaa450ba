// What each kind of model makes of tensors; the same for REST and gRPC.

internal import JSON
internal import Models

/// An input or output of a model, as its metadata tells it.
struct TensorDescription: Equatable, Sendable {
    let name: String
    let datatype: TensorDatatype
    /// -1 for any number.
    let shape: [Int]
}

extension ModelContent {
    /// What a request must have.
    var inputs: [TensorDescription] {
        switch self {
        case .embedding, .classification: [TensorDescription(name: "text", datatype: .bytes, shape: [-1])]
        case .answers:
            ["question", "context"].map { TensorDescription(name: $0, datatype: .bytes, shape: [-1]) }
        case .generation: [TensorDescription(name: "text_input", datatype: .bytes, shape: [1])]
        case .identity(let datatype): [TensorDescription(name: "INPUT0", datatype: datatype, shape: [-1])]
        }
    }

    /// What a reply has.
    var outputs: [TensorDescription] {
        switch self {
        case .embedding(let encoder):
            [
                TensorDescription(name: "embedding", datatype: .float32, shape: [-1, encoder.dimension]),
                TensorDescription(name: "tokens", datatype: .int32, shape: [-1]),
            ]
        case .classification(_, let classifier):
            [
                TensorDescription(name: "scores", datatype: .float32, shape: [-1, classifier.labels.count]),
                TensorDescription(name: "label", datatype: .bytes, shape: [-1]),
            ]
        case .answers:
            [("answer", .bytes), ("score", .float32), ("start", .int32), ("end", .int32)].map {
                TensorDescription(name: $0, datatype: $1, shape: [-1])
            }
        case .generation: [TensorDescription(name: "text_output", datatype: .bytes, shape: [1])]
        case .identity(let datatype): [TensorDescription(name: "OUTPUT0", datatype: datatype, shape: [-1])]
        }
    }
}

extension InferenceServer {
    /// Answers a request with tensors.
    func infer(_ model: HostedModel, _ request: InferRequest) async throws(HTTPProblem) -> InferReply {
        var reply = InferReply(model: model.name, version: model.version, id: request.id, outputs: [])
        switch try content(model) {
        case .identity(let datatype):
            let input = try request.onlyInput("INPUT0", of: model.name)
            guard input.datatype == datatype else {
                throw HTTPProblem(
                    400,
                    "inference input data-type is '\(input.datatype.rawValue)', but model '\(model.name)' expects"
                        + " '\(datatype.rawValue)'")
            }
            reply.outputs = [InferTensor("OUTPUT0", datatype, input.shape, input.content)]
        case .embedding(let encoder):
            let input = try request.onlyInput("text", of: model.name)
            guard input.shape.count == 1 || input.shape.count == 2 && input.shape[1] == 1 else {
                throw HTTPProblem(
                    400,
                    "input 'text' has shape \(input.shape), and model '\(model.name)' expects [-1] or [-1,1]")
            }
            let texts = try input.texts()
            try limits.check(texts)
            let prediction = try await embed(
                model, encoder, texts, priority: try request.priority(), timeout: try request.timeout())
            reply.outputs = [
                InferTensor(
                    "embedding", .float32, [texts.count, encoder.dimension],
                    InferTensor.content(of: prediction.embeddings)),
                InferTensor("tokens", .int32, [texts.count], prediction.tokenContent),
            ]
        case .classification(let encoder, let classifier):
            reply.outputs = try await classify(model, encoder, classifier, request)
        case .answers(let encoder):
            reply.outputs = try await answer(model, encoder, request)
        case .generation:
            let input = try request.onlyInput("text_input", of: model.name)
            let texts = try input.texts()
            guard texts.count == 1 else {
                throw HTTPProblem(400, "input 'text_input' has \(texts.count) texts, and the model takes one")
            }
            let (generator, use) = try await use(model)
            defer { use.end() }
            let answer = try await GenerationAnswer(
                generator, try GenerationRequest(tritonPrompt: texts[0], request.parameters),
                timer: metrics.generation.timer(model))
            reply.outputs = [
                InferTensor("text_output", .bytes, [1], InferTensor.content(of: [answer.text.utf8]))
            ]
        }
        return try reply.selecting(request.outputs)
    }
}

extension Dispatcher.Prediction {
    fileprivate var tokenContent: [UInt8] {
        var content: [UInt8] = []
        for count in tokens { InferTensor.append(Int32(truncatingIfNeeded: count), to: &content) }
        return content
    }
}
