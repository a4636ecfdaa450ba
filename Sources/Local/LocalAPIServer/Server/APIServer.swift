// The embedded API server: a small, honest kube-apiserver in memory. All state is the actor's; requests are answered one
// after the other on its loop, so that every write sees a settled store.

internal import APIMachinery
internal import CEL
package import HTTP
internal import HTTP1
internal import JSON
package import SystemIO

/// An API server. Feed it requests with `handle`.
package actor APIServer: LoopActor {
    /// The server's loop.
    package nonisolated let loop: EventLoop
    /// The version it answers to `kubectl version`.
    package static let version = "v1.36.2"

    let options: APIServerOptions
    var state: ClusterState
    var catalog = ResourceCatalog()
    var addresses: ServiceAddresses
    private(set) var logSource: PodLogSource?
    /// A namespace is being emptied: what waits for it looks when that is done.
    var isEmptying = false

    /// A server with the namespaces of a fresh cluster.
    package init(options: APIServerOptions, loop: EventLoop = .shared) {
        self.options = options
        self.loop = loop
        addresses = ServiceAddresses(network: options.serviceNetwork)
        var state = ClusterState(limits: options.storeLimits)
        for type in BuiltInResources.all {
            state.register(type.storage)
            catalog.add(type)
        }
        for step in Self.firstObjects(options) { state.put(step.resource, step.name, step.object) }
        self.state = state
    }

    /// Tells the server who has the logs.
    package func setLogSource(_ source: @escaping PodLogSource) { logSource = source }

    /// Answers a request.
    package func handle(_ request: HTTPRequest) async -> HTTPResponse {
        let event = AuditEvent(request)
        let takesGzip = request.takesGzip
        var known: APIRequest?
        let answer: APIAnswer
        do throws(APIError) {
            guard request.body.count <= options.maximumBody else {
                throw APIError(
                    413, "RequestEntityTooLarge",
                    "Request entity too large: limit is \(options.maximumBody)")
            }
            try checkHost(request.headers["host"])
            if let open = openAnswer(request) { return open }
            let user = try impersonate(
                Impersonation(request.headers), by: authenticate(request.headers["authorization"]))
            let request = APIRequest(request, user: user)
            known = request
            try authorize(AccessAttributes(request), request)
            answer = try await route(request)
        } catch {
            if let known { record(event, known, status: error.code, refusal: error) }
            return Self.response(to: error)
        }
        if let known { record(event, known, status: answer.status, isStream: answer.isStream) }
        switch answer {
        case .http(let response): return response
        case .json(let status, let body, let warnings):
            var response = HTTPResponse(
                status, headers: ["content-type": "application/json"], body: .bytes(body))
            for warning in warnings {
                response.headers.add("warning", "299 - \(quoted(warning))")
            }
            return takesGzip ? response.compressed() : response
        case .watch(let plan): return watchResponse(plan)
        }
    }

    private func record(
        _ event: AuditEvent, _ request: APIRequest, status: Int, refusal: APIError? = nil,
        isStream: Bool = false
    ) {
        options.audit?(event.json(request, status: status, refusal: refusal, isStream: isStream))
    }

    static func response(to error: APIError) -> HTTPResponse {
        if error.plain {
            var response = HTTPResponse.text(error.code, error.message + "\n")
            response.headers["x-content-type-options"] = "nosniff"
            return response
        }
        var response = HTTPResponse(
            error.code, headers: ["content-type": "application/json"], body: .bytes(error.status.serialized())
        )
        if let seconds = error.retryAfter { response.headers["retry-after"] = String(seconds) }
        return response
    }

    /// Objects of a resource as they are kept, in key order.
    func objects(_ resource: GroupResource, namespace: String? = nil) -> [JSON] {
        state.list(resource, namespace: namespace).map(\.1.json)
    }
}

/// What a request leads to.
enum APIAnswer: Sendable {
    case json(Int, [UInt8], warnings: [String])
    case http(HTTPResponse)
    case watch(WatchPlan)

    /// The HTTP status that it is sent with.
    var status: Int {
        switch self {
        case .json(let status, _, _): status
        case .http(let response): response.status
        case .watch: 200
        }
    }

    /// Whether it goes on as things change.
    var isStream: Bool {
        switch self {
        case .json: false
        case .http(let response): if case .stream = response.body { true } else { false }
        case .watch: true
        }
    }

    static func object(_ status: Int, _ json: JSON, warnings: [String] = []) -> APIAnswer {
        .json(status, json.serialized(), warnings: warnings)
    }
}
