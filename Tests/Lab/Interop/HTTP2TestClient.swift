// A client of HTTP/2 without gRPC, for h2specd and other servers: one request on one connection.

internal import HPACK
package import HTTP2
package import HTTP2Transport
package import SystemIO

/// What a server answered.
package struct HTTP2TestResponse: Equatable, Sendable {
    /// The value of `:status`.
    package var status: String
    /// All of the body.
    package var body: [UInt8]
}

/// Why there is no response.
package enum HTTP2TestFailure: Error, Equatable {
    /// The stream was reset, by the server or by us since the server broke a rule.
    case reset(ErrorCode, byPeer: Bool)
    /// The connection ended first.
    case connection(String)
    /// Nothing came in time.
    case timeout
}

extension HTTP2TestFailure: CustomStringConvertible {
    /// One sentence.
    package var description: String {
        switch self {
        case .reset(let code, true): "the server reset the stream with \(code)"
        case .reset(let code, false): "the stream was reset with \(code), since the server broke a rule"
        case .connection(let reason): "the connection ended before the response: \(reason)"
        case .timeout: "the server did not answer in time"
        }
    }
}

/// Asks for one page.
package actor HTTP2TestClient: HTTP2PeerOwner {
    /// Runs the connection.
    package nonisolated let loop: EventLoop

    /// More of a body is a failure, in octets.
    private static let bodyLimit = 64 << 20

    /// The connection.
    package let peer: HTTP2Peer
    private let request: HeaderList
    private var stream: StreamID?
    private var response = HTTP2TestResponse(status: "", body: [])
    private var waiter: CheckedContinuation<HTTP2TestResponse, any Error>?
    private var result: Result<HTTP2TestResponse, HTTP2TestFailure>?

    /// Gets a page.
    ///
    /// - Parameter security: TLS that offers `h2`, for https.
    /// - Throws: `SystemError` where nobody answers, `HTTP2TestFailure` where no whole response comes.
    package static func get(
        _ target: HTTP2Target, timeout: Duration = .seconds(10), security: (any SecureLayerFactory)? = nil,
        loop: EventLoop = .shared
    ) async throws -> HTTP2TestResponse {
        let descriptor = try await connect(to: target.address, loop: loop, timeout: timeout)
        let transport = HTTP2Transport(
            descriptor, role: .client, loop: loop, limits: HTTP2PeerLimits(),
            security: try security?.makeLayer())
        let client = HTTP2TestClient(transport, target, loop)
        return try await client.run(timeout)
    }

    private init(_ transport: HTTP2Transport, _ target: HTTP2Target, _ loop: EventLoop) {
        self.loop = loop
        peer = HTTP2Peer(transport, limits: HTTP2PeerLimits())
        request = [
            ":method": "GET", ":scheme": target.isSecure ? "https" : "http", ":path": target.path,
            ":authority": target.authority,
            "user-agent": "ganglion-interop",
        ]
    }

    private func run(_ timeout: Duration) async throws -> HTTP2TestResponse {
        stream = try peer.transport.http2.sendRequest(request, endStream: true)
        try startPeer()
        let timer = loop.schedule(after: timeout, on: self) { $0.finish(.failure(.timeout)) }
        defer { timer.cancel() }
        return try await withCheckedThrowingContinuation { waiter in
            if let result { waiter.resume(with: result.mapError { $0 }) } else { self.waiter = waiter }
        }
    }

    /// The connection ended before the response.
    package func connectionEnded(_ end: TransportEnd) { finish(.failure(.connection(end.reason))) }

    /// Gathers the response.
    package func receiveEvents() {
        while let event = peer.transport.next() { receive(event) }
    }

    private func receive(_ event: HTTP2Event) {
        switch event {
        case .headers(let id, let headers, let endStream) where id == stream:
            response.status = headers[":status"] ?? ""
            if endStream { finish(.success(response)) }
        case .data(let id, let range, let endStream) where id == stream:
            peer.transport.http2.copy(range, to: &response.body)
            peer.transport.http2.consume(range.count, on: id)
            if response.body.count > Self.bodyLimit {
                finish(.failure(.connection("the body is larger than \(Self.bodyLimit) octets")))
            } else if endStream {
                finish(.success(response))
            }
        case .trailers(let id, _) where id == stream: finish(.success(response))
        case .reset(let id, let code, let byPeer) where id == stream:
            finish(.failure(.reset(code, byPeer: byPeer)))
        default: break
        }
    }

    private func finish(_ outcome: Result<HTTP2TestResponse, HTTP2TestFailure>) {
        guard result == nil else { return }
        result = outcome
        waiter?.resume(with: outcome.mapError { $0 })
        waiter = nil
        // What is still in the machine, such as RST_STREAM, goes out before the end of the turn.
        loop.execute(on: self) { $0.endConnection(.noError, reason: "the response is there") }
    }
}
