// Over TLS: who is not known is not believed, and what began secret does not go on in the clear.

import HTTP
import HTTP1
import SystemIO
import TLS
import Testing

@testable import WebClient

@Suite("Requests over TLS", .timeLimit(.minutes(1)))
struct SecureTests {
    private let authority: CertificateAuthority

    init() throws { authority = try CertificateAuthority(commonName: "test") }

    /// Answers `/`, and sends `/down` to where there is no TLS.
    private func server() async throws -> (HTTPServer, String) {
        let security = try TLSServer(
            identity: authority.issueServerCertificate(hosts: ["127.0.0.1"]).identity, protocols: ["http/1.1"]
        )
        let server = HTTPServer(security: security) { request in
            request.path == "/down"
                ? HTTPResponse(302, headers: ["location": "http://127.0.0.1:1/"]) : .text(200, "secret")
        }
        let address = try await server.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        return (server, "https://\(address)")
    }

    private func client(_ trust: TLSTrust) -> WebClient {
        var patience = WebPatience()
        patience.attempts = 2
        return WebClient(patience: patience, trust: trust) { _ in }
    }

    @Test("a server whose authority is trusted is asked, another is not")
    func trust() async throws {
        let (server, address) = try await server()
        let url = try #require(WebURL(address))
        let known = client(.authorities(authority.certificatePEM))
        #expect(try await known.send(WebRequest("GET", url)).bytes == Array("secret".utf8))
        let other = try CertificateAuthority(commonName: "other")
        let error = await #expect(throws: WebError.self) {
            try await client(.authorities(other.certificatePEM)).send(WebRequest("GET", url))
        }
        #expect(error?.description.contains("certificate") == true, "\(error?.description ?? "")")
        await server.shutdown(grace: .zero)
    }

    @Test("a redirection from https to http is not followed")
    func downgrade() async throws {
        let (server, address) = try await server()
        let url = try #require(WebURL(address + "/down"))
        let error = await #expect(throws: WebError.self) {
            try await client(.authorities(authority.certificatePEM)).send(WebRequest("GET", url))
        }
        #expect(error?.cause == .redirect("it leads from https to http"))
        await server.shutdown(grace: .zero)
    }
}
