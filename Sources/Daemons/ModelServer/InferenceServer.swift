// A server as a function from request to response; HTTPServer brings the sockets.

internal import HTTP
internal import HTTP1
internal import JSON
package import Models
internal import NeuronProgram
package import NeuronRuntime
internal import Observability
package import SystemIO
internal import Text

/// A model server without its sockets.
package final class InferenceServer: Sendable {
    /// The models it was started with.
    package let specifications: [ModelSpecification]
    let limits: RequestLimits
    let dispatcher: Dispatcher
    let metrics: ServerMetrics
    private let pool: ComputePool
    private let textPool: ComputePool
    private let state = Lock(ServerState())
    /// Why the server cannot go on: cores that only a new process gets back.
    package let breakdowns: AsyncStream<String>
    private let brokenDown: AsyncStream<String>.Continuation
    /// Predictions that have come and are not answered.
    private let inFlight = Lock(0)

    /// One thread, for all servers of the process.
    package static let textPool = ComputePool(threads: 1)

    /// A server that has loaded nothing yet.
    ///
    /// - Parameters:
    ///   - queueLimit: requests that may wait while all groups are busy.
    ///   - queueTimeout: how long one may wait.
    ///   - batchLimit: texts that a group computes together.
    ///   - tag: NEURON_PROCESS_TAG, for the metrics.
    ///   - pool: computes.
    ///   - textPool: reads requests and prints answers. Not `pool`, where a request that has just come would wait for an
    ///     inference before it could join the next batch.
    package init(
        models specifications: [ModelSpecification], limits: RequestLimits = RequestLimits(),
        queueLimit: Int = 256, queueTimeout: Duration = .seconds(60), batchLimit: Int = 32, tag: String = "",
        pool: ComputePool = .shared,
        textPool: ComputePool = InferenceServer.textPool, loop: EventLoop = .shared
    ) {
        self.specifications = specifications
        self.limits = limits
        self.pool = pool
        self.textPool = textPool
        dispatcher = Dispatcher(
            queueLimit: queueLimit, timeLimit: queueTimeout, batchLimit: batchLimit, loop: loop)
        metrics = ServerMetrics(tag: tag)
        (breakdowns, brokenDown) = AsyncStream.makeStream()
    }

    /// Where the server is.
    package var phase: ServerPhase { state.withLock { $0.phase } }

    /// Loads every model on every group and computes once with each; then the server is ready.
    ///
    /// - Throws: `ServerError` that names the model and the group; then the server never gets ready.
    /// - Parameter compiled: told of each model that was no artifact, with what its compilation took.
    package func load(
        _ claims: [any NeuronCores], store: ModelStore = ModelStore(),
        compiled: @escaping @Sendable (_ name: String, _ took: Duration) -> Void = { _, _ in }
    ) async throws(ServerError) {
        let groups = claims.map { NeuronCoreGroup($0, pool: pool) }
        let total = groups.count * specifications.count
        state.withLock { $0.phase = .loading(done: 0, total: total) }
        for specification in specifications {
            for group in groups {
                var failure = await pool.run { [self] () -> String? in
                    do {
                        let start = ContinuousClock.now
                        let model = try store.model(at: specification.uri)
                        try group.load(model, as: specification.name)
                        if group === groups.first, !model.isCompiled {
                            compiled(specification.name, ContinuousClock.now - start)
                        }
                        state.withLock { $0.models[specification.name] = model }
                        return nil
                    } catch {
                        return
                            "cannot load model \(specification.name) on cores \(group.cores.spanText): "
                            + ((error as? NRTError)?.reason ?? "\(error)")
                    }
                }
                if failure == nil { failure = await Self.warmUp(group, specification) }
                if let failure {
                    state.withLock { $0.phase = .failed(failure) }
                    throw ServerError(failure)
                }
                state.withLock { state in
                    if case .loading(let done, _) = state.phase {
                        state.phase = .loading(done: done + 1, total: total)
                    }
                }
            }
        }
        await dispatcher.onBreakdown { [state, brokenDown] sentence in
            state.withLock { $0.phase = .failed(sentence) }
            brokenDown.yield(sentence)
        }
        await dispatcher.add(groups)
        state.withLock { state in
            state.groups = groups
            if case .loading = state.phase { state.phase = .ready }
        }
    }

    /// Computes once, and says why what came of it cannot be served.
    private static func warmUp(_ group: NeuronCoreGroup, _ model: ModelSpecification) async -> String? {
        let isFinite = Lock(false)
        let isWhole = await group.embed(["warm up"], model: model.name) { output in
            isFinite.withLock { $0 = output.embeddings.allSatisfy { $0.allSatisfy(\.isFinite) } }
            return true
        }
        guard !isWhole || !isFinite.withLock({ $0 }) else { return nil }
        let what =
            isWhole
            ? "gave numbers that are none" : group.failure.map { "failed (\($0))" } ?? "failed"
        return
            "cannot use model \(model.name) on cores \(group.cores.spanText): its first computation \(what):"
            + " look whether \(model.uri) is the model that was meant"
    }

    /// Turns unready, and answers on: Endpoints follow readiness after a while only, and until then there are clients who know
    /// no other server (Kubernetes' conditions ready and serving).
    package func beginTermination() { state.withLock { $0.phase = .terminating } }

    /// A prediction, counted.
    func predict(_ name: String, _ request: HTTPRequest) async -> HTTPResponse {
        inFlight.withLock { $0 += 1 }
        defer { inFlight.withLock { $0 -= 1 } }
        let response: HTTPResponse
        do throws(HTTPProblem) {
            response = try await answer(name, request)
        } catch {
            response = error.response
        }
        // Only names of ours become labels: a client must not be able to make series.
        let known = specifications.contains { $0.name == name } ? name : ""
        metrics.requests.increment([known, String(response.status)])
        return response
    }

    private func answer(_ name: String, _ request: HTTPRequest) async throws(HTTPProblem) -> HTTPResponse {
        // PUT is what `curl -T` sends, as TorchServe's quick start has it; HEAD is GET without the body (RFC 9110 §9.3.2).
        let methods = ["GET", "HEAD", "POST", "PUT"]
        guard methods.contains(request.method) else {
            throw HTTPProblem(
                405, "\(request.method) is not allowed here: use POST or GET",
                headers: ["allow": methods.joined(separator: ", ")])
        }
        let specification = try specification(name)
        // Up to a mebibyte of JSON is read, and tens of thousands of numbers are printed: not on the loop, where everybody
        // else would wait for that.
        let limits = limits
        let asked = try await textPool.run {
            Result { () throws(HTTPProblem) in try PredictionRequest(request, limits: limits) }
        }.get()
        let prediction: Dispatcher.Prediction
        do throws(Dispatcher.Refusal) {
            prediction = try await dispatcher.predict(asked.texts, model: specification.name)
        } catch {
            throw error.problem
        }
        let labels = [specification.name]
        metrics.texts.increment(labels, by: Double(asked.texts.count))
        metrics.tokens.increment(labels, by: Double(prediction.tokens.reduce(0, +)))
        metrics.queueTime.observe(prediction.queued, labels)
        metrics.computeTime.observe(prediction.computed, labels)
        metrics.batchSize.observe(Double(prediction.batch), labels)
        let body = await textPool.run {
            prediction.body(model: specification.name, usesInstances: asked.usesInstances)
        }
        return HTTPResponse(200, headers: ["content-type": "application/json"], body: .bytes(body))
    }

    func specification(_ name: String) throws(HTTPProblem) -> ModelSpecification {
        if let specification = specifications.first(where: { $0.name == name }) { return specification }
        let names = specifications.prefix(10).map(\.name).joined(separator: ", ")
        throw HTTPProblem(
            404, type: "ModelNotFoundException",
            "there is no model \"\(String(name.prefix(128)))\": this server has \(names)")
    }

    /// The model of SageMaker's `/invocations`: the one that `model_name` names, or the only one.
    func defaultModel(_ request: HTTPRequest) throws(HTTPProblem) -> String {
        if let name = request.query("model_name") { return name }
        guard specifications.count == 1 else {
            throw HTTPProblem(
                400,
                "this server has \(specifications.count) models: add ?model_name=NAME or use"
                    + " /predictions/NAME")
        }
        return specifications[0].name
    }

    func exposition() async -> HTTPResponse {
        let waiting = await dispatcher.waiting
        // All that is not answered counts: a client waits for a request that is read or printed, too.
        let running = max(0, inFlight.withLock { $0 } - waiting)
        let text = metrics.exposition(state.withLock { $0 }, waiting: waiting, running: running)
        return .text(200, text, type: MetricsRegistry.contentType)
    }

    func readiness() -> HTTPResponse {
        switch phase {
        case .ready: .json(200, ["status": "Healthy"])
        case .loading(let done, let total):
            HTTPProblem(
                503, "models are being loaded: \(done) of \(total) are", headers: ["retry-after": "1"]
            )
            .response
        case .failed(let sentence): HTTPProblem(503, sentence).response
        case .terminating: HTTPProblem(503, "the server is shutting down: use another").response
        }
    }

    func information() -> HTTPResponse {
        let groups = state.withLock { $0.groups }
        return .json(
            200,
            [
                "server": "ganglion-model-server", "status": .string(phase.word), "models": models(),
                "groups": .array(groups.map { .string($0.cores.spanText) }),
            ])
    }

    func models() -> JSON { .array(specifications.map(describe)) }

    func describe(_ specification: ModelSpecification) -> JSON {
        let (phase, groups, model) = state.withLock {
            ($0.phase, $0.groups, $0.models[specification.name])
        }
        var description: JSON = [
            "modelName": .string(specification.name), "modelUrl": .string(specification.uri),
            "status": .string(phase == .ready ? "READY" : phase.word.uppercased()),
            "workers": .array(
                groups.map { group in ["cores": .string(group.cores.spanText), "status": "READY"] }),
        ]
        if let model {
            description["dimensions"] = JSON(model.dimension)
            description["maximumTokens"] = JSON(model.configuration.maximumTokens)
        }
        return description
    }
}

extension ServerPhase {
    fileprivate var word: String {
        switch self {
        case .loading: "loading"
        case .ready: "ready"
        case .failed: "failed"
        case .terminating: "terminating"
        }
    }
}

extension Dispatcher.Refusal {
    fileprivate var problem: HTTPProblem {
        switch self {
        case .full(let limit):
            HTTPProblem(
                503, "all groups are busy and \(limit) requests wait: come back in a second",
                headers: ["retry-after": "1"])
        case .notReady: HTTPProblem(503, "models are still being loaded", headers: ["retry-after": "1"])
        case .expired(let limit):
            HTTPProblem(
                503, "no group was free within \(limit.inSeconds) s: come back later",
                headers: ["retry-after": "1"])
        // As nginx has it; who asked sees it only where its own direction of the connection alone was closed.
        case .cancelled: HTTPProblem(499, "the connection was closed before its turn came")
        case .notFinite: HTTPProblem(500, "the model gave numbers that are none for this request")
        case .failed(let sentence):
            HTTPProblem(500, sentence ?? "the group could not compute: report it, with the server's log")
        }
    }
}
