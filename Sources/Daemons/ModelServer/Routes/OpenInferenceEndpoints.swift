// The Open Inference Protocol, version 2 (KServe's open_inference_rest.yaml), with Triton's extensions: binary tensors, the
// model's configuration, and the model repository.

internal import Arguments
internal import HTTP
internal import JSON
internal import SystemIO

extension InferenceServer {
    /// What the server calls itself.
    static let name = "ganglion"
    /// Extensions of the protocol, in Triton's words.
    static let extensions = [
        "binary_tensor_data", "model_configuration", "model_repository", "statistics",
    ]

    private static func openInference(
        _ method: String, _ path: String, _ operation: String, _ summary: String, reply: String,
        body: RESTEndpoint.Content = [:], statuses: [Int] = [], needsKey: Bool = true,
        _ answer: @escaping RESTEndpoint.Answer
    ) -> RESTEndpoint {
        RESTEndpoint(
            methods: [method], path: path, operation: operation, tag: "open inference", summary: summary,
            errors: .openInference, body: body,
            reply: reply == "InferReply"
                ? ["application/json": reply, "application/octet-stream": "Octets"]
                : ["application/json": reply],
            statuses: statuses, answersLater: operation.hasPrefix("infer"), needsKey: needsKey, answer: answer
        )
    }

    /// The same at a model and at a version of it.
    private static func ofModel(
        _ method: String, _ suffix: String, _ operation: String, _ summary: String, reply: String,
        body: RESTEndpoint.Content = [:], statuses: [Int],
        _ answer:
            @escaping @Sendable (InferenceServer, HostedModel, HTTPRequest) async throws(HTTPProblem) ->
            HTTPResponse
    ) -> [RESTEndpoint] {
        [
            openInference(
                method, "/v2/models/{model}" + suffix, operation, summary, reply: reply, body: body,
                statuses: statuses
            ) { server, call throws(HTTPProblem) in
                let model = try server.model(call.names[0])
                return try await answer(server, model, call.request)
            },
            openInference(
                method, "/v2/models/{model}/versions/{version}" + suffix, operation + "Version", summary,
                reply: reply, body: body, statuses: statuses
            ) { server, call throws(HTTPProblem) in
                try await answer(
                    server, try server.model(call.names[0], version: call.names[1]), call.request)
            },
        ]
    }

    static let openInferenceEndpoints: [RESTEndpoint] =
        [
            openInference(
                "GET", "/v2", "serverMetadata", "Name, version and extensions", reply: "ServerMetadata"
            ) { _, _ throws(HTTPProblem) in
                .json(
                    200,
                    [
                        "name": .string(name), "version": .string(Product.version),
                        "extensions": JSON(extensions),
                    ])
            },
            openInference(
                "GET", "/v2/health/live", "serverLive", "Whether the server lives", reply: "Live",
                needsKey: false
            ) { _, _ throws(HTTPProblem) in .json(200, ["live": true]) },
            openInference(
                "GET", "/v2/health/ready", "serverReady", "Whether all models are ready", reply: "Ready",
                statuses: [503], needsKey: false
            ) { server, _ throws(HTTPProblem) in
                let isReady = server.phase == .ready
                return .json(isReady ? 200 : 503, ["ready": .bool(isReady)])
            },
            // Before the models' own paths: a model that is called stats has them at its versions.
            openInference(
                "GET", "/v2/models/stats", "statistics", "How often models were asked (Triton)",
                reply: "ModelStatistics"
            ) { server, _ throws(HTTPProblem) in try server.statisticsReply() },
            openInference(
                "GET", "/v2/models/{model}/stats", "modelStatistics", "How often a model was asked (Triton)",
                reply: "ModelStatistics", statuses: [404]
            ) { server, call throws(HTTPProblem) in try server.statisticsReply(call.names[0]) },
            openInference(
                "GET", "/v2/models/{model}/versions/{version}/stats", "modelStatisticsVersion",
                "How often a model was asked (Triton)", reply: "ModelStatistics", statuses: [404]
            ) { server, call throws(HTTPProblem) in
                try server.statisticsReply(call.names[0], call.names[1])
            },
        ]
        + ofModel(
            "GET", "/ready", "modelReady", "Whether a model is ready", reply: "ModelReady",
            statuses: [404, 503]
        ) { _, model, _ throws(HTTPProblem) in
            .json(
                model.isReady ? 200 : 503, ["name": .string(model.name), "ready": .bool(model.isReady)])
        }
        + ofModel(
            "POST", "/infer", "infer", "Tensors in, tensors out", reply: "InferReply",
            body: ["application/json": "InferRequest", "application/octet-stream": "Octets"],
            statuses: [400, 404, 413, 500, 503, 504]
        ) { server, model, request throws(HTTPProblem) in
            try await server.counted { () throws(HTTPProblem) in
                model
            } answer: {
                (model) throws(HTTPProblem) in
                try await server.infer(model, request)
            }
        }
        + ofModel(
            "GET", "/config", "modelConfiguration", "A model's configuration (Triton)",
            reply: "ModelConfiguration", statuses: [404, 503]
        ) { server, model, _ throws(HTTPProblem) in .json(200, try server.configuration(model)) }
        + ofModel(
            "GET", "", "modelMetadata", "A model's inputs and outputs", reply: "ModelMetadata",
            statuses: [404, 503]
        ) { server, model, _ throws(HTTPProblem) in .json(200, try server.metadata(model)) }

