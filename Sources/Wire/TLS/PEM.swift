// Certificates and keys come as PEM, from kubeconfigs and mounted secrets, written by many tools.

internal import COpenSSL
internal import SystemIO

/// Reads and writes PEM.
enum PEM {
    /// Calls `body` with each certificate in `pem` and its index, in order; other blocks are skipped.
    ///
    /// - Parameter what: what the PEM is, for errors.
    /// - Throws: when there is no certificate, or one cannot be read.
    static func forEachCertificate(
        in pem: [UInt8], _ what: String, _ body: (OpaquePointer, Int) throws(SecureLayerError) -> Void
    ) throws(SecureLayerError) {
        try OpenSSL.prepare()
        let source = try MemoryBIO.holding(pem)
        defer { extendLifetime(source) }
        var index = 0
        while let pointer = PEM_read_bio_X509(source.pointer, nil, refusePassphrase, nil) {
            let certificate = try Handle(pointer, "read \(what)", free: X509_free)
            defer { extendLifetime(certificate) }
            try body(certificate.pointer, index)
            index += 1
        }
        let code = OpenSSL.takeCode()
        guard code == 0 || ERR_GET_REASON(code) == PEM_R_NO_START_LINE else {
            throw SecureLayerError(
                "cannot read certificate \(index + 1) of \(what) (\(OpenSSL.reason(code))): give it as PEM")
        }
        guard index > 0 else {
            throw SecureLayerError(
                "\(what) holds no certificate: give PEM that has -----BEGIN CERTIFICATE-----")
        }
    }

    /// The first certificate in `pem`.
    static func certificate(_ pem: [UInt8], _ what: String) throws(SecureLayerError) -> Handle {
        try OpenSSL.prepare()
        let source = try MemoryBIO.holding(pem)
        defer { extendLifetime(source) }
        return try Handle(
            PEM_read_bio_X509(source.pointer, nil, refusePassphrase, nil),
            "read \(what) as a PEM certificate", free: X509_free)
    }

    /// The private key in `pem`, which has to be unencrypted.
    static func privateKey(_ pem: [UInt8], _ what: String) throws(SecureLayerError) -> Handle {
        try OpenSSL.prepare()
        let source = try MemoryBIO.holding(pem)
        defer { extendLifetime(source) }
        if let pointer = PEM_read_bio_PrivateKey(source.pointer, nil, refusePassphrase, nil) {
            return try Handle(pointer, "read \(what)", free: EVP_PKEY_free)
        }
        let reason = OpenSSL.takeReason()
        let isEncrypted = String(decoding: pem, as: UTF8.self).contains("ENCRYPTED")
        throw SecureLayerError(
            isEncrypted
                ? "\(what) is encrypted: give it without a passphrase (openssl pkey -in FILE)"
                : "cannot read \(what) (\(reason)): give an unencrypted private key as PEM")
    }

    /// A certificate as PEM.
    static func write(certificate: borrowing Handle) throws(SecureLayerError) -> [UInt8] {
        let target = try MemoryBIO()
        try require(PEM_write_bio_X509(target.pointer, certificate.pointer), "write a certificate")
        return target.contents()
    }

    /// A private key as unencrypted PKCS #8 PEM.
    static func write(privateKey: borrowing Handle) throws(SecureLayerError) -> [UInt8] {
        let target = try MemoryBIO()
        try require(
            PEM_write_bio_PrivateKey(target.pointer, privateKey.pointer, nil, nil, 0, nil, nil),
            "write a private key")
        return target.contents()
    }

    /// OpenSSL's own callback would ask on the terminal, and wait there.
    private static let refusePassphrase:
        @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
            _, _, _, _ in -1
        }
}
