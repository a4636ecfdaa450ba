// The embedded API server: a small, honest kube-apiserver in memory. All state is the actor's; requests are answered one
// after the other on its loop, so that every write sees a settled store.

package import APIMachinery
internal import CEL
package import HTTP
internal import HTTP1
package import JSON
package import SystemIO

/// An API server. Feed it requests with `handle`.
package actor APIServer: LoopActor {
    /// The server's loop.
    package nonisolated let loop: EventLoop
    /// The version it answers to `kubectl version`.
    package static let version = "v1.36.2"

    let options: APIServerOptions
    var store: Store
    var catalog = ResourceCatalog()
    var watchers: [Int: Watcher] = [:]
    var nextWatcher = 0
    var owners = OwnerIndex()
    var addresses = ServiceAddresses()
    var logSource: PodLogSource?
    /// A namespace is being emptied: what waits for it looks when that is done.
    var isEmptying = false
    var observers: [@Sendable (GroupResource, StoreEvent) -> Void] = []

    /// A server with the namespaces of a fresh cluster.
    package init(options: APIServerOptions, loop: EventLoop = .shared) {
        self.options = options
        self.loop = loop
        var store = Store(limits: options.storeLimits)
        for type in BuiltInResources.all {
            store.register(type.storage)
            catalog.add(type)
        }
        self.store = store
        for step in Self.firstObjects(options) {
            let event = self.store.put(step.resource, step.name, step.object)
            owners.note(step.resource, event)
        }
    }

    /// Tells the server who has the logs.
    package func setLogSource(_ source: @escaping PodLogSource) { logSource = source }

    /// Answers a request.
    package func handle(_ request: HTTPRequest) async -> HTTPResponse {
        let event = AuditEvent(request)
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
            let user = try authenticate(request.headers["authorization"])
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
            return response
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

    /// A request by the cluster's own controllers: the same way as any other, without a token.
    ///
    /// - Returns: the status and the body, `null` where it is no JSON.
    package func perform(
        _ method: String, _ target: String, _ body: JSON? = nil, type: String = "application/json",
        user: String
    ) async -> (status: Int, body: JSON) {
        var headers: HTTPHeaders = ["content-type": type, "accept": "application/json", "user-agent": user]
        headers["host"] = "localhost"
        let request = HTTPRequest(method, target, headers: headers, body: body?.serialized() ?? [])
        do throws(APIError) {
            switch try await route(
                APIRequest(request, user: APIUser("system:" + user, groups: ["system:masters"])))
            {
            case .json(let status, let bytes, _): return (status, (try? JSON(parsing: bytes)) ?? .null)
            case .http(let response): return (response.status, .null)
            case .watch: return (400, .null)
            }
        } catch {
            return (error.code, error.status)
        }
    }

    /// Objects of a resource as they are kept, in key order.
    package func objects(_ resource: GroupResource, namespace: String? = nil) -> [JSON] {
        store.list(resource, namespace: namespace).map(\.1.json)
    }

    /// Calls a closure on the loop after every change.
    package func observe(_ observer: @escaping @Sendable (GroupResource, StoreEvent) -> Void) {
        observers.append(observer)
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
