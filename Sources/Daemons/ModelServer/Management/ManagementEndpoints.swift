// Management as TorchServe and DJL Serving have it, and SageMaker's multi-model API on the same paths. Whoever can load
// models can have the server read any of its files, so it is off unless the server was started with --model-control explicit;
// describing is always on.

internal import Arguments
internal import HTTP
internal import JSON
internal import SystemIO

/// Whether models come and go while the server runs; Triton's words.
package enum ModelControl: String, ArgumentChoice {
    case none
    case explicit
}

extension InferenceServer {
    static let managementEndpoints: [RESTEndpoint] = [
        RESTEndpoint(
            methods: ["GET"], path: "/models", operation: "listModels", tag: "management",
            summary: "The models",
            query: ["limit": "Models at a time, 1 to 1000 (100)", "next_page_token": "Where to go on"],
            reply: ["application/json": "ModelList"], statuses: [400]
        ) { server, call throws(HTTPProblem) in try server.list(call.request) },
        RESTEndpoint(
            methods: ["POST"], path: "/models", operation: "registerModel", tag: "management",
            summary: "Loads a model: by the query (TorchServe, DJL) or by a JSON body (SageMaker)",
            query: [
                "url": "Where the model is", "model_name": "Its name; else the last part of the url",
                "model_version": "Its version (1)", "initial_workers": "Groups that get it (all)",
                "batch_size": "Texts of one pass", "max_batch_delay": "Milliseconds to wait for others",
                "max_batch_tokens": "Tokens of one pass", "job_queue_size": "Requests that may wait",
                "queue_timeout": "Milliseconds that a request may wait",
            ], body: ["application/json": "ModelRegistration"], bodyIsOptional: true,
            reply: ["application/json": "Status"],
            statuses: [400, 403, 409, 503, 507]
        ) { server, call throws(HTTPProblem) in try await server.register(call) },
        RESTEndpoint(
            methods: ["GET"], path: "/models/{model}", operation: "describeModel", tag: "management",
            summary: "A model in its default version", reply: ["application/json": "Model"], statuses: [404]
        ) { server, call throws(HTTPProblem) in
            .json(200, server.describe(try server.model(call.names[0])))
        },
        RESTEndpoint(
            methods: ["PUT"], path: "/models/{model}", operation: "scaleModel", tag: "management",
            summary: "Changes on how many groups a model is",
            query: [
                "min_worker": "Groups, at least 1", "max_worker": "Groups; that many where both are given",
            ],
            reply: ["application/json": "Status"], statuses: [400, 403, 404, 507]
        ) { server, call throws(HTTPProblem) in
            let model = try server.model(call.names[0])
            return try await server.scale(model, call.request)
        },
        RESTEndpoint(
            methods: ["DELETE"], path: "/models/{model}", operation: "unregisterModel", tag: "management",
            summary: "Unloads all versions of a model", reply: ["application/json": "Status"],
            statuses: [403, 404]
        ) { server, call throws(HTTPProblem) in
            try server.checkControl()
            let model = try server.model(call.names[0])
            for version in server.state.withLock({ $0.registry.versions(of: model.name) }) {
                await server.unregister(version)
            }
            return server.status("Model \"\(model.name)\" unregistered")
        },
        RESTEndpoint(
            methods: ["GET"], path: "/models/{model}/{version}", operation: "describeModelVersion",
            tag: "management", summary: "A version of a model", reply: ["application/json": "Model"],
            statuses: [404]
        ) { server, call throws(HTTPProblem) in
            .json(200, server.describe(try server.model(call.names[0], version: call.names[1])))
        },
        RESTEndpoint(
            methods: ["PUT"], path: "/models/{model}/{version}", operation: "scaleModelVersion",
            tag: "management", summary: "Changes on how many groups a version is",
            query: [
                "min_worker": "Groups, at least 1", "max_worker": "Groups; that many where both are given",
            ],
            reply: ["application/json": "Status"], statuses: [400, 403, 404, 507]
        ) { server, call throws(HTTPProblem) in
            try await server.scale(
                try server.model(call.names[0], version: call.names[1]), call.request)
        },
        RESTEndpoint(
            methods: ["DELETE"], path: "/models/{model}/{version}", operation: "unregisterModelVersion",
            tag: "management", summary: "Unloads a version of a model",
            reply: ["application/json": "Status"], statuses: [403, 404]
        ) { server, call throws(HTTPProblem) in
            try server.checkControl()
            let model = try server.model(call.names[0], version: call.names[1])
            await server.unregister(model)
            return server.status("Model \"\(model.name)\" version \(model.version) unregistered")
        },
        RESTEndpoint(
            methods: ["PUT"], path: "/models/{model}/{version}/set-default", operation: "setDefaultVersion",
            tag: "management", summary: "Makes a version the one that is meant where none is named",
            reply: ["application/json": "Status"], statuses: [403, 404]
        ) { server, call throws(HTTPProblem) in
            try server.checkControl()
            let model = try server.model(call.names[0], version: call.names[1])
            server.state.withLock { $0.registry.setDefault(model) }
            return server.status("Default version of \"\(model.name)\" is \(model.version)")
        },
    ]

