// A client of whatever server a URL names: TLS and the name's addresses as they are at the moment, redirections, retries.
// A credential goes to the origin that it is meant for and to no other, wherever a server sends us.

package import HTTP
package import HTTP1
package import HTTPProxy
package import SystemIO
package import TLS

/// A request to a URL.
package struct WebRequest: Sendable {
    /// `GET` and so on.
    package var method: String
    /// Where to.
    package var url: WebURL
    /// The fields, but for Host and Content-Length.
    package var headers: HTTPHeaders
    /// The body.
    package var body: [UInt8]
    /// Whether a redirection is followed; only GET and HEAD are sent on.
    package var followsRedirects = true

    /// A request.
    package init(
        _ method: String = "GET", _ url: WebURL, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    /// How it may be shown.
    var subject: String { "\(method) \(url)" }
}

/// How patient a client is.
package struct WebPatience: Sendable {
    /// For the head of an answer, and for the whole of a small one.
    package var timeout = Duration.seconds(30)
    /// The longest silence within a body.
    package var idle = Duration.seconds(60)
    /// How often a request goes out at most.
    package var attempts = 5
    /// The pauses between attempts.
    package var backoff = Backoff(base: .milliseconds(200), limit: .seconds(20), jitter: -0.5...0.5)
    /// The longest pause that a server may ask for.
    package var longestPause = Duration.seconds(60)

    /// As the SDKs of object stores have it: five attempts.
    package init() {}
}

/// Requests to any server.
package final class WebClient: Sendable {
    /// How patient it is.
    package let patience: WebPatience
    private let trust: TLSTrust
    private let proxies: ProxySettings
    private let loop: EventLoop
    private let sleep: @Sendable (Duration) async throws -> Void
    private let clients = Lock<[String: HTTPClient]>([:])

    /// Redirections that are followed in a row.
    static let redirectLimit = 5
    /// Octets of an error's body that are looked at.
    static let errorLimit = 65_536

    /// A client that is connected with nobody yet.
    ///
    /// - Parameters:
    ///   - trust: whom to believe where a URL is https.
    ///   - proxies: through which servers are asked.
    ///   - sleep: lets time go by between attempts.
    package init(
        patience: WebPatience = WebPatience(), trust: TLSTrust = .system,
        proxies: ProxySettings = .none, loop: EventLoop = .shared,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.patience = patience
        self.trust = trust
        self.proxies = proxies
        self.loop = loop
        self.sleep = sleep
    }

    /// The same client with another patience.
    package func with(_ patience: WebPatience) -> WebClient {
        WebClient(patience: patience, trust: trust, proxies: proxies, loop: loop, sleep: sleep)
    }

    /// The same client with other proxies; `.none` for what is asked on this machine or its link only.
    package func through(_ proxies: ProxySettings) -> WebClient {
        WebClient(patience: patience, trust: trust, proxies: proxies, loop: loop, sleep: sleep)
    }

    /// Sends a request until it is answered well, and gathers the answer.
    ///
    /// - Parameter limit: octets of the answer.
    /// - Throws: `WebError`, also for every status that is no success.
    package func send(_ request: WebRequest, limit: Int = 4 << 20) async throws(WebError) -> HTTPResponse {
        try await retrying { () throws(WebError) in try await self.sendOnce(request, limit: limit) }
    }

    /// Sends a request until it is answered well; the body comes piece by piece.
    ///
    /// - Throws: `WebError`, also for every status that is no success.
    package func open(_ request: WebRequest) async throws(WebError) -> HTTPClient.Stream {
        try await retrying { () throws(WebError) in try await self.openOnce(request) }
    }

    /// Does something until it succeeds, fails for good, or has been tried often enough.
    package func retrying<Value: Sendable>(
        _ body: @Sendable () async throws(WebError) -> Value
    ) async throws(WebError) -> Value {
        for attempt in 1... {
            switch await result(body) {
            case .success(let value): return value
            case .failure(let error):
                guard error.isTransient, attempt < patience.attempts else { throw error }
                try await pause(after: attempt, error)
            }
        }
        throw WebError("the request", .cancelled)
    }

    /// Waits before the next attempt.
    ///
    /// - Throws: `.cancelled` where the task is.
    package func pause(after attempt: Int, _ error: WebError) async throws(WebError) {
        let own = patience.backoff.pause(after: attempt, random: .random(in: 0...1))
        let time = min(patience.longestPause, max(own, error.retryAfter ?? .zero))
        do { try await sleep(time) } catch { throw WebError("the request", .cancelled) }
    }

    private func result<Value: Sendable>(
        _ body: @Sendable () async throws(WebError) -> Value
    ) async -> Result<Value, WebError> {
        do throws(WebError) { return .success(try await body()) } catch { return .failure(error) }
    }

    /// One attempt of `send`.
    package func sendOnce(_ request: WebRequest, limit: Int = 4 << 20) async throws(WebError) -> HTTPResponse
    {
        let stream = try await openOnce(request)
        let body: [UInt8]
        do throws(HTTPError) { body = try await stream.collect(limit: limit) } catch {
            if case .malformed(.bodyTooLarge) = error {
                throw WebError(request.subject, .tooLarge(limit: limit))
            }
            throw WebError(request.subject, .connection(error.description))
        }
        return HTTPResponse(stream.status, headers: stream.headers, body: .bytes(body))
    }

    /// One attempt of `open`.
    package func openOnce(_ request: WebRequest) async throws(WebError) -> HTTPClient.Stream {
        var request = request
        for _ in 0...Self.redirectLimit {
            let stream = try await exchange(request)
            switch stream.status {
            case 200...299: return stream
            case 301, 302, 303, 307, 308:
                guard request.followsRedirects, let location = stream.headers["location"] else {
                    throw await error(request, stream)
                }
                await stream.close()
                request = try redirected(request, to: location)
            default: throw await error(request, stream)
            }
        }
        throw WebError(request.subject, .redirect("there were more than \(Self.redirectLimit) in a row"))
    }

    private func exchange(_ request: WebRequest) async throws(WebError) -> HTTPClient.Stream {
        let proxy = try proxy(of: request)
        // A proxy is asked for the way to a server that speaks TLS, and for the answer of one that does not: then by the whole
        // URL (RFC 9112 §3.2.2).
        let forwarding = request.url.isSecure ? nil : proxy
        var message = HTTPRequest(
            request.method, (forwarding == nil ? "" : "http://" + request.url.hostField) + request.url.target,
            headers: request.headers, body: request.body)
        if let authorization = forwarding?.authorization {
            message.headers["proxy-authorization"] = authorization
        }
        message.headers["host"] = request.url.hostField
        if message.headers["accept"] == nil { message.headers["accept"] = "*/*" }
        if message.headers["user-agent"] == nil { message.headers["user-agent"] = "ganglion" }
        if let user = request.url.user, message.headers["authorization"] == nil {
            message.headers["authorization"] = "Basic " + Base64.encode(user.utf8)
        }
        let client = try client(of: request, proxy)
        do throws(HTTPError) {
            return try await client.stream(message, timeout: patience.timeout, idleTimeout: patience.idle)
        } catch .tunnel(_, let status) {
            throw WebError(request.subject, .proxy(proxy?.authority ?? "", status: status))
        } catch {
            let way = proxy.map { " (through the proxy \($0.authority))" } ?? ""
            throw WebError(request.subject, .connection(error.description + way))
        }
    }

    private func proxy(of request: WebRequest) throws(WebError) -> ProxyAddress? {
        let url = request.url
        do throws(ProxyError) {
            return try proxies.proxy(for: url.host, port: url.port, isSecure: url.isSecure)
        } catch {
            throw WebError(request.subject, .unsent(error.description))
        }
    }

    private func client(of request: WebRequest, _ proxy: ProxyAddress?) throws(WebError) -> HTTPClient {
        let url = request.url
        return try clients.withLock { (clients: inout [String: HTTPClient]) throws(WebError) in
            if let client = clients[url.origin] { return client }
            var security: (any SecureLayerFactory)?
            if url.isSecure {
                do throws(SecureLayerError) {
                    security = try TLSClient(host: url.host, trust: trust, protocols: ["http/1.1"])
                } catch {
                    throw WebError(request.subject, .answer(error.description))
                }
            }
            let resolver = NameResolver(
                host: proxy?.host ?? url.host, port: proxy?.port ?? url.port, loop: loop)
            let tunnel = proxy.flatMap {
                url.isSecure
                    ? HTTPRoute.Tunnel(
                        to: SocketAddress.authority(url.host, url.port), authorization: $0.authorization)
                    : nil
            }
            let route = HTTPRoute(tunnel: tunnel) { () async throws(SystemError) in
                try await resolver.addresses()
            }
            let client = HTTPClient(route, host: url.hostField, security: security, loop: loop)
            clients[url.origin] = client
            return client
        }
    }

    /// The request that a redirection asks for. To another origin nothing goes that says who we are.
    private func redirected(_ request: WebRequest, to location: String) throws(WebError) -> WebRequest {
        guard request.method == "GET" || request.method == "HEAD" else {
            throw WebError(request.subject, .redirect("a \(request.method) is sent to one place only"))
        }
        guard let url = request.url.resolving(location) else {
            throw WebError(request.subject, .redirect("it leads to no http or https URL"))
        }
        guard url.isSecure || !request.url.isSecure else {
            throw WebError(request.subject, .redirect("it leads from https to http"))
        }
        var next = request
        next.url = url
        guard url.origin != request.url.origin else {
            next.url.user = url.user ?? request.url.user
            return next
        }
        next.headers = HTTPHeaders()
        for field in request.headers.fields where Self.isHarmless(field.name) {
            next.headers.add(field.name, field.value)
        }
        return next
    }

    /// Whether a field says nothing about who asks.
    private static func isHarmless(_ name: String) -> Bool {
        ["accept", "accept-encoding", "range", "if-range", "if-match", "user-agent"].contains(
            name.lowercased())
    }

    private func error(_ request: WebRequest, _ stream: HTTPClient.Stream) async -> WebError {
        // A proxy may say anything here; only what is short and printable is shown.
        let body = (try? await stream.collect(limit: Self.errorLimit)) ?? []
        await stream.close()
        let words = String(decoding: body, as: UTF8.self)
        var fields: [String: String] = [:]
        for name in ["www-authenticate", "x-amz-bucket-region", "etag", "content-range", "retry-after"] {
            fields[name] = stream.headers[name]
        }
        let pause = stream.headers["retry-after"].flatMap { Int($0) }.map {
            Duration.seconds(max(0, min($0, 3_600)))
        }
        return WebError(
            request.subject, .status(stream.status, Self.shown(words)), retryAfter: pause, fields: fields)
    }

    /// The first words of a text, on one line.
    package static func shown(_ text: String) -> String {
        let line = text.unicodeScalars.prefix(600).map { $0.value < 32 || $0.value == 127 ? " " : String($0) }
        return line.joined().split(separator: " ").joined(separator: " ")
    }
}
