// Requests to one API server. Every request has a time-out; answers that ask for patience are repeated
// as client-go repeats them.

internal import HTTP
internal import HTTP1
internal import HTTPProxy
public import JSON
public import KubernetesAPI
internal import KubernetesWire
public import SystemIO
internal import Text

/// A client of the API server.
public struct KubernetesClient: Sendable {
    /// How a patch is written.
    public enum PatchType: String, Sendable {
        /// RFC 7396.
        case merge = "application/merge-patch+json"
        /// RFC 6902.
        case json = "application/json-patch+json"
        /// Lists merge by their keys; built-in kinds only.
        case strategic = "application/strategic-merge-patch+json"
    }

    /// The namespace to use where none is named.
    public let namespace: String
    /// The longest any request but a watch may take.
    public let timeout: Duration

    private let http: HTTPClient
    private let tokens: TokenSource
    private let pathPrefix: String
    private let host: String
    private let userAgent: String
    private let proxyAuthorization: String?
    private let metrics: ClientMetrics?
    /// Whether a request is repeated when the server says when.
    private let repeats: Bool
    /// Whether lists and watches may come compressed.
    private let acceptsGzip: Bool
    /// How many requests of this client and its copies may be repeated.
    private let budget: RetryBudget
    /// Until when requests that change something may be sent; nil for ever.
    private let writesUntil: (@Sendable () -> Duration)?

    /// Silence in a watch after which the connection is taken for dead: bookmarks come every minute.
    private static let watchSilence: Duration = .seconds(90)

    /// A client for a server whose address is known.
    ///
    /// - Parameters:
    ///   - configuration: who the client is, and the server's name.
    ///   - address: where the server is.
    ///   - security: TLS; nil for plain HTTP.
    ///   - program: the program's name, for the User-Agent.
    public init(
        configuration: ClientConfiguration, address: SocketAddress, security: (any SecureLayerFactory)?,
        program: String = "ganglion", timeout: Duration = .seconds(30), metrics: ClientMetrics? = nil,
        loop: EventLoop = .shared
    ) {
        self.init(
            configuration: configuration, route: HTTPRoute(address), security: security, program: program,
            timeout: timeout, metrics: metrics, loop: loop)
    }

    init(
        configuration: ClientConfiguration, route: HTTPRoute, security: (any SecureLayerFactory)?,
        tokens: TokenSource? = nil, program: String,
        timeout: Duration, metrics: ClientMetrics?, loop: EventLoop
    ) {
        namespace = configuration.namespace
        self.timeout = timeout
        http = HTTPClient(route, host: configuration.server.authority, security: security, loop: loop)
        self.tokens = tokens ?? TokenSource(configuration.credential, loop: loop)
        // Whoever was somebody else on a connection stays so there (TLS): it is used for no other request.
        self.tokens.onNewIdentity { [weak http] in await http?.close() }
        acceptsGzip = configuration.acceptsCompression
        budget = RetryBudget()
        // Absolute form for a proxy (RFC 9112 §3.2.2).
        let isForwarded = configuration.proxy != nil && !configuration.server.isSecure
        let origin = isForwarded ? "http://\(configuration.server.authority)" : ""
        proxyAuthorization = isForwarded ? configuration.proxy?.authorization : nil
        pathPrefix = origin + configuration.server.pathPrefix
        host = configuration.server.authority
        userAgent = "\(program)/v1alpha1 (linux) ganglion"
        self.metrics = metrics
        repeats = true
        writesUntil = nil
    }

    /// A client of the same server with another limit for requests.
    ///
    /// - Parameter repeating: whether a request is repeated when the server says when (Retry-After).
    public func with(timeout: Duration, repeating: Bool = true) -> KubernetesClient {
        KubernetesClient(copying: self, timeout: timeout, repeats: repeating, writesUntil: writesUntil)
    }

    /// A client of the same server that changes nothing after a time: what would is not sent, and fails with `.notSent`.
    ///
    /// - Parameter time: of the monotonic clock, asked for each request anew: as long as this process leads.
    public func writing(until time: @escaping @Sendable () -> Duration) -> KubernetesClient {
        KubernetesClient(copying: self, timeout: timeout, repeats: repeats, writesUntil: time)
    }