    /// - Throws: 403 while models neither come nor go.
    func checkControl() throws(HTTPProblem) {
        guard control == .explicit else {
            throw HTTPProblem(
                403, "models neither come nor go on this server: start it with --model-control explicit")
        }
    }

    func status(_ sentence: String) -> HTTPResponse { .json(200, ["status": .string(sentence)]) }

    private func list(_ request: HTTPRequest) throws(HTTPProblem) -> HTTPResponse {
        let limit = request.query("limit").map { Int($0) ?? 0 } ?? 100
        let start = request.query("next_page_token").map { Int($0) ?? -1 } ?? 0
        guard 1...1_000 ~= limit else { throw HTTPProblem(400, "limit must be a number from 1 to 1000") }
        guard start >= 0 else { throw HTTPProblem(400, "next_page_token is none that this server has given") }
        let all = models
        var list: JSON = ["models": .array(all.dropFirst(start).prefix(limit).map(describe))]
        if start + limit < all.count { list["nextPageToken"] = .string(String(start + limit)) }
        return .json(200, list)
    }

    private func register(_ call: EndpointCall) async throws(HTTPProblem) -> HTTPResponse {
        try checkControl()
        var values: [String: String] = [:]
        for (name, value) in call.request.query { values[name] = value }
        if values["url"] == nil, !call.request.body.isEmpty {
            let document = try call.json(depth: 8)
            for name in ["model_name", "url", "model_version"] { values[name] = document[name]?.string }
        }
        guard let url = values["url"], !url.isEmpty else {
            throw HTTPProblem(
                400,
                "no url says where the model is: send ?url=URL&model_name=NAME, or {\"model_name\":, \"url\":}"
            )
        }
        let last = String(url.split(separator: "/").last ?? "")
        var policy = policy
        try policy.read(values, place: "the query")
        let workers = try values["initial_workers"].map { (text) throws(HTTPProblem) in
            try Self.workers(text, "initial_workers")
        }
        let specification: ModelSpecification
        do throws(ServerError) {
            specification = try ModelSpecification(
                name: values["model_name"] ?? last, version: values["model_version"] ?? "1", uri: url)
        } catch {
            throw HTTPProblem(400, error.description)
        }
        let model = try await register(specification, policy: policy, workers: workers)
        return status(
            "Model \"\(model.name)\" Version: \(model.version) registered with \(model.workerCount) workers")
    }

    private func scale(_ model: HostedModel, _ request: HTTPRequest) async throws(HTTPProblem) -> HTTPResponse
    {
        try checkControl()
        guard let text = request.query("max_worker") ?? request.query("min_worker") else {
            throw HTTPProblem(400, "the query says no number of workers: send ?min_worker=N")
        }
        let workers = try Self.workers(text, "the number of workers")
        try await scale(model, workers: workers)
        return status("Model \"\(model.name)\" has \(model.workerCount) workers")
    }

    private static func workers(_ text: String, _ name: String) throws(HTTPProblem) -> Int {
        guard let number = Int(text), 1...4_096 ~= number else {
            throw HTTPProblem(400, "\(name) is \(text.prefix(32)): it must be a number of groups, at least 1")
        }
        return number
    }
}

extension HostedModel {
    var workerCount: Int { state.withLock { $0.groups.count } }
}
