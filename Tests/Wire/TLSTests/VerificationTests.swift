import SystemIO
import Testing

@testable import TLS

@Suite("Who is at the other end")
struct VerificationTests {
    private static let otherAuthority = Result<CertificateAuthority, SecureLayerError> {
        () throws(SecureLayerError) in try CertificateAuthority(commonName: "another authority")
    }

    private func connect(_ client: TLSClient, _ server: TLSServer) throws -> Joined {
        let pair = try Joined(client, server)
        pair.carry()
        return pair
    }

    @Test(
        "a server is believed by each of its names and addresses",
        arguments: [
            "localhost", "LocalHost", "localhost.", "a.pods.example", "127.0.0.1", "::1", "[::1]", "0:0::1",
        ])
    func names(host: String) throws {
        let samples = try Samples.get()
        let pair = try connect(
            TLSClient(host: host, trust: samples.trust), TLSServer(identity: samples.server.identity))
        #expect(pair.clientError == nil)
        #expect(pair.client.isEstablished)
        #expect(pair.server.isEstablished)
        #expect(pair.client.peerSubject == TLSSubject(commonName: "localhost", organizations: []))
    }

    @Test(
        "a server is not believed by a name that it does not have",
        arguments: ["example.org", "b.a.pods.example", "pods.example", "127.0.0.2", "::2"])
    func wrongName(host: String) throws {
        let samples = try Samples.get()
        let pair = try connect(
            TLSClient(host: host, trust: samples.trust), TLSServer(identity: samples.server.identity))
        #expect(
            pair.clientError
                == SecureLayerError(
                    "the certificate of server \"\(host)\" is for other names (localhost, *.pods.example, "
                        + "127.0.0.1, ::1): use one of them or issue it for this name as well"))
        #expect(!pair.client.isEstablished)
        #expect(
            pair.serverError
                == SecureLayerError(
                    "the client refuses our certificate (sslv3 alert bad certificate): give one that it accepts"
                ))
    }

    @Test("the common name is no host name, RFC 9525 §2")
    func commonName() throws {
        let samples = try Samples.get()
        let certificate = try samples.authority.issueServerCertificate(
            hosts: ["127.0.0.1"], commonName: "localhost")
        let pair = try connect(
            TLSClient(host: "localhost", trust: samples.trust), TLSServer(identity: certificate.identity))
        #expect(
            pair.clientError
                == SecureLayerError(
                    "the certificate of server \"localhost\" is for other names (127.0.0.1): "
                        + "use one of them or issue it for this name as well"))
    }

    @Test("an authority that is not trusted is named, and the server hears of it")
    func wrongAuthority() throws {
        let samples = try Samples.get()
        let other = try Self.otherAuthority.get()
        let pair = try connect(
            TLSClient(host: "localhost", trust: .authorities(other.certificatePEM)),
            TLSServer(identity: samples.server.identity))
        #expect(
            pair.clientError
                == SecureLayerError(
                    "the certificate of server \"localhost\" comes from \"CN=test authority\", which is not "
                        + "trusted: give that authority's certificate if it is the right one"))
        #expect(
            pair.serverError
                == SecureLayerError(
                    "the client does not trust the authority of our certificate (tlsv1 alert unknown ca): "
                        + "give it that authority's certificate"))
    }

    @Test("an authority of the same name with another key is not trusted")
    func impostor() throws {
        let samples = try Samples.get()
        let impostor = try CertificateAuthority(commonName: "test authority")
        let pair = try connect(
            TLSClient(host: "localhost", trust: .authorities(impostor.certificatePEM)),
            TLSServer(identity: samples.server.identity))
        #expect(
            pair.clientError
                == SecureLayerError(
                    "the certificate of server \"localhost\" comes from \"CN=test authority\", which is not "
                        + "trusted: give that authority's certificate if it is the right one"))
    }

    @Test("a chain that ends in an authority of its own is not trusted for that")
    func wholeChain() throws {
        let samples = try Samples.get()
        let other = try Self.otherAuthority.get()
        let identity = TLSIdentity(
            certificateChain: samples.server.certificatePEM + samples.authority.certificatePEM,
            privateKey: samples.server.privateKeyPEM)
        let client = try TLSClient(host: "localhost", trust: .authorities(other.certificatePEM))
        #expect(
            try connect(client, TLSServer(identity: identity)).clientError
                == SecureLayerError(
                    "the certificate of server \"localhost\" comes from \"CN=test authority\", which is not "
                        + "trusted: give that authority's certificate if it is the right one"))
        let both = try TLSClient(
            host: "localhost",
            trust: .authorities(
                other.certificatePEM + Array("\n# text\n".utf8) + samples.authority.certificatePEM))
        #expect(try connect(both, TLSServer(identity: identity)).clientError == nil)
    }

    @Test("a self-signed certificate is believed only when it is trusted itself")
    func selfSigned() throws {
        let samples = try Samples.get()
        let request = CertificateRequest(
            commonName: "lone", validity: .days(1), use: .server(hosts: ["lone.example"]))
        let lone = try request.signed(by: nil)
        let server = try TLSServer(identity: lone.identity)
        #expect(
            try connect(TLSClient(host: "lone.example", trust: samples.trust), server).clientError
                == SecureLayerError(
                    "the certificate of server \"lone.example\" is self-signed (CN=lone) and not trusted: "
                        + "give it as a certificate authority if it is the right one"))
        let trusting = try TLSClient(host: "lone.example", trust: .authorities(lone.certificatePEM))
        #expect(try connect(trusting, server).clientError == nil)
    }

    private func time(of certificate: Certificate, _ read: (OpaquePointer) -> String) throws -> String {
        let handle = try PEM.certificate(certificate.certificatePEM, "the certificate")
        defer { extendLifetime(handle) }
        return read(handle.pointer)
    }

    @Test("a certificate outside its time is refused with the time")
    func time() throws {
        let samples = try Samples.get()
        let client = try TLSClient(host: "localhost", trust: samples.trust)
        let expired = try samples.authority.issueServerCertificate(
            hosts: ["localhost"], validity: CertificateValidity(from: .seconds(-7200), until: .seconds(-3600))
        )
        let early = try samples.authority.issueServerCertificate(
            hosts: ["localhost"], validity: CertificateValidity(from: .seconds(3600), until: .seconds(7200)))
        let end = try time(of: expired, CertificateText.notAfter)
        #expect(
            try connect(client, TLSServer(identity: expired.identity)).clientError
                == SecureLayerError("the certificate of server \"localhost\" expired at \(end): renew it"))
        let beginning = try time(of: early, CertificateText.notBefore)
        #expect(
            try connect(client, TLSServer(identity: early.identity)).clientError
                == SecureLayerError(
                    "the certificate of server \"localhost\" is not valid before \(beginning): "
                        + "check the clocks of both machines"))
    }

    @Test("a client's certificate is none for a server")
    func purpose() throws {
        let samples = try Samples.get()
        let pair = try connect(
            TLSClient(host: "localhost", trust: samples.trust), TLSServer(identity: samples.client.identity))
        #expect(
            pair.clientError
                == SecureLayerError(
                    "the certificate of server \"localhost\" is not for servers "
                        + "(CN=ada,O=engineers,O=system:masters): issue it with that extended key usage"))
    }

    @Test(
        "the system's authorities do not know ours",
        .enabled(if: Files.exists("/etc/ssl/certs/ca-certificates.crt"), "needs ca-certificates"))
    func system() throws {
        let samples = try Samples.get()
        let pair = try connect(
            TLSClient(host: "localhost", trust: .system), TLSServer(identity: samples.server.identity))
        #expect(
            pair.clientError
                == SecureLayerError(
                    "the certificate of server \"localhost\" comes from \"CN=test authority\", which is not "
                        + "trusted: give that authority's certificate if it is the right one"))
    }

    @Test("insecure believes anybody, and says that nobody was verified")
    func insecure() throws {
        let samples = try Samples.get()
        let pair = try connect(
            TLSClient(host: "example.org", trust: .insecure), TLSServer(identity: samples.server.identity))
        #expect(pair.clientError == nil)
        #expect(pair.client.isEstablished)
        #expect(pair.client.peerSubject == nil)
    }

    @Test("a client shows who it is, if it is asked", arguments: [true, false])
    func clientCertificate(required: Bool) throws {
        let samples = try Samples.get()
        let authorities = samples.authority.certificatePEM
        let server = try TLSServer(
            identity: samples.server.identity,
            clients: required ? .required(authorities: authorities) : .optional(authorities: authorities))
        let pair = try connect(
            TLSClient(host: "localhost", trust: samples.trust, identity: samples.client.identity), server)
        #expect(pair.serverError == nil)
        #expect(
            pair.server.peerSubject
                == TLSSubject(commonName: "ada", organizations: ["system:masters", "engineers"]))
        let unknown = try connect(TLSClient(host: "localhost", trust: samples.trust), server)
        #expect(unknown.server.peerSubject == nil)
        #expect(unknown.server.isEstablished == !required)
        guard required else { return }
        #expect(
            unknown.serverError
                == SecureLayerError("the client has no certificate: one from a trusted authority is needed"))
        #expect(
            unknown.clientError
                == SecureLayerError(
                    "server \"localhost\" wants a client certificate: give one from an authority that it trusts"
                ))
    }

    @Test("a client from another authority is refused even where certificates are optional")
    func wrongClient() throws {
        let samples = try Samples.get()
        let stranger = try Self.otherAuthority.get().issueClientCertificate(commonName: "eve")
        let pair = try connect(
            TLSClient(host: "localhost", trust: samples.trust, identity: stranger.identity),
            TLSServer(
                identity: samples.server.identity,
                clients: .optional(authorities: samples.authority.certificatePEM)))
        #expect(
            pair.serverError
                == SecureLayerError(
                    "the client's certificate comes from \"CN=another authority\", which is not trusted: "
                        + "give that authority's certificate if it is the right one"))
        #expect(
            pair.clientError
                == SecureLayerError(
                    "server \"localhost\" does not trust the authority of our certificate "
                        + "(tlsv1 alert unknown ca): give it that authority's certificate"))
    }

    @Test(
        "a host that can be neither name nor address is refused before anything is sent",
        arguments: ["", ".", "a..b", "good.example\0.evil.example", "a b", "-\n", "1.2.3.4:443"])
    func badHost(host: String) {
        #expect(
            throws: SecureLayerError(
                "cannot connect with TLS to \(host.debugDescription): give a DNS name or an IP address")
        ) {
            try TLSClient(host: host, trust: .insecure)
        }
    }
}
