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

    /// What a segment of a path has to be.
    private enum Segment: Sendable, Equatable {
        case word(String)
        /// Anything that ends with this and is longer.
        case named(suffix: String)
    }

    /// A path and what answers it.
    private struct Route: Sendable {
        let segments: [Segment]
        var handlers: [(method: String, handler: Handler)] = []
        /// For all other methods.
        var other: Handler?
    }

    private var routes: [Route] = []
    /// Those of paths without a name, by path and method, where no route before them matches: found without taking the path
    /// apart.
    private var plain: [String: [String: Handler]] = [:]

    /// A router that knows no path.
    public init() {}

    /// Adds a handler.
    ///
    /// - Parameters:
    ///   - method: the request's; nil for all.
    ///   - pattern: a path, in which `{name}` stands for any segment, and `{name}:word` for one with that end. Of several patterns
    ///     that match a path the one that came first counts, whatever methods it has.
    public mutating func on(_ method: String?, _ pattern: String, _ handler: Handler) {
        let segments = pattern.split(separator: "/").map { segment -> Segment in
            guard segment.hasPrefix("{"), let end = segment.firstIndex(of: "}") else {
                return .word(String(segment))
            }
            return .named(suffix: String(segment[segment.index(after: end)...]))
        }
        let words = segments.compactMap { if case .word(let word) = $0 { word } else { nil } }
        let isHidden = routes.contains {
            $0.segments != segments && Self.parameters($0.segments, words) != nil
        }
        if let method, words.count == segments.count, !isHidden {
            let path = "/" + words.joined(separator: "/")
            if plain[path]?[method] == nil { plain[path, default: [:]][method] = handler }
        }
        let index = routes.firstIndex { $0.segments == segments } ?? routes.count
        if index == routes.count { routes.append(Route(segments: segments)) }
        if let method {
            routes[index].handlers.append((method, handler))
        } else if routes[index].other == nil {
            routes[index].other = handler
        }
    }

    /// Finds the handler of a request. Empty segments do not count: `/ping/` is `/ping`. What answers GET answers HEAD, too
    /// (RFC 9110 §9.1), and the server leaves the body out.
    public func match(_ request: HTTPRequest) -> Match {
        if let handler = plain[request.target]?[request.method] { return .handler(handler, []) }
        let segments = request.segments
        for route in routes {
            guard let parameters = Self.parameters(route.segments, segments) else { continue }
            let method = request.method
            let found =
                route.handlers.first { $0.method == method }
                ?? route.handlers.first { $0.method == "GET" && method == "HEAD" }
            if let handler = found?.handler ?? route.other { return .handler(handler, parameters) }
            var methods: [String] = []
            for (method, _) in route.handlers {
                for one in method == "GET" ? ["GET", "HEAD"] : [method] where !methods.contains(one) {
                    methods.append(one)
                }
            }
            return .otherMethod(methods)
        }
        return .nothing
    }

    private static func parameters(_ pattern: [Segment], _ segments: [String]) -> [String]? {
        guard pattern.count == segments.count else { return nil }
        var parameters: [String] = []
        for (expected, segment) in zip(pattern, segments) {
            switch expected {
            case .word(let word): guard word == segment else { return nil }
            case .named(let suffix):
                guard suffix.isEmpty || segment.hasSuffix(suffix) && segment.utf8.count > suffix.utf8.count
                else {
                    return nil
                }
                parameters.append(String(segment.dropLast(suffix.count)))
            }
        }
        return parameters
    }
}
