// The way to a server, asked for anew with each connection: the address behind a name changes, and a server in front of
// which a proxy stands is reached through it alone.

public import SystemIO

/// How a client reaches its server.
public struct HTTPRoute: Sendable {
    /// Finds the addresses to connect to, the best first. Asked for each connection; the time of the exchange runs.
    public typealias Addresses = @Sendable () async throws(SystemError) -> [SocketAddress]

    /// Where a proxy is asked to go (CONNECT, RFC 9110 §9.3.6).
    public struct Tunnel: Sendable, Equatable {
        /// `HOST:PORT` of the server, an IPv6 address in brackets.
        public var target: String
        /// The value of Proxy-Authorization; nil for none.
        public var authorization: String?

        /// A tunnel to a server.
        public init(to target: String, authorization: String? = nil) {
            self.target = target
            self.authorization = authorization
        }
    }

    let addresses: Addresses
    let tunnel: Tunnel?

    /// A route whose addresses are looked for with each connection.
    ///
    /// - Parameters:
    ///   - tunnel: what to ask of the proxy whose addresses they are; nil where they are the server's own.
    ///   - addresses: all of them are tried, in order.
    public init(tunnel: Tunnel? = nil, addresses: @escaping Addresses) {
        self.tunnel = tunnel
        self.addresses = addresses
    }

    /// The route to one address.
    public init(_ address: SocketAddress) {
        self.init { () async throws(SystemError) in [address] }
    }
}
