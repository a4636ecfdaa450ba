// Predictions as TorchServe, DJL Serving, aws-do-inference, SageMaker and KServe's first protocol ask for them.

internal import HTTP
internal import HTTP1
internal import JSON
internal import Models
internal import SystemIO

extension InferenceServer {
    /// PUT is what `curl -T` sends, as TorchServe's quick start has it; HEAD is GET without the body (RFC 9110 §9.3.2).
    private static let methods = ["GET", "POST", "PUT"]
    private static let texts = ["application/json": "Texts", "text/plain": "Text"]

    private static func prediction(
        _ path: String, _ operation: String, _ summary: String, methods: [String] = methods,
        _ find:
            @escaping @Sendable (InferenceServer, EndpointCall) throws(HTTPProblem) -> (
                model: HostedModel, hasVersion: Bool
            )
    ) -> RESTEndpoint {
        RESTEndpoint(
            methods: methods, path: path, operation: operation, tag: "predictions", summary: summary,
            query: ["inputs": "A text, for GET; may come several times"],
            required: ["GET": ["inputs"]], body: texts,
            reply: ["application/json": "Predictions"], statuses: [400, 404, 413, 500, 503, 504],
            answersLater: true
        ) { server, call throws(HTTPProblem) in
            try await server.counted { () throws(HTTPProblem) in
                try find(server, call).model
            } answer: {
                (model) throws(HTTPProblem) in
                try await server.predict(model, call.request)
            }
        }
    }

    static let predictionEndpoints: [RESTEndpoint] = [
        prediction("/predictions/{model}", "predict", "Vectors of texts (TorchServe, DJL, aws-do-inference)")
        {
            server, call throws(HTTPProblem) in (try server.model(call.names[0]), false)
        },
        prediction("/predictions/{model}/{version}", "predictVersion", "Vectors of texts, by one version") {
            server, call throws(HTTPProblem) in
            (try server.model(call.names[0], version: call.names[1]), true)
        },
        prediction(
            "/invocations", "invoke",
            "Vectors of texts, by the only model or the one of model_name (SageMaker)"
        ) { server, call throws(HTTPProblem) in (try server.invoked(call.request), false) },
        prediction("/models/{model}/invoke", "invokeModel", "Vectors of texts (SageMaker, several models)") {
            server, call throws(HTTPProblem) in (try server.model(call.names[0]), false)
        },
        prediction(
            "/endpoints/{endpoint}/invocations", "invokeEndpoint",
            "Vectors of texts, as SageMaker's runtime API is called: by the endpoint's name where it is a model's",
            methods: ["POST"]
        ) { server, call throws(HTTPProblem) in
            if let target = call.request.headers["x-amzn-sagemaker-target-model"] {
                return (try server.model(target), false)
            }
            if let model = try? server.model(call.names[0]) { return (model, false) }
            return (try server.invoked(call.request), false)
        },
        prediction(
            "/v1/models/{model}:predict", "predictV1", "Vectors of texts (KServe, TensorFlow Serving)",
            methods: ["POST"]
        ) { server, call throws(HTTPProblem) in
            (try server.model(call.names[0]), false)
        },
    ]

    /// The model of SageMaker's `/invocations`: the one that `model_name` names, or the only one.
    private func invoked(_ request: HTTPRequest) throws(HTTPProblem) -> HostedModel {
        if let name = request.query("model_name") { return try model(name) }
        return try onlyModel("add ?model_name=NAME or use /predictions/NAME")
    }

    /// Answers, and counts the answer by model and status.
    func counted(
        _ find: () throws(HTTPProblem) -> HostedModel,
        answer: (HostedModel) async throws(HTTPProblem) -> HTTPResponse
    ) async throws(HTTPProblem) -> HTTPResponse {
        inFlight.withLock { $0 += 1 }
        defer { inFlight.withLock { $0 -= 1 } }
        let start = MonotonicClock.time
        // Only names of ours become labels: a client must not be able to make series.
        var found: HostedModel?
        do throws(HTTPProblem) {
            let model = try find()
            found = model
            let response = try await answer(model)
            metrics.count(response.status, model, took: MonotonicClock.time - start)
            return response
        } catch {
            metrics.count(error.status, found, took: MonotonicClock.time - start)
            throw error
        }
    }

    private func predict(_ model: HostedModel, _ request: HTTPRequest) async throws(HTTPProblem)
        -> HTTPResponse
    {
        // Up to a mebibyte of JSON is read, and tens of thousands of numbers are printed: not on the loop, where everybody
        // else would wait for that.
        let limits = limits
        let takesPairs = model.content?.takesPairs ?? false
        let asked = try await textWork(octets: request.body.count) {
            Result { () throws(HTTPProblem) in
                try PredictionRequest(request, limits: limits, takesPairs: takesPairs)
            }
        }.get()
        switch try content(model) {
        case .embedding(let encoder):
            let prediction = try await embed(model, encoder, asked.texts)
            let numbers = prediction.embeddings.count * encoder.dimension
            let name = model.name
            let body = await textWork(octets: numbers * 12, small: Self.smallNumbers) {
                prediction.body(model: name, usesInstances: asked.usesInstances)
            }
            return HTTPResponse(200, headers: ["content-type": "application/json"], body: .bytes(body))
        case .classification(let encoder, let classifier):
            return try await classify(model, encoder, classifier, asked)
        case .answers(let encoder):
            return try await answer(model, encoder, asked)
        case .identity:
            return Self.identityAnswer(asked)
        case .generation:
            let (generator, use) = try await use(model)
            defer { use.end() }
            let answers = try await generate(model, generator, asked)
            return .json(200, .array(answers.map { ["generated_text": .string($0)] }))
        }
    }

    /// As Hugging Face's inference servers answer texts with `parameters`.
    private func generate(
        _ model: HostedModel, _ generator: any TextGenerator, _ asked: PredictionRequest
    ) async throws(HTTPProblem) -> [String] {
        var answers: [String] = []
        for text in asked.texts {
            let request = try GenerationRequest(tritonPrompt: text, asked.parameters)
            answers.append(
                try await GenerationAnswer(generator, request, timer: metrics.generation.timer(model)).text)
        }
        return answers
    }
}
