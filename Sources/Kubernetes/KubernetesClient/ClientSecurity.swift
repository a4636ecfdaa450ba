// TLS as a configuration asks for it. Files are read again for each handshake: clusters replace their authority, and whoever
// renews certificates replaces them, while this process runs.

internal import HTTP
public import SystemIO
internal import TLS

/// Makes TLS layers of what the files say at present.
final class ClientSecurity: SecureLayerFactory {
    private struct Material: Equatable {
        var authorities: [UInt8]?
        var certificate: [UInt8]?
        var key: [UInt8]?
    }

    private struct Current {
        var factory: TLSClient
        var material: Material
    }

    private let security: ClientConfiguration.Security
    private let host: String
    private let current: Lock<Current>

    init(_ security: ClientConfiguration.Security, host: String) throws(SecureLayerError) {
        self.security = security
        self.host = security.serverName ?? host
        let material = Material(
            authorities: security.authorities, certificate: security.certificate, key: security.key)
        let factory = try Self.factory(
            material, host: self.host, skipsVerification: security.skipsVerification)
        current = Lock(Current(factory: factory, material: material))
    }

    func makeLayer() throws(SecureLayerError) -> any SecureLayer {
        try current.withLock { current throws(SecureLayerError) in
            func read(_ file: String?, _ last: [UInt8]?) -> [UInt8]? {
                guard let file, let bytes = try? Files.read(file, limit: 1 << 20) else { return last }
                return bytes
            }
            let material = Material(
                authorities: read(security.authoritiesFile, current.material.authorities),
                certificate: read(security.certificateFile, current.material.certificate),
                key: read(security.keyFile, current.material.key))
            // A file that is away or broken for a moment, and a key that is not yet the new certificate's, change nothing.
            if material != current.material,
                let factory = try? Self.factory(
                    material, host: host, skipsVerification: security.skipsVerification)
            {
                current = Current(factory: factory, material: material)
            }
            return try current.factory.makeLayer()
        }
    }

    private static func factory(
        _ material: Material, host: String, skipsVerification: Bool
    ) throws(SecureLayerError) -> TLSClient {
        let trust: TLSTrust =
            skipsVerification ? .insecure : material.authorities.map(TLSTrust.authorities) ?? .system
        var identity: TLSIdentity?
        if let certificate = material.certificate, let key = material.key {
            identity = TLSIdentity(certificateChain: certificate, privateKey: key)
        }
        return try TLSClient(
            host: host, trust: trust, identity: identity, protocols: ["h2", "http/1.1"])
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
        let security: ClientSecurity?
        do throws(SecureLayerError) {
            security = server.isSecure ? try ClientSecurity(configuration.security, host: server.host) : nil
        } catch {
            throw ConfigurationError(error.description)
        }
        return KubernetesClient(
            configuration: configuration, route: route, security: security, program: program,
            timeout: timeout, metrics: metrics, loop: loop)
    }
}
