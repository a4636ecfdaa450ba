// The Open Inference Protocol over gRPC, with health and reflection, on our own stack.

internal import Arguments
package import GRPC
internal import GRPCServices
internal import Protobuf
package import SystemIO

extension InferenceServer {
    /// A server for the gRPC side, which listens nowhere yet.
    ///
    /// - Parameter security: TLS, which has to offer `h2`; nil for none.
    package func makeGRPCServer(security: (any SecureLayerFactory)? = nil) -> GRPCServer {
        var limits = GRPCLimits()
        limits.messageSize = self.limits.body * 4
        return GRPCServer(
            router: makeGRPCRouter(), loop: dispatcher.loop, limits: limits, security: security)
    }

    func makeGRPCRouter() -> GRPCRouter {
        var router = GRPCRouter()
        addServerMethods(&router)
        addModelMethods(&router)
        addRepositoryMethods(&router)
        health.register(in: &router)
        ReflectionService(files: [.inference, HealthService.file]).register(in: &router)
        return router
    }

    private func addServerMethods(_ router: inout GRPCRouter) {
        router.unary(InferenceMethod.serverLive) { (_: ServerLiveRequest, _) in
            ServerLiveResponse(live: true)
        }
        router.unary(InferenceMethod.serverReady) { [self] (_: ServerReadyRequest, _) in
            ServerReadyResponse(ready: phase == .ready)
        }
        router.unary(InferenceMethod.serverMetadata) { [self] (_: ServerMetadataRequest, context) in
            try authorize(context)
            return ServerMetadataResponse(
                name: InferenceServer.name, version: Product.version, extensions: InferenceServer.extensions)
        }
    }

    private func addModelMethods(_ router: inout GRPCRouter) {
        router.unary(InferenceMethod.modelReady) { [self] (request: ModelReadyRequest, context) in
            try authorize(context)
            return try answered { () throws(HTTPProblem) in
                ModelReadyResponse(ready: try model(request.name, request.version).isReady)
            }
        }
        router.unary(InferenceMethod.modelMetadata) { [self] (request: ModelMetadataRequest, context) in
            try authorize(context)
            return try answered { () throws(HTTPProblem) in
                let model = try model(request.name, request.version)
                let content = try content(model)
                let versions = state.withLock { $0.registry.versions(of: model.name) }.map(\.version)
                return ModelMetadataResponse(
                    name: model.name, versions: versions, platform: content.platform,
                    inputs: content.inputs.map(\.message), outputs: content.outputs.map(\.message))
            }
        }
        router.unary(InferenceMethod.modelStatistics) { [self] (request: ModelStatisticsRequest, context) in
            try authorize(context)
            return try answered { () throws(HTTPProblem) in
                let found = try statistics(
                    of: request.name.isEmpty ? nil : request.name,
                    version: request.version.isEmpty ? nil : request.version)
                return ModelStatisticsResponse(modelStats: found.map(\.message))
            }
        }
        router.unary(InferenceMethod.modelInfer) { [self] (request: ModelInferRequest, context) in
            try authorize(context)
            do throws(HTTPProblem) {
                return try await infer(request, deadline: context.deadline)
            } catch {
                throw error.grpcStatus
            }
        }
        router.bidirectional(InferenceMethod.modelStreamInfer) {
            [self]
            (
                requests: GRPCRequestStream<ModelInferRequest>, context,
                writer: GRPCResponseWriter<ModelStreamInferResponse>
            ) in
            try authorize(context)
            for try await var request in requests {
                // Asks for an empty response behind those of a request where a model has answered with none: here each request
                // has one, and it says that it is the last.
                request.parameters["triton_enable_empty_final_response"] = nil
                var answer: ModelStreamInferResponse
                do throws(HTTPProblem) {
                    answer = ModelStreamInferResponse(
                        inferResponse: try await infer(request, deadline: context.deadline))
                } catch {
                    // One request's error is no end of the stream.
                    answer = ModelStreamInferResponse(
                        errorMessage: error.message, inferResponse: ModelInferResponse(id: request.id))
                }
                answer.inferResponse?.parameters["triton_final_response"] = InferParameter(
                    parameterChoice: .boolParam(true))
                try await writer.write(answer)
            }
        }
    }

