// The side that connects: it wants to know who the server is before it says anything.

internal import COpenSSL
internal import Glibc
public import SystemIO

/// Makes the TLS of connections to one server.
public final class TLSClient: SecureLayerFactory {
    /// The name or address that the server's certificate has to be for.
    public let host: String

    private let context: TLSContext
    private let isAddress: Bool

    /// A client for one server. Certificates are read and checked here, once: after a change of a file make another.
    ///
    /// - Parameters:
    ///   - host: a DNS name, which is also sent to the server (SNI), or an IP address, which is not (RFC 6066 §3);
    ///     an IPv6 address may stand in brackets.
    ///   - trust: whom to believe.
    ///   - identity: the client's certificate and key, if the server wants one.
    ///   - protocols: ALPN names, the preferred first; none for no ALPN.
    /// - Throws: a sentence that says which certificate, key or name cannot be used, or that OpenSSL cannot.
    public convenience init(
        host: String, trust: TLSTrust = .system, identity: TLSIdentity? = nil, protocols: [String] = []
    ) throws(SecureLayerError) {
        try self.init(
            host: host, trust: trust, identity: identity, protocols: protocols, maximumVersion: 0)
    }

    init(
        host: String, trust: TLSTrust, identity: TLSIdentity? = nil, protocols: [String] = [],
        maximumVersion: Int32
    ) throws(SecureLayerError) {
        let name = Self.plainName(host)
        isAddress = Self.isAddress(name)
        guard isAddress || Self.isHostName(name) else {
            throw SecureLayerError(
                "cannot connect with TLS to \(host.debugDescription): give a DNS name or an IP address")
        }
        self.host = name
        context = try TLSContext(forServer: false, protocols: protocols, maximumVersion: maximumVersion)
        if let identity { try context.use(identity, "the client's") }
        switch trust {
        case .insecure: return
        case .system: try context.trustSystem()
        case .authorities(let pem): try context.trust(pem, "the list of certificate authorities")
        case .file(let path):
            let pem: [UInt8]
            do throws(SystemError) { pem = try Files.read(path, limit: 4 << 20) } catch {
                throw SecureLayerError("cannot use certificate authorities: \(error.description)")
            }
            try context.trust(pem, path)
        }
        context.verifyPeer(required: true)
    }

    /// A layer for a new connection to `host`.
    public func makeLayer() throws(SecureLayerError) -> any SecureLayer { try makeTLSLayer() }

    /// The same, for those who ask it more than a `SecureLayer` tells.
    public func makeTLSLayer() throws(SecureLayerError) -> TLSLayer {
        try TLSLayer(context, peer: .server(host)) { (ssl) throws(SecureLayerError) in
            if isAddress {
                try require(
                    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host), "verify the address \(host)")
                return
            }
            // The subject's common name is no host name (RFC 9525 §2), and no star stands for part of a label.
            SSL_set_hostflags(
                ssl, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            try require(SSL_set1_host(ssl, host), "verify the name \(host)")
            try require(ganglion_ssl_set_server_name(ssl, host), "send the name \(host)")
        }
    }

    /// Without brackets, zone and the dot of the root.
    private static func plainName(_ host: String) -> String {
        var name = host[...]
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        if name.contains(":"), let zone = name.firstIndex(of: "%") { name = name[..<zone] }
        if name.hasSuffix(".") { name = name.dropLast() }
        return String(name)
    }

    /// Whether `name` is an IP address, not a DNS name.
    static func isAddress(_ name: String) -> Bool {
        guard !name.utf8.contains(0) else { return false }
        var buffer = in6_addr()
        return inet_pton(AF_INET, name, &buffer) == 1 || inet_pton(AF_INET6, name, &buffer) == 1
    }

    /// Whether `name` can be a DNS name: labels of letters, digits, `-` and `_`, as far as that matters here.
    static func isHostName(_ name: String) -> Bool {
        guard 1...253 ~= name.utf8.count else { return false }
        return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy {
            label in
            1...63 ~= label.count
                && label.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
    }
}
