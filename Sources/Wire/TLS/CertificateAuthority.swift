// A certificate authority in the process: the embedded API server makes its own at the first start, and kubectl trusts
// it through certificate-authority-data. Only PEM is kept, so that it is a value; issuing is rare.

internal import COpenSSL
public import SystemIO

/// A certificate and its key, as PEM.
public struct Certificate: Sendable, Equatable {
    /// The certificate.
    public let certificatePEM: [UInt8]
    /// Its private key, PKCS #8, not encrypted: a secret.
    public let privateKeyPEM: [UInt8]

    /// What a server or client shows.
    public var identity: TLSIdentity {
        TLSIdentity(certificateChain: certificatePEM, privateKey: privateKeyPEM)
    }
}

/// From when until when a certificate is valid, relative to the moment of issue; 100 years either way at most.
public struct CertificateValidity: Sendable, Equatable {
    /// Usually a little before now, for clocks that are behind.
    public var from: Duration
    /// When it expires.
    public var until: Duration

    /// Valid between two moments relative to now.
    public init(from: Duration = .seconds(-300), until: Duration) {
        self.from = from
        self.until = until
    }

    /// Valid for a number of days.
    public static func days(_ count: Int) -> CertificateValidity {
        CertificateValidity(until: .seconds(86_400 * Double(count)))
    }
}

/// Issues certificates for servers and clients; its keys are on curve P-256.
public struct CertificateAuthority: Sendable, Equatable {
    /// What others trust: certificate-authority-data once in base64.
    public var certificatePEM: [UInt8] { certificate.certificatePEM }
    /// A secret: who has it can be anybody.
    public var privateKeyPEM: [UInt8] { certificate.privateKeyPEM }

    private let certificate: Certificate

    /// Makes a new authority.
    ///
    /// - Parameter commonName: 1 to 64 characters.
    public init(
        commonName: String, validity: CertificateValidity = .days(3650)
    ) throws(SecureLayerError) {
        certificate = try CertificateRequest(commonName: commonName, validity: validity, use: .authority)
            .signed(by: nil)
    }

    /// An authority that was made before.
    ///
    /// - Throws: when the certificate or key cannot be read, or they do not belong together.
    public init(certificatePEM: [UInt8], privateKeyPEM: [UInt8]) throws(SecureLayerError) {
        let certificate = try PEM.certificate(certificatePEM, "the authority's certificate")
        let key = try PEM.privateKey(privateKeyPEM, "the authority's private key")
        defer { extendLifetime(key) }
        guard X509_check_private_key(certificate.pointer, key.pointer) == 1 else {
            ERR_clear_error()
            throw SecureLayerError(
                "the authority's private key does not belong to its certificate "
                    + "(\(CertificateText.subject(certificate.pointer))): give the pair that belongs together"
            )
        }
        guard X509_check_ca(certificate.pointer) != 0 else {
            throw SecureLayerError(
                "\(CertificateText.subject(certificate.pointer)) is no certificate authority: give one that is"
            )
        }
        extendLifetime(certificate)
        self.certificate = Certificate(certificatePEM: certificatePEM, privateKeyPEM: privateKeyPEM)
    }

    /// A certificate for a server.
    ///
    /// - Parameters:
    ///   - hosts: DNS names, whose first label may be `*`, and IP addresses; at least one.
    ///   - commonName: what people see; the first host unless given.
    public func issueServerCertificate(
        hosts: [String], commonName: String? = nil, validity: CertificateValidity = .days(365)
    ) throws(SecureLayerError) -> Certificate {
        guard let first = hosts.first else {
            throw SecureLayerError(
                "cannot issue a server's certificate for no host: give a name or an address")
        }
        let name = commonName ?? String(first.prefix(64))
        return try CertificateRequest(
            commonName: name, validity: validity, use: .server(hosts: hosts)
        ).signed(by: certificate)
    }

    /// A certificate for a client.
    ///
    /// - Parameters:
    ///   - commonName: the user, to Kubernetes.
    ///   - organizations: the groups, to Kubernetes.
    public func issueClientCertificate(
        commonName: String, organizations: [String] = [], validity: CertificateValidity = .days(365)
    ) throws(SecureLayerError) -> Certificate {
        try CertificateRequest(
            commonName: commonName, organizations: organizations, validity: validity, use: .client
        ).signed(by: certificate)
    }
}
