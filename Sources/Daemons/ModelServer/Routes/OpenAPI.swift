// The OpenAPI document of the REST surface, made of the table that the router is made of.

internal import Arguments
package import JSON

/// The document at `/openapi.json`.
package enum OpenAPI {
    /// OpenAPI 3.1.
    package static let document: JSON = {
        var paths: [String: JSON] = [:]
        for endpoint in InferenceServer.endpoints {
            var item = paths[endpoint.path]?.object ?? [:]
            for method in endpoint.methods { item[method.lowercased()] = operation(endpoint, method) }
            paths[endpoint.path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Ganglion model server", "version": .string(Product.version),
                "description": "TorchServe's, SageMaker's, KServe's, Triton's and OpenAI's REST interfaces.",
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(schemas),
                "securitySchemes": ["key": ["type": "http", "scheme": "bearer"]],
            ],
        ]
    }()

    private static func operation(_ endpoint: RESTEndpoint, _ method: String) -> JSON {
        let isOnly = endpoint.methods.count == 1
        var responses: [String: JSON] = ["200": response("The answer", endpoint.reply)]
        let error: String
        switch endpoint.errors {
        case .torchServe: error = "Problem"
        case .openInference: error = "OpenInferenceProblem"
        case .openAI: error = "OpenAIProblem"
        }
        if endpoint.answersLater || endpoint.statuses.contains(202) {
            responses["202"] = response(statusText(202), ["application/json": "Accepted"])
        }
        for status in endpoint.statuses where status != 202 {
            responses[String(status)] = response(
                statusText(status),
                ["application/json": status == 503 && endpoint.errors == .openInference ? "Any" : error])
        }
        if endpoint.needsKey { responses["401"] = response(statusText(401), ["application/json": error]) }
        var operation: JSON = [
            "operationId": .string(
                isOnly ? endpoint.operation : method.lowercased() + endpoint.operation.capitalizedFirst),
            "tags": [.string(endpoint.tag)], "summary": .string(endpoint.summary),
            "responses": .object(responses),
        ]
        let names = endpoint.path.split(separator: "/").compactMap { segment -> String? in
            guard segment.hasPrefix("{"), let end = segment.firstIndex(of: "}") else { return nil }
            return String(segment[segment.index(after: segment.startIndex)..<end])
        }
        var parameters = names.map { name -> JSON in
            [
                "name": .string(name), "in": "path", "required": true,
                "schema": ["type": "string", "minLength": 1],
            ]
        }
        // What a method is refused without is for that method alone.
        let hasQuery = endpoint.required.isEmpty || endpoint.required[method] != nil
        for (name, text) in hasQuery ? endpoint.query.sorted(by: { $0.key < $1.key }) : [] {
            var parameter: JSON = [
                "name": .string(name), "in": "query", "description": .string(text),
                "schema": query[name] ?? ["type": "string"],
            ]
            if endpoint.required[method]?.contains(name) == true { parameter["required"] = true }
            parameters.append(parameter)
        }
        if endpoint.answersLater {
            parameters.append([
                "name": "Prefer", "in": "header",
                "description": "respond-async: 202 with a token, and the answer at /requests/{token}",
                "schema": ["type": "string"],
            ])
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if !endpoint.body.isEmpty, method != "GET" {
            operation["requestBody"] = [
                "content": content(endpoint.body), "required": .bool(!endpoint.bodyIsOptional),
            ]
        }
        if endpoint.needsKey { operation["security"] = [[:], ["key": []]] }
        return operation
    }

    private static func response(_ description: String, _ content: RESTEndpoint.Content) -> JSON {
        ["description": .string(description), "content": self.content(content)]
    }

    private static func content(_ content: RESTEndpoint.Content) -> JSON {
        .object(content.mapValues { ["schema": ["$ref": .string("#/components/schemas/\($0)")]] })
    }

    private static func statusText(_ status: Int) -> String {
        switch status {
        case 202: "The answer comes later, at the Location"
        case 400: "The request cannot be understood; the sentence says why"
        case 401: "A key is missing or wrong"
        case 403: "Models neither come nor go on this server"
        case 404: "There is no such model, or no such request"
        case 409: "There is such a model already"
        case 410: "The answer is not kept any more"
        case 413: "The request is too large; the sentence says the limit"
        case 429: "The queue is full; Retry-After says when to come back"
        case 500: "The model could not compute"
        case 503: "Not ready, or the queue is full; Retry-After says when to come back"
        case 504: "The request's own timeout is over"
        case 507: "The chips' memory is too small for the model"
        default: "An error"
        }
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
