// OpenAI's embeddings: texts or ids in, vectors out, as numbers or as octets in Base64, which its own client asks for.

internal import HTTP
internal import HTTP1
internal import JSON
internal import Models
internal import NeuronProgram
internal import SystemIO

/// What `/v1/embeddings` is asked.
struct EmbeddingsRequest: Equatable {
    /// One text or list of ids.
    enum Input: Equatable {
        case text(String)
        case ids([Int])
    }

    let model: String
    let inputs: [Input]
    let isBase64: Bool
    /// Numbers of a vector; nil for all.
    let dimensions: Int?

    /// - Throws: 400.
    init(_ document: JSON) throws(HTTPProblem) {
        var fields = OpenAIFields(document.object ?? [:])
        guard let model = try fields.string("model") else {
            throw HTTPProblem(400, "you must provide a model parameter", parameter: "model")
        }
        self.model = model
        guard let input = fields.value("input") else {
            throw HTTPProblem(400, "you must provide an input parameter", parameter: "input")
        }
        inputs = try Self.inputs(input)
        let format = try fields.string("encoding_format") ?? "float"
        guard ["float", "base64"].contains(format) else {
            throw OpenAIFields.wrong("encoding_format", .string(format), "float or base64")
        }
        isBase64 = format == "base64"
        dimensions = try fields.int("dimensions", 1...65_536)
        try fields.refuseOthers()
    }

    private static func inputs(_ input: JSON) throws(HTTPProblem) -> [Input] {
        let hint = "a text, a list of texts, a list of ids, or a list of such lists"
        if let text = input.string { return [.text(text)] }
        guard let list = input.array, let first = list.first else {
            throw OpenAIFields.wrong("input", input, hint)
        }
        if first.int != nil { return [.ids(try ids(input, hint))] }
        var inputs: [Input] = []
        for element in list {
            if let text = element.string {
                inputs.append(.text(text))
            } else {
                inputs.append(.ids(try ids(element, hint)))
            }
        }
        return inputs
    }

    private static func ids(_ list: JSON, _ hint: String) throws(HTTPProblem) -> [Int] {
        let ids = (list.array ?? []).compactMap(\.int)
        guard !ids.isEmpty, ids.count == list.array?.count else {
            throw OpenAIFields.wrong("input", list, hint)
        }
        return ids
    }
}

extension InferenceServer {
    func embeddings(_ call: EndpointCall) async throws(HTTPProblem) -> HTTPResponse {
        guard call.request.body.count <= limits.body else {
            throw HTTPProblem(
                413, "the body has \(call.request.body.count) octets: send at most \(limits.body)")
        }
        let asked = try await textWork(octets: call.request.body.count) {
            Result { () throws(HTTPProblem) in try EmbeddingsRequest(try call.json()) }
        }.get()
        return try await counted { () throws(HTTPProblem) in
            try model(asked.model)
        } answer: { (model) throws(HTTPProblem) in
            try await embeddings(model, asked)
        }
    }

    private func embeddings(
        _ model: HostedModel, _ asked: EmbeddingsRequest
    ) async throws(HTTPProblem) -> HTTPResponse {
        guard case .embedding(let encoder) = try content(model) else {
            throw HTTPProblem(400, "model \(model.name) gives no embeddings", parameter: "model")
        }
        if let dimensions = asked.dimensions, dimensions > encoder.dimension {
            throw HTTPProblem(
                400,
                "'dimensions' is \(dimensions), and the vectors of \(model.name) have \(encoder.dimension)",
                parameter: "dimensions")
        }
        var octets = 0
        var texts: [String] = []
        for case .text(let text) in asked.inputs {
            octets += text.utf8.count
            texts.append(text)
        }
        try limits.check(texts)
        guard asked.inputs.count <= limits.texts else {
            throw HTTPProblem(
                413, "the request has \(asked.inputs.count) inputs: send at most \(limits.texts)")
        }
        let inputs = asked.inputs
        let tokenized = try await textWork(octets: octets) {
            Result { () throws(HTTPProblem) in
                try inputs.map { input throws(HTTPProblem) in try Self.tokenized(input, encoder) }
            }
        }.get()
        let prediction = try await embed(model, tokenized)
        let name = model.name
        let body = await textWork(octets: prediction.embeddings.count * encoder.dimension * 12) {
            prediction.openAI(model: name, asked)
        }
        return HTTPResponse(200, headers: ["content-type": "application/json"], body: .bytes(body))
    }

    private static func tokenized(
        _ input: EmbeddingsRequest.Input, _ encoder: EmbeddingModel
    ) throws(HTTPProblem) -> TokenizedText {
        switch input {
        case .text(let text): return encoder.tokenize(text)
        case .ids(let ids):
            let limit = encoder.configuration.maximumTokens
            guard ids.count <= limit else {
                throw HTTPProblem(
                    400, "an input has \(ids.count) ids, and the model takes \(limit)", parameter: "input")
            }
            let size = encoder.configuration.vocabularySize
            if let id = ids.first(where: { !(0..<size ~= $0) }) {
                throw HTTPProblem(
                    400, "the id \(id) is none of the model's, which are 0 to \(size - 1)", parameter: "input"
                )
            }
            return TokenizedText(ids: ids.map { Int32($0) })
        }
    }
}

extension Dispatcher.Prediction {
    /// The list of OpenAI's API.
    fileprivate func openAI(model: String, _ asked: EmbeddingsRequest) -> [UInt8] {
        let count = tokens.reduce(0, +)
        var writer = JSONWriter(capacity: 256 + embeddings.reduce(0) { $0 + $1.count } * 13)
        writer.object { writer in
            writer.member("object", "list")
            writer.key("data")
            writer.array { writer in
                for (index, vector) in embeddings.enumerated() {
                    writer.object { writer in
                        writer.member("object", "embedding")
                        writer.member("index", index)
                        writer.key("embedding")
                        let vector = Self.shortened(vector, asked.dimensions)
                        if asked.isBase64 {
                            writer.value(Base64.encode(InferTensor.content(of: [vector])))
                        } else {
                            writer.array { for number in vector { $0.value(number) } }
                        }
                    }
                }
            }
            writer.member("model", model)
            writer.key("usage")
            writer.object { writer in
                writer.member("prompt_tokens", count)
                writer.member("total_tokens", count)
            }
        }
        return writer.bytes
    }

    /// The first numbers of a vector, at length one again, as OpenAI's are.
    private static func shortened(_ vector: [Float], _ dimensions: Int?) -> [Float] {
        guard let dimensions, dimensions < vector.count else { return vector }
        let first = vector.prefix(dimensions)
        let length = first.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? first.map { $0 / length } : Array(first)
    }
}
