// What a router knows, with numbers in the handlers' place: what is generic in its handlers is compiled for none of them, and
// takes several times as long.

/// Numbers of handlers by method and path.
struct RouteTable: Sendable {
    /// What there is for a request.
    enum Match {
        case handler(Int, [String])
        case otherMethod([String])
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
        var handlers: [(method: String, handler: Int)] = []
        /// For all other methods.
        var other: Int?

        func handler(_ method: String) -> Int? {
            let found =
                handlers.first { $0.method == method }
                ?? handlers.first { $0.method == "GET" && method == "HEAD" }
            return found?.handler ?? other
        }

        /// Those that it has a handler for.
        var methods: [String] {
            var methods: [String] = []
            for (method, _) in handlers {
                for one in method == "GET" ? ["GET", "HEAD"] : [method] where !methods.contains(one) {
                    methods.append(one)
                }
            }
            return methods
        }

        /// The segments that stand where there is a name; nil where the path is another.
        func names(_ path: [String]) -> [String]? {
            guard segments.count == path.count else { return nil }
            var names: [String] = []
            for index in path.indices {
                switch segments[index] {
                case .word(let word): guard word == path[index] else { return nil }
                case .named(suffix: ""): names.append(path[index])
                case .named(let suffix):
                    guard path[index].hasSuffix(suffix), path[index].utf8.count > suffix.utf8.count else {
                        return nil
                    }
                    names.append(String(path[index].dropLast(suffix.count)))
                }
            }
            return names
        }
    }

    private var routes: [Route] = []
    /// The routes that may match a path, in their order: by its first segment where a route begins with that word. A route
    /// that begins with a name is in all of them.
    private var byFirstWord: [String: [Int]] = [:]
    /// Those that may match a path that begins with none of these words.
    private var others: [Int] = []
    /// Handlers of paths without a name, by path and method, where no route before them matches: found without taking the
    /// path apart.
    private var plain: [String: [String: Int]] = [:]

    /// Adds a handler; see `HTTPRouter.on`.
    mutating func add(_ method: String?, _ pattern: String, handler: Int) {
        let segments = pattern.split(separator: "/").map { segment -> Segment in
            guard segment.hasPrefix("{"), let end = segment.firstIndex(of: "}") else {
                return .word(String(segment))
            }
            return .named(suffix: String(segment[segment.index(after: end)...]))
        }
        let words = segments.compactMap { if case .word(let word) = $0 { word } else { nil } }
        let isHidden = routes.contains { $0.segments != segments && $0.names(words) != nil }
        if let method, words.count == segments.count, !isHidden {
            let path = "/" + words.joined(separator: "/")
            if plain[path]?[method] == nil { plain[path, default: [:]][method] = handler }
        }
        let index = routes.firstIndex { $0.segments == segments } ?? routes.count
        if index == routes.count {
            routes.append(Route(segments: segments))
            list(index)
        }
        if let method {
            routes[index].handlers.append((method, handler))
        } else if routes[index].other == nil {
            routes[index].other = handler
        }
    }

    /// Puts a route where it will be looked for.
    private mutating func list(_ index: Int) {
        guard case .word(let word) = routes[index].segments.first else {
            others.append(index)
            for word in byFirstWord.keys { byFirstWord[word]?.append(index) }
            return
        }
        byFirstWord[word, default: others].append(index)
    }

    /// Finds the handler of a request; see `HTTPRouter.match`.
    func match(_ request: HTTPRequest) -> Match {
        if let handler = plain[request.target]?[request.method] { return .handler(handler, []) }
        let path = request.segments
        for index in path.first.flatMap({ byFirstWord[$0] }) ?? others {
            guard let names = routes[index].names(path) else { continue }
            if let handler = routes[index].handler(request.method) { return .handler(handler, names) }
            return .otherMethod(routes[index].methods)
        }
        return .nothing
    }
}
