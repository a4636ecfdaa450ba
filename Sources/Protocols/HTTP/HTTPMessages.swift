// Requests and responses as handlers and callers see them, whatever version carries them.

public import HTTP1
public import SystemIO
internal import Text

/// A request, its body complete.
public struct HTTPRequest: Sendable {
    /// `GET`, `POST` and so on.
    public var method: String
    /// Path and query as on the wire; the whole URL where the client takes its peer for a proxy.
    public var target: String
    /// The fields.
    public var headers: HTTPHeaders
    /// The body; empty where there is none.
    public var body: [UInt8]
    /// Who sent it; nil for a Unix socket.
    public var peer: SocketAddress?

    /// A request.
    public init(
        _ method: String, _ target: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [],
        peer: SocketAddress? = nil
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    /// The path without the query, still percent-encoded.
    public var rawPath: Substring {
        let target = Self.originForm(of: target)
        // By octets: to look for characters takes longer than to answer.
        return target[..<(target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex)]
    }

    /// The path, decoded. Split `rawPath` where a segment may hold an encoded slash.
    public var path: String { PercentEncoding.decode(rawPath) }

    /// The segments of the path, each decoded; empty ones are left out.
    public var segments: [String] {
        rawPath.utf8.split(separator: UInt8(ascii: "/")).map { PercentEncoding.decode(Substring($0)) }
    }

    /// The query's names and values, decoded, in their order.
    public var query: [(name: String, value: String)] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return target[target.index(after: mark)...].split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                PercentEncoding.decode(parts[0], plusIsSpace: true),
                parts.count == 2 ? PercentEncoding.decode(parts[1], plusIsSpace: true) : ""
            )
        }
    }

    /// The first value of a name in the query.
    public func query(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

extension HTTPRequest {
    /// Path and query of a request's target. A client that takes the server for a proxy sends the whole URL, and a server
    /// has to take that (RFC 9112 §3.2.2).
    private static func originForm(of target: String) -> String {
        guard target.utf8.first != UInt8(ascii: "/") else { return target }
        let scheme = target.prefix(8).lowercased()
        let length = scheme == "https://" ? 8 : scheme.hasPrefix("http://") ? 7 : 0
        guard length > 0 else { return target }
        let rest = target.dropFirst(length).drop { $0 != "/" && $0 != "?" }
        return rest.hasPrefix("/") ? String(rest) : "/" + rest
    }

    /// What is said to a body in a coding: no handler here undoes one, and each would take the octets for something else
    /// (RFC 9110 §15.5.16). nil where there is none.
    var codingRefusal: HTTPResponse? {
        let coding = headers["content-encoding"] ?? "identity"
        guard coding.lowercased() != "identity" else { return nil }
        var refusal = HTTPResponse.text(
            415, "the body has the content-encoding \(coding.prefix(64)): send it as it is\n")
        refusal.headers["accept-encoding"] = "identity"
        return refusal
    }
}

/// A response.
public struct HTTPResponse: Sendable {
    /// The status code.
    public var status: Int
    /// The fields; Content-Length or Transfer-Encoding is added when it is sent.
    public var headers: HTTPHeaders
    /// The body.
    public var body: HTTPBody

    /// A response.
    public init(_ status: Int, headers: HTTPHeaders = HTTPHeaders(), body: HTTPBody = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A response of text.
    public static func text(
        _ status: Int, _ text: String, type: String = "text/plain; charset=utf-8"
    ) -> HTTPResponse {
        HTTPResponse(status, headers: ["content-type": type], body: .bytes(Array(text.utf8)))
    }

    /// The body's octets; empty for a stream.
    public var bytes: [UInt8] { if case .bytes(let bytes) = body { bytes } else { [] } }
}

/// What a response carries.
public enum HTTPBody: Sendable {
    /// All of it.
    case bytes([UInt8])
    /// What the closure writes, as it writes it. The response ends when the closure returns; when it throws, the
    /// connection is cut so that the peer does not take it for the whole.
    case stream(@Sendable (HTTPBodyWriter) async throws -> Void)
}

/// Writes a streamed body. A write waits while the peer is slow, and throws when it is gone.
public struct HTTPBodyWriter: Sendable {
    private let send: @Sendable ([UInt8]) async -> HTTPError?

    /// - Parameter send: returns when there is room for more, or why there never will be.
    init(_ send: @escaping @Sendable ([UInt8]) async -> HTTPError?) { self.send = send }

    /// Sends octets.
    ///
    /// - Throws: `HTTPError.closed` when the peer is gone, `.timeout` when it has taken nothing for too long.
    public func write(_ bytes: [UInt8]) async throws(HTTPError) {
        if let error = await send(bytes) { throw error }
    }

    /// Sends text.
    public func write(_ text: String) async throws(HTTPError) { try await write(Array(text.utf8)) }
}

/// Why an exchange did not come to an end.
public enum HTTPError: Error, Equatable, CustomStringConvertible {
    /// The connection could not be made or broke.
    case transport(SystemError)
    /// The peer broke the protocol.
    case malformed(HTTP1Error)
    /// TLS could not be set up.
    case security(SecureLayerError)
    /// The peer closed the connection before the end.
    case closed
    /// The exchange, or the connection that carries it among others, was ended; the sentence says why.
    case reset(String)
    /// No answer in time.
    case timeout(String)
    /// Nothing was sent: the time until which it might have been had passed.
    case expired(String)
    /// A proxy does not let through to `HOST:PORT`; the status with which it answered CONNECT.
    case tunnel(to: String, status: Int)

    /// One sentence.
    public var description: String {
        switch self {
        case .transport(let error): error.description
        case .malformed(let error): "the peer sent no valid HTTP: \(error)"
        case .security(let error): error.description
        case .closed: "the peer closed the connection before its message was complete"
        case .reset(let why): "the exchange was cut off: \(why)"
        case .timeout(let what): "no answer in time: \(what)"
        case .expired(let what): "not sent, since its time had passed: \(what)"
        case .tunnel(let target, let status): "the proxy answered CONNECT to \(target) with \(status)"
        }
    }
}
