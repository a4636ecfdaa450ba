// A client of one server. Connections are kept for the next request; a stream, which may last for hours, has one of its
// own.

public import HTTP1
public import SystemIO

/// Sends requests to one server over HTTP/1.1.
public actor HTTPClient: LoopActor {
    /// What goes into the Host field.
    public nonisolated let host: String
    /// Runs the connections; a caller that is on it, too, changes threads nowhere.
    public nonisolated let loop: EventLoop

    let route: HTTPRoute
    let security: (any SecureLayerFactory)?
    let limits: HTTP1Limits
    let connectTimeout: Duration
    private var idle: [HTTPClientConnection] = []
    /// Idle connections that are kept; more are closed.
    private let maximumIdle = 8

    /// A client; nothing is connected before the first request.
    ///
    /// - Parameters:
    ///   - host: the Host field, by default the address.
    ///   - security: TLS; nil for plain HTTP.
    ///   - limits: what a response may have; a stream's body is not limited.
    public init(
        _ address: SocketAddress, host: String? = nil, security: (any SecureLayerFactory)? = nil,
        limits: HTTP1Limits = HTTPClient.defaultLimits, connectTimeout: Duration = .seconds(10),
        loop: EventLoop = .shared
    ) {
        let isLocal = if case .unix = address { true } else { false }
        self.init(
            HTTPRoute(address), host: host ?? (isLocal ? "localhost" : address.description),
            security: security,
            limits: limits, connectTimeout: connectTimeout, loop: loop)
    }

    /// A client of a server whose address may change; nothing is looked for before the first request.
    ///
    /// - Parameters:
    ///   - host: the Host field.
    ///   - security: TLS; nil for plain HTTP.
    ///   - limits: what a response may have; a stream's body is not limited.
    ///   - connectTimeout: for all addresses together.
    public init(
        _ route: HTTPRoute, host: String, security: (any SecureLayerFactory)? = nil,
        limits: HTTP1Limits = HTTPClient.defaultLimits, connectTimeout: Duration = .seconds(10),
        loop: EventLoop = .shared
    ) {
        self.route = route
        self.host = host
        self.security = security
        self.limits = limits
        self.connectTimeout = connectTimeout
        self.loop = loop
    }

    /// 64 KiB of header and 64 MiB of body: a list of all pods of a large cluster.
    public static var defaultLimits: HTTP1Limits {
        var limits = HTTP1Limits()
        limits.body = 64 << 20
        return limits
    }

    /// A response whose body arrives piece by piece.
    public struct Stream: Sendable, AsyncSequence {
        /// The status code.
        public let status: Int
        /// The fields.
        public let headers: HTTPHeaders
        private let connection: HTTPClientConnection

        init(status: Int, headers: HTTPHeaders, connection: HTTPClientConnection) {
            self.status = status
            self.headers = headers
            self.connection = connection
        }

        /// Ends the exchange; a waiting iteration ends with `HTTPError.closed`.
        public func close() async { await connection.close() }

        /// The rest of the body, for a response that turned out to be no stream.
        ///
        /// - Parameter limit: octets after which to give up.
        public func collect(limit: Int = 3 << 20) async throws(HTTPError) -> [UInt8] {
            var bytes: [UInt8] = []
            while let chunk = try await connection.nextChunk() {
                bytes.append(contentsOf: chunk)
                if bytes.count > limit {
                    await connection.close()
                    throw .malformed(.bodyTooLarge(limit: limit))
                }
            }
            await connection.close()
            return bytes
        }

        /// The pieces as they come.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate let connection: HTTPClientConnection

            /// The next piece, nil at the end of the body.
            public mutating func next() async throws(HTTPError) -> [UInt8]? {
                try await connection.nextChunk()
            }

            /// The next piece, nil at the end of the body.
            public mutating func next(
                isolation actor: isolated (any Actor)?
            ) async throws(HTTPError) -> [UInt8]? { try await connection.nextChunk() }
        }

        /// Begins to read; a stream is read once.
        public func makeAsyncIterator() -> Iterator { Iterator(connection: connection) }
    }

    /// Sends a request and gathers the response.
    ///
    /// - Parameters:
    ///   - timeout: for the whole of it, from looking for the server to the last octet of the answer.
    ///   - sendBefore: a time of the monotonic clock after which the request must not reach anybody; nil for none.
    /// - Throws: `HTTPError`; `.expired` when nothing was sent, since `sendBefore` had passed.
    public func send(
        _ request: HTTPRequest, timeout: Duration = .seconds(30), sendBefore: Duration? = nil
    ) async throws(HTTPError) -> HTTPResponse {
        let limit = ExchangeLimit(timeout: timeout, sendBefore: sendBefore)
        while let connection = idle.popLast() {
            // The server may close an idle connection at any time (RFC 9112 §9.3.1).
            guard await connection.isUsable() else {
                await connection.close()
                continue
            }
            do throws(HTTPError) {
                return try await exchange(request, on: connection, limit)
            } catch {
                // What kept one from being answered, such as a router that has forgotten the way back, is likely to keep
                // the others: the next request goes out on a new one.
                if await connection.hasTimedOut { await close() }
                // What nobody has seen, or what may be repeated and was not begun to be answered, goes out again.
                let mayRepeat = Self.isIdempotent(request.method)
                guard await connection.diedIdle else { throw error }
                guard await connection.sentNothing || mayRepeat, limit.left > .zero else { throw error }
                if let error = limit.refusal(request) { throw error }
            }
        }
        return try await exchange(request, on: connect(limit), limit)
    }

    /// Sends a request and returns when the head of the response is there.
    ///
    /// - Parameters:
    ///   - timeout: for the head; the body may take for ever.
    ///   - idleTimeout: the longest silence within the body; nil for none.
    public func stream(
        _ request: HTTPRequest, timeout: Duration = .seconds(30), idleTimeout: Duration? = nil
    ) async throws(HTTPError) -> Stream {
        let limit = ExchangeLimit(timeout: timeout)
        let connection = try await connect(limit)
        let head = try await connection.begin(prepared(request), limit, idleTimeout: idleTimeout)
        return Stream(status: head.status, headers: head.headers, connection: connection)
    }

    /// Closes idle connections.
    public func close() async {
        let connections = idle
        idle = []
        for connection in connections { await connection.close() }
    }

    private static func isIdempotent(_ method: String) -> Bool {
        method == "GET" || method == "HEAD" || method == "PUT"
    }

    private func exchange(
        _ request: HTTPRequest, on connection: HTTPClientConnection, _ limit: ExchangeLimit
    ) async throws(HTTPError) -> HTTPResponse {
        let response = try await connection.exchange(prepared(request), limit)
        if await connection.isReusable {
            if idle.count < maximumIdle { idle.append(connection) } else { await connection.close() }
        }
        return response
    }

    private func prepared(_ request: HTTPRequest) -> HTTPRequest {
        var request = request
        if request.headers["host"] == nil { request.headers["host"] = host }
        if !request.body.isEmpty || request.method == "POST" || request.method == "PUT"
            || request.method == "PATCH"
        {
            request.headers["content-length"] = String(request.body.count)
        }
        return request
    }
}
