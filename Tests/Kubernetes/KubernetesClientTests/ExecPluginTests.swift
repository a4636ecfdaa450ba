// Programs that sign in: shell scripts in the place of `aws eks get-token`.

import HTTP
import JSON
import KubernetesAPI
import SystemIO
import TLS
import TestSupport
import Testing

@testable import KubernetesClient

/// A server whose first connection takes clients of one authority, and all later ones clients of another.
private final class TurningServer: SecureLayerFactory {
    private let servers: [TLSServer]
    private let connections = Lock(0)

    init(_ servers: [TLSServer]) { self.servers = servers }

    var count: Int { connections.withLock { $0 } }

    func makeLayer() throws(SecureLayerError) -> any SecureLayer {
        let number = connections.withLock { count in
            defer { count += 1 }
            return count
        }
        return try servers[min(number, servers.count - 1)].makeLayer()
    }
}

@Suite("Programs that sign in", .timeLimit(.minutes(2)))
struct ExecPluginTests {
    /// A program that counts its runs in a file and prints a token with their number.
    private static func plugin(_ runs: String, expires: String? = nil) -> ExecPlugin {
        var plugin = ExecPlugin(command: "sh")
        let end = expires.map { #","expirationTimestamp":"\#($0)""# } ?? ""
        plugin.arguments = [
            "-c",
            #"""
            echo "$KUBERNETES_EXEC_INFO" >> "$RUNS"
            printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t%s"\#(end)}}' $(wc -l < "$RUNS")
            """#,
        ]
        plugin.environment = ["RUNS": runs]
        return plugin
    }

    @Test("are run once for many requests, and again when a token is refused")
    func refused() async throws {
        let runs = Scratch.path()
        let server = try await ScriptedServer(credential: .exec(Self.plugin(runs))) { _, number in
            number == 4
                ? ScriptedServer.failure(401, "Unauthorized") : ScriptedServer.json(200, ["kind": "Pod"])
        }
        async let first = server.client.request("GET", "/a")
        async let second = server.client.request("GET", "/b")
        _ = try await (first, second)
        _ = try await server.client.request("GET", "/c")
        await #expect(throws: KubernetesError.self) { try await server.client.request("GET", "/d") }
        _ = try await server.client.request("GET", "/e")
        #expect(
            server.requests.map(\.authorization) == [
                "Bearer t1", "Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2",
            ])
        let told = try Files.readText(runs, limit: 1 << 16).split(separator: "\n")
        #expect(told.count == 2)
        let info = try JSON(parsing: Array((told.first ?? "").utf8))
        #expect(info["apiVersion"] == "client.authentication.k8s.io/v1")
        #expect(info["spec"]?["interactive"] == false)
        await server.stop()
    }

    @Test("are run again before a token ends")
    func expiry() async throws {
        let source = TokenSource(.exec(Self.plugin(Scratch.path(), expires: "2026-01-01T01:00:00Z")))
        let end = try #require(Timestamp("2026-01-01T01:00:00Z")).microseconds
        try await source.prepare(time: Timestamp(microseconds: end - 60_000_000))
        #expect(source.token() == "t1")
        try await source.prepare(time: Timestamp(microseconds: end - 11_000_000))
        #expect(source.token() == "t1")
        try await source.prepare(time: Timestamp(microseconds: end - 10_000_000))
        #expect(source.token() == "t2")
    }

    @Test(
        "that give no token are named with the reason",
        arguments: [
            ("exit 3", "it ended with exit code 3"), ("echo text", "it printed no ExecCredential"),
            (
                #"echo '{"kind":"ExecCredential","apiVersion":"x/v1"}'"#,
                "it printed an ExecCredential of \"x/v1\", the kubeconfig says client.authentication.k8s.io/v1"
            ),
            (
                #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"a b"}}'"#,
                "its token has characters that no token has"
            ),
            (
                #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"}'"#,
                "its ExecCredential has no status"
            ),
            (
                #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}'"#,
                "its ExecCredential has no token, and no certificate with its key"
            ),
            (
                #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientKeyData":"k"}}'"#,
                "its ExecCredential has only one of certificate and key"
            ),
            (
                #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t","expirationTimestamp":"soon"}}'"#,
                "its expirationTimestamp \"soon\" is no time"
            ),
        ])
    func faults(script: String, reason: String) async throws {
        var plugin = ExecPlugin(command: "sh")
        plugin.arguments = ["-c", script]
        plugin.installHint = "install it"
        let error = await #expect(throws: ConfigurationError.self) { try await plugin.run(loop: .shared) }
        #expect(
            error?.description
                == "the program \"sh\" that the kubeconfig runs to sign in (exec) gives no credential: \(reason)"
        )
    }

    @Test(
        "that are missing are named with the kubeconfig's hint",
        arguments: [
            ("no-such-program", "it is not in PATH"), ("/no/such/program", "there is no such program"),
        ])
    func missing(command: String, reason: String) async throws {
        var plugin = ExecPlugin(command: command)
        plugin.installHint = "get it from example.org"
        let error = await #expect(throws: ConfigurationError.self) { try await plugin.run(loop: .shared) }
        #expect(
            error?.description.hasSuffix("gives no credential: \(reason): get it from example.org") == true)
    }

    @Test("that have to ask a person are not run where there is no terminal")
    func noTerminal() async throws {
        var plugin = Self.plugin(Scratch.path())
        plugin.interactiveMode = .always
        let error = await #expect(throws: ConfigurationError.self) {
            try await plugin.run(loop: .shared, isTerminal: false)
        }
        #expect(error?.description.hasSuffix("and standard input is no terminal") == true)
        plugin.interactiveMode = .ifAvailable
        let credential = try await plugin.run(loop: .shared, isTerminal: false)
        #expect(credential.token == "t1")
    }

    @Test("are told of the cluster and of the terminal as client-go tells it")
    func information() throws {
        var plugin = ExecPlugin(command: "x", apiVersion: "client.authentication.k8s.io/v1beta1")
        #expect(
            plugin.information(isInteractive: true) == [
                "apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential",
                "spec": ["interactive": true],
            ])
        plugin.cluster = ["server": "https://h"]
        #expect(plugin.information(isInteractive: false)["spec"]?["cluster"] == ["server": "https://h"])
    }

    @Test("may be told of the cluster, with its authority's octets and its extension for them")
    func clusterInformation() throws {
        var config = Kubeconfig()
        try config.merge(
            Array(
                """
                current-context: x
                contexts: [{name: x, context: {cluster: c, user: u}}]
                clusters:
                - name: c
                  cluster:
                    server: https://h/p
                    certificate-authority: ca.crt
                    tls-server-name: name
                    insecure-skip-tls-verify: false
                    disable-compression: true
                    extensions:
                    - {name: other, extension: 1}
                    - {name: client.authentication.k8s.io/exec, extension: {audience: a}}
                users:
                - name: u
                  user:
                    exec:
                      apiVersion: client.authentication.k8s.io/v1
                      command: sign-in
                      provideClusterInfo: true
                      interactiveMode: Never
                """.utf8), path: "/etc/kube/config")
        let configuration = try config.configuration { Array("read \($0)".utf8) }
        guard case .exec(let plugin) = configuration.credential else {
            Issue.record("\(configuration.credential)")
            return
        }
        #expect(
            plugin.cluster == [
                "server": "https://h/p", "tls-server-name": "name", "disable-compression": true,
                "certificate-authority-data": .string(Base64.encode("read /etc/kube/ca.crt".utf8)),
                "config": ["audience": "a"],
            ])
        #expect(!configuration.acceptsCompression)
    }

    @Test(
        "have an interactiveMode, without which only v1beta1 is taken",
        arguments: [
            ("v1", "interactiveMode: Never", ExecPlugin.InteractiveMode.never),
            ("v1", "interactiveMode: Always", .always), ("v1beta1", "args: []", .ifAvailable),
            ("v1", "args: []", nil), ("v1", "interactiveMode: Sometimes", nil),
        ])
    func modes(version: String, line: String, mode: ExecPlugin.InteractiveMode?) throws {
        var config = Kubeconfig()
        try config.merge(
            Array(
                """
                current-context: x
                contexts: [{name: x, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: 'https://h'}}]
                users:
                - name: u
                  user:
                    exec:
                      apiVersion: client.authentication.k8s.io/\(version)
                      command: sign-in
                      \(line)
                """.utf8), path: "/etc/kube/config")
        guard let mode else {
            #expect(throws: ConfigurationError.self) { try config.configuration { _ in [] } }
            return
        }
        var expected = ExecPlugin(
            command: "sign-in", apiVersion: "client.authentication.k8s.io/\(version)")
        expected.interactiveMode = mode
        #expect(try config.configuration { _ in [] }.credential == .exec(expected))
    }

    @Test("that give certificates sign in by them; another one ends the connections of the one before")
    func certificates() async throws {
        let authorities = try ["first", "second"].map {
            try CertificateAuthority(commonName: $0, validity: .days(1))
        }
        let server = try authorities[0].issueServerCertificate(
            hosts: ["localhost"], commonName: "server", validity: .days(1))
        let directory = try TemporaryDirectory()
        for (number, authority) in authorities.enumerated() {
            let client = try authority.issueClientCertificate(commonName: "client", validity: .days(1))
            let credential: JSON = [
                "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
                "status": [
                    "clientCertificateData": .string(
                        String(decoding: client.identity.certificateChain, as: UTF8.self)),
                    "clientKeyData": .string(String(decoding: client.identity.privateKey, as: UTF8.self)),
                ],
            ]
            try Files.write("\(directory.path)/\(number + 1)", credential.serialized())
        }
        let servers = TurningServer(
            try authorities.map {
                try TLSServer(
                    identity: server.identity, clients: .required(authorities: $0.certificatePEM))
            })
        let requests = Lock(0)
        let http = HTTPServer(security: servers) { _ in
            let number = requests.withLock {
                $0 += 1
                return $0
            }
            return number == 2
                ? ScriptedServer.failure(401, "Unauthorized") : ScriptedServer.json(200, ["kind": "Pod"])
        }
        let address = try await http.listen(on: .ip("127.0.0.1", port: 0))
        guard case .ip(_, let port) = address else { return }
        var configuration = ClientConfiguration(server: try ServerAddress("https://localhost:\(port)"))
        configuration.security.authorities = authorities[0].certificatePEM
        var plugin = ExecPlugin(command: "sh")
        plugin.arguments = ["-c", "echo >> $DIRECTORY/runs; cat $DIRECTORY/$(wc -l < $DIRECTORY/runs)"]
        plugin.environment = ["DIRECTORY": directory.path]
        configuration.credential = .exec(plugin)
        let client = try await KubernetesClient.make(configuration, program: "test")
        _ = try await client.request("GET", "/a")
        #expect(servers.count == 1)
        await #expect(throws: KubernetesError.self) { try await client.request("GET", "/b") }
        _ = try await client.request("GET", "/c")
        #expect(servers.count == 2)
        await http.shutdown(grace: .zero)
    }

    @Test("stand in kubeconfigs as kubectl reads them")
    func kubeconfig() throws {
        var config = Kubeconfig()
        try config.merge(
            Array(
                """
                current-context: x
                contexts: [{name: x, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: 'https://h'}}]
                users:
                - name: u
                  user:
                    exec:
                      apiVersion: client.authentication.k8s.io/v1beta1
                      command: ./bin/sign-in
                      args: [eks, get-token]
                      env: [{name: AWS_PROFILE, value: lab}]
                      interactiveMode: IfAvailable
                """.utf8), path: "/etc/kube/config")
        var expected = ExecPlugin(
            command: "/etc/kube/./bin/sign-in", apiVersion: "client.authentication.k8s.io/v1beta1")
        expected.interactiveMode = .ifAvailable
        expected.arguments = ["eks", "get-token"]
        expected.environment = ["AWS_PROFILE": "lab"]
        let configuration = try config.configuration { _ in [] }
        #expect(configuration.credential == .exec(expected))
    }
}
