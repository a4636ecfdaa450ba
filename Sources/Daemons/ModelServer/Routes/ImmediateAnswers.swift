// What costs less to answer than to hand to a task: probes, which so are answered whatever else waits, and models that
// compute nothing, in the shape that clients send most. All else is left to `handle`, and so is whatever is not quite in that
// shape: it says what is wrong.

package import HTTP
internal import HTTP1
internal import JSON
internal import SystemIO

extension InferenceServer {
    /// Answers at once, on the loop; nil for what `handle` answers.
    package func handleAtOnce(_ request: HTTPRequest) -> HTTPResponse? {
        switch request.method {
        // Probes need no key.
        case "GET": return probe(request.target)
        case "POST" where keys == nil && request.body.count <= Self.smallText: return identity(request)
        default: return nil
        }
    }

    private func probe(_ target: String) -> HTTPResponse? {
        switch target {
        case "/ping", "/health": try? readiness()
        case "/healthz": .text(200, "ok\n")
        case "/v2/health/live": .json(200, ["live": true])
        default: nil
        }
    }

    private func identity(_ request: HTTPRequest) -> HTTPResponse? {
        let prefix = "/predictions/"
        guard request.target.hasPrefix(prefix), !Self.wantsLater(request) else { return nil }
        let name = request.target.dropFirst(prefix.count)
        let start = MonotonicClock.time
        guard let model = state.withLock({ $0.registry.find(String(name)) }), case .identity = model.content,
            model.isReady, let asked = try? PredictionRequest(request, limits: limits)
        else { return nil }
        let response = Self.identityAnswer(asked)
        metrics.count(200, model, took: MonotonicClock.time - start)
        return response
    }

    /// The texts, as they came.
    static func identityAnswer(_ asked: PredictionRequest) -> HTTPResponse {
        var writer = JSONWriter(capacity: 64 + asked.texts.reduce(0) { $0 + $1.utf8.count + 3 })
        writer.object { writer in
            writer.key(asked.usesInstances ? "predictions" : "outputs")
            writer.array { for text in asked.texts { $0.value(text) } }
        }
        writer.endLine()
        return HTTPResponse(200, headers: ["content-type": "application/json"], body: .bytes(writer.bytes))
    }
}
