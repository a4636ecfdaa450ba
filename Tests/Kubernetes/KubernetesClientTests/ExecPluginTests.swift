// Programs that sign in: shell scripts in the place of `aws eks get-token`.

import HTTP
import JSON
import KubernetesAPI
import SystemIO
import TestSupport
import Testing

@testable import KubernetesClient

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
        ])
    func faults(script: String, reason: String) async throws {
        var plugin = ExecPlugin(command: "sh")
        plugin.arguments = ["-c", script]
        plugin.installHint = "install it"
        let error = await #expect(throws: ConfigurationError.self) { try await plugin.run(loop: .shared) }
        #expect(
            error?.description
                == "the program \"sh\" that the kubeconfig runs to sign in (exec) gives no token: \(reason): install it"
        )
    }

    @Test("are looked for in PATH")
    func missing() async throws {
        let plugin = ExecPlugin(command: "no-such-program-anywhere")
        let error = await #expect(throws: ConfigurationError.self) { try await plugin.run(loop: .shared) }
        #expect(error?.description.hasSuffix("gives no token: it is not in PATH") == true)
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
        expected.arguments = ["eks", "get-token"]
        expected.environment = ["AWS_PROFILE": "lab"]
        let configuration = try config.configuration { _ in [] }
        #expect(configuration.credential == .exec(expected))
    }
}
