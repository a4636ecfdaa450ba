// An HTTP server on loopback whose answers a test writes down: faults that no real API server gives on demand.

import HTTP
import HTTP1
import JSON
import SystemIO

@testable import KubernetesClient

/// Answers requests by a closure and remembers them.
final class ScriptedServer: Sendable {
    struct Seen: Sendable, Equatable {
        var method: String
        var target: String
        var authorization: String?
        var contentType: String?
        var body: JSON
    }

    let client: KubernetesClient
    private let server: HTTPServer
    let address: SocketAddress
    private let seen: Lock<[Seen]>

    init(
        credential: ClientConfiguration.Credential = .none, timeout: Duration = .seconds(10),
        _ answer: @escaping @Sendable (_ request: HTTPRequest, _ number: Int) async -> HTTPResponse
    ) async throws {
        let seen = Lock<[Seen]>([])
        self.seen = seen
        server = HTTPServer { request in
            let number = seen.withLock { seen in
                seen.append(
                    Seen(
                        method: request.method, target: request.target,
                        authorization: request.headers["authorization"],
                        contentType: request.headers["content-type"],
                        body: (try? JSON(parsing: request.body)) ?? .null))
                return seen.count
            }
            return await answer(request, number)
        }
        address = try await server.listen(on: .ip("127.0.0.1", port: 0))
        var configuration = ClientConfiguration(server: try ServerAddress("http://127.0.0.1:1/prefix"))
        configuration.credential = credential
        client = KubernetesClient(
            configuration: configuration, address: address, security: nil, timeout: timeout)
    }

    var requests: [Seen] { seen.withLock { $0 } }

    /// Another program's client of the server.
    func another(_ program: String) throws -> KubernetesClient {
        KubernetesClient(
            configuration: ClientConfiguration(server: try ServerAddress("http://127.0.0.1:1/prefix")),
            address: address, security: nil, program: program)
    }

    func stop() async { await server.shutdown(grace: .zero) }

    static func json(_ status: Int, _ body: JSON, headers: HTTPHeaders = [:]) -> HTTPResponse {
        var headers = headers
        headers["content-type"] = "application/json"
        return HTTPResponse(status, headers: headers, body: .bytes(body.serialized()))
    }

    static func failure(_ code: Int, _ reason: String, headers: HTTPHeaders = [:]) -> HTTPResponse {
        json(
            code, ["kind": "Status", "reason": .string(reason), "message": "m", "code": JSON(code)],
            headers: headers)
    }

    /// A watch that sends these pieces and then stays open until the client goes, or ends.
    static func watch(_ pieces: [String], stays: Bool = false) -> HTTPResponse {
        HTTPResponse(
            200,
            body: .stream { writer in
                for piece in pieces { try await writer.write(piece) }
                if stays { try await Task.sleep(for: .seconds(3600)) }
            })
    }
}
