// Which handler answers a request: one line for each method and path, so that what a server has to offer can be read off.

/// Handlers by method and path.
///
///     var router = HTTPRouter<Handler>()
///     router.on("GET", "/models/{name}", describe)
public struct HTTPRouter<Handler: Sendable>: Sendable {
    /// What there is for a request.
    public enum Match: Sendable {
        /// Its handler, and the segments that stand where the pattern has `{name}`, in their order.
        case handler(Handler, [String])
        /// The path is there, for these methods only.
        case otherMethod([String])
        /// Nothing is there.
        case nothing
    }

    private struct Route: Sendable {
        /// nil for all.
        var method: String?
        /// nil for any segment.
        var segments: [String?]
        var handler: Handler
    }

    private var routes: [Route] = []
    /// Those of paths without a name, by path and method, where no route before them matches: found without taking the path
    /// apart.
    private var plain: [String: [String: Handler]] = [:]

    /// A router that knows no path.
    public init() {}

    /// Adds a handler; of several that match the first counts.
    ///
    /// - Parameters:
    ///   - method: the request's; nil for all.
    ///   - pattern: a path, in which `{name}` stands for any segment.
    public mutating func on(_ method: String?, _ pattern: String, _ handler: Handler) {
        let segments = pattern.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
        let isFirst = !routes.contains { route in
            (route.method == nil || route.method == method)
                && Self.parameters(route.segments, segments.map { $0 ?? "" }) != nil
        }
        if let method, isFirst, !segments.contains(nil) {
            plain["/" + segments.compactMap { $0 }.joined(separator: "/"), default: [:]][method] = handler
        }
        routes.append(Route(method: method, segments: segments, handler: handler))
    }

    /// Finds the handler of a request. Empty segments do not count: `/ping/` is `/ping`. What answers GET answers HEAD, too
    /// (RFC 9110 §9.1), and the server leaves the body out.
    public func match(_ request: HTTPRequest) -> Match {
        if let handler = plain[request.target]?[request.method] { return .handler(handler, []) }
        let segments = request.segments
        var methods: [String] = []
        for route in routes {
            guard let parameters = Self.parameters(route.segments, segments) else { continue }
            guard let method = route.method else { return .handler(route.handler, parameters) }
            let allowed = method == "GET" ? ["GET", "HEAD"] : [method]
            guard !allowed.contains(request.method) else { return .handler(route.handler, parameters) }
            methods += allowed.filter { !methods.contains($0) }
        }
        return methods.isEmpty ? .nothing : .otherMethod(methods)
    }

    private static func parameters(_ pattern: [String?], _ segments: [String]) -> [String]? {
        guard pattern.count == segments.count else { return nil }
        var parameters: [String] = []
        for (expected, segment) in zip(pattern, segments) {
            if let expected {
                guard expected == segment else { return nil }
            } else {
                parameters.append(segment)
            }
        }
        return parameters
    }
}
