// A server as a function from request to response; HTTPServer and GRPCServer bring the sockets.

internal import GRPCServices
internal import HTTP
internal import HTTP1
package import ModelSources
package import Models
package import Observability
package import SystemIO
internal import Text

/// A model server without its sockets.
package final class InferenceServer: Sendable {
    /// Opens a language model on the server's cores; nil where the URI is none.
    package typealias GeneratorOpener =
        @Sendable (ModelSpecification, GeneratorCores) async throws -> (any TextGenerator)?

    let limits: RequestLimits
    /// Whether models come and go while it runs.
    let control: ModelControl
    /// Nil where nobody has to show a key.
    let keys: APIKeys?
    let log: Logger?
    let dispatcher: Dispatcher
    /// Who waits for groups beside it.
    let waits: GroupWaits
    let metrics: ServerMetrics
    /// What a model is batched by unless it says otherwise.
    let policy: BatchPolicy
    /// Groups that a model is loaded on at the start; nil for all.
    let copies: Int?
    let pool: ComputePool
    let textPool: ComputePool
    let store: ModelStore
    let state: Lock<ServerState>
    /// Requests whose answers are fetched later.
    let asynchronous: AsynchronousRequests
    /// What gRPC's health checks are told.
    let health = HealthService(["": .notServing, "inference.GRPCInferenceService": .notServing])
    let openGenerator: GeneratorOpener
    /// What holds for models whose folders do not say it: keys as in `serving.properties`.
    let properties: [String: String]
    /// Nil for a server that takes models of its own machine only.
    let fetcher: ModelFetcher?
    /// Why the server cannot go on: cores that only a new process gets back.
    package let breakdowns: AsyncStream<String>
    let brokenDown: AsyncStream<String>.Continuation
    /// The connections of REST, and of gRPC where it is beside it.
    let connections = HTTPConnectionCounts()
    /// Predictions that have come and are not answered.
    let inFlight = Lock(0)

    /// One thread, for all servers of the process.
    package static let textPool = ComputePool(threads: 1)

    /// A server that has loaded nothing yet.
    ///
    /// - Parameters:
    ///   - policy: how requests are batched, for models that do not say so themselves.
    ///   - copies: groups that each model is loaded on at the start, those with the most room; nil for all.
    ///   - tag: NEURON_PROCESS_TAG, for the metrics.
    ///   - pool: computes.
    ///   - textPool: reads large requests and prints large answers. Not `pool`, where a request that has just come would
    ///     wait for an inference before it could join the next batch.
    package init(
        models specifications: [ModelSpecification], limits: RequestLimits = RequestLimits(),
        policy: BatchPolicy = BatchPolicy(), copies: Int? = nil, control: ModelControl = .none,
        keys: APIKeys? = nil,
        log: Logger? = nil, tag: String = "",
        pool: ComputePool = .shared, textPool: ComputePool = InferenceServer.textPool,
        store: ModelStore = ModelStore(), fetcher: ModelFetcher? = nil, properties: [String: String] = [:],
        loop: EventLoop = .shared,
        openGenerator: @escaping GeneratorOpener = { _, _ in nil }
    ) {
        self.limits = limits
        self.control = control
        self.keys = keys
        self.log = log
        self.policy = policy
        self.copies = copies
        self.pool = pool
        self.textPool = textPool
        self.store = store
        self.openGenerator = openGenerator
        self.fetcher = fetcher
        self.properties = properties
        self.asynchronous = AsynchronousRequests()
        dispatcher = Dispatcher(loop: loop)
        waits = GroupWaits(loop: loop)
        metrics = ServerMetrics(tag: tag)
        (breakdowns, brokenDown) = AsyncStream.makeStream()
        var start = ServerState()
        for specification in specifications {
            _ = start.registry.add(HostedModel(specification, policy: policy))
        }
        state = Lock(start)
    }

    /// Where the server is.
    package var phase: ServerPhase { state.withLock { $0.phase } }

    /// The models, in the order in which they came.
    var models: [HostedModel] { state.withLock { $0.registry.models } }

    /// Turns unready, and answers on: Endpoints follow readiness after a while only, and until then there are clients who know
    /// no other server (Kubernetes' conditions ready and serving).
    package func beginTermination() { setPhase(.terminating) }

    /// Where the server is from now on, for all who ask.
    func setPhase(_ phase: ServerPhase) {
        state.withLock { $0.phase = phase }
        let status = phase == .ready ? ServingStatus.serving : .notServing
        for service in ["", "inference.GRPCInferenceService"] { health.set(status, for: service) }
    }

    /// Serves a language model that is there already.
    func install(_ generator: any TextGenerator, as specification: ModelSpecification) {
        let model = HostedModel(specification, policy: policy)
        model.state.withLock {
            $0.content = .generation(generator)
            $0.phase = .ready
        }
        state.withLock { _ = $0.registry.add(model) }
    }

    // MARK: Finding models

    /// The model of that name and version.
    ///
    /// - Throws: 404.
    func model(_ name: String, version: String? = nil) throws(HTTPProblem) -> HostedModel {
        let registry = state.withLock { $0.registry }
        if let model = registry.find(name, version: version) { return model }
        let known = registry.versions(of: name).map(\.version)
        if let version, !known.isEmpty {
            throw HTTPProblem(
                404, type: "ModelVersionNotFoundException",
                "model \"\(name)\" has no version \"\(version.prefix(32))\": it has \(known.joined(separator: ", "))"
            )
        }
        let names = registry.names.prefix(10).joined(separator: ", ")
        throw HTTPProblem(
            404, type: "ModelNotFoundException",
            "there is no model \"\(String(name.prefix(128)))\": this server has \(names.isEmpty ? "none" : names)"
        )
    }

    /// The model of a path that names none: the only one.
    ///
    /// - Parameter hint: how to name one.
    /// - Throws: 404 where there are several.
    func onlyModel(_ hint: String) throws(HTTPProblem) -> HostedModel {
        let registry = state.withLock { $0.registry }
        let names = registry.names
        guard names.count == 1, let model = registry.find(names[0]) else {
            throw HTTPProblem(
                404, type: "ModelNotFoundException", "this server has \(names.count) models: \(hint)")
        }
        return model
    }

    /// What a model computes.
    ///
    /// - Throws: 503 while it is being loaded, 500 when it could not be.
    func content(_ model: HostedModel) throws(HTTPProblem) -> ModelContent {
        let (phase, content) = model.state.withLock { ($0.phase, $0.content) }
        switch phase {
        case .ready, .unloaded:
            if let content { return content }
            throw HTTPProblem(500, "model \(model.name) has nothing to compute with: report it")
        case .failed(let sentence): throw HTTPProblem(500, sentence)
        case .registered:
            throw HTTPProblem(503, "models are still being loaded", headers: ["retry-after": "1"])
        case .downloading, .loading, .compiling, .partitioning, .warmingUp:
            throw HTTPProblem(
                503, "models are still being loaded: \(model.name) is \(phase.detail)",
                headers: ["retry-after": "1"])
        case .unloading:
            throw HTTPProblem(404, type: "ModelNotFoundException", "model \(model.name) is going")
        }
    }

    // MARK: What all protocols do

    /// Embeds texts with a model of that kind, counted.
    func embed(
        _ model: HostedModel, _ encoder: EmbeddingModel, _ texts: [String], priority: Int? = nil,
        timeout: Duration? = nil
    ) async throws(HTTPProblem) -> Dispatcher.Prediction {
        let octets = texts.reduce(0) { $0 + $1.utf8.count }
        let tokenized = await textWork(octets: octets) { texts.map(encoder.tokenize) }
        return try await embed(model, tokenized, priority: priority, timeout: timeout)
    }

    /// Embeds texts that are cut already, counted.
    func embed(
        _ model: HostedModel, _ texts: [TokenizedText], priority: Int? = nil, timeout: Duration? = nil
    ) async throws(HTTPProblem) -> Dispatcher.Prediction {
        try await beginUse(model)
        defer { endUse(model) }
        let prediction: Dispatcher.Prediction
        do throws(Dispatcher.Refusal) {
            prediction = try await dispatcher.predict(
                Dispatcher.Call(model: model.key, texts: texts, priority: priority, timeout: timeout))
        } catch {
            throw error.problem
        }
        metrics.count(prediction, model)
        return prediction
    }

    /// Reads or prints: small things at once, large ones on a thread of their own, so that nobody else waits for it.
    func textWork<Result: Sendable>(
        octets: Int, small: Int = InferenceServer.smallText, _ body: @escaping @Sendable () -> Result
    ) async -> Result {
        octets <= small ? body() : await textPool.run(body)
    }

    /// Octets whose reading takes less than two changes of threads.
    static let smallText = 2_048

    /// Octets of numbers whose printing takes less than two changes of threads: a vector of BERT-base.
    static let smallNumbers = 10_240
}

extension Dispatcher.Refusal {
    var problem: HTTPProblem {
        switch self {
        case .full(let limit, let time):
            HTTPProblem(
                503, "all groups are busy and \(limit) requests wait: come back in \(Self.seconds(time)) s",
                headers: ["retry-after": Self.seconds(time)])
        case .notReady: HTTPProblem(503, "models are still being loaded", headers: ["retry-after": "1"])
        case .expired(let limit):
            HTTPProblem(
                503, "no group was free within \(limit.inSeconds) s: come back later",
                headers: ["retry-after": "1"])
        case .deadline: HTTPProblem(504, "the request's own timeout is over")
        // As nginx has it; who asked sees it only where its own direction of the connection alone was closed.
        case .cancelled: HTTPProblem(499, "the connection was closed before its turn came")
        case .notFinite: HTTPProblem(500, "the model gave numbers that are none for this request")
        case .failed(let sentence):
            HTTPProblem(500, sentence ?? "the group could not compute: report it, with the server's log")
        }
    }

    /// Whole seconds, at least one, at most a minute: what Retry-After takes (RFC 9110 §10.2.3).
    private static func seconds(_ duration: Duration) -> String {
        String(min(60, max(1, Int(duration.inSeconds.rounded(.up)))))
    }
}