    private init(
        copying other: KubernetesClient, timeout: Duration, repeats: Bool,
        writesUntil: (@Sendable () -> Duration)?
    ) {
        self.repeats = repeats
        self.writesUntil = writesUntil
        namespace = other.namespace
        self.timeout = timeout
        http = other.http
        tokens = other.tokens
        acceptsGzip = other.acceptsGzip
        budget = other.budget
        pathPrefix = other.pathPrefix
        host = other.host
        userAgent = other.userAgent
        proxyAuthorization = other.proxyAuthorization
        metrics = other.metrics
    }

    // MARK: Objects

    /// Reads an object.
    public func get(
        _ resource: APIResource, _ key: ObjectKey, subresource: String? = nil
    ) async throws(KubernetesError) -> JSON {
        try await request(
            "GET", resource.path(namespace: key.namespace, name: key.name, subresource: subresource))
    }

    /// Reads a collection: the list object.
    ///
    /// - Parameter namespace: empty for all namespaces.
    public func list(
        _ resource: APIResource, namespace: String = "", query: [String: String] = [:]
    ) async throws(KubernetesError) -> JSON {
        try await request("GET", resource.path(namespace: namespace), query: query)
    }

    /// Makes an object; its metadata says where.
    ///
    /// - Returns: the object as the server stored it.
    @discardableResult
    public func create(_ resource: APIResource, _ object: JSON) async throws(KubernetesError) -> JSON {
        try await request("POST", resource.path(namespace: object.meta.namespace), body: object)
    }

    /// Replaces an object; with a resource version only if nobody has changed it since.
    @discardableResult
    public func update(
        _ resource: APIResource, _ object: JSON, subresource: String? = nil
    ) async throws(KubernetesError) -> JSON {
        let meta = object.meta
        let path = resource.path(namespace: meta.namespace, name: meta.name, subresource: subresource)
        return try await request("PUT", path, body: object)
    }

    /// Changes parts of an object.
    @discardableResult
    public func patch(
        _ resource: APIResource, _ key: ObjectKey, _ patch: JSON, type: PatchType = .merge,
        subresource: String? = nil
    ) async throws(KubernetesError) -> JSON {
        let path = resource.path(namespace: key.namespace, name: key.name, subresource: subresource)
        return try await request("PATCH", path, body: patch, contentType: type.rawValue)
    }

    /// Server-side apply: makes the object or brings it to what `object` says, and takes away what this manager said before
    /// and no longer says.
    ///
    /// - Parameters:
    ///   - manager: the field manager.
    ///   - force: whether fields of other managers are taken over.
    @discardableResult
    public func apply(
        _ resource: APIResource, _ object: JSON, manager: String, force: Bool = true,
        subresource: String? = nil
    ) async throws(KubernetesError) -> JSON {
        let meta = object.meta
        let path = resource.path(namespace: meta.namespace, name: meta.name, subresource: subresource)
        return try await request(
            "PATCH", path, query: ["fieldManager": manager, "force": force ? "true" : "false"], body: object,
            contentType: "application/apply-patch+yaml")
    }

    /// Deletes an object.
    ///
    /// - Parameters:
    ///   - uid: only if the object has this uid; nil for any.
    ///   - gracePeriod: seconds that the object has to end; nil for its own.
    public func delete(
        _ resource: APIResource, _ key: ObjectKey, uid: String? = nil, gracePeriod: Int? = nil
    ) async throws(KubernetesError) {
        var options: JSON = ["apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"]
        if let uid, !uid.isEmpty { options["preconditions"] = ["uid": .string(uid)] }
        if let gracePeriod { options["gracePeriodSeconds"] = JSON(gracePeriod) }
        _ = try await request(
            "DELETE", resource.path(namespace: key.namespace, name: key.name), body: options)
    }

