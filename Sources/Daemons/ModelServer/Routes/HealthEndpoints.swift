// What is asked of the server itself: probes, scrapers, people.

internal import HTTP
internal import HTTP1
internal import JSON
internal import ModelSources
internal import Models
internal import NeuronProgram
internal import NeuronRuntime
internal import Observability
internal import SystemIO
internal import Text

extension InferenceServer {
    static let documentPath = "/openapi.json"

    static let healthEndpoints: [RESTEndpoint] = [
        RESTEndpoint(
            methods: ["GET"], path: "/", operation: "describeServer", tag: "server",
            summary: "What is loaded where; for a browser a page to look at",
            reply: ["application/json": "Any", "text/html": "Text"], needsKey: false
        ) { server, call throws(HTTPProblem) in
            if ConsolePage.isAskedFor(call.request) { return ConsolePage.response }
            return await server.information()
        },
        RESTEndpoint(
            methods: ["GET"], path: "/ping", operation: "ping", tag: "server",
            summary: "Ready: every group has its models (TorchServe, DJL, SageMaker)",
            reply: ["application/json": "Status"], statuses: [503], needsKey: false
        ) { server, _ throws(HTTPProblem) in try server.readiness() },
        RESTEndpoint(
            methods: ["GET"], path: "/health", operation: "health", tag: "server",
            summary: "The same as vLLM and its clients ask it",
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
        metrics.lost.set(Double(await dispatcher.lostGroups.count), [])
        metrics.update(connections)
        let text = metrics.exposition(
            state.withLock { $0 }, waiting: waiting, byModel: byModel, running: running)
        return .text(200, text, type: MetricsRegistry.contentType)
    }

    /// - Throws: 503 with why the server is not ready.
    func readiness() throws(HTTPProblem) -> HTTPResponse {
        switch phase {
        case .ready: return .json(200, ["status": "Healthy"])
        case .loading(let done, let total):
            let detail = models.first { $0.phase.isLoading && $0.phase != .registered }.map {
                "; \($0.name) is \($0.phase.detail)"
            }
            throw HTTPProblem(
                503, "models are being loaded: \(done) of \(total) are" + (detail ?? ""),
                headers: ["retry-after": "1"])
        case .failed(let sentence): throw HTTPProblem(503, sentence)
        case .terminating: throw HTTPProblem(503, "the server is shutting down: use another")
        }
    }

    func information() async -> HTTPResponse {
        let (groups, lost) = state.withLock { ($0.groups, $0.lost) }
        let waiting = await dispatcher.waitingByModel
        let models = models
        let descriptions = models.map { model -> JSON in
            var description = describe(model)
            description["waiting"] = JSON(waiting[model.key] ?? 0)
            description["answered"] = JSON(model.meter.counts.answers.values.reduce(0, +))
            return description
        }
        let states = groups.map { group -> JSON in
            let statistics = group.statistics
            let memory = group.memory
            let first = group.cores.lowerBound
            let names = models.filter { model in
                model.state.withLock { $0.phase == .ready && $0.groups.contains(first) }
            }.map(\.name)
            var described: JSON = [
                "cores": .string(group.cores.spanText), "models": JSON(names),
                "weights": JSON(memory.reduce(0) { $0 + $1.constants }),
                "tensors": JSON(memory.reduce(0) { $0 + $1.tensors }), "passes": JSON(statistics.batches),
                "busySeconds": .double(statistics.busy.inSeconds),
            ]
            described["fault"] = lost[first].map { .string($0) }
            return described
        }
        var response = HTTPResponse.json(
            200,
            [
                "server": "ganglion-model-server", "status": .string(phase.word),
                "models": .array(descriptions), "groups": .array(groups.map { .string($0.cores.spanText) }),
                "groupStates": .array(states), "seconds": .double(MonotonicClock.time.inSeconds),
            ])
        response.headers["vary"] = "accept"
        return response
    }

    /// What there is to say of a model beside its state: how far it is, why it has failed, or which of its groups do not
    /// answer; empty for nothing.
    func reason(_ model: HostedModel) -> String {
        let detail = model.phase.detail
        return detail.isEmpty ? fault(of: model) ?? "" : detail
    }

    /// A model as TorchServe and DJL describe it.
    func describe(_ model: HostedModel) -> JSON {
        let groups = state.withLock { $0.groups }
        let state = model.state.withLock { $0 }
        let workers = groups.filter { state.phase != .unloaded && state.groups.contains($0.cores.lowerBound) }
        let lost = self.state.withLock { $0.lost }
        var description: JSON = [
            "modelName": .string(model.name), "modelVersion": .string(model.version),
            "modelUrl": .string(ModelLocation.shown(model.specification.uri)),
            "status": .string(state.phase.word), "phase": .string(state.phase.name),
            "minWorkers": JSON(workers.count), "maxWorkers": JSON(groups.count),
            "batchSize": JSON(state.policy.texts), "platform": JSON(state.content?.platform),
            "maxBatchDelay": .double(state.policy.delay.inSeconds * 1000),
            "jobQueueSize": JSON(state.policy.queueLimit),
            "workers": .array(
                workers.map { worker in
                    let word = lost[worker.cores.lowerBound] == nil ? state.phase.word : "FAILED"
                    return ["cores": .string(worker.cores.spanText), "status": .string(word)]
                }),
        ]
        let reason = reason(model)
        if !reason.isEmpty { description["reason"] = .string(reason) }
        description["fault"] = fault(of: model).map { .string($0) }
        if case .downloading(let progress) = state.phase {
            description["downloadedOctets"] = JSON(progress.octets)
            if let total = progress.total { description["totalOctets"] = JSON(total) }
        }
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
