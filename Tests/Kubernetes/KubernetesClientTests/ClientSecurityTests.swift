// Certificates that are renewed while a client lives: what is on disk counts at the next handshake.

import SystemIO
import TLS
import TestSupport
import Testing

@testable import KubernetesClient

@Suite("Renewed certificates")
struct ClientSecurityTests {
    /// What a server learns of the client that shakes hands with it; nil where they do not come together.
    private static func handshake(_ client: any SecureLayer, _ server: TLSServer) throws -> String? {
        let server = try server.makeTLSLayer()
        var (toServer, toClient, plaintext): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
        try client.start(output: &toServer)
        try server.start(output: &toClient)
        do {
            while !toServer.isEmpty || !toClient.isEmpty {
                let (forServer, forClient) = (toServer, toClient)
                (toServer, toClient) = ([], [])
                if !forServer.isEmpty {
                    try server.receive(forServer.span.bytes, plaintext: &plaintext, output: &toClient)
                }
                if !forClient.isEmpty {
                    try client.receive(forClient.span.bytes, plaintext: &plaintext, output: &toServer)
                }
            }
        } catch { return nil }
        return server.peerSubject?.commonName
    }

    @Test(
        "count from the next handshake on: the client's, its key and the authority; half of a pair changes nothing"
    )
    func renewed() throws {
        let (old, new) = (
            try CertificateAuthority(commonName: "old"), try CertificateAuthority(commonName: "new")
        )
        func server(_ authority: CertificateAuthority) throws -> TLSServer {
            try TLSServer(
                identity: authority.issueServerCertificate(hosts: ["api.example"]).identity,
                clients: .required(authorities: old.certificatePEM + new.certificatePEM))
        }
        let first = try old.issueClientCertificate(commonName: "first", organizations: [])
        let second = try new.issueClientCertificate(commonName: "second", organizations: [])
        let directory = Scratch.path()
        try Files.makeDirectory(directory)
        defer { try? Files.removeTree(directory) }
        func write(_ name: String, _ bytes: [UInt8]) throws { try Files.write("\(directory)/\(name)", bytes) }
        try write("ca.crt", old.certificatePEM)
        try write("client.crt", first.certificatePEM)
        try write("client.key", first.privateKeyPEM)
        var kubeconfig = Kubeconfig()
        let text =
            "{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: 'https://api.example', certificate-authority: ca.crt}}], users: [{name: u, user: {client-certificate: client.crt, client-key: client.key}}]}"
        try kubeconfig.merge(Array(text.utf8), path: "\(directory)/config")
        let configuration = try kubeconfig.configuration { try Files.read($0) }
        let security = try ClientSecurity(configuration.security, host: "api.example")
        #expect(try Self.handshake(security.makeLayer(), server(old)) == "first")
        #expect(try Self.handshake(security.makeLayer(), server(new)) == nil)
        try write("client.crt", second.certificatePEM)
        #expect(try Self.handshake(security.makeLayer(), server(old)) == "first")
        try write("client.key", second.privateKeyPEM)
        #expect(try Self.handshake(security.makeLayer(), server(old)) == "second")
        try write("ca.crt", Array("nonsense".utf8))
        #expect(try Self.handshake(security.makeLayer(), server(old)) == "second")
        try write("ca.crt", new.certificatePEM)
        #expect(try Self.handshake(security.makeLayer(), server(new)) == "second")
        #expect(try Self.handshake(security.makeLayer(), server(old)) == nil)
        try Files.remove("\(directory)/ca.crt")
        #expect(try Self.handshake(security.makeLayer(), server(new)) == "second")
    }
}