    /// Sets the number of replicas through the scale subresource.
    public func scale(
        _ resource: APIResource, _ key: ObjectKey, replicas: Int
    ) async throws(KubernetesError) {
        _ = try await patch(resource, key, ["spec": ["replicas": JSON(replicas)]], subresource: "scale")
    }

    /// Binds a pod to a node. The annotations reach the pod in the same write.
    ///
    /// - Parameters:
    ///   - uid: the pod that is meant, not a later one of the same name.
    public func bind(
        pod key: ObjectKey, uid: String, node: String, annotations: [String: String]
    ) async throws(KubernetesError) {
        try await bind(Binding(pod: key, uid: uid, node: node, annotations: annotations))
    }

    // MARK: Requests

    /// Sends a request to any path and reads a JSON answer; an empty answer is `null`.
    public func request(
        _ method: String, _ path: String, query: [String: String] = [:], body: JSON? = nil,
        contentType: String = "application/json"
    ) async throws(KubernetesError) -> JSON {
        let answer = try await perform(
            method, path, query: query, body: body?.serialized(), contentType: contentType)
        guard !answer.isEmpty else { return .null }
        do { return try JSON(parsing: answer) } catch { throw .malformed(error.description) }
    }

    /// Sends a request to any path; repeats it as long as the server asks for patience, the client's `timeout` is not over
    /// and the budget allows it. An answer that says nothing of when is not repeated, as client-go has it: whether the work
    /// was done is not known.
    ///
    /// - Returns: the octets of a successful answer.
    func perform(
        _ method: String, _ path: String, query: [String: String] = [:], body: [UInt8]? = nil,
        contentType: String = "application/json"
    ) async throws(KubernetesError) -> [UInt8] {
        var repetition = RequestRepetition(until: MonotonicClock.time + timeout)
        while true {
            try await signIn()
            let request = makeRequest(method, path, query: query, body: body, contentType: contentType)
            let response = try await send(request, timeout: repetition.left)
            budget.receive(response.status)
            guard response.status < 200 || response.status > 299 else { return response.bytes }
            let status = refusal(response)
            let seconds = APIStatus.retryAfter(response.headers)
            guard repeats,
                let pause = repetition.pause(
                    afterCode: response.status, retryAfter: seconds, budget)
            else { throw .status(status) }
            metrics?.retried(method, host: host, code: response.status)
            do { try await Task.sleep(for: pause) } catch { throw .status(status) }
        }
    }

    private func refusal(_ response: HTTPResponse) -> APIStatus {
        if response.status == 401 { tokens.refused() }
        return APIStatus(code: response.status, body: response.bytes, headers: response.headers)
    }

    /// Reads what is no JSON, such as a log; octets that are not UTF-8 are replaced.
    public func text(
        _ path: String, query: [String: String] = [:]
    ) async throws(KubernetesError) -> String {
        try await signIn()
        let response = try await send(makeRequest("GET", path, query: query), timeout: timeout)
        guard 200...299 ~= response.status else { throw .status(refusal(response)) }
        return String(decoding: response.bytes, as: UTF8.self)
    }

    /// The log of a pod's container.
    public func log(of pod: ObjectKey, container: String) async throws(KubernetesError) -> String {
        try await text(
            APIResource.pods.path(namespace: pod.namespace, name: pod.name, subresource: "log"),
            query: ["container": container])
    }

    /// Starts a watch, or a list that is read while it comes.
    ///
    /// - Parameters:
    ///   - accept: the media types that can be read.
    ///   - idleTimeout: the longest silence; nil for that of a watch, where bookmarks come every minute.
    /// - Returns: the bytes as they come.
    func open(
        _ verb: String, _ resource: APIResource, namespace: String, query: [String: String],
        accept: String = "application/json", idleTimeout: Duration? = nil
    ) async throws(KubernetesError) -> HTTPClient.Stream {
        try await signIn()
        var request = makeRequest("GET", resource.path(namespace: namespace), query: query)
        request.headers["accept"] = accept
        if acceptsGzip { request.headers["accept-encoding"] = "gzip" }
        let start = MonotonicClock.time
        let stream: HTTPClient.Stream
        do throws(HTTPError) {
            stream = try await http.stream(
                request, timeout: timeout, idleTimeout: idleTimeout ?? Self.watchSilence)
        } catch {
            metrics?.observe(verb, host: host, code: nil, took: MonotonicClock.time - start)
            throw Self.translated(error, request, timeout)
        }
        metrics?.observe(verb, host: host, code: stream.status, took: MonotonicClock.time - start)
        guard stream.status == 200 else { throw await failure(stream) }
        return stream
    }

