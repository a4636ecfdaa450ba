import HTTP
import HTTP1
import JSON

@testable import LocalAPIServer

/// A server that is asked without a network.
struct PlainServer {
    let server = APIServer(
        options: APIServerOptions(tokens: [
            "admin": APIUser("admin", groups: ["system:masters"]), "eve": APIUser("eve"),
        ]))

    @discardableResult
    func send(
        _ method: String, _ target: String, octets: [UInt8], type: String = "application/json",
        as token: String = "admin", _ more: [(String, String)] = []
    ) async -> (status: Int, body: JSON) {
        var headers: HTTPHeaders = [
            "host": "localhost", "authorization": "Bearer \(token)", "content-type": type,
        ]
        for (name, value) in more { headers.add(name, value) }
        let response = await server.handle(HTTPRequest(method, target, headers: headers, body: octets))
        return (response.status, (try? JSON(parsing: response.bytes)) ?? .null)
    }

    @discardableResult
    func send(
        _ method: String, _ target: String, _ body: JSON = .null, type: String = "application/json",
        as token: String = "admin", _ more: [(String, String)] = []
    ) async -> (status: Int, body: JSON) {
        await send(
            method, target, octets: body.isNull ? [] : body.serialized(), type: type, as: token, more)
    }
}

/// Where the resources of the default namespace are.
let core = "/api/v1/namespaces/default"
