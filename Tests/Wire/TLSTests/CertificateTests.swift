import SystemIO
import Testing

@testable import TLS

@Suite("Certificates made in the process")
struct CertificateTests {
    @Test("an authority can be written and read again, and goes on issuing")
    func reload() throws {
        let samples = try Samples.get()
        let reloaded = try CertificateAuthority(
            certificatePEM: samples.authority.certificatePEM, privateKeyPEM: samples.authority.privateKeyPEM)
        #expect(reloaded == samples.authority)
        let certificate = try reloaded.issueServerCertificate(hosts: ["later.example"])
        let pair = try Joined(
            TLSClient(host: "later.example", trust: samples.trust), TLSServer(identity: certificate.identity))
        pair.carry()
        #expect(pair.clientError == nil)
        #expect(pair.client.isEstablished)
    }

    @Test("each certificate has a key of its own")
    func fresh() throws {
        let samples = try Samples.get()
        let one = try samples.authority.issueClientCertificate(commonName: "ada")
        let two = try samples.authority.issueClientCertificate(commonName: "ada")
        #expect(one.certificatePEM != two.certificatePEM)
        #expect(one.privateKeyPEM != two.privateKeyPEM)
    }

    @Test(
        "names that no certificate can carry are refused",
        arguments: ["a,DNS:evil.example", "", "*", "a.*.b", "a b", "ümlaut.example", "x\0y"])
    func badNames(host: String) throws {
        let authority = try Samples.get().authority
        #expect(
            throws: SecureLayerError(
                "cannot issue a certificate for \(host.debugDescription): give DNS names and IP addresses")
        ) {
            try authority.issueServerCertificate(hosts: [host], commonName: "server")
        }
    }

    @Test("what makes no certificate is said in a sentence")
    func badRequests() throws {
        let authority = try Samples.get().authority
        #expect(
            throws: SecureLayerError(
                "cannot issue a server's certificate for no host: give a name or an address")
        ) { try authority.issueServerCertificate(hosts: []) }
        #expect(
            throws: SecureLayerError("cannot issue a certificate for \"\": a name has 1 to 64 characters")
        ) {
            try authority.issueClientCertificate(commonName: "")
        }
        #expect(
            throws: SecureLayerError(
                "cannot issue a certificate for \"ada\" that ends before it begins: give a longer validity")
        ) {
            try authority.issueClientCertificate(
                commonName: "ada", validity: CertificateValidity(from: .seconds(1), until: .seconds(1)))
        }
        #expect(
            throws: SecureLayerError(
                "cannot issue a certificate for \"ada\" with a time 9000000000 s from now: 100 years are the limit"
            )
        ) {
            try authority.issueClientCertificate(
                commonName: "ada", validity: CertificateValidity(until: .seconds(9_000_000_000)))
        }
    }

    @Test("an authority that is none, or whose key is another's, is refused")
    func badAuthority() throws {
        let samples = try Samples.get()
        #expect(
            throws: SecureLayerError("CN=localhost is no certificate authority: give one that is")
        ) {
            try CertificateAuthority(
                certificatePEM: samples.server.certificatePEM, privateKeyPEM: samples.server.privateKeyPEM)
        }
        #expect(
            throws: SecureLayerError(
                "the authority's private key does not belong to its certificate (CN=test authority): "
                    + "give the pair that belongs together")
        ) {
            try CertificateAuthority(
                certificatePEM: samples.authority.certificatePEM, privateKeyPEM: samples.server.privateKeyPEM)
        }
    }
}

@Suite("PEM from elsewhere")
struct PEMTests {
    @Test("what cannot be used is named, with the mend")
    func errors() throws {
        let samples = try Samples.get()
        let empty = SecureLayerError(
            "the list of certificate authorities holds no certificate: give PEM that has -----BEGIN CERTIFICATE-----"
        )
        #expect(throws: empty) { try TLSClient(host: "a", trust: .authorities([])) }
        #expect(throws: empty) {
            try TLSClient(host: "a", trust: .authorities(samples.server.privateKeyPEM))
        }
        #expect(
            throws: SecureLayerError(
                "cannot use certificate authorities: cannot open /nonexistent/ca.crt: No such file or directory"
            )
        ) {
            try TLSClient(host: "a", trust: .file("/nonexistent/ca.crt"))
        }
        #expect(
            throws: SecureLayerError(
                "the server's private key does not belong to the first certificate of its chain (CN=localhost): "
                    + "give the pair that belongs together")
        ) {
            try TLSServer(
                identity: TLSIdentity(
                    certificateChain: samples.server.certificatePEM, privateKey: samples.client.privateKeyPEM)
            )
        }
    }

    @Test("an encrypted key is refused, and nobody is asked for a passphrase")
    func encryptedKey() throws {
        let samples = try Samples.get()
        let key = """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgAAAAAAAAAAAICCAAw
            -----END ENCRYPTED PRIVATE KEY-----

            """
        #expect(
            throws: SecureLayerError(
                "the client's private key is encrypted: give it without a passphrase (openssl pkey -in FILE)")
        ) {
            try TLSClient(
                host: "a", trust: .insecure,
                identity: TLSIdentity(
                    certificateChain: samples.client.certificatePEM, privateKey: Array(key.utf8)))
        }
    }

    @Test("a damaged certificate is counted")
    func damaged() throws {
        let samples = try Samples.get()
        let damaged = Array("-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n".utf8)
        #expect(
            throws: SecureLayerError(
                "cannot read certificate 2 of the list of certificate authorities (bad base64 decode): give it as PEM"
            )
        ) {
            try TLSClient(host: "a", trust: .authorities(samples.authority.certificatePEM + damaged))
        }
    }

    @Test("random octets are no PEM, and never trap", arguments: 0..<50)
    func random(seed: Int) {
        let bytes = (0..<500).map { _ in UInt8.random(in: 0...255) }
        let frame = "-----BEGIN CERTIFICATE-----\n"
        #expect(throws: SecureLayerError.self) {
            try TLSClient(host: "a", trust: .authorities(seed % 2 == 0 ? bytes : Array(frame.utf8) + bytes))
        }
    }
}
