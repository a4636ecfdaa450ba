// Which proxy a client of an API server takes: a kubeconfig's, else the environment's (HTTPProxyTests has the rules).

import HTTP
import HTTP1
import HTTPProxy
import JSON
import KubernetesAPI
import SystemIO
import Testing

@testable import KubernetesClient

@Suite("Proxy")
struct ProxyAddressTests {
    @Test("is what the environment says for the API server's scheme, host and port")
    func environment() throws {
        let settings = ProxySettings { ["HTTPS_PROXY": "p:3128", "NO_PROXY": "direct:6443, .svc"][$0] }
        func proxy(_ server: String) throws -> String? {
            try ServerAddress(server).proxy(of: settings)?.authority
        }
        #expect(try proxy("https://api:6443") == "p:3128")
        #expect(try proxy("http://api:6443") == nil)
        #expect(try proxy("https://direct:6443") == nil)
        #expect(try proxy("https://direct") == "p:3128")
        #expect(try proxy("https://kubernetes.default.svc") == nil)
        #expect(
            throws: ConfigurationError(
                "HTTPS_PROXY names a proxy that is asked by socks5, which is not supported: name an http:// proxy"
            )
        ) { try ServerAddress("https://api").proxy(of: ProxySettings { _ in "socks5://p" }) }
    }

    @Test("of a kubeconfig that is no URL is refused without its password")
    func wrong() throws {
        var kubeconfig = Kubeconfig()
        let text =
            "{current-context: x, contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c, cluster: {server: 'https://api', proxy-url: 'http://user:secret@p:x'}}]}"
        try kubeconfig.merge(Array(text.utf8), path: "/k")
        #expect(
            throws: ConfigurationError(
                "proxy-url of cluster \"c\" is no URL of a proxy: write http://HOST:PORT")
        ) { try kubeconfig.configuration { _ in [] } }
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
