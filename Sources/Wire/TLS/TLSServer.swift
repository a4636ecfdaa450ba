// The side that accepts: it shows its certificate and may ask for the client's.

public import SystemIO

/// Makes the TLS of connections that a server accepts.
public final class TLSServer: SecureLayerFactory {
    private let context: TLSContext

    /// A server. Certificates are read and checked here, once.
    ///
    /// - Parameters:
    ///   - identity: the server's certificate chain and key.
    ///   - clients: whether clients show a certificate.
    ///   - protocols: ALPN names, the preferred first. A client that offers only others is refused (RFC 7301 §3.2);
    ///     one that offers none is not. None for no ALPN.
    /// - Throws: a sentence that says which certificate or key cannot be used, or that OpenSSL cannot.
    public convenience init(
        identity: TLSIdentity, clients: TLSClientVerification = .none, protocols: [String] = []
    ) throws(SecureLayerError) {
        try self.init(identity: identity, clients: clients, protocols: protocols, maximumVersion: 0)
    }

    init(
        identity: TLSIdentity, clients: TLSClientVerification = .none, protocols: [String] = [],
        maximumVersion: Int32
    ) throws(SecureLayerError) {
        context = try TLSContext(forServer: true, protocols: protocols, maximumVersion: maximumVersion)
        try context.use(identity, "the server's")
        switch clients {
        case .none: break
        case .optional(let authorities):
            try context.trust(authorities, "the list of client authorities", announce: true)
            context.verifyPeer(required: false)
        case .required(let authorities):
            try context.trust(authorities, "the list of client authorities", announce: true)
            context.verifyPeer(required: true)
        }
    }

    /// A layer for a connection that has been accepted.
    public func makeLayer() throws(SecureLayerError) -> any SecureLayer { try makeTLSLayer() }

    /// The same, for those who ask it more than a `SecureLayer` tells, such as the client's subject.
    public func makeTLSLayer() throws(SecureLayerError) -> TLSLayer { try TLSLayer(context, peer: .client) }
}
