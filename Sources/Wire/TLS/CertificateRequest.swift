// How an X.509 certificate is made (RFC 5280): version 3, a random serial number, and the extensions that clients of
// today insist on.

internal import COpenSSL
internal import Glibc
internal import SystemIO

/// What a certificate is to say.
struct CertificateRequest {
    /// What the certificate is for.
    enum Use: Equatable {
        case authority
        case server(hosts: [String])
        case client
    }

    var commonName: String
    var organizations: [String] = []
    var validity: CertificateValidity
    var use: Use

    /// Makes a key and a certificate for it.
    ///
    /// - Parameter authority: who signs; nil for itself.
    func signed(by authority: Certificate?) throws(SecureLayerError) -> Certificate {
        try OpenSSL.prepare()
        let key = try Handle(ganglion_make_p256_key(), "make a key on curve P-256", free: EVP_PKEY_free)
        let certificate = try Handle(X509_new(), "make a certificate", free: X509_free)
        defer {
            extendLifetime(key)
            extendLifetime(certificate)
        }
        try fill(certificate.pointer, key: key.pointer)
        if let authority {
            let issuer = try PEM.certificate(authority.certificatePEM, "the authority's certificate")
            let issuerKey = try PEM.privateKey(authority.privateKeyPEM, "the authority's private key")
            defer {
                extendLifetime(issuer)
                extendLifetime(issuerKey)
            }
            try sign(certificate.pointer, issuer: issuer.pointer, key: issuerKey.pointer)
        } else {
            try sign(certificate.pointer, issuer: certificate.pointer, key: key.pointer)
        }
        return Certificate(
            certificatePEM: try PEM.write(certificate: certificate),
            privateKeyPEM: try PEM.write(privateKey: key))
    }

    private func fill(_ certificate: OpaquePointer, key: OpaquePointer) throws(SecureLayerError) {
        try require(X509_set_version(certificate, 2), "make a certificate of version 3")
        try setSerialNumber(certificate)
        try setTime(X509_getm_notBefore(certificate), validity.from)
        try setTime(X509_getm_notAfter(certificate), validity.until)
        guard validity.from < validity.until else {
            throw SecureLayerError(
                "cannot issue a certificate for \"\(commonName)\" that ends before it begins: "
                    + "give a longer validity")
        }
        // Groups first, as kubeadm does.
        for organization in organizations { try addName(certificate, NID_organizationName, organization) }
        try addName(certificate, NID_commonName, commonName)
        try require(X509_set_pubkey(certificate, key), "put the key into a certificate")
    }