    private func addRepositoryMethods(_ router: inout GRPCRouter) {
        router.unary(InferenceMethod.repositoryIndex) { [self] (request: RepositoryIndexRequest, context) in
            try authorize(context)
            return RepositoryIndexResponse(
                models: index(onlyReady: request.ready).map {
                    .init(name: $0.name, version: $0.version, state: $0.state, reason: $0.reason)
                })
        }
        router.unary(InferenceMethod.repositoryModelLoad) {
            [self] (request: RepositoryModelLoadRequest, context) in
            try authorize(context)
            var parameters: [String: String] = [:]
            for (name, value) in request.parameters { parameters[name] = value.stringParam }
            do throws(HTTPProblem) {
                try await loadFromRepository(request.modelName, parameters)
            } catch {
                throw error.grpcStatus
            }
            return RepositoryModelLoadResponse()
        }
        router.unary(InferenceMethod.repositoryModelUnload) {
            [self] (request: RepositoryModelUnloadRequest, context) in
            try authorize(context)
            do throws(HTTPProblem) {
                try await unloadFromRepository(request.modelName)
            } catch {
                throw error.grpcStatus
            }
            return RepositoryModelUnloadResponse()
        }
    }

    /// - Throws: UNAUTHENTICATED without one of the keys, where there are any.
    private func authorize(_ context: GRPCServerContext) throws(GRPCStatus) {
        guard let keys else { return }
        let isAllowed = keys.allow(
            authorization: context.metadata["authorization"], key: context.metadata["x-api-key"])
        guard isAllowed else { throw APIKeys.refusal.grpcStatus }
    }

    private func model(_ name: String, _ version: String) throws(HTTPProblem) -> HostedModel {
        try model(name, version: version.isEmpty ? nil : version)
    }

    private func infer(
        _ message: ModelInferRequest, deadline: ContinuousClock.Instant?
    ) async throws(HTTPProblem) -> ModelInferResponse {
        inFlight.withLock { $0 += 1 }
        defer { inFlight.withLock { $0 -= 1 } }
        let start = MonotonicClock.time
        var found: HostedModel?
        do throws(HTTPProblem) {
            let model = try model(message.modelName, message.modelVersion)
            found = model
            let request = try InferRequest(message, deadline: deadline)
            let reply = try await infer(model, request)
            metrics.count(200, model, took: MonotonicClock.time - start)
            return ModelInferResponse(reply)
        } catch {
            metrics.count(error.status, found, took: MonotonicClock.time - start)
            throw error
        }
    }

    private func answered<Answer>(_ body: () throws(HTTPProblem) -> Answer) throws(GRPCStatus) -> Answer {
        do throws(HTTPProblem) {
            return try body()
        } catch {
            throw error.grpcStatus
        }
    }
}

extension HTTPProblem {
    /// The gRPC status that means the same.
    var grpcStatus: GRPCStatus {
        let code: GRPCStatus.Code
        switch status {
        case 400, 413: code = .invalidArgument
        case 401: code = .unauthenticated
        case 403: code = .permissionDenied
        case 404: code = .notFound
        case 409: code = .alreadyExists
        case 429, 507: code = .resourceExhausted
        case 499: code = .cancelled
        case 503: code = .unavailable
        case 504: code = .deadlineExceeded
        default: code = .internal
        }
        return GRPCStatus(code, message)
    }
}

extension TensorDescription {
    fileprivate var message: ModelMetadataResponse.TensorMetadata {
        .init(name: name, datatype: datatype.rawValue, shape: shape.map { Int64($0) })
    }
}

extension InferenceStatistics {
    fileprivate var message: ModelStatistics {
        func total(_ total: Total) -> StatisticDuration {
            StatisticDuration(count: total.count, ns: total.nanoseconds)
        }
        let none = StatisticDuration()
        return ModelStatistics(
            name: name, version: version, lastInference: last, inferenceCount: inferences,
            executionCount: executions,
            inferenceStats: InferStatistics(
                success: total(success), fail: total(failure), queue: total(queue), computeInput: none,
                computeInfer: total(compute), computeOutput: none, cacheHit: none, cacheMiss: none))
    }
}
