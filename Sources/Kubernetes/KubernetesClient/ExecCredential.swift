// What a program that signs in has printed.

internal import JSON
internal import KubernetesAPI
internal import TLS

/// A token, a certificate with its key, or both.
struct ExecCredential: Equatable, Sendable {
    /// The bearer token; nil for none.
    var token: String?
    /// The client's certificate chain and key, PEM; nil for none.
    var identity: TLSIdentity?
    /// When it ends; nil for one that is used until it is refused.
    var expires: Timestamp?

    /// Whether it lasts until a request that begins now is answered: ten seconds.
    func isGood(at time: Timestamp) -> Bool {
        expires.map { time.microseconds < $0.microseconds - 10_000_000 } ?? true
    }

    /// Reads an ExecCredential.
    ///
    /// - Throws: `ConfigurationError`, never with token or key in it.
    init(_ output: [UInt8], apiVersion: String) throws(ConfigurationError) {
        guard let json = try? JSON(parsing: output), json["kind"]?.string == "ExecCredential" else {
            throw ConfigurationError("it printed no ExecCredential")
        }
        let version = json["apiVersion"]?.string ?? ""
        guard version == apiVersion else {
            throw ConfigurationError(
                "it printed an ExecCredential of \"\(version)\", the kubeconfig says \(apiVersion)")
        }
        guard let status = json["status"], !status.isNull else {
            throw ConfigurationError("its ExecCredential has no status")
        }
        token = Self.text("token", in: status)
        let certificate = Self.text("clientCertificateData", in: status)
        let key = Self.text("clientKeyData", in: status)
        guard token != nil || certificate != nil || key != nil else {
            throw ConfigurationError("its ExecCredential has no token, and no certificate with its key")
        }
        guard (certificate == nil) == (key == nil) else {
            throw ConfigurationError("its ExecCredential has only one of certificate and key")
        }
        guard token?.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) ?? true else {
            throw ConfigurationError("its token has characters that no token has")
        }
        if let certificate, let key {
            let identity = TLSIdentity(certificateChain: Array(certificate.utf8), privateKey: Array(key.utf8))
            do { _ = try TLSClient(host: "localhost", trust: .insecure, identity: identity) } catch {
                throw ConfigurationError("its certificate cannot be used: \(error)")
            }
            self.identity = identity
        }
        if let text = Self.text("expirationTimestamp", in: status) {
            guard let time = Timestamp(text) else {
                throw ConfigurationError("its expirationTimestamp \"\(text.prefix(64))\" is no time")
            }
            expires = time
        }
    }

    private static func text(_ name: String, in status: JSON) -> String? {
        status[name]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}
