// Through a proxy: whole URLs without TLS, tunnels with it, nothing that the proxy should not see, and nothing through it that
// is not to go there.

import HTTP
import HTTP1
import HTTPProxy
import SystemIO
import TLS
import TestSupport
import Testing

@testable import WebClient

@Suite("Requests through a proxy", .timeLimit(.minutes(2)))
struct ProxyTests {
    /// A proxy, the one server that it leads to, and what that was asked.
    private final class Scene: Sendable {
        let server: HTTPServer
        let address: SocketAddress
        let proxy: PythonPeer
        let port: String
        let asked: Lock<[HTTPRequest]>
        let authority: CertificateAuthority

        /// - Parameter hosts: whose certificate the server has; nil for a server without TLS.
        init(hosts: [String]? = nil, user: String? = nil) async throws {
            let asked = Lock<[HTTPRequest]>([])
            let authority = try CertificateAuthority(commonName: "test")
            self.authority = authority
            let security = try hosts.map {
                try TLSServer(
                    identity: authority.issueServerCertificate(hosts: $0).identity, protocols: ["http/1.1"])
            }
            server = HTTPServer(security: security) { request in
                asked.withLock { $0.append(request) }
                return .text(200, "from the server")
            }
            self.asked = asked
            address = try await server.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
            proxy = try PythonPeer("http_proxy.py", [address.description] + (user.map { [$0] } ?? []))
            port = String(try await proxy.text(until: "\n").filter(\.isNumber))
        }

        /// - Parameter user: `USER:PASSWORD@` or nothing.
        func client(user: String = "", exceptions: String = "") -> WebClient {
            let url = "http://\(user)127.0.0.1:\(port)"
            let variables = ["HTTP_PROXY": url, "https_proxy": url, "NO_PROXY": exceptions]
            var patience = WebPatience()
            patience.attempts = 3
            return WebClient(
                patience: patience, trust: .authorities(authority.certificatePEM),
                proxies: ProxySettings { variables[$0] }
            ) { _ in }
        }

        func get(_ url: String, _ client: WebClient) async throws -> String {
            let answer = try await client.send(WebRequest("GET", try #require(WebURL(url))))
            return String(decoding: answer.bytes, as: UTF8.self)
        }

        /// Ends everything; what the proxy was asked.
        func end() async throws -> [String] {
            await proxy.finish()
            await server.shutdown(grace: .zero)
            return try await proxy.lines()
        }
    }

    @Test("a server without TLS is asked by its whole URL, and looked up by the proxy alone")
    func forwarded() async throws {
        let scene = try await Scene(user: "me:it's")
        let client = scene.client(user: "me:it's@")
        #expect(try await scene.get("http://u:p@store.invalid:81/a%20b?c=d", client) == "from the server")
        let asked = scene.asked.withLock { requests in
            requests.map { [$0.target, $0.headers["host"], $0.headers["proxy-authorization"]] }
        }
        #expect(asked == [["/a%20b?c=d", "store.invalid:81", nil]])
        #expect(
            try await scene.end() == [
                #"["GET", "http://store.invalid:81/a%20b?c=d", "store.invalid:81", "Basic dTpw"]"#
            ])
    }

    @Test("a server with TLS is asked through a tunnel, in which the proxy is told nothing")
    func tunnelled() async throws {
        let scene = try await Scene(hosts: ["store.invalid"], user: "me:secret")
        let client = scene.client(user: "me:secret@")
        #expect(try await scene.get("https://store.invalid/secret", client) == "from the server")
        #expect(scene.asked.withLock { $0.first?.headers["proxy-authorization"] } == nil)
        // The certificate is the server's, not the proxy's.
        let error = await #expect(throws: WebError.self) {
            try await scene.get("https://other.invalid/", client)
        }
        #expect(error?.description.contains("certificate") == true, "\(error?.description ?? "")")
        let connects = Set(try await scene.end())
        #expect(
            connects == [
                #"["CONNECT", "store.invalid:443", "store.invalid:443", null]"#,
                #"["CONNECT", "other.invalid:443", "other.invalid:443", null]"#,
            ])
    }

    @Test("this machine and what NO_PROXY names are asked without it")
    func direct() async throws {
        let scene = try await Scene()
        let port = scene.address.description.split(separator: ":").last ?? ""
        #expect(try await scene.get("http://127.0.0.1:\(port)/", scene.client()) == "from the server")
        #expect(try await scene.get("http://localhost:\(port)/", scene.client()) == "from the server")
        let excepted = scene.client(exceptions: "0.0.0.0/8")
        #expect(try await scene.get("http://0.0.0.0:\(port)/", excepted) == "from the server")
        let unproxied = scene.client().through(.none)
        #expect(try await scene.get("http://0.0.0.0:\(port)/", unproxied) == "from the server")
        #expect(try await scene.end() == [])
    }

    @Test(
        "a proxy that refuses is not asked again, one that is busy is, and no error shows the proxy's password",
        arguments: ["http", "https"])
    func refusals(scheme: String) async throws {
        let scene = try await Scene(hosts: scheme == "https" ? ["busy.invalid"] : nil, user: "me:secret")
        let known = scene.client(user: "me:secret@")
        let stranger = scene.client(user: "me:wrong@")
        let refused = await #expect(throws: WebError.self) {
            try await scene.get("\(scheme)://refused.invalid/", known)
        }
        let unknown = await #expect(throws: WebError.self) {
            try await scene.get("\(scheme)://store.invalid/", stranger)
        }
        #expect(try await scene.get("\(scheme)://busy.invalid/", known) == "from the server")
        let proxy = "127.0.0.1:\(scene.port)"
        if scheme == "https" {
            #expect(refused?.cause == .proxy(proxy, status: 403))
            #expect(
                unknown?.description
                    == "GET https://store.invalid/ failed: the proxy \(proxy) does not let through to it (407): name"
                    + " USER:PASSWORD@ in the proxy's URL")
        } else {
            #expect(refused?.status == 403 && unknown?.status == 407)
        }
        #expect(try await scene.end().count == 4)
    }

    @Test("a proxy that is not there is named, and one that cannot be asked is an error before anything else")
    func absent() async throws {
        var patience = WebPatience()
        patience.attempts = 1
        func error(_ proxy: String) async throws -> String {
            let settings = ProxySettings { $0 == "HTTP_PROXY" ? proxy : nil }
            let client = WebClient(patience: patience, proxies: settings)
            let url = try #require(WebURL("http://store.invalid/"))
            let error = await #expect(throws: WebError.self) { try await client.send(WebRequest("GET", url)) }
            return error?.description ?? ""
        }
        let absent = try await error("http://me:secret@127.0.0.1:1")
        #expect(absent.hasSuffix("(through the proxy 127.0.0.1:1)") && !absent.contains("secret"))
        #expect(
            try await error("socks5://me:secret@p")
                == "GET http://store.invalid/ was not sent: HTTP_PROXY names a proxy that is asked by socks5, which is not"
                + " supported: name an http:// proxy")
    }
}
