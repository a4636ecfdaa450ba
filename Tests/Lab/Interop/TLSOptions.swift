// TLS of `ganglion-interop`: a certificate from files or made on the spot, and whom a client believes.

internal import Arguments
internal import SystemIO
internal import TLS

/// The options of servers and clients for TLS, and what comes of them.
enum TLSOptions {
    static let certificate = Option<String?>(
        "tls-certificate", placeholder: "FILE", help: "The server's certificate chain, PEM: serves with TLS")
    static let key = Option<String?>("tls-key", placeholder: "FILE", help: "The certificate's key, PEM")
    static let selfSigned = Flag(
        "tls-self-signed", help: "Serve with TLS and a certificate made for localhost, 127.0.0.1 and ::1")
    static let authorities = Option<String?>(
        "tls-authorities", placeholder: "FILE",
        help: "Whom to believe who the server is, PEM: connects with TLS")
    static let insecure = Flag("tls-insecure", help: "Connect with TLS and believe everybody")

    /// What servers take.
    static let ofServers: [any ArgumentDeclaration] = [certificate, key, selfSigned]
    /// What clients take.
    static let ofClients: [any ArgumentDeclaration] = [authorities, insecure]

    /// The only protocol that is spoken.
    private static let protocols = ["h2"]

    /// The TLS of a server; nil for none.
    static func server(_ values: ArgumentValues) throws -> TLSServer? {
        switch (values[certificate], values[key], values[selfSigned]) {
        case (nil, nil, false): return nil
        case (let certificate?, let key?, false):
            return try TLSServer(
                identity: .files(certificateChain: certificate, privateKey: key), protocols: protocols)
        case (nil, nil, true):
            let authority = try CertificateAuthority(commonName: "ganglion-interop", validity: .days(1))
            let certificate = try authority.issueServerCertificate(
                hosts: ["localhost", "127.0.0.1", "::1"], validity: .days(1))
            return try TLSServer(identity: certificate.identity, protocols: protocols)
        case (nil, _?, false): throw ArgumentError.missing("--tls-certificate")
        case (_?, nil, false): throw ArgumentError.missing("--tls-key")
        case (_, _, true): throw ArgumentError.unexpected("--tls-self-signed")
        }
    }

    /// The TLS of a client.
    ///
    /// - Parameters:
    ///   - host: whom the server's certificate has to name.
    ///   - isWanted: whether there is TLS in any case, believing whom the system believes.
    /// - Returns: nil for none.
    static func client(_ values: ArgumentValues, host: String, isWanted: Bool = false) throws -> TLSClient? {
        let trust: TLSTrust
        switch (values[authorities], values[insecure]) {
        case (let file?, false): trust = .file(file)
        case (nil, true): trust = .insecure
        case (_?, true): throw ArgumentError.unexpected("--tls-insecure")
        case (nil, false):
            guard isWanted else { return nil }
            trust = .system
        }
        return try TLSClient(host: host, trust: trust, protocols: protocols)
    }
}
