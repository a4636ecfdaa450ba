// Texts in the order in which they answer a query: Jina's and Cohere's form (`documents`, as vLLM has it), and that of Hugging
// Face's text-embeddings-inference (`texts`). The scores are those of sentence-transformers' CrossEncoder.

internal import HTTP
internal import HTTP1
internal import JSON
internal import Models
internal import SystemIO

/// What a reranker is asked.
struct RerankRequest: Equatable {
    /// Nil for the only model.
    private(set) var model: String?
    let query: String
    let documents: [String]
    /// Nil for all.
    private(set) var count: Int?
    private(set) var returnsTexts: Bool
    /// Logits as they are.
    private(set) var isRaw = false
    /// Whether the reply is text-embeddings-inference's list.
    let isPlainList: Bool

    /// - Throws: 400.
    init(_ document: JSON) throws(HTTPProblem) {
        var fields = OpenAIFields(document.object ?? [:])
        model = try fields.string("model")
        guard let query = try fields.string("query") else {
            throw HTTPProblem(400, "you must provide a query", parameter: "query")
        }
        self.query = query
        let texts = fields.value("texts")
        let documents = fields.value("documents")
        isPlainList = texts != nil
        guard let list = (texts ?? documents)?.array, !list.isEmpty, texts == nil || documents == nil else {
            throw HTTPProblem(
                400, "you must provide a list of documents, or of texts", parameter: "documents")
        }
        self.documents = list.compactMap { $0.string ?? $0["text"]?.string }
        guard self.documents.count == list.count else {
            throw OpenAIFields.wrong("documents", .array(list), "texts, or objects with a text")
        }
        if isPlainList {
            returnsTexts = try fields.bool("return_text") ?? false
            isRaw = try fields.bool("raw_scores") ?? false
            // Whatever is too long is cut off here.
            try fields.only("truncate", { $0.bool == true }, "true")
            try fields.only("truncation_direction", { $0.string?.lowercased() == "right" }, "Right")
        } else {
            returnsTexts = try fields.bool("return_documents") ?? true
            count = try fields.int("top_n", 0...1_000_000)
            if count == 0 { count = nil }  // vLLM's word for all
        }
        try fields.refuseOthers()
    }
}

extension InferenceServer {
    private static func rerank(_ path: String, _ operation: String) -> RESTEndpoint {
        RESTEndpoint(
            methods: ["POST"], path: path, operation: operation, tag: "rerank",
            summary: "Texts in the order in which they answer a query (Jina, Cohere, vLLM, TEI)",
            errors: .openAI, body: ["application/json": "RerankRequest"],
            reply: ["application/json": "RerankReply"], statuses: [400, 404, 413, 429, 500, 503]
        ) { server, call throws(HTTPProblem) in try await server.rerank(call) }
    }

    static let rerankEndpoints: [RESTEndpoint] = [
        rerank("/v1/rerank", "rerankV1"), rerank("/v2/rerank", "rerankV2"), rerank("/rerank", "rerank"),
    ]

    private func rerank(_ call: EndpointCall) async throws(HTTPProblem) -> HTTPResponse {
        guard call.request.body.count <= limits.body else {
            throw HTTPProblem(
                413, "the body has \(call.request.body.count) octets: send at most \(limits.body)")
        }
        let asked = try await textWork(octets: call.request.body.count) {
            Result { () throws(HTTPProblem) in try RerankRequest(try call.json()) }
        }.get()
        return try await counted { () throws(HTTPProblem) in
            if let name = asked.model { return try model(name) }
            return try onlyModel("name one with \"model\"")
        } answer: { (model) throws(HTTPProblem) in
            try await rerank(model, asked)
        }
    }

    private func rerank(_ model: HostedModel, _ asked: RerankRequest) async throws(HTTPProblem)
        -> HTTPResponse
    {
        guard case .classification(let encoder, let classifier) = try content(model),
            classifier.labels.count == 1
        else {
            throw HTTPProblem(
                400, "model \(model.name) does not rank: it is no classifier with one label",
                parameter: "model")
        }
        guard asked.documents.count <= limits.texts else {
            throw HTTPProblem(
                413, "the request has \(asked.documents.count) documents: send at most \(limits.texts)")
        }
        for document in asked.documents { try limits.check([asked.query, document]) }
        let prediction = try await scores(
            model, encoder, asked.documents.map { .pair(asked.query, $0) })
        let function = asked.isRaw ? ScoreFunction.none : classifier.pairFunction
        let scores = prediction.embeddings.map { function($0)[0] }
        let order = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
            .prefix(asked.count ?? .max)
        let results: [JSON] = order.map { index in
            var result: JSON = ["index": JSON(index)]
            result[asked.isPlainList ? "score" : "relevance_score"] = .double(Double(scores[index]))
            if asked.returnsTexts {
                let text = JSON.string(asked.documents[index])
                if asked.isPlainList { result["text"] = text } else { result["document"] = ["text": text] }
            }
            return result
        }
        if asked.isPlainList { return .json(200, .array(results)) }
        return .json(
            200,
            [
                "id": .string("rerank-\(UInt64.random(in: 0 ... .max))"), "model": .string(model.name),
                "usage": ["total_tokens": JSON(prediction.tokens.reduce(0, +))], "results": .array(results),
            ])
    }
}
