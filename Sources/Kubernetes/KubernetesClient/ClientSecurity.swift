// TLS as a configuration asks for it. Files are read again for each handshake: clusters replace their authority, and whoever
// renews certificates replaces them, while this process runs.

internal import HTTP
internal import HTTPProxy
public import SystemIO
internal import TLS

/// Makes TLS layers of what the files, and the program that signs in, say at present.
final class ClientSecurity: SecureLayerFactory {
    private let plain: RenewedSecurity
    private let security: ClientConfiguration.Security
    private let host: String
    private let tokens: TokenSource?
    private let signedIn = Lock<SignedIn?>(nil)

    /// The TLS of a certificate that a program gave.
    private struct SignedIn {
        var identity: TLSIdentity
        var layers: RenewedSecurity
    }

    /// - Parameter tokens: gives the client's certificate where a program signs in.
    init(
        _ security: ClientConfiguration.Security, host: String, tokens: TokenSource? = nil
    ) throws(SecureLayerError) {
        self.security = security
        self.host = security.serverName ?? host
        self.tokens = tokens
        plain = try Self.layers(security, host: self.host, identity: nil)
    }

    func makeLayer() throws(SecureLayerError) -> any SecureLayer {
        guard let identity = tokens?.identity() else { return try plain.makeLayer() }
        let layers = try signedIn.withLock { signedIn throws(SecureLayerError) in
            if let known = signedIn, known.identity == identity { return known.layers }
            let layers = try Self.layers(security, host: host, identity: identity)
            signedIn = SignedIn(identity: identity, layers: layers)
            return layers
        }
        return try layers.makeLayer()
    }

    /// A file that is away or broken for a moment, and a key that is not yet the new certificate's, change nothing.
    private static func layers(
        _ security: ClientConfiguration.Security, host: String, identity: TLSIdentity?
    ) throws(SecureLayerError) -> RenewedSecurity {
        let files = [security.authoritiesFile, security.certificateFile, security.keyFile]
        let present = files.indices.filter { files[$0] != nil }
        return try RenewedSecurity(files: present.compactMap { files[$0] }) {
            contents throws(SecureLayerError) in
            var material = [security.authorities, security.certificate, security.key]
            for (index, content) in zip(present, contents) { material[index] = content }
            let trust: TLSTrust =
                security.skipsVerification
                ? .insecure : material[0].map(TLSTrust.authorities) ?? .system
            var own = identity
            if own == nil, let certificate = material[1], let key = material[2] {
                own = TLSIdentity(certificateChain: certificate, privateKey: key)
            }
            return try TLSClient(host: host, trust: trust, identity: own, protocols: ["h2", "http/1.1"])
        }
    }
}

extension KubernetesClient {
    /// A client for a configuration; nothing is looked for or connected before the first request.
    ///
    /// - Parameters:
    ///   - program: the program's name, for the User-Agent.
    ///   - timeout: the longest any request but a watch may take.
    /// - Throws: `ConfigurationError` in one sentence.
    public static func make(
        _ configuration: ClientConfiguration, program: String, timeout: Duration = .seconds(30),
        metrics: ClientMetrics? = nil, loop: EventLoop = .shared
    ) async throws(ConfigurationError) -> KubernetesClient {
        let server = configuration.server
        let proxy = configuration.proxy
        let resolver = NameResolver(
            host: proxy?.host ?? server.host, port: proxy?.port ?? server.port, loop: loop)
        // A proxy is asked for the way to a server that speaks TLS, and for the answer of one that does not.
        let tunnel =
            server.isSecure
            ? proxy.map { HTTPRoute.Tunnel(to: server.authority, authorization: $0.authorization) } : nil
        let route = HTTPRoute(tunnel: tunnel) { () async throws(SystemError) in try await resolver.addresses()
        }
        let tokens = TokenSource(configuration.credential, loop: loop)
        let security: ClientSecurity?
        do throws(SecureLayerError) {
            security =
                server.isSecure
                ? try ClientSecurity(configuration.security, host: server.host, tokens: tokens) : nil
        } catch {
            throw ConfigurationError(error.description)
        }
        return KubernetesClient(
            configuration: configuration, route: route, security: security, tokens: tokens, program: program,
            timeout: timeout, metrics: metrics, loop: loop)
    }
}
