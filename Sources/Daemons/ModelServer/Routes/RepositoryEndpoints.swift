// Triton's model repository extension: an index of the models, and to load and unload them by name.

internal import HTTP
internal import JSON
internal import SystemIO

extension InferenceServer {
    static let repositoryEndpoints: [RESTEndpoint] = [
        RESTEndpoint(
            methods: ["POST"], path: "/v2/repository/index", operation: "repositoryIndex",
            tag: "model repository", summary: "The models and their states", errors: .openInference,
            body: ["application/json": "RepositoryQuery"], bodyIsOptional: true,
            reply: ["application/json": "RepositoryIndex"],
            statuses: [400]
        ) { server, call throws(HTTPProblem) in
            let ready: JSON = call.request.body.isEmpty ? false : try call.json(depth: 4)["ready"] ?? false
            guard let onlyReady = ready.bool else {
                throw HTTPProblem(400, "'ready' is \(ready.text().prefix(64)): it must be true or false")
            }
            return .json(200, .array(server.index(onlyReady: onlyReady).map(\.json)))
        },
        RESTEndpoint(
            methods: ["POST"], path: "/v2/repository/models/{model}/load", operation: "loadModel",
            tag: "model repository",
            summary: "Loads a model: again where it is there, else from the parameter url",
            errors: .openInference, body: ["application/json": "RepositoryParameters"], bodyIsOptional: true,
            reply: ["application/json": "Any"], statuses: [400, 403, 404, 507]
        ) { server, call throws(HTTPProblem) in
            var parameters: [String: String] = [:]
            if !call.request.body.isEmpty {
                for (name, value) in try call.json(depth: 16)["parameters"]?.object ?? [:] {
                    parameters[name] = value.string
                }
            }
            try await server.loadFromRepository(call.names[0], parameters)
            return .json(200, [:])
        },
        RESTEndpoint(
            methods: ["POST"], path: "/v2/repository/models/{model}/unload", operation: "unloadModel",
            tag: "model repository", summary: "Unloads a model", errors: .openInference,
            body: ["application/json": "RepositoryParameters"], reply: ["application/json": "Any"],
            statuses: [403, 404]
        ) { server, call throws(HTTPProblem) in
            try await server.unloadFromRepository(call.names[0])
            return .json(200, [:])
        },
    ]

    /// A line of the index.
    struct RepositoryEntry: Equatable {
        let name: String
        let version: String
        let state: String
        let reason: String

        var json: JSON {
            [
                "name": .string(name), "version": .string(version), "state": .string(state),
                "reason": .string(reason),
            ]
        }
    }

    func index(onlyReady: Bool) -> [RepositoryEntry] {
        models.filter { !onlyReady || $0.isReady }.map { model in
            let phase = model.phase
            return RepositoryEntry(
                name: model.name, version: model.version, state: phase.repositoryState,
                reason: reason(model))
        }
    }

    /// Loads a model anew from where it is, or one that is not there from the parameter `url`.
    ///
    /// - Throws: 404 for a name that is not there, without a url.
    func loadFromRepository(_ name: String, _ parameters: [String: String]) async throws(HTTPProblem) {
        try checkControl()
        let known = state.withLock { $0.registry.find(name) }
        guard let url = parameters["url"] ?? known?.specification.uri else {
            throw HTTPProblem(
                404, "failed to load '\(name.prefix(128))', no url is known: send the parameter url")
        }
        var policy = known?.policy ?? policy
        if let configuration = parameters["config"] { try policy.read(tritonConfiguration: configuration) }
        let specification: ModelSpecification
        do throws(ServerError) {
            specification = try ModelSpecification(name: name, version: known?.version ?? "1", uri: url)
        } catch {
            throw HTTPProblem(400, error.description)
        }
        if let known { await unregister(known) }
        _ = try await register(specification, policy: policy)
    }

    /// Unloads all versions of a model.
    func unloadFromRepository(_ name: String) async throws(HTTPProblem) {
        try checkControl()
        _ = try model(name)
        for version in state.withLock({ $0.registry.versions(of: name) }) { await unregister(version) }
    }
}
