// An API server behind real HTTP on a free port, and a client that keeps connections.

import HTTP
import HTTP1
import JSON
import SystemIO

@testable import LocalCluster

/// A running server.
final class LiveServer: Sendable {
    let server: APIServer
    let controllers: Controllers
    private let http: HTTPServer
    private let client: HTTPClient
    private let token: String

    private init(_ server: APIServer, _ http: HTTPServer, _ client: HTTPClient, token: String) {
        self.server = server
        self.http = http
        self.client = client
        self.token = token
        controllers = Controllers(server: server)
    }

    static func start(limits: APIStateLimits = APIStateLimits()) async throws -> LiveServer {
        var options = APIServerOptions(tokens: [
            "token-of-admin": APIUser("admin", groups: ["system:masters"])
        ])
        options.storeLimits = limits
        let server = APIServer(options: options)
        let http = HTTPServer { await server.handle($0) }
        let address = try await http.listen(on: .ip("127.0.0.1", port: 0))
        return LiveServer(server, http, HTTPClient(address), token: "token-of-admin")
    }

    func stop() async {
        await controllers.stop()
        await http.shutdown(grace: .zero)
    }

    private func request(
        _ method: String, _ target: String, _ body: JSON?, type: String, accept: String = "application/json"
    ) -> HTTPRequest {
        let headers: HTTPHeaders = [
            "authorization": "Bearer " + token, "content-type": type, "accept": accept,
            "user-agent": "test/1",
        ]
        return HTTPRequest(method, target, headers: headers, body: body?.serialized() ?? [])
    }

    @discardableResult
    func send(
        _ method: String, _ target: String, _ body: JSON? = nil, type: String = "application/json"
    ) async throws -> (status: Int, body: JSON) {
        let response = try await client.send(request(method, target, body, type: type))
        return (response.status, (try? JSON(parsing: response.bytes)) ?? .null)
    }

    func watch(_ target: String, accept: String = "application/json") async throws -> WatchLines {
        WatchLines(try await client.stream(request("GET", target, nil, type: "", accept: accept)))
    }

    /// Reads an object until it is as wanted, woken by a watch of its collection.
    func wait(
        _ collection: String, name: String, until isDone: (JSON) -> Bool
    ) async throws -> JSON {
        var lines = try await watch(
            "\(collection)?watch=true&resourceVersion=0&fieldSelector=metadata.name%3D\(name)&timeoutSeconds=20"
        )
        while let event = try await lines.next() {
            if let object = event["object"], isDone(object) {
                await lines.close()
                return object
            }
        }
        return .null
    }
}

/// The events of a watch.
struct WatchLines {
    let status: Int
    private let stream: HTTPClient.Stream
    private var iterator: HTTPClient.Stream.Iterator
    private var buffer: [UInt8] = []

    init(_ stream: HTTPClient.Stream) {
        status = stream.status
        self.stream = stream
        iterator = stream.makeAsyncIterator()
    }

    /// The next event, nil at the end.
    mutating func next() async throws -> JSON? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let line = Array(buffer[..<end])
                buffer.removeFirst(end + 1)
                return try JSON(parsing: line)
            }
            guard let more = try await iterator.next() else { return nil }
            buffer += more
        }
    }

    /// `TYPE name` of so many events.
    mutating func take(_ count: Int) async throws -> [String] {
        var result: [String] = []
        while result.count < count, let event = try await next() {
            let object = event["object"] ?? [:]
            let ends =
                object.metadata?.annotations?["k8s.io/initial-events-end"] != nil ? " initial-events-end" : ""
            result.append("\(event.type?.string ?? "") \(object.metadata?.name?.string ?? "")\(ends)")
        }
        return result
    }

    func close() async { await stream.close() }
}
