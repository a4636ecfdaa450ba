// The embedded API server, asked by paths and raw JSON: what the tests of the server itself need, and a typed client would
// hide.

internal import HTTP
internal import HTTP1
package import JSON
package import LocalAPIServer

/// A running server with a client that keeps its connections.
package struct LiveServer: Sendable {
    /// The server, and how else to reach it.
    package let cluster: EmbeddedAPIServer
    private let client: HTTPClient
    private let token: String

    /// The server itself.
    package var server: APIServer { cluster.server }

    /// Starts one.
    package static func start(limits: APIStateLimits = APIStateLimits()) async throws -> LiveServer {
        let token = "token-of-admin"
        let cluster = try await EmbeddedAPIServer.start {
            $0.storeLimits = limits
            $0.tokens[token] = APIUser("admin", groups: ["system:masters"])
        }
        return LiveServer(cluster: cluster, client: HTTPClient(cluster.address), token: token)
    }

    /// Ends it.
    package func stop() async { await cluster.stop() }

    private func request(
        _ method: String, _ target: String, _ body: JSON?, type: String, accept: String = "application/json"
    ) -> HTTPRequest {
        let headers: HTTPHeaders = [
            "authorization": "Bearer " + token, "content-type": type, "accept": accept,
            "user-agent": "test/1",
        ]
        return HTTPRequest(method, target, headers: headers, body: body?.serialized() ?? [])
    }

    /// Sends a request; the body is `null` where the answer is no JSON.
    @discardableResult
    package func send(
        _ method: String, _ target: String, _ body: JSON? = nil, type: String = "application/json"
    ) async throws -> (status: Int, body: JSON) {
        let response = try await client.send(request(method, target, body, type: type))
        return (response.status, (try? JSON(parsing: response.bytes)) ?? .null)
    }

    /// Opens a watch.
    package func watch(_ target: String, accept: String = "application/json") async throws -> WatchLines {
        WatchLines(try await client.stream(request("GET", target, nil, type: "", accept: accept)))
    }

    /// Reads an object until it is as wanted, woken by a watch of its collection.
    package func wait(
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
package struct WatchLines {
    /// The HTTP status.
    package let status: Int
    private let stream: HTTPClient.Stream
    private var iterator: HTTPClient.Stream.Iterator
    private var buffer: [UInt8] = []

    init(_ stream: HTTPClient.Stream) {
        status = stream.status
        self.stream = stream
        iterator = stream.makeAsyncIterator()
    }

    /// The next event, nil at the end.
    package mutating func next() async throws -> JSON? {
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
    package mutating func take(_ count: Int) async throws -> [String] {
        var result: [String] = []
        while result.count < count, let event = try await next() {
            let object = event["object"] ?? [:]
            let ends =
                object.metadata?.annotations?["k8s.io/initial-events-end"] != nil ? " initial-events-end" : ""
            result.append("\(event.type?.string ?? "") \(object.metadata?.name?.string ?? "")\(ends)")
        }
        return result
    }

    /// Ends the watch.
    package func close() async { await stream.close() }
}
