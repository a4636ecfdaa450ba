// OpenAI's API, as far as there are models for it.

internal import HTTP
internal import JSON
internal import SystemIO

extension InferenceServer {
    private static func openAI(
        _ method: String, _ path: String, _ operation: String, _ summary: String, body: String? = nil,
        reply: RESTEndpoint.Content, statuses: [Int], _ answer: @escaping RESTEndpoint.Answer
    ) -> RESTEndpoint {
        RESTEndpoint(
            methods: [method], path: path, operation: operation, tag: "openai", summary: summary,
            errors: .openAI,
            body: body.map { ["application/json": $0] } ?? [:], reply: reply, statuses: statuses,
            answersLater: method == "POST", answer: answer)
    }

    static let openAIEndpoints: [RESTEndpoint] = [
        openAI(
            "GET", "/v1/models", "listOpenAIModels", "The models",
            reply: ["application/json": "OpenAIModelList"], statuses: []
        ) { server, _ throws(HTTPProblem) in
            let names = server.state.withLock { $0.registry.names }
            return .json(
                200,
                [
                    "object": "list", "data": .array(names.map(server.openAIModel)),
                    // KServe's first protocol has its list at the same path.
                    "models": JSON(names),
                ])
        },
        openAI(
            "GET", "/v1/models/{model}", "retrieveModel", "A model",
            reply: ["application/json": "OpenAIModel"], statuses: [404]
        ) { server, call throws(HTTPProblem) in
            .json(200, server.openAIModel(try server.model(call.names[0]).name))
        },
        openAI(
            "POST", "/v1/embeddings", "createEmbedding", "Vectors of texts", body: "EmbeddingsRequest",
            reply: ["application/json": "EmbeddingsReply"], statuses: [400, 404, 413, 429, 500, 503]
        ) { server, call throws(HTTPProblem) in try await server.embeddings(call) },
        openAI(
            "POST", "/v1/completions", "createCompletion", "Text that follows text",
            body: "CompletionRequest",
            reply: ["application/json": "Completion", "text/event-stream": "Text"],
            statuses: [400, 404, 429, 500, 503]
        ) { server, call throws(HTTPProblem) in try await server.completions(call, .plain) },
        openAI(
            "POST", "/v1/chat/completions", "createChatCompletion", "The next turn of a conversation",
            body: "ChatRequest", reply: ["application/json": "ChatCompletion", "text/event-stream": "Text"],
            statuses: [400, 404, 429, 500, 503]
        ) { server, call throws(HTTPProblem) in try await server.completions(call, .chat) },
    ]

    private func openAIModel(_ name: String) -> JSON {
        let model = state.withLock { $0.registry.find(name) }
        return [
            "id": .string(name), "object": "model", "created": 0, "owned_by": "ganglion",
            // KServe's first protocol asks this at the same path.
            "name": .string(name), "ready": .bool(model?.isReady ?? false),
        ]
    }
}
