// Who one side of a connection is, and whom it believes.

public import SystemIO

/// A certificate with its chain, and the key that proves it is ours.
public struct TLSIdentity: Equatable, Sendable {
    /// PEM: the certificate first, then those of intermediate authorities.
    public let certificateChain: [UInt8]
    /// PEM, unencrypted.
    public let privateKey: [UInt8]

    /// An identity from PEM; it is checked where it is used.
    public init(certificateChain: [UInt8], privateKey: [UInt8]) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
    }

    /// Reads both files, at most 1 MiB each.
    ///
    /// - Throws: the file that cannot be read, and why.
    public static func files(certificateChain: String, privateKey: String) throws(SystemError) -> TLSIdentity
    {
        TLSIdentity(
            certificateChain: try Files.read(certificateChain), privateKey: try Files.read(privateKey))
    }
}

/// Whom a client believes that a server is who it says.
public enum TLSTrust: Sendable {
    /// The authorities that the system trusts.
    case system
    /// These authorities, PEM; each certificate is trusted as such, as client-go does.
    case authorities([UInt8])
    /// The authorities in a PEM file of at most 4 MiB, read when the client is made.
    case file(String)
    /// Anybody: traffic is encrypted, but who is at the other end is not known.
    case insecure
}

/// Whether a server asks its clients who they are.
public enum TLSClientVerification: Sendable {
    /// Clients are not asked.
    case none
    /// A client may come without a certificate; one that it shows has to be from these authorities (PEM).
    case optional(authorities: [UInt8])
    /// Every client has to show a certificate from these authorities (PEM).
    case required(authorities: [UInt8])
}

/// Whom a verified certificate is about; Kubernetes reads a user and groups from it.
public struct TLSSubject: Equatable, Sendable {
    /// The common name; a user to Kubernetes. Empty where there is none.
    public let commonName: String
    /// The organizations; groups to Kubernetes.
    public let organizations: [String]
}