    private func failure(_ stream: HTTPClient.Stream) async -> KubernetesError {
        if stream.status == 401 { tokens.refused() }
        let body = (try? await stream.collect(limit: 1 << 20)) ?? []
        return .status(APIStatus(code: stream.status, body: body, headers: stream.headers))
    }

    /// Reads a page of a collection, item by item as they come.
    func page<Object: APIObject>(
        _ resource: APIResource, namespace: String, query: [String: String], _ reader: ObjectReader<Object>,
        transform: @escaping (Object) -> Object
    ) async throws(KubernetesError) -> ObjectList<Object> {
        let stream = try await open(
            "GET", resource, namespace: namespace, query: query, accept: reader.accept, idleTimeout: timeout)
        var decoder = ListDecoder(
            reader, ObjectReader<Object>.form(stream.headers["content-type"]), transform)
        var chunks = stream.makeAsyncIterator()
        do {
            let content = try ContentDecoder(stream.headers)
            while let chunk = try await chunks.next() { try decoder.receive(chunk, content) }
            try content.finish()
        } catch {
            await stream.close()
            throw KubernetesError(reading: error)
        }
        await stream.close()
        return try decoder.finish()
    }

    private func signIn() async throws(KubernetesError) {
        do throws(ConfigurationError) { try await tokens.prepare() } catch {
            throw .connection(error.description)
        }
    }

    private func send(
        _ request: HTTPRequest, timeout: Duration
    ) async throws(KubernetesError) -> HTTPResponse {
        let start = MonotonicClock.time
        do throws(HTTPError) {
            let response = try await http.send(
                request, timeout: timeout, sendBefore: request.method == "GET" ? nil : writesUntil?(),
                isUrgent: Self.isUrgent(request))
            metrics?.observe(
                request.method, host: host, code: response.status, took: MonotonicClock.time - start)
            return response
        } catch {
            metrics?.observe(request.method, host: host, code: nil, took: MonotonicClock.time - start)
            throw Self.translated(error, request, self.timeout)
        }
    }

    /// What must never wait behind a list or a burst of events: leases, on which it hangs who leads, and bindings.
    private static func isUrgent(_ request: HTTPRequest) -> Bool {
        let path = request.rawPath
        return path.hasSuffix("/binding") || path.contains("/coordination.k8s.io/")
    }

    private func makeRequest(
        _ method: String, _ path: String, query: [String: String], body: [UInt8]? = nil,
        contentType: String = "application/json"
    ) -> HTTPRequest {
        var target = pathPrefix + path
        for (index, (name, value)) in query.sorted(by: { $0.key < $1.key }).enumerated() {
            target +=
                "\(index == 0 ? "?" : "&")\(PercentEncoding.encode(name))=\(PercentEncoding.encode(value))"
        }
        var headers: HTTPHeaders = ["accept": "application/json", "user-agent": userAgent]
        if let proxyAuthorization { headers["proxy-authorization"] = proxyAuthorization }
        if let token = tokens.token() { headers["authorization"] = "Bearer \(token)" }
        guard let body else { return HTTPRequest(method, target, headers: headers) }
        headers["content-type"] = contentType
        return HTTPRequest(method, target, headers: headers, body: body)
    }

    static func translated(
        _ error: HTTPError, _ request: HTTPRequest, _ timeout: Duration
    ) -> KubernetesError {
        switch error {
        case .timeout: .timedOut(after: timeout, request: "\(request.method) \(request.rawPath)")
        case .malformed: .malformed(error.description)
        case .transport, .security, .closed, .reset, .tunnel: .connection(error.description)
        case .expired: .notSent("this process may not lead any more")
        }
    }
}
