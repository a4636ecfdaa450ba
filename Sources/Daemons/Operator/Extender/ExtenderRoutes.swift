// The extender over HTTP: a POST for each verb, answered with 200 and the verb's own word for a refusal. Any other status
// means that nothing was understood.

package import HTTP
internal import HTTP1
internal import JSON

extension Extender {
    /// What a body may have: thousands of nodes as objects, for schedulers without `nodeCacheCapable`.
    package static let bodyLimit = 64 << 20

    /// The limits of a server for it.
    package static var limits: HTTPServerLimits {
        var limits = HTTPServerLimits()
        limits.connections = 64
        limits.message.body = bodyLimit
        return limits
    }

    /// Answers a request.
    package nonisolated func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let paths = ["/filter", "/prioritize", "/preempt", "/bind"]
        guard paths.contains(request.path) else {
            return .text(404, "there are /filter, /prioritize, /preempt and /bind\n")
        }
        guard request.method == "POST" else { return HTTPResponse(405, headers: ["allow": "POST"]) }
        do {
            let body = try JSON(parsing: request.body)
            switch request.path {
            case "/filter": return try await filtered(body)
            case "/prioritize":
                let arguments = try body.decode(ExtenderArguments.self)
                return try Self.response(await prioritize(arguments))
            case "/preempt":
                let arguments = try body.decode(ExtenderPreemptionArguments.self)
                return try Self.response(await preempt(arguments))
            default: return try await bound(body)
            }
        } catch let refusal as Refusal {
            // Scores and victims have no word for a refusal.
            return .text(503, refusal.words + "\n")
        } catch {
            return .text(400, JSONError(decoding: error).description + "\n")
        }
    }

    private nonisolated func filtered(_ body: JSON) async throws -> HTTPResponse {
        let arguments = try body.decode(ExtenderArguments.self)
        do {
            return try Self.response(await filter(arguments))
        } catch let refusal as Refusal {
            return try Self.response(ExtenderFilterResult(error: refusal.words))
        }
    }

    // As `bind`.
    @inline(never)
    @_optimize(none)
    private nonisolated func bound(_ body: JSON) async throws -> HTTPResponse {
        let arguments = try body.decode(ExtenderBindingArguments.self)
        let refusal = await bind(arguments)
        return try Self.response(ExtenderBindingResult(error: refusal?.words ?? ""))
    }

    private static func response(_ value: some Encodable) throws -> HTTPResponse {
        HTTPResponse(
            200, headers: ["content-type": "application/json"],
            body: .bytes(try JSON(encoding: value).serialized()))
    }
}
