// A proxy's URL. It may hold a password, so what is shown of it is never more than host and port, in errors neither.

internal import SystemIO
internal import Text

/// An HTTP proxy.
public struct ProxyAddress: Equatable, Sendable {
    /// A name or a numeric address, without brackets.
    public var host: String
    /// The TCP port.
    public var port: UInt16
    /// The value of Proxy-Authorization; nil where the URL has no user.
    public var authorization: String?

    /// `HOST:PORT`, for logs.
    public var authority: String { SocketAddress.authority(host, port) }

    /// Parses `http://USER:PASSWORD@HOST:PORT` or `HOST:PORT`, with port 80 where none is given, as
    /// golang.org/x/net/http/httpproxy has it.
    ///
    /// - Parameter origin: where the URL stands, for errors.
    /// - Throws: `ProxyError` for what is no URL, and for proxies of other kinds, which are not supported.
    public init(_ url: String, origin: String) throws(ProxyError) {
        var rest = url[...]
        if let scheme = rest.firstRange(of: "://") {
            guard rest[..<scheme.lowerBound].lowercased() == "http" else {
                throw .otherKind(origin: origin, scheme: String(rest[..<scheme.lowerBound]))
            }
            rest = rest[scheme.upperBound...]
        }
        rest = rest.prefix { $0 != "/" }
        var credentials: Substring?
        if let at = rest.lastIndex(of: "@") {
            credentials = rest[..<at]
            rest = rest[rest.index(after: at)...]
        }
        guard let (host, port) = Self.parse(rest) else { throw .noURL(origin: origin) }
        self.host = host
        self.port = port
        authorization = credentials.map { text in
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let user = parts.map { PercentEncoding.decode($0) }.joined(separator: ":")
            return "Basic " + Base64.encode(Array((parts.count == 1 ? user + ":" : user).utf8))
        }
    }

    private static func parse(_ authority: Substring) -> (String, UInt16)? {
        let (host, portText) = split(authority)
        guard !host.isEmpty, host.utf8.allSatisfy({ 33...126 ~= $0 && !"[]?#\\".utf8.contains($0) }) else {
            return nil
        }
        guard let portText else { return (String(host), 80) }
        guard let port = UInt16(portText), port > 0 else { return nil }
        return (String(host), port)
    }

    /// Host and port of `HOST`, `HOST:PORT`, `[IPv6]` or `[IPv6]:PORT`; an address with more than one colon and no brackets is
    /// an IPv6 address.
    static func split(_ text: Substring) -> (host: Substring, port: Substring?) {
        if text.first == "[", let close = text.firstIndex(of: "]") {
            let rest = text[text.index(after: close)...]
            guard rest.isEmpty || rest.first == ":" else { return ("", nil) }
            return (text[..<close].dropFirst(), rest.isEmpty ? nil : rest.dropFirst())
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? (parts[0], parts[1]) : (text, nil)
    }
}

/// Why a proxy that is named cannot be asked. The sentence does not show its URL, which may hold a password.
public enum ProxyError: Error, Equatable, CustomStringConvertible {
    /// A proxy that does not speak plain HTTP.
    case otherKind(origin: String, scheme: String)
    /// No URL at all.
    case noURL(origin: String)

    /// One sentence.
    public var description: String {
        switch self {
        case .otherKind(let origin, let scheme):
            "\(origin) names a proxy that is asked by \(scheme.prefix(16)), which is not supported: name an http:// proxy"
        case .noURL(let origin): "\(origin) is no URL of a proxy: write http://HOST:PORT"
        }
    }
}