    private func infer(_ model: HostedModel, _ request: HTTPRequest) async throws(HTTPProblem) -> HTTPResponse
    {
        guard request.body.count <= limits.body else {
            throw HTTPProblem(413, "the body has \(request.body.count) octets: send at most \(limits.body)")
        }
        let asked = try await textWork(octets: request.body.count) {
            Result { () throws(HTTPProblem) in try InferRequest(request) }
        }.get()
        let reply = try await infer(model, asked)
        let octets = reply.outputs.reduce(0) { $0 + $1.content.count }
        return try await textWork(octets: octets * 3) {
            Result { () throws(HTTPProblem) in try reply.response(to: asked) }
        }.get()
    }

    private func statisticsReply(
        _ name: String? = nil, _ version: String? = nil
    ) throws(HTTPProblem) -> HTTPResponse {
        .json(200, ["model_stats": .array(try statistics(of: name, version: version).map(\.json))])
    }

    private func metadata(_ model: HostedModel) throws(HTTPProblem) -> JSON {
        let content = try content(model)
        let versions = state.withLock { $0.registry.versions(of: model.name) }
        return [
            "name": .string(model.name), "versions": JSON(versions.map(\.version)),
            "platform": .string(content.platform), "inputs": .array(content.inputs.map(\.json)),
            "outputs": .array(content.outputs.map(\.json)),
        ]
    }

    private func configuration(_ model: HostedModel) throws(HTTPProblem) -> JSON {
        let content = try content(model)
        let policy = model.policy
        func tensors(_ all: [TensorDescription]) -> JSON {
            .array(
                all.map { tensor in
                    [
                        "name": .string(tensor.name), "data_type": .string(tensor.datatype.configurationName),
                        "dims": .array(tensor.shape.map { JSON($0) }),
                    ]
                })
        }
        let delay = policy.delay.components
        return [
            "name": .string(model.name), "platform": .string(content.platform), "backend": "ganglion",
            "max_batch_size": 0, "input": tensors(content.inputs), "output": tensors(content.outputs),
            "dynamic_batching": [
                "max_queue_delay_microseconds": JSON(
                    Int(delay.seconds) * 1_000_000 + Int(delay.attoseconds / 1_000_000_000_000)),
                "preferred_batch_size": .array(policy.preferred.map { JSON($0) }),
                "default_queue_policy": ["max_queue_size": JSON(policy.queueLimit)],
            ],
        ]
    }
}

extension TensorDescription {
    /// As metadata has it.
    var json: JSON {
        [
            "name": .string(name), "datatype": .string(datatype.rawValue),
            "shape": .array(shape.map { JSON($0) }),
        ]
    }
}

extension TensorDatatype {
    /// As Triton's model configuration has it.
    fileprivate var configurationName: String { self == .bytes ? "TYPE_STRING" : "TYPE_" + rawValue }
}
