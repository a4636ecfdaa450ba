// OpenSSL says "certificate verify failed". A person needs to know which certificate, what is wrong with it and what to
// do, so verdicts and reasons become sentences here.

internal import COpenSSL
internal import SystemIO

/// Who is at the other end, for errors.
enum TLSPeer: Equatable, Sendable {
    /// The server of this name or address.
    case server(String)
    case client

    /// The subject of a sentence.
    var description: String {
        switch self {
        case .server(let name): "server \"\(name)\""
        case .client: "the client"
        }
    }

    /// The peer's certificate as the subject of a sentence.
    fileprivate var certificate: String {
        switch self {
        case .server(let name): "the certificate of server \"\(name)\""
        case .client: "the client's certificate"
        }
    }
}

/// Sentences about what went wrong.
enum TLSFault {
    /// Why a certificate does not verify.
    ///
    /// - Parameter store: an X509_STORE_CTX in the middle of verification.
    static func verification(_ store: OpaquePointer, of peer: TLSPeer) -> String {
        let code = X509_STORE_CTX_get_error(store)
        let depth = X509_STORE_CTX_get_error_depth(store)
        guard let certificate = X509_STORE_CTX_get_current_cert(store) else {
            return "\(peer.certificate) cannot be verified (\(words(code)))"
        }
        let subject = CertificateText.subject(certificate)
        let which = depth == 0 ? peer.certificate : "the authority \"\(subject)\" behind \(peer.certificate)"
        switch code {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            let names = CertificateText.alternativeNames(certificate)
            guard !names.isEmpty else {
                return "\(which) names no host (\(subject)): issue it with subject alternative names"
            }
            return "\(which) is for other names (\(names.joined(separator: ", "))): "
                + "use one of them or issue it for this name as well"
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "\(which) expired at \(CertificateText.notAfter(certificate)): renew it"
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "\(which) is not valid before \(CertificateText.notBefore(certificate)): "
                + "check the clocks of both machines"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return "\(which) is self-signed (\(subject)) and not trusted: "
                + "give it as a certificate authority if it is the right one"
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return "\(peer.certificate) comes from \"\(subject)\", which is not trusted: "
                + "give that authority's certificate if it is the right one"
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return "\(which) comes from \"\(CertificateText.issuer(certificate))\", which is not trusted: "
                + "give that authority's certificate if it is the right one"
        case X509_V_ERR_INVALID_PURPOSE:
            let use = peer == .client ? "clients" : "servers"
            return "\(which) is not for \(use) (\(subject)): issue it with that extended key usage"
        default:
            return "\(which) cannot be verified (\(words(code))): examine it with openssl verify"
        }
    }

    /// Why a connection failed.
    ///
    /// - Parameters:
    ///   - code: from OpenSSL's error queue, 0 for none.
    ///   - isEstablished: whether the handshake was over.
    static func connection(_ code: UInt, with peer: TLSPeer, isEstablished: Bool) -> String {
        let reason = ERR_GET_REASON(code)
        let words = OpenSSL.reason(code)
        if ERR_GET_LIB(code) == ERR_LIB_SSL {
            if SSL_AD_REASON_OFFSET...SSL_AD_REASON_OFFSET + 255 ~= reason {
                return alert(reason - SSL_AD_REASON_OFFSET, words, from: peer)
            }
            switch reason {
            case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST:
                return "\(peer.description) speaks plain HTTP, not TLS: use https"
            case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_VERSION_TOO_LOW:
                return "\(peer.description) speaks no version of TLS that we do (\(words)): "
                    + "1.2 or newer is needed"
            case SSL_R_NO_SHARED_CIPHER:
                return "\(peer.description) has no cipher suite that we have: "
                    + "ECDHE with AES-GCM or ChaCha20 is needed"
            case SSL_R_NO_APPLICATION_PROTOCOL:
                return "\(peer.description) offers no protocol that we speak (ALPN)"
            case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
                return "\(peer.description) has no certificate: one from a trusted authority is needed"
            default: break
            }
            if !isEstablished, notTLS.contains(reason) {
                return "\(peer.description) does not speak TLS (\(words)): check the port and the scheme"
            }
        }
        return isEstablished
            ? "TLS with \(peer.description) broke (\(words)): connect again"
            : "the TLS handshake with \(peer.description) failed (\(words))"
    }

    /// How OpenSSL takes octets that are no TLS at all.
    private static let notTLS: Set<Int32> = [
        SSL_R_WRONG_VERSION_NUMBER, SSL_R_WRONG_SSL_VERSION, SSL_R_PACKET_LENGTH_TOO_LONG,
        SSL_R_RECORD_LENGTH_MISMATCH,
        SSL_R_BAD_RECORD_TYPE, SSL_R_RECORD_TOO_SMALL, SSL_R_UNEXPECTED_RECORD, SSL_R_UNKNOWN_PROTOCOL,
        SSL_R_LENGTH_TOO_SHORT,
    ]

    /// What the peer has told us in an alert (RFC 8446 §6).
    private static func alert(_ alert: Int32, _ words: String, from peer: TLSPeer) -> String {
        let who = peer.description
        switch alert {
        case TLS1_AD_UNKNOWN_CA:
            return "\(who) does not trust the authority of our certificate (\(words)): "
                + "give it that authority's certificate"
        case SSL3_AD_BAD_CERTIFICATE...SSL3_AD_CERTIFICATE_UNKNOWN:
            return "\(who) refuses our certificate (\(words)): give one that it accepts"
        case TLS13_AD_CERTIFICATE_REQUIRED:
            return "\(who) wants a client certificate: give one from an authority that it trusts"
        case TLS1_AD_NO_APPLICATION_PROTOCOL:
            return "\(who) speaks none of the protocols that we offer (ALPN)"
        case TLS1_AD_PROTOCOL_VERSION:
            return "\(who) speaks no version of TLS that we do (\(words)): 1.2 or newer is needed"
        case TLS1_AD_UNRECOGNIZED_NAME:
            return "\(who) does not know itself by that name (\(words)): use a name that it has"
        default:
            return "\(who) ended TLS with an alert (\(words))"
        }
    }

    private static func words(_ code: Int32) -> String {
        X509_verify_cert_error_string(Int(code)).map { String(cString: $0) } ?? "code \(code)"
    }
}
