// TLS as a configuration asks for it. In a pod the authorities' file is read again from time to time: clusters replace their
// authority while pods run.

public import SystemIO
internal import TLS

/// Makes TLS layers that trust what the file says at present.
final class ClientSecurity: SecureLayerFactory {
    private struct Current {
        var factory: TLSClient
        var authorities: [UInt8]?
        var readAt: Duration
    }

    private let security: ClientConfiguration.Security
    private let host: String
    private let current: Lock<Current>

    init(_ security: ClientConfiguration.Security, host: String) throws(SecureLayerError) {
        self.security = security
        self.host = security.serverName ?? host
        let factory = try Self.factory(security, host: self.host, authorities: security.authorities)
        current = Lock(
            Current(factory: factory, authorities: security.authorities, readAt: MonotonicClock.time))
    }

    func makeLayer() throws(SecureLayerError) -> any SecureLayer {
        try current.withLock { current throws(SecureLayerError) in
            let now = MonotonicClock.time
            if let path = security.authoritiesFile, now - current.readAt > TokenSource.lifetime {
                current.readAt = now
                // A file that is away or broken for a moment changes nothing.
                if let bytes = try? Files.read(path), bytes != current.authorities,
                    let factory = try? Self.factory(security, host: host, authorities: bytes)
                {
                    current.factory = factory
                    current.authorities = bytes
                }
            }
            return try current.factory.makeLayer()
        }
    }

    private static func factory(
        _ security: ClientConfiguration.Security, host: String, authorities: [UInt8]?
    ) throws(SecureLayerError) -> TLSClient {
        let trust: TLSTrust =
            security.skipsVerification ? .insecure : authorities.map(TLSTrust.authorities) ?? .system
        var identity: TLSIdentity?
        if let certificate = security.certificate, let key = security.key {
            identity = TLSIdentity(certificateChain: certificate, privateKey: key)
        }
        return try TLSClient(host: host, trust: trust, identity: identity)
    }
}

extension KubernetesClient {
    /// A client for a configuration: finds the server's address and reads the certificates; nothing is connected yet.
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
        let address = try await resolve(host: server.host, port: server.port)
        let security: ClientSecurity?
        do throws(SecureLayerError) {
            security = server.isSecure ? try ClientSecurity(configuration.security, host: server.host) : nil
        } catch {
            throw ConfigurationError(error.description)
        }
        return KubernetesClient(
            configuration: configuration, address: address, security: security, program: program,
            timeout: timeout, metrics: metrics, loop: loop)
    }
}
