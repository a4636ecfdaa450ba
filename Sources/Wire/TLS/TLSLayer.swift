// TLS as a machine without I/O: two memory BIOs stand where OpenSSL expects a socket. What the peer sends is put into
// one, what has to be sent is taken from the other, and every call runs until OpenSSL wants more input.

internal import COpenSSL
public import SystemIO

/// One connection's TLS, on either side. Used by one loop only.
public final class TLSLayer: SecureLayer {
    /// How much plaintext is kept, in octets, until the handshake is over.
    public static let pendingLimit = 1 << 20
    /// How much is given to OpenSSL at once: its buffers stay small however much arrives.
    private static let inputPiece = 65_536
    /// The longest plaintext of a record (RFC 8446 §5.1): what one read can give.
    private static let recordSize = 16_384
    /// SSL_set_app_data's place.
    static let exDataIndex: Int32 = 0

    /// Whether the peer has said that it is done.
    public private(set) var isClosedByPeer = false
    /// What ALPN came to; nil for nothing.
    public private(set) var negotiatedProtocol: String?
    /// Whether the handshake is over.
    public private(set) var isEstablished = false

    private let context: TLSContext
    private let peer: TLSPeer
    private let ssl: Handle
    private let incoming: MemoryBIO
    private let outgoing: MemoryBIO
    /// Plaintext that waits for the end of the handshake.
    private var pending: [UInt8] = []
    private var isClosed = false
    private var failure: SecureLayerError?
    private var verificationFailure: String?

    /// A layer on a context.
    ///
    /// - Parameter configure: sets what is particular to this connection.
    init(
        _ context: TLSContext, peer: TLSPeer,
        _ configure: (OpaquePointer) throws(SecureLayerError) -> Void = { (_) throws(SecureLayerError) in }
    ) throws(SecureLayerError) {
        try OpenSSL.prepare()
        let ssl = try Handle(SSL_new(context.handle.pointer), "make a TLS connection", free: SSL_free)
        let incoming = try MemoryBIO()
        let outgoing = try MemoryBIO()
        try configure(ssl.pointer)
        // SSL_free drops a reference to each BIO; the other is ours.
        BIO_up_ref(incoming.pointer)
        BIO_up_ref(outgoing.pointer)
        SSL_set_bio(ssl.pointer, incoming.pointer, outgoing.pointer)
        if peer == .client { SSL_set_accept_state(ssl.pointer) } else { SSL_set_connect_state(ssl.pointer) }
        self.context = context
        self.peer = peer
        self.ssl = ssl
        self.incoming = incoming
        self.outgoing = outgoing
        try require(
            SSL_set_ex_data(self.ssl.pointer, Self.exDataIndex, Unmanaged.passUnretained(self).toOpaque()),
            "make a TLS connection")
    }

    /// Begins the handshake.
    public func start(output: inout [UInt8]) throws(SecureLayerError) {
        if let failure { throw failure }
        defer { outgoing.drain(into: &output) }
        try shakeHands(output: &output)
    }

    /// Decrypts what has arrived.
    public func receive(
        _ bytes: RawSpan, plaintext: inout [UInt8], output: inout [UInt8]
    ) throws(SecureLayerError) {
        if let failure { throw failure }
        defer { outgoing.drain(into: &output) }
        var offset = 0
        // What follows close_notify is ignored (RFC 8446 §6.1).
        while offset < bytes.byteCount, !isClosedByPeer {
            let count = min(bytes.byteCount - offset, Self.inputPiece)
            try incoming.write(bytes.extracting(offset..<offset + count))
            offset += count
            if !isEstablished { try shakeHands(output: &output) }
            if isEstablished { try readAll(into: &plaintext) }
            try sendPending(output: &output)
            outgoing.drain(into: &output)
        }
    }

    /// Encrypts what is to be sent.
    public func send(_ plaintext: RawSpan, output: inout [UInt8]) throws(SecureLayerError) {
        if let failure { throw failure }
        guard !isClosed else {
            throw SecureLayerError("cannot send to \(peer.description): TLS has been closed from this side")
        }
        guard isEstablished, pending.isEmpty else {
            guard plaintext.byteCount <= Self.pendingLimit - pending.count else {
                throw fail(
                    "cannot keep \(plaintext.byteCount) octets for \(peer.description) until the TLS handshake is "
                        + "over: \(pending.count) wait already, \(Self.pendingLimit) is the limit")
            }
            plaintext.withUnsafeBytes { pending.append(contentsOf: $0) }
            return
        }
        let taken = try encrypt(plaintext, output: &output)
        // OpenSSL wants input first: the rest leaves after the next octets from the peer.
        guard taken < plaintext.byteCount else { return }
        plaintext.extracting(taken..<plaintext.byteCount).withUnsafeBytes { pending.append(contentsOf: $0) }
    }

