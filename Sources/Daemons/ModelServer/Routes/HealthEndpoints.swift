// What is asked of the server itself: probes, scrapers, people.

internal import HTTP
internal import JSON
internal import Models
internal import NeuronProgram
internal import Observability
internal import SystemIO
internal import Text

extension InferenceServer {
    static let documentPath = "/openapi.json"

    static let healthEndpoints: [RESTEndpoint] = [
        RESTEndpoint(
            methods: ["GET"], path: "/", operation: "describeServer", tag: "server",
            summary: "What is loaded where", needsKey: false
        ) { server, _ throws(HTTPProblem) in server.information() },
        RESTEndpoint(
            methods: ["GET"], path: "/ping", operation: "ping", tag: "server",
            summary: "Ready: every group has its models (TorchServe, DJL, SageMaker)",
            reply: ["application/json": "Status"], statuses: [503], needsKey: false
        ) { server, _ throws(HTTPProblem) in try server.readiness() },
        RESTEndpoint(
            methods: ["GET"], path: "/healthz", operation: "live", tag: "server",
            summary: "Alive, whatever else is", reply: ["text/plain": "Text"], needsKey: false
        ) { _, _ throws(HTTPProblem) in .text(200, "ok\n") },
        RESTEndpoint(
            methods: ["GET"], path: "/metrics", operation: "metrics", tag: "server",
            summary: "Metrics for Prometheus", reply: ["text/plain": "Text"], needsKey: false
        ) { server, _ throws(HTTPProblem) in await server.exposition() },
        RESTEndpoint(
            methods: ["GET"], path: documentPath, operation: "openAPI", tag: "server",
            summary: "This document", needsKey: false
        ) { _, _ throws(HTTPProblem) in .json(200, OpenAPI.document) },
    ]

    func exposition() async -> HTTPResponse {
        let byModel = await dispatcher.waitingByModel
        let waiting = byModel.values.reduce(0, +)
        // All that is not answered counts: a client waits for a request that is read or printed, too.
        let running = max(0, inFlight.withLock { $0 } - waiting)
        let text = metrics.exposition(
            state.withLock { $0 }, waiting: waiting, byModel: byModel, running: running)
        return .text(200, text, type: MetricsRegistry.contentType)
    }

    /// - Throws: 503 with why the server is not ready.
    func readiness() throws(HTTPProblem) -> HTTPResponse {
        switch phase {
        case .ready: return .json(200, ["status": "Healthy"])
        case .loading(let done, let total):
            throw HTTPProblem(
                503, "models are being loaded: \(done) of \(total) are", headers: ["retry-after": "1"])
        case .failed(let sentence): throw HTTPProblem(503, sentence)
        case .terminating: throw HTTPProblem(503, "the server is shutting down: use another")
        }
    }

    func information() -> HTTPResponse {
        let groups = state.withLock { $0.groups }
        return .json(
            200,
            [
                "server": "ganglion-model-server", "status": .string(phase.word),
                "models": .array(models.map(describe)),
                "groups": .array(groups.map { .string($0.cores.spanText) }),
            ])
    }

    /// A model as TorchServe and DJL describe it.
    func describe(_ model: HostedModel) -> JSON {
        let groups = state.withLock { $0.groups }
        let state = model.state.withLock { $0 }
        let workers = groups.filter { state.groups.contains($0.cores.lowerBound) }
        var description: JSON = [
            "modelName": .string(model.name), "modelVersion": .string(model.version),
            "modelUrl": .string(model.specification.uri), "status": .string(state.phase.word),
            "minWorkers": JSON(workers.count), "maxWorkers": JSON(groups.count),
            "batchSize": JSON(state.policy.texts),
            "maxBatchDelay": .double(state.policy.delay.inSeconds * 1000),
            "jobQueueSize": JSON(state.policy.queueLimit),
            "workers": .array(
                workers.map { ["cores": .string($0.cores.spanText), "status": .string(state.phase.word)] }),
        ]
        if case .failed(let sentence) = state.phase { description["reason"] = .string(sentence) }
        switch state.content {
        case .embedding(let encoder):
            description["dimensions"] = JSON(encoder.dimension)
            description["maximumTokens"] = JSON(encoder.configuration.maximumTokens)
        case .classification(let encoder, let classifier):
            description["labels"] = JSON(classifier.labels)
            description["maximumTokens"] = JSON(encoder.configuration.maximumTokens)
        case .answers(let encoder):
            description["maximumTokens"] = JSON(encoder.configuration.maximumTokens)
        case .generation(let generator):
            description["maximumTokens"] = JSON(generator.information.contextLength)
        case .identity, nil: break
        }
        return description
    }
}
