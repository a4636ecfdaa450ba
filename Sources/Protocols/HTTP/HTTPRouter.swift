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

    private var handlers: [Handler] = []
    private var table = RouteTable()

    /// A router that knows no path.
    public init() {}

    /// Adds a handler.
    ///
    /// - Parameters:
    ///   - method: the request's; nil for all.
    ///   - pattern: a path, in which `{name}` stands for any segment, and `{name}:word` for one with that end. Of several patterns
    ///     that match a path the one that came first counts, whatever methods it has.
    public mutating func on(_ method: String?, _ pattern: String, _ handler: Handler) {
        table.add(method, pattern, handler: handlers.count)
        handlers.append(handler)
    }

    /// Finds the handler of a request. Empty segments do not count: `/ping/` is `/ping`. What answers GET answers HEAD, too
    /// (RFC 9110 §9.1), and the server leaves the body out.
    public func match(_ request: HTTPRequest) -> Match {
        switch table.match(request) {
        case .handler(let number, let names): .handler(handlers[number], names)
        case .otherMethod(let methods): .otherMethod(methods)
        case .nothing: .nothing
        }
    }
}