    /// Says goodbye. Plaintext that still waits for the handshake is dropped.
    public func close(output: inout [UInt8]) {
        guard !isClosed else { return }
        isClosed = true
        pending = []
        guard failure == nil, isEstablished else { return }
        ERR_clear_error()
        _ = SSL_shutdown(ssl.pointer)
        ERR_clear_error()
        outgoing.drain(into: &output)
    }

    /// Whom the peer's certificate is about; nil before the handshake is over, without a certificate, and when it was
    /// not verified.
    public var peerSubject: TLSSubject? {
        guard isEstablished, SSL_get_verify_mode(ssl.pointer) != SSL_VERIFY_NONE,
            SSL_get_verify_result(ssl.pointer) == Int(X509_V_OK),
            let certificate = SSL_get0_peer_certificate(ssl.pointer)
        else { return nil }
        return TLSSubject(
            commonName: CertificateText.entries(NID_commonName, ofSubject: certificate).first ?? "",
            organizations: CertificateText.entries(NID_organizationName, ofSubject: certificate))
    }

    /// `TLSv1.3` and the like, once the handshake is over.
    public var version: String? {
        guard isEstablished, let name = SSL_get_version(ssl.pointer) else { return nil }
        return String(cString: name)
    }

    /// Renews both sides' keys with the next octets that are sent (TLS 1.3); false where that cannot be.
    @discardableResult
    public func requestKeyUpdate() -> Bool {
        ERR_clear_error()
        return SSL_key_update(ssl.pointer, SSL_KEY_UPDATE_REQUESTED) == 1
    }

    /// Keeps the first reason why the peer's certificate does not verify.
    func noteVerificationFailure(_ store: OpaquePointer) {
        if verificationFailure == nil { verificationFailure = TLSFault.verification(store, of: peer) }
    }

    /// Goes on with the handshake as far as the input allows.
    private func shakeHands(output: inout [UInt8]) throws(SecureLayerError) {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl.pointer)
        guard result == 1 else {
            guard SSL_get_error(ssl.pointer, result) == SSL_ERROR_WANT_READ else { throw fail() }
            return
        }
        guard !isEstablished else { return }
        isEstablished = true
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl.pointer, &name, &length)
        // Empty where the peer does not know ALPN: the server's own choice fails the handshake otherwise.
        negotiatedProtocol = String(
            decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
        try sendPending(output: &output)
    }

    private func sendPending(output: inout [UInt8]) throws(SecureLayerError) {
        guard isEstablished, !pending.isEmpty else { return }
        outgoing.drain(into: &output)
        let waiting = pending
        pending = []
        let taken = try encrypt(waiting.span.bytes, output: &output)
        pending = Array(waiting[taken...])
    }

    /// Decrypts all that has arrived.
    private func readAll(into plaintext: inout [UInt8]) throws(SecureLayerError) {
        let result = withUnsafeTemporaryAllocation(byteCount: Self.recordSize, alignment: 1) { buffer in
            while true {
                ERR_clear_error()
                var count = 0
                let result = SSL_read_ex(ssl.pointer, buffer.baseAddress, buffer.count, &count)
                guard result == 1 else { return SSL_get_error(ssl.pointer, result) }
                plaintext.append(contentsOf: buffer[..<count])
            }
        }
        switch result {
        case SSL_ERROR_WANT_READ: break
        case SSL_ERROR_ZERO_RETURN: isClosedByPeer = true
        default: throw fail()
        }
    }

    /// Encrypts, one record at a time.
    ///
    /// - Returns: how many octets were taken: all, unless OpenSSL wants input first.
    private func encrypt(_ plaintext: RawSpan, output: inout [UInt8]) throws(SecureLayerError) -> Int {
        var offset = 0
        while offset < plaintext.byteCount {
            ERR_clear_error()
            let piece = plaintext.extracting(offset..<min(offset + Self.recordSize, plaintext.byteCount))
            var taken = 0
            let result = piece.withUnsafeBytes {
                SSL_write_ex(ssl.pointer, $0.baseAddress, $0.count, &taken)
            }
            let error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl.pointer, result)
            outgoing.drain(into: &output)
            guard error == SSL_ERROR_NONE else {
                guard error == SSL_ERROR_WANT_READ else { throw fail() }
                break
            }
            offset += taken
        }
        return offset
    }

    /// Remembers OpenSSL's error: nothing goes afterwards.
    private func fail() -> SecureLayerError {
        let code = OpenSSL.takeCode()
        if let verificationFailure, ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED {
            return fail(verificationFailure)
        }
        return fail(TLSFault.connection(code, with: peer, isEstablished: isEstablished))
    }

    private func fail(_ description: String) -> SecureLayerError {
        let error = SecureLayerError(description)
        failure = error
        pending = []
        return error
    }
}