    private func sign(
        _ certificate: OpaquePointer, issuer: OpaquePointer, key: OpaquePointer
    ) throws(SecureLayerError) {
        try require(
            X509_set_issuer_name(certificate, X509_get_subject_name(issuer)), "name the certificate's issuer")
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
        // The authority identifier is a copy of the issuer's subject identifier: for oneself, that has to be there.
        try add(NID_subject_key_identifier, "hash", to: certificate, &context)
        switch use {
        case .authority:
            try add(NID_basic_constraints, "critical,CA:TRUE", to: certificate, &context)
            try add(NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign", to: certificate, &context)
        case .server(let hosts):
            try addLeaf("serverAuth", to: certificate, &context)
            try addAlternativeNames(hosts, to: certificate)
        case .client:
            try addLeaf("clientAuth", to: certificate, &context)
        }
        try add(NID_authority_key_identifier, "keyid:always", to: certificate, &context)
        guard X509_sign(certificate, key, EVP_sha256()) > 0 else {
            throw OpenSSL.fault("sign the certificate of \"\(commonName)\"")
        }
    }

    private func addLeaf(
        _ extendedUse: String, to certificate: OpaquePointer, _ context: inout X509V3_CTX
    ) throws(SecureLayerError) {
        try add(NID_basic_constraints, "critical,CA:FALSE", to: certificate, &context)
        try add(NID_key_usage, "critical,digitalSignature", to: certificate, &context)
        try add(NID_ext_key_usage, extendedUse, to: certificate, &context)
    }

    /// Adds an extension from OpenSSL's configuration syntax: only for constant values, never for names.
    private func add(
        _ kind: Int32, _ value: String, to certificate: OpaquePointer, _ context: inout X509V3_CTX
    ) throws(SecureLayerError) {
        let failure = "add the extension \(value) to a certificate"
        let ext = try Handle(
            X509V3_EXT_conf_nid(nil, &context, kind, value), failure, free: X509_EXTENSION_free)
        defer { extendLifetime(ext) }
        try require(X509_add_ext(certificate, ext.pointer, -1), failure)
    }

    private func addAlternativeNames(
        _ hosts: [String], to certificate: OpaquePointer
    ) throws(SecureLayerError) {
        let names = try Handle(
            GENERAL_NAMES_new(), "list the names of a certificate", free: GENERAL_NAMES_free)
        defer { extendLifetime(names) }
        for host in hosts {
            guard let name = GENERAL_NAME_new() else { throw OpenSSL.fault("name \(host) in a certificate") }
            guard Self.set(name, host), ganglion_names_append(names.pointer, name) > 0 else {
                GENERAL_NAME_free(name)
                throw SecureLayerError(
                    "cannot issue a certificate for \(host.debugDescription): give DNS names and IP addresses"
                )
            }
        }
        try require(
            X509_add1_ext_i2d(
                certificate, NID_subject_alt_name, UnsafeMutableRawPointer(names.pointer), 0, 0),
            "name \(hosts.joined(separator: ", ")) in a certificate")
    }

    private static func set(_ name: UnsafeMutablePointer<GENERAL_NAME>, _ host: String) -> Bool {
        if TLSClient.isAddress(host) {
            guard let octets = a2i_IPADDRESS(host) else { return false }
            GENERAL_NAME_set0_value(name, GEN_IPADD, octets)
            return true
        }
        guard TLSClient.isHostName(host.hasPrefix("*.") ? String(host.dropFirst(2)) : host),
            let text = ASN1_IA5STRING_new()
        else { return false }
        guard ASN1_STRING_set(text, host, Int32(host.utf8.count)) == 1 else {
            ASN1_IA5STRING_free(text)
            return false
        }
        GENERAL_NAME_set0_value(name, GEN_DNS, text)
        return true
    }

    private func addName(
        _ certificate: OpaquePointer, _ kind: Int32, _ value: String
    ) throws(SecureLayerError) {
        let bytes = Array(value.utf8)
        guard 1...64 ~= value.unicodeScalars.count, !bytes.contains(0) else {
            throw SecureLayerError(
                "cannot issue a certificate for \(value.debugDescription): a name has 1 to 64 characters")
        }
        try require(
            X509_NAME_add_entry_by_NID(
                X509_get_subject_name(certificate), kind, MBSTRING_UTF8, bytes, Int32(bytes.count), -1, 0),
            "name \"\(value)\" in a certificate")
    }

    /// 127 random bits: positive, unique, and never negative when read as signed (RFC 5280 §4.1.2.2).
    private func setSerialNumber(_ certificate: OpaquePointer) throws(SecureLayerError) {
        var octets = [UInt8](repeating: 0, count: 16)
        try require(RAND_bytes(&octets, Int32(octets.count)), "make a serial number")
        octets[0] = octets[0] & 0x7f | 0x40
        let number = try Handle(
            BN_bin2bn(octets, Int32(octets.count), nil), "make a serial number", free: BN_free)
        defer { extendLifetime(number) }
        guard BN_to_ASN1_INTEGER(number.pointer, X509_get_serialNumber(certificate)) != nil else {
            throw OpenSSL.fault("make a serial number")
        }
    }

    private func setTime(
        _ time: UnsafeMutablePointer<ASN1_TIME>?, _ offset: Duration
    ) throws(SecureLayerError) {
        let seconds = offset.components.seconds
        guard let time, -3_153_600_000...3_153_600_000 ~= seconds else {
            throw SecureLayerError(
                "cannot issue a certificate for \"\(commonName)\" with a time \(seconds) s from now: "
                    + "100 years are the limit")
        }
        guard X509_gmtime_adj(time, Int(seconds)) != nil else {
            throw OpenSSL.fault("set the validity of a certificate")
        }
    }
}
