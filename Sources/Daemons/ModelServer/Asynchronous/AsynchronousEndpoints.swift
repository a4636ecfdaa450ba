// Who asks with `Prefer: respond-async` (RFC 7240 §4.1), or with DJL's `x-synchronous: false`, gets 202 and a token, and the
// answer later by the token.

internal import HTTP
internal import HTTP1
internal import JSON
internal import SystemIO

extension InferenceServer {
    static let asynchronousPath = "/requests/"

    static let asynchronousEndpoints: [RESTEndpoint] = [
        RESTEndpoint(
            methods: ["GET"], path: "/requests/{token}", operation: "fetchAnswer",
            tag: "asynchronous requests",
            summary:
                "The answer to a request that was sent with Prefer: respond-async; 202 while there is none yet",
            statuses: [202, 404, 410]
        ) { server, call throws(HTTPProblem) in try server.asynchronousAnswer(call.names[0]) },
        RESTEndpoint(
            methods: ["DELETE"], path: "/requests/{token}", operation: "forgetRequest",
            tag: "asynchronous requests",
            summary: "Gives a request up, or its answer", reply: ["application/json": "Status"],
            statuses: [404, 410]
        ) { server, call throws(HTTPProblem) in
            switch server.asynchronous.forget(call.names[0]) {
            case .unknown: throw unknownToken
            case .gone: throw goneToken
            case .waiting, .answered: return server.status("Request \(call.names[0]) is forgotten")
            }
        },
    ]

    private static let unknownToken = HTTPProblem(404, "there is no request of that token")
    private static let goneToken = HTTPProblem(
        410, type: "GoneException", "the answer to the request of that token is not kept any more: ask again")

    private func asynchronousAnswer(_ token: String) throws(HTTPProblem) -> HTTPResponse {
        switch asynchronous.look(token) {
        case .unknown: throw Self.unknownToken
        case .gone: throw Self.goneToken
        case .waiting: return accepted(token)
        case .answered(let response): return response
        }
    }

    /// Whether an answer later is asked for.
    static func wantsLater(_ request: HTTPRequest) -> Bool {
        request.headers.contains("prefer", token: "respond-async")
            || request.headers["x-synchronous"]?.lowercased() == "false"
    }

    /// Answers later.
    ///
    /// - Throws: 503 where too much waits already; 400 for what is streamed.
    func answerLater(_ endpoint: RESTEndpoint, _ call: EndpointCall) throws(HTTPProblem) -> HTTPResponse {
        let token = asynchronous.begin(octets: call.request.body.count) {
            do throws(HTTPProblem) {
                let response = try await endpoint.answer(self, call)
                guard case .bytes = response.body else {
                    throw HTTPProblem(400, "a stream has no answer to fetch later: ask without \"stream\"")
                }
                return response
            } catch {
                return error.response(endpoint.errors)
            }
        }
        guard let token else {
            throw HTTPProblem(
                503, "too many requests wait for their answers to be fetched: come back later",
                headers: ["retry-after": "10"])
        }
        return accepted(token)
    }

    private func accepted(_ token: String) -> HTTPResponse {
        let place = Self.asynchronousPath + token
        var response = HTTPResponse.json(
            202, ["status": "accepted", "token": .string(token), "location": .string(place)])
        response.headers["location"] = place
        response.headers["retry-after"] = "1"
        response.headers["preference-applied"] = "respond-async"
        // As DJL Serving calls it.
        response.headers["x-next-token"] = token
        return response
    }
}
