// Which proxy a client takes, by the rules of golang.org/x/net/http/httpproxy, which client-go and curl share.

import HTTP
import HTTP1
import JSON
import KubernetesAPI
import SystemIO
import Testing

@testable import KubernetesClient

@Suite("Proxy")
struct ProxyAddressTests {
    private static func proxy(
        _ server: String, _ environment: [String: String]
    ) throws -> String? {
        try ProxyAddress.fromEnvironment(for: ServerAddress(server)) { environment[$0] }?.authority
    }

    @Test("is what the environment says for the server's scheme, in large or small letters")
    func environment() throws {
        #expect(try Self.proxy("https://api:6443", ["HTTPS_PROXY": "http://p:3128"]) == "p:3128")
        #expect(try Self.proxy("https://api:6443", ["https_proxy": "p:3128"]) == "p:3128")
        #expect(try Self.proxy("https://api:6443", ["HTTPS_PROXY": "http://[fd00::2]"]) == "[fd00::2]:80")
        #expect(try Self.proxy("https://api:6443", ["HTTP_PROXY": "http://p:3128"]) == nil)
        #expect(try Self.proxy("http://api:80", ["HTTP_PROXY": "http://p:3128"]) == "p:3128")
        #expect(try Self.proxy("http://api:80", ["HTTPS_PROXY": "http://p:3128"]) == nil)
        #expect(try Self.proxy("https://api:6443", ["HTTPS_PROXY": ""]) == nil)
    }

    @Test(
        "leaves out what NO_PROXY names",
        arguments: [
            // server, NO_PROXY, whether it is reached directly
            ("api.example.com", "example.com", true), ("example.com", "example.com", true),
            ("notexample.com", "example.com", false), ("example.com", ".example.com", false),
            ("api.example.com", ".example.com", true), ("api.example.com", "*.example.com", true),
            ("API.Example.com", " api.EXAMPLE.com ", true), ("api.example.com", "*", true),
            ("api.example.com", "other,,example.com:6443", true),
            ("api.example.com", "example.com:443", false),
            ("10.1.2.3", "10.0.0.0/8", true), ("10.1.2.3", "10.1.2.0/25", true),
            ("10.1.2.130", "10.1.2.0/25", false),
            ("10.1.2.3", "10.1.2.3", true), ("10.1.2.3", "10.1.2.4", false),
            ("10.1.2.3", "10.1.2.3:6443", true),
            ("11.1.2.3", "10.0.0.0/8", false), ("10.1.2.3", "10.0.0.0/99", false),
            ("10.1.2.3", "0.0.0.0/0", true),
            ("[fd00::5]", "fd00::/64", true), ("[fd01::5]", "fd00::/64", false),
            ("[fd00::5]", "fd00::5", true),
            ("[fd00::5]", "[fd00::5]:6443", true), ("api", "10.0.0.0/8", false), ("api", "", false),
            ("localhost", "", true), ("127.0.0.1", "", true), ("127.8.9.1", "", true), ("[::1]", "", true),
        ])
    func exceptions(host: String, exceptions: String, isDirect: Bool) throws {
        let found = try Self.proxy("https://\(host):6443", ["HTTPS_PROXY": "p:1", "NO_PROXY": exceptions])
        #expect(found == (isDirect ? nil : "p:1"))
    }

    @Test("shows a user where the URL has one, and refuses proxies of other kinds")
    func urls() throws {
        let proxy = try ProxyAddress("http://us%40er:pa%3Ass@p:3128/", origin: "HTTPS_PROXY")
        #expect(proxy.authority == "p:3128")
        #expect(proxy.authorization == "Basic " + Base64.encode(Array("us@er:pa:ss".utf8)))
        #expect(
            try ProxyAddress("http://u@p", origin: "x").authorization == "Basic "
                + Base64.encode(Array("u:".utf8)))
        #expect(
            throws: ConfigurationError(
                "HTTPS_PROXY names a proxy that is asked by socks5, which is not supported: name an http:// proxy"
            )
        ) { try ProxyAddress("socks5://p:1080", origin: "HTTPS_PROXY") }
        #expect(
            throws: ConfigurationError(
                "proxy-url of cluster \"c\" is no URL of a proxy: write http://HOST:PORT")
        ) {
            try ProxyAddress("http://user:secret@p:x", origin: "proxy-url of cluster \"c\"")
        }
    }

    @Test("of a kubeconfig counts for its cluster, whatever the environment says")
    func kubeconfig() throws {
        var kubeconfig = Kubeconfig()
        let text =
            "{current-context: x, contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c, cluster: {server: 'https://api', proxy-url: 'http://p:3128'}}]}"
        try kubeconfig.merge(Array(text.utf8), path: "/k")
        let configuration = try kubeconfig.configuration { _ in [] }
        #expect(configuration.proxy == (try ProxyAddress("http://p:3128", origin: "")))
    }

    @Test("of a server without TLS is sent whole URLs")
    func forwards() async throws {
        let server = try await ScriptedServer { request, _ in
            ScriptedServer.json(200, ["proxy": .string(request.headers["proxy-authorization"] ?? "")])
        }
        var configuration = ClientConfiguration(server: try ServerAddress("http://api.example:8080/k8s"))
        configuration.proxy = try ProxyAddress("http://u:p@\(server.address)", origin: "HTTP_PROXY")
        let client = try await KubernetesClient.make(configuration, program: "test")
        #expect(
            try await client.get(.nodes, ObjectKey(name: "n"))["proxy"]?.string?.hasPrefix("Basic ") == true)
        #expect(server.requests.map(\.target) == ["http://api.example:8080/k8s/api/v1/nodes/n"])
        await server.stop()
    }
}
