// The proxy between a client and its server, as client-go finds it: a kubeconfig's proxy-url, or else what the environment says
// (golang.org/x/net/http/httpproxy): HTTPS_PROXY for https servers and HTTP_PROXY for others, unless NO_PROXY names the server.

internal import Glibc
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

    /// Parses `http://USER:PASSWORD@HOST:PORT` or `HOST:PORT`.
    ///
    /// - Parameter origin: where the URL stands, for errors.
    /// - Throws: `ConfigurationError` for what is no URL, and for proxies of other kinds, which are not supported.
    public init(_ url: String, origin: String) throws(ConfigurationError) {
        var rest = url[...]
        if let scheme = rest.firstRange(of: "://") {
            guard rest[..<scheme.lowerBound].lowercased() == "http" else {
                throw ConfigurationError(
                    "\(origin) names a proxy that is asked by \(rest[..<scheme.lowerBound]), which is not supported: name an http:// proxy"
                )
            }
            rest = rest[scheme.upperBound...]
        }
        var credentials: Substring?
        if let at = rest.prefix(while: { $0 != "/" }).lastIndex(of: "@") {
            credentials = rest[..<at]
            rest = rest[rest.index(after: at)...]
        }
        do {
            let address = try ServerAddress("http://\(rest)")
            host = address.host
            port = address.port
        } catch {
            // Without the URL: it may hold a password.
            throw ConfigurationError("\(origin) is no URL of a proxy: write http://HOST:PORT")
        }
        authorization = credentials.map { text in
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let user = parts.map { PercentEncoding.decode($0) }.joined(separator: ":")
            return "Basic " + Base64.encode(Array((parts.count == 1 ? user + ":" : user).utf8))
        }
    }

    /// The proxy that the environment names for a server; nil for none.
    ///
    /// - Parameter environment: the value of a variable.
    public static func fromEnvironment(
        for server: ServerAddress, _ environment: (String) -> String?
    ) throws(ConfigurationError) -> ProxyAddress? {
        func value(_ name: String) -> (name: String, value: String)? {
            for name in [name, name.lowercased()] {
                if let value = environment(name), !value.isEmpty { return (name, value) }
            }
            return nil
        }
        guard let proxy = value(server.isSecure ? "HTTPS_PROXY" : "HTTP_PROXY"),
            !ProxyExceptions(value("NO_PROXY")?.value ?? "").contains(server)
        else { return nil }
        return try ProxyAddress(proxy.value, origin: proxy.name)
    }
}

/// The servers that are reached without the proxy: NO_PROXY.
struct ProxyExceptions {
    private let entries: [String]

    init(_ text: String) {
        entries = text.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
    }

    /// Whether the server is one of them. This machine always is.
    func contains(_ server: ServerAddress) -> Bool {
        let host = server.host.lowercased()
        if host == "localhost" { return true }
        let address = Self.octets(host)
        if let address, Self.isLoopback(address) { return true }
        return entries.contains { entry in
            if entry == "*" { return true }
            if let slash = entry.firstIndex(of: "/") {
                guard let address, let network = Self.octets(String(entry[..<slash])),
                    let length = Int(entry[entry.index(after: slash)...]), network.count == address.count
                else { return false }
                return Self.agree(network, address, bits: length)
            }
            let (name, port) = Self.split(entry)
            if let port, port != String(server.port) { return false }
            if let number = Self.octets(name) { return number == address }
            guard !name.isEmpty else { return false }
            let suffix = name.hasPrefix("*.") ? String(name.dropFirst()) : name
            // `example.com` is the host and those below it, `.example.com` only those below.
            return suffix.hasPrefix(".")
                ? host.hasSuffix(suffix) : host == suffix || host.hasSuffix("." + suffix)
        }
    }

    /// Host and port; an entry with more than one colon is an IPv6 address, unless it has brackets.
    private static func split(_ entry: String) -> (String, String?) {
        if entry.hasPrefix("["), let close = entry.firstIndex(of: "]") {
            let rest = entry[entry.index(after: close)...]
            let host = String(entry[entry.index(after: entry.startIndex)..<close])
            return (host, rest.hasPrefix(":") ? String(rest.dropFirst()) : nil)
        }
        let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : (entry, nil)
    }

    /// The 4 or 16 octets of a numeric address.
    private static func octets(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        return withUnsafeBytes(of: six) { Array($0) }
    }

    private static func isLoopback(_ address: [UInt8]) -> Bool {
        address.count == 4 ? address[0] == 127 : address == [UInt8](repeating: 0, count: 15) + [1]
    }

    private static func agree(_ one: [UInt8], _ other: [UInt8], bits: Int) -> Bool {
        guard bits >= 0, bits <= one.count * 8 else { return false }
        return (0..<bits).allSatisfy { bit in
            let difference: UInt8 = one[bit / 8] ^ other[bit / 8]
            return difference & (0x80 >> UInt8(bit % 8)) == 0
        }
    }
}
