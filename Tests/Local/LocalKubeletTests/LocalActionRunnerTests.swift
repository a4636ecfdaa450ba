import HTTP
import HTTP1
import JSON
import KubernetesAPI
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

@Suite("Actions on containers")
struct LocalActionRunnerTests {
    private let runner = LocalActionRunner(loop: .shared)

    private func probe(_ action: JSON) throws -> ContainerProbe {
        var probe = action
        probe.timeoutSeconds = 20
        let container: JSON = ["name": "c", "livenessProbe": probe]
        let spec = try container.decode(Container.self)
        let main = try #require(PodContainer(spec, kind: .regular))
        return try #require(ContainerProbe(.liveness, of: main))
    }

    private func check(
        _ probe: ContainerProbe, environment: [String: String] = [:], directory: String = "/"
    ) async -> ActionResult {
        await runner.run(
            probe.action, timeout: probe.timeout, address: "127.0.0.1", environment: environment,
            directory: directory)
    }

    @Test(
        "a GET succeeds with 200 to 399",
        arguments: [(200, true), (302, true), (399, true), (400, false), (503, false)])
    func http(status: Int, isHealthy: Bool) async throws {
        let server = HTTPServer { request in
            let isProbe = request.headers["user-agent"]?.hasPrefix("kube-probe/") == true
            let isMeant = request.path == "/ready" && request.headers["x-test"] == "1"
            return .text(isProbe && isMeant ? status : 500, "")
        }
        guard case .ip(_, let port) = try await server.listen(on: .ip("127.0.0.1", port: 0)) else { return }
        let probe = try probe([
            "httpGet": [
                "path": "ready", "port": JSON(Int(port)), "httpHeaders": [["name": "x-test", "value": "1"]],
            ]
        ])
        #expect(
            await check(probe)
                == (isHealthy ? .success : .refusal("HTTP probe failed with statuscode: \(status)")))
        await server.shutdown(grace: .zero)
    }

    @Test("a connection succeeds where somebody listens, and only there")
    func tcp() async throws {
        let host = "127.77.0.9"
        let listener = try Listener(.ip(host, port: 0), loop: .shared) { _ in }
        try await listener.start()
        let port = try #require(listener.address.port)
        let probe = try probe(["tcpSocket": ["host": .string(host), "port": JSON(Int(port))]])
        #expect(await check(probe) == .success)
        await listener.close()
        // A port that is free again may soon be another test's, and this one is nobody's.
        let refused = try self.probe(["tcpSocket": ["host": .string(host), "port": 1]])
        guard case .failure(let why) = await check(refused) else {
            Issue.record("nobody listens")
            return
        }
        #expect(why.hasPrefix("dial tcp \(host):1: "))
    }

    @Test(
        "a command succeeds with exit code 0, in the container's environment and directory",
        arguments: [
            (["true"], .success), (["sh", "-c", "exit 3"], .refusal("command ended with exit code 3")),
            (["sh", "-c", "test \"$NAME\" = value && test -f here"], .success),
            (["no-such-program"], .failure("exec: \"no-such-program\": executable file not found in $PATH")),
        ] as [([String], ActionResult)])
    func exec(command: [String], result: ActionResult) async throws {
        let scratch = try TemporaryDirectory()
        try Files.write(scratch.path + "/here", [])
        let probe = try probe(["exec": ["command": JSON(command)]])
        #expect(
            await check(
                probe, environment: ["PATH": "/usr/bin:/bin", "NAME": "value"], directory: scratch.path)
                == result)
    }
}
