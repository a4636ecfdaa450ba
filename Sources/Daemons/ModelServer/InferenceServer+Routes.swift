// What the server answers. Paths and bodies are those that clients of TorchServe, DJL Serving and SageMaker already send.

package import HTTP
internal import HTTP1
internal import JSON
internal import Text

extension InferenceServer {
    /// Answers a request, whose path has these names where the route leaves them open. In a struct: a closure that passes
    /// through generic code is wrapped each time.
    private struct Handler: Sendable {
        let answer: @Sendable (InferenceServer, HTTPRequest, [String]) async -> HTTPResponse
    }

    private static let routes: HTTPRouter<Handler> = {
        var router = HTTPRouter<Handler>()
        func on(
            _ method: String?, _ path: String,
            _ answer: @escaping @Sendable (InferenceServer, HTTPRequest, [String]) async -> HTTPResponse
        ) {
            router.on(method, path, Handler(answer: answer))
        }
        on("GET", "/") { server, _, _ in server.information() }
        on("GET", "/ping") { server, _, _ in server.readiness() }
        on("GET", "/healthz") { _, _, _ in .text(200, "ok\n") }
        on("GET", "/metrics") { server, _, _ in await server.exposition() }
        on("GET", "/models") { server, _, _ in .json(200, ["models": server.models()]) }
        on("GET", "/models/{model}") { server, _, names in server.description(of: names[0]) }
        // With all methods: a prediction that is refused is counted, too.
        on(nil, "/models/{model}/invoke") { server, request, names in await server.predict(names[0], request)
        }
        on(nil, "/predictions/{model}") { server, request, names in await server.predict(names[0], request) }
        on(nil, "/invocations") { server, request, _ in await server.predict(request) }
        return router
    }()

    /// Answers one request.
    package func handle(_ request: HTTPRequest) async -> HTTPResponse {
        switch Self.routes.match(request) {
        case .handler(let handler, let names): await handler.answer(self, request, names)
        case .otherMethod(let methods):
            HTTPProblem(
                405, "\(request.method) is not allowed here: use \(methods.alternatives)",
                headers: ["allow": methods.joined(separator: ", ")]
            ).response
        case .nothing:
            HTTPProblem(
                404, "there is nothing at \(request.path): try /predictions/MODEL, /models, /ping or /metrics"
            ).response
        }
    }

    private func description(of name: String) -> HTTPResponse {
        do throws(HTTPProblem) {
            return .json(200, describe(try specification(name)))
        } catch {
            return error.response
        }
    }

    /// A prediction of the model that the request names, or of the only one.
    private func predict(_ request: HTTPRequest) async -> HTTPResponse {
        do throws(HTTPProblem) {
            return await predict(try defaultModel(request), request)
        } catch {
            return error.response
        }
    }
}
