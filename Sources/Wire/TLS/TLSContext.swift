// What all connections of one client or server share: OpenSSL's SSL_CTX, configured once and never changed afterwards,
// which is when OpenSSL allows its use from several threads.

internal import COpenSSL
internal import Glibc
internal import SystemIO

/// A configured SSL_CTX.
final class TLSContext: @unchecked Sendable {
    /// The lowest version that is spoken; the first five have known weaknesses (RFC 8996).
    static let minimumVersion = TLS1_2_VERSION
    /// Key exchange with forward secrecy and authenticated encryption, as the suites of TLS 1.3 all have.
    private static let cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"

    /// The SSL_CTX.
    let handle: Handle
    /// ALPN in wire form (RFC 7301 §3.1), at a place that does not move: OpenSSL keeps pointers into it.
    private let protocols: UnsafeBufferPointer<UInt8>

    /// A context for one side.
    ///
    /// - Parameters:
    ///   - protocols: ALPN names in order of preference; none turns ALPN off.
    ///   - maximumVersion: 0 for the newest there is.
    init(forServer: Bool, protocols: [String], maximumVersion: Int32 = 0) throws(SecureLayerError) {
        try OpenSSL.prepare()
        let wire = try Self.wireForm(protocols)
        let context = try Handle(
            SSL_CTX_new(forServer ? TLS_server_method() : TLS_client_method()), "make a TLS context",
            free: SSL_CTX_free)
        try require(
            ganglion_ssl_ctx_set_min_version(context.pointer, Self.minimumVersion), "ask for TLS 1.2 or newer"
        )
        try require(
            ganglion_ssl_ctx_set_max_version(context.pointer, maximumVersion), "limit the version of TLS")
        try require(SSL_CTX_set_cipher_list(context.pointer, Self.cipherSuites), "choose cipher suites")
        _ = SSL_CTX_set_options(
            context.pointer,
            ganglion_ssl_op_no_renegotiation | ganglion_ssl_op_no_ticket | ganglion_ssl_op_no_compression
                | ganglion_ssl_op_server_preference)
        ganglion_ssl_ctx_set_modes(context.pointer)
        ganglion_ssl_ctx_forget_sessions(context.pointer)

        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: wire.count)
        _ = buffer.initialize(from: wire)
        self.handle = context
        self.protocols = UnsafeBufferPointer(buffer)
        guard !wire.isEmpty else { return }
        if forServer {
            SSL_CTX_set_alpn_select_cb(
                handle.pointer, selectProtocol, Unmanaged.passUnretained(self).toOpaque())
        } else if SSL_CTX_set_alpn_protos(handle.pointer, self.protocols.baseAddress, UInt32(wire.count)) != 0
        {
            throw OpenSSL.fault("offer the protocols \(protocols.joined(separator: ", "))")
        }
    }

    deinit { protocols.deallocate() }

    /// Shows this certificate to the peer.
    ///
    /// - Parameter owner: whose it is, for errors: `the server's`.
    func use(_ identity: TLSIdentity, _ owner: String) throws(SecureLayerError) {
        let key = try PEM.privateKey(identity.privateKey, "\(owner) private key")
        defer { extendLifetime(key) }
        let context = handle.pointer
        let keyPointer = key.pointer
        try PEM.forEachCertificate(in: identity.certificateChain, "\(owner) certificate chain") {
            (certificate, index) throws(SecureLayerError) in
            guard index == 0 else {
                try require(
                    ganglion_ssl_ctx_add_chain_certificate(context, certificate),
                    "use certificate \(index + 1) of \(owner) chain")
                return
            }
            guard X509_check_private_key(certificate, keyPointer) == 1 else {
                ERR_clear_error()
                throw SecureLayerError(
                    "\(owner) private key does not belong to the first certificate of its chain "
                        + "(\(CertificateText.subject(certificate))): give the pair that belongs together")
            }
            try require(SSL_CTX_use_certificate(context, certificate), "use \(owner) certificate")
            try require(SSL_CTX_use_PrivateKey(context, keyPointer), "use \(owner) private key")
        }
    }

    /// Trusts the certificates in `pem`, whether or not they are self-signed.
    ///
    /// - Parameter announce: whether a server names them to its clients, which choose their certificate by it.
    func trust(_ pem: [UInt8], _ what: String, announce: Bool = false) throws(SecureLayerError) {
        let context = handle.pointer
        let store = SSL_CTX_get_cert_store(context)
        try PEM.forEachCertificate(in: pem, what) { (certificate, index) throws(SecureLayerError) in
            try require(X509_STORE_add_cert(store, certificate), "trust certificate \(index + 1) of \(what)")
            guard announce else { return }
            try require(
                SSL_CTX_add_client_CA(context, certificate),
                "name certificate \(index + 1) of \(what) to clients")
        }
        try require(
            X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), UInt(X509_V_FLAG_PARTIAL_CHAIN)),
            "trust certificates that are not self-signed")
    }

    /// Trusts whom the system trusts; where OpenSSL was built for another layout, the usual bundles are tried.
    func trustSystem() throws(SecureLayerError) {
        try OpenSSL.prepare()
        try require(
            SSL_CTX_set_default_verify_paths(handle.pointer), "find the system's certificate authorities")
        let defaults = [X509_get_default_cert_dir(), X509_get_default_cert_file()]
        let known = defaults.contains { path in path.map { Files.exists(String(cString: $0)) } ?? false }
        let configured = [X509_get_default_cert_dir_env(), X509_get_default_cert_file_env()]
            .contains { name in name.map { getenv($0) != nil } ?? false }
        guard !known, !configured else { return }
        let bundles = [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
        ]
        guard let bundle = bundles.first(where: { Files.exists($0) }) else {
            throw SecureLayerError(
                "the system has no certificate authorities (looked at \(bundles.joined(separator: ", "))): "
                    + "install ca-certificates or name a file with certificate authorities")
        }
        try require(SSL_CTX_load_verify_file(handle.pointer, bundle), "read \(bundle)")
    }

    /// Asks the peer for a certificate and verifies it.
    ///
    /// - Parameter required: whether a server refuses clients without one; a client always does.
    func verifyPeer(required: Bool) {
        let mode = SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
        SSL_CTX_set_verify(handle.pointer, mode, noteVerification)
    }

    /// What a server answers to a client's offer: its own first choice that the client has, or an alert.
    fileprivate func select(
        _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ length: UnsafeMutablePointer<UInt8>?,
        from offer: UnsafePointer<UInt8>?, _ offerLength: UInt32
    ) -> Int32 {
        guard let chosen, let length, let offer, offerLength > 0 else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        // OpenSSL wants a mutable place for a pointer that it only reads through.
        var found: UnsafeMutablePointer<UInt8>?
        let result = SSL_select_next_proto(
            &found, length, protocols.baseAddress, UInt32(protocols.count), offer, offerLength)
        guard result == OPENSSL_NPN_NEGOTIATED, let found else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        chosen.pointee = UnsafePointer(found)
        return SSL_TLSEXT_ERR_OK
    }

    private static func wireForm(_ protocols: [String]) throws(SecureLayerError) -> [UInt8] {
        var wire: [UInt8] = []
        for name in protocols {
            guard let length = UInt8(exactly: name.utf8.count), length > 0 else {
                throw SecureLayerError(
                    "cannot offer protocol \"\(name)\": an ALPN name has 1 to 255 octets, this has "
                        + "\(name.utf8.count)")
            }
            wire.append(length)
            wire.append(contentsOf: name.utf8)
        }
        guard wire.count <= 1024 else {
            throw SecureLayerError(
                "cannot offer \(protocols.count) protocols: their names have \(wire.count) octets, 1024 are possible"
            )
        }
        return wire
    }
}

private let selectProtocol:
    @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
        UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
    ) -> Int32 = { _, chosen, length, offer, offerLength, argument in
        guard let argument else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        // The context outlives its connections: every layer holds it.
        let context = Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue()
        return context.select(chosen, length, from: offer, offerLength)
    }

/// Keeps what is known about a certificate that does not verify; never changes the verdict.
private let noteVerification: @convention(c) (Int32, OpaquePointer?) -> Int32 = { verdict, store in
    guard verdict == 0, let store,
        let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let layer = SSL_get_ex_data(OpaquePointer(ssl), TLSLayer.exDataIndex)
    else { return verdict }
    Unmanaged<TLSLayer>.fromOpaque(layer).takeUnretainedValue().noteVerificationFailure(store)
    return verdict
}
