// What the server answers. Paths and bodies are those that clients of TorchServe, DJL Serving, SageMaker, KServe, Triton and
// OpenAI already send.

package import HTTP
internal import HTTP1
internal import JSON
internal import Observability
internal import Text

extension InferenceServer {
    /// Everything that is served, in the order in which paths are tried.
    static let endpoints: [RESTEndpoint] =
        healthEndpoints + predictionEndpoints + managementEndpoints + openInferenceEndpoints
        + repositoryEndpoints + openAIEndpoints + asynchronousEndpoints + rerankEndpoints

    private static let router: HTTPRouter<RESTEndpoint> = {
        var router = HTTPRouter<RESTEndpoint>()
        for endpoint in endpoints {
            for method in endpoint.methods { router.on(method, endpoint.path, endpoint) }
        }
        return router
    }()

    /// Answers one request.
    package func handle(_ request: HTTPRequest) async -> HTTPResponse {
        switch Self.router.match(request) {
        case .handler(let endpoint, let names):
            do throws(HTTPProblem) {
                try checkKey(endpoint, request)
                let call = EndpointCall(request: request, names: names)
                if endpoint.answersLater, Self.wantsLater(request) { return try answerLater(endpoint, call) }
                return try await endpoint.answer(self, call)
            } catch {
                note(error, endpoint, request)
                return error.response(endpoint.errors)
            }
        case .otherMethod(let methods):
            return HTTPProblem(
                405, "\(request.method) is not allowed here: use \(methods.alternatives)",
                headers: ["allow": methods.joined(separator: ", ")]
            ).response(Self.shape(request))
        case .nothing:
            return HTTPProblem(
                404,
                "there is nothing at \(request.path.prefix(256)): \(Self.documentPath) says what there is"
            ).response(Self.shape(request))
        }
    }

    private func checkKey(_ endpoint: RESTEndpoint, _ request: HTTPRequest) throws(HTTPProblem) {
        guard endpoint.needsKey, let keys else { return }
        let isAllowed = keys.allow(
            authorization: request.headers["authorization"], key: request.headers["x-api-key"])
        guard isAllowed else { throw APIKeys.refusal }
    }

    /// Logs what is the server's fault, with the trace that it belongs to.
    private func note(_ problem: HTTPProblem, _ endpoint: RESTEndpoint, _ request: HTTPRequest) {
        guard problem.status >= 500, endpoint.needsKey, let log else { return }
        let path = String(request.path.prefix(256))
        guard let trace = TraceContext(request.headers["traceparent"]) else {
            return log.warning(
                "request failed", ["path": path, "status": problem.status, "error": problem.message])
        }
        log.warning(
            "request failed",
            [
                "path": path, "status": problem.status, "error": problem.message, "trace_id": trace.trace,
                "span_id": trace.span,
            ])
    }

    /// The shape of errors where no endpoint is found: that of the protocol whose paths begin so.
    private static func shape(_ request: HTTPRequest) -> HTTPProblem.Shape {
        let path = request.rawPath
        if path.hasPrefix("/v1/") { return .openAI }
        return path.hasPrefix("/v2") ? .openInference : .torchServe
    }
}
