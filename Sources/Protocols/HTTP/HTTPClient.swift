// A client of one server: over HTTP/2 where TLS agrees on it, all requests and streams on few connections, and over HTTP/1.1
// otherwise, where connections are kept for the next request and a stream, which may last for hours, has one of its own.

public import HTTP1
public import HTTP2Transport
public import SystemIO

/// Sends requests to one server over HTTP/2 or HTTP/1.1.
public actor HTTPClient: LoopActor {
    /// What goes into the Host field.
    public nonisolated let host: String
    /// Runs the connections; a caller that is on it, too, changes threads nowhere.
    public nonisolated let loop: EventLoop

    let route: HTTPRoute
    let security: (any SecureLayerFactory)?
    let limits: HTTP1Limits
    let connectTimeout: Duration
    /// When a silent server is asked over HTTP/2 whether it is there.
    let keepAlive: HTTP2KeepAlive
    private var idle: [HTTPClientConnection] = []
    /// Whether the server speaks HTTP/2, as far as is known: the last connection tells.
    var speaksHTTP2 = true
    /// Connections over HTTP/1.1 that nobody has used yet.
    var fresh: [HTTPClientConnection] = []
    /// How often there may have been room for one exchange more, and who waits for that.
    var roomsMade = 0
    var roomWaiters: [CheckedContinuation<Void, Never>] = []
    private var ordinary = HTTP2Lane()
    private var urgent = HTTP2Lane()
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
    ///   - keepAlive: when a silent server is asked over HTTP/2 whether it is there.
    public init(
        _ route: HTTPRoute, host: String, security: (any SecureLayerFactory)? = nil,
        limits: HTTP1Limits = HTTPClient.defaultLimits, connectTimeout: Duration = .seconds(10),
        keepAlive: HTTP2KeepAlive = HTTPClient.defaultKeepAlive, loop: EventLoop = .shared
    ) {
        self.route = route
        self.host = host
        self.security = security
        self.limits = limits
        self.connectTimeout = connectTimeout
        self.keepAlive = keepAlive
        self.loop = loop
    }

    subscript(lane isUrgent: Bool) -> HTTP2Lane {
        get { isUrgent ? urgent : ordinary }
        set { if isUrgent { urgent = newValue } else { ordinary = newValue } }
    }

    /// 64 KiB of header and 64 MiB of body: a list of all pods of a large cluster.
    public static var defaultLimits: HTTP1Limits {
        var limits = HTTP1Limits()
        limits.body = 64 << 20
        return limits
    }

    /// As client-go's ReadIdleTimeout and PingTimeout: 30 s of silence before a PING, 15 s for any answer.
    public static var defaultKeepAlive: HTTP2KeepAlive {
        HTTP2KeepAlive(interval: .seconds(30), timeout: .seconds(15), withoutStreams: true)
    }

    /// Sends a request and gathers the response.
    ///
    /// - Parameters:
    ///   - timeout: for the whole of it, from looking for the server to the last octet of the answer.
    ///   - sendBefore: a time of the monotonic clock after which the request must not reach anybody; nil for none.
    ///   - isUrgent: whether it must not wait behind what else is on its way, such as a long list.
    /// - Throws: `HTTPError`; `.expired` when nothing was sent, since `sendBefore` had passed.
    public func send(
        _ request: HTTPRequest, timeout: Duration = .seconds(30), sendBefore: Duration? = nil,
        isUrgent: Bool = false
    ) async throws(HTTPError) -> HTTPResponse {
        let limit = ExchangeLimit(timeout: timeout, sendBefore: sendBefore)
        if let response = try await sendOnIdle(request, limit) { return response }
        let request = prepared(request)
        for attempt in 1... {
            switch try await link(request, limit, isUrgent: isUrgent) {
            case .http1(let connection): return try await exchange(request, on: connection, limit)
            case .http2(let connection):
                switch await connection.exchange(request, limit) {
                case .success(let response): return response
                case .failure(let failure):
                    guard mayRepeat(request, failure, attempt, limit) else { throw failure.error }
                }
            }
        }
        throw .closed
    }

    /// Sends a request on a connection over HTTP/1.1 that is kept.
    ///
    /// - Returns: nil where there is none that carries it.
    private func sendOnIdle(
        _ request: HTTPRequest, _ limit: ExchangeLimit
    ) async throws(HTTPError) -> HTTPResponse? {
        while let connection = idle.popLast() {
            // The server may close an idle connection at any time (RFC 9112 §9.3.1).
            guard await connection.isUsable() else {
                await connection.close()
                continue
            }
            do throws(HTTPError) {
                return try await exchange(prepared(request), on: connection, limit)
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
        return nil
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
        let request = prepared(request)
        for attempt in 1... {
            switch try await link(request, limit, isUrgent: false) {
            case .http1(let connection):
                let head = try await connection.begin(request, limit, idleTimeout: idleTimeout)
                return Stream(head, .http1(connection))
            case .http2(let connection):
                switch await connection.begin(request, limit, idleTimeout: idleTimeout) {
                case .success((let stream, let head)): return Stream(head, .http2(connection, stream))
                case .failure(let failure):
                    guard mayRepeat(request, failure, attempt, limit) else { throw failure.error }
                }
            }
        }
        throw .closed
    }

    /// Whether a request goes out again: what the server has not looked at, and what changes nothing and was lost with its
    /// connection.
    private func mayRepeat(
        _ request: HTTPRequest, _ failure: HTTP2ExchangeFailure, _ attempt: Int, _ limit: ExchangeLimit
    ) -> Bool {
        let isHarmless = failure.isConnectionLost && Self.isIdempotent(request.method)
        return attempt < Self.maximumAttempts && limit.left > .zero && (failure.isUnprocessed || isHarmless)
    }

    /// How often a request goes out over HTTP/2 at most.
    private static let maximumAttempts = 5

    /// Closes idle connections, and those over HTTP/2 after what is under way on them.
    public func close() async {
        let connections = idle + fresh
        (idle, fresh) = ([], [])
        for connection in connections { await connection.close() }
        for connection in ordinary.connections + urgent.connections { await connection.retire() }
        ordinary.connections = []
        urgent.connections = []
    }

    private static func isIdempotent(_ method: String) -> Bool {
        method == "GET" || method == "HEAD" || method == "PUT"
    }

    private func exchange(
        _ request: HTTPRequest, on connection: HTTPClientConnection, _ limit: ExchangeLimit
    ) async throws(HTTPError) -> HTTPResponse {
        let response = try await connection.exchange(request, limit)
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
