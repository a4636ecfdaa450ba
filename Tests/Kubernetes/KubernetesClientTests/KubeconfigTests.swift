// kubeconfig files as they are found in the world, and what is wrong with others.

import JSON
import KubernetesAPI
import Testing

@testable import KubernetesClient

@Suite("Kubeconfig")
struct KubeconfigTests {
    private static let typical = """
        apiVersion: v1
        kind: Config
        current-context: lab
        clusters:
        - name: lab
          cluster:
            server: https://127.0.0.1:6443/
            certificate-authority-data: Q0E=
            tls-server-name: kubernetes
        - {name: plain, cluster: {server: "http://localhost:8001/prefix/"}}
        - name: files
          cluster:
            server: https://[::1]
            certificate-authority: pki/ca.crt
            insecure-skip-tls-verify: true
        users:
        - name: token
          user: {token: abc}
        - name: tokenFile
          user: {tokenFile: run/token, token: old}
        - name: certificate
          user:
            client-certificate: /abs/cert
            client-key-data: S0VZ
        contexts:
        - name: lab
          context: {cluster: lab, user: token, namespace: models}
        - name: plain
          context: {cluster: plain}
        - name: files
          context: {cluster: files, user: certificate}
        - name: rotating
          context: {cluster: plain, user: tokenFile}
        """

    private static func configuration(_ text: String, context: String? = nil) throws(ConfigurationError)
        -> ClientConfiguration
    {
        var kubeconfig = Kubeconfig()
        try kubeconfig.merge(Array(text.utf8), path: "/home/me/.kube/config")
        return try kubeconfig.configuration(context: context) { path in Array("<\(path)>".utf8) }
    }

    @Test("gives server, trust, token and namespace of the current context")
    func current() throws {
        let result = try Self.configuration(Self.typical)
        #expect(result.server == (try ServerAddress("https://127.0.0.1:6443")))
        #expect(result.security.authorities == Array("CA".utf8))
        #expect(result.security.serverName == "kubernetes")
        #expect(result.credential == .token("abc"))
        #expect(result.namespace == "models")
    }

    @Test("reads files relative to its own directory")
    func files() throws {
        let result = try Self.configuration(Self.typical, context: "files")
        #expect(result.security.authorities == Array("</home/me/.kube/pki/ca.crt>".utf8))
        #expect(result.security.certificate == Array("</abs/cert>".utf8))
        #expect(result.security.key == Array("KEY".utf8))
        #expect(result.security.skipsVerification)
        #expect(result.server.host == "::1")
        #expect(result.server.port == 443)
        #expect(result.server.authority == "[::1]:443")
        let rotating = try Self.configuration(Self.typical, context: "rotating")
        #expect(rotating.credential == .tokenFile("/home/me/.kube/run/token"))
        #expect(rotating.server.pathPrefix == "/prefix")
        #expect(rotating.server.isSecure == false)
    }

    @Test("the first file that names something counts")
    func merges() throws {
        var kubeconfig = Kubeconfig()
        try kubeconfig.merge(Array("current-context: plain".utf8), path: "a")
        try kubeconfig.merge(Array(Self.typical.utf8), path: "b/config")
        #expect(try kubeconfig.configuration { _ in [] }.server.host == "localhost")
    }

    @Test(
        "says in one sentence what is wrong",
        arguments: [
            ("", "the kubeconfig names no current context: run kubectl config use-context NAME"),
            ("[]", "cannot read /home/me/.kube/config: it holds no kubeconfig"),
            (
                "a: [",
                "cannot read /home/me/.kube/config: the YAML text is broken at line 2: did not find expected node content"
            ),
            ("current-context: x", "the kubeconfig has no context \"x\": it has none"),
            (
                "{current-context: x, contexts: [{name: x, context: {cluster: c}}]}",
                "context \"x\" uses cluster \"c\", the kubeconfig has none"
            ),
            (
                "{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: 'http://h'}}]}",
                "context \"x\" uses user \"u\", the kubeconfig has none"
            ),
            (
                "{current-context: x, contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c, cluster: {server: 'ftp://h'}}]}",
                "the server \"ftp://h\" is no URL (it begins with neither https:// nor http://): write https://HOST:PORT"
            ),
            (
                "{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: 'http://h'}}], users: [{name: u, user: {exec: {command: aws}}}]}",
                "the program (exec) of user \"u\" of the kubeconfig speaks \"\": it must be client.authentication.k8s.io/v1 or v1beta1"
            ),
            (
                "{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: 'http://h'}}], users: [{name: u, user: {client-key-data: S0VZ}}]}",
                "user \"u\" of the kubeconfig has only one of client-certificate and client-key: add the other"
            ),
            (
                "{current-context: x, contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c, cluster: {server: 'http://h', certificate-authority-data: '*'}}]}",
                "certificate-authority-data of the kubeconfig is not base64"
            ),
        ])
    func faults(text: String, sentence: String) {
        let error = #expect(throws: ConfigurationError.self) { try Self.configuration(text) }
        #expect(error?.description == sentence)
    }

    @Test(
        "refuses URLs that are none",
        arguments: [
            "https://", "https://u@h", "https://h:0", "https://h:99999", "https://a:b:c", "https://[::1",
            "https://[::1]x",
        ])
    func urls(url: String) {
        let error = #expect(throws: ConfigurationError.self) { try ServerAddress(url) }
        #expect(error?.description.hasPrefix("the server \"\(url)\" is no URL (") == true)
    }
}

@Suite("YAML reader")
struct YAMLReaderTests {
    private static func read(_ text: String) throws(YAMLError) -> JSON {
        try YAMLReader.read(Array(text.utf8))
    }

    @Test(
        "knows YAML 1.2's core types",
        arguments: [
            ("", .null), ("~", .null), ("true", true), ("'true'", "true"), ("no", "no"), ("12", 12),
            ("-1.5", -1.5),
            ("1e3", 1000.0), ("0x1f", "0x1f"), ("1.2.3", "1.2.3"), ("'12'", "12"), ("!!str 12", "12"),
            (".inf", ".inf"),
            ("[1, {a: b}]", [1, ["a": "b"]]), ("a: |\n  x\n  y\n", ["a": "x\ny\n"]),
            ("{\"a\": null}", ["a": .null]),
            ("base: &b {x: 1}\nuse: *b\n", ["base": ["x": 1], "use": ["x": 1]]),
            ("---\na: 1\n---\nb: 2\n", ["a": 1]),
        ] as [(String, JSON)])
    func values(text: String, expected: JSON) throws {
        #expect(try Self.read(text) == expected)
    }

    @Test(
        "refuses what is broken or dangerous",
        arguments: [
            ("a: *b", "the YAML text has the alias *b of nothing at line 1"),
            ("{[a]: b}", "the YAML text has a key that is no text at line 1"),
            ("a: 1\na: 2", "the YAML text has the key \"a\" twice at line 2"),
            (String(repeating: "[", count: 100), "the YAML text has more than 64 levels at line 1"),
            ("a: \"x", "the YAML text is broken at line 1: found unexpected end of stream"),
            ("&a [*a]", "the YAML text has the alias *a of nothing at line 1"),
        ])
    func faults(text: String, sentence: String) {
        let error = #expect(throws: YAMLError.self) { try Self.read(text) }
        #expect(error?.description == sentence)
    }

    @Test("refuses aliases that multiply")
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let error = #expect(throws: YAMLError.self) { try Self.read(text) }
        #expect(error?.description.hasPrefix("the YAML text has more than 100000 values") == true)
    }
}
