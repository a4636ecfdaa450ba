import EndToEnd
import Glibc
import HTTP
import JSON
import KubernetesClient
import SystemIO
import TestSupport
import Testing

/// `ganglion-e2e`, the suite for any cluster, on the local one.
@Suite(
    "The suite for any cluster, on the local one", .serialized,
    .enabled(if: Tools.isAvailable, "kubectl or the executables are missing: run make test"))
struct AnyClusterTests {
    private static let program = Tools.programs + "/ganglion-e2e"

    /// Runs the suite; what it says is the test's, too.
    private func suite(_ cluster: Cluster, _ arguments: [String]) async throws -> Output {
        let model = ["--model", try Tools.model(cluster)]
        return try await cluster.run(
            Self.program, ["--local", cluster.directory, "--format", "tap"] + model + arguments)
    }

    /// The names of the cases that were left out.
    private func leftOut(_ output: Output) -> [String] {
        output.standardOutput.split(separator: "\n").filter { $0.hasPrefix("# left out: ") }
            .map { String($0.dropFirst(12).prefix { $0 != " " }) }
    }

    private func expectNothingLeft(_ cluster: Cluster) async throws {
        let namespaces = try await cluster.json("get", "namespaces", "-l", "ganglion.dev/e2e-run")
        #expect(namespaces.items?.array?.isEmpty == true, "\(namespaces.text())")
    }

    @Test("all that can be done on a cluster of one inf2.48xlarge")
    func inferentia() async throws {
        let cluster = try await Cluster.start()
        let output = try await suite(cluster, [])
        #expect(output.status == .exited(0), "\(output.standardOutput)\(output.standardError)")
        // Helm is not what installs a local cluster, and its plugin advertises cores only.
        let expected: Set<String> = ["chips", "chart-upgrade", "chart-uninstall"]
        #expect(Set(leftOut(output)).isSubset(of: expected), "\(output.standardOutput)")
        try await expectNothingLeft(cluster)
        try await cluster.stop()
    }

    @Test(
        "what is different on a trn1.32xlarge whose plugin advertises chips as well; and an interrupted run")
    func trainium() async throws {
        let cluster = try await Cluster.start(["--instance-type", "trn1.32xlarge", "--granularity", "both"])
        let filters = ["node-", "cores-", "chips", "containers-"].flatMap { ["--filter", $0] }
        let output = try await suite(cluster, filters)
        #expect(output.status == .exited(0), "\(output.standardOutput)\(output.standardError)")
        // Four cores are two chips, which Trainium takes for no group.
        #expect(leftOut(output) == ["cores-4"], "\(output.standardOutput)")
        try await expectNothingLeft(cluster)

        let running = try cluster.start(
            Self.program, ["--local", cluster.directory, "--filter", "churn", "--churn-pods", "100000"])
        try await cluster.eventually("the churn has begun") { running.output.contains("waiting: pod churn-") }
        running.process.send(.interrupt)
        #expect(await running.process.wait() == .exited(1))
        #expect(running.output.contains("the run was interrupted"), "\(running.output)")
        try await expectNothingLeft(cluster)
        try await cluster.stop()
    }

    @Test("says before the first case that its results cannot be written")
    func outputThatCannotBe() async throws {
        let said = try await Output.of(
            Self.program, ["--kubeconfig", "/nowhere/kubeconfig", "--output", "/nowhere/e2e.xml"],
            in: Scratch.directory)
        #expect(said.status == .exited(1))
        #expect(
            said.standardError == "ganglion-e2e: cannot open /nowhere/e2e.xml: No such file or directory\n")
    }

    @Test("goes on to its end where nobody reads its progress any more")
    func progressUnread() async throws {
        let script = """
            import os, subprocess, sys
            reader, writer = os.pipe()
            os.close(reader)
            sys.exit(subprocess.run(sys.argv[1:], stderr=writer).returncode)
            """
        let ended = try await Output.of(
            Python.path, ["-c", script, Self.program, "--kubeconfig", "/nowhere/kubeconfig"],
            in: Scratch.directory)
        #expect(ended.status == .exited(69))
    }

    @Test("says in one sentence why there is nothing to test")
    func nothingToTest() async throws {
        func run(_ arguments: [String]) async throws -> Output {
            try await Output.of(Self.program, arguments, in: Scratch.directory)
        }
        let missing = try await run(["--kubeconfig", "/nowhere/kubeconfig"])
        #expect(missing.status == .exited(69) && missing.standardOutput.isEmpty)
        #expect(missing.standardError.split(separator: "\n").count == 1, "\(missing.standardError)")
        #expect(missing.standardError.contains("/nowhere/kubeconfig"), "\(missing.standardError)")

        let server = HTTPServer { request in
            let status: JSON = ["kind": "Status", "code": 404, "reason": "NotFound", "message": "not found"]
            return request.path == "/api/v1"
                ? .text(200, "{\"resources\": []}") : .text(404, status.text(), type: "application/json")
        }
        let address = try await server.listen(on: .ip("127.0.0.1", port: 0))
        let kubeconfig = Scratch.path(".yaml")
        try Files.write(
            kubeconfig,
            Array(
                """
                clusters: [{name: c, cluster: {server: "http://\(address)"}}]
                contexts: [{name: c, context: {cluster: c}}]
                current-context: c
                """.utf8))
        let empty = try await run(["--kubeconfig", kubeconfig])
        #expect(
            empty.standardError
                == "ganglion-e2e: the cluster does not know ModelServers: install the chart first\n")
        #expect(empty.status == .exited(69))
        await server.shutdown(grace: .zero)
        let gone = try await run(["--kubeconfig", kubeconfig])
        #expect(gone.standardError.contains("the API server cannot be reached"), "\(gone.standardError)")
        #expect(gone.status == .exited(69))

        #expect(try await run(["--filter", "no-such-case"]).status == .exited(64))
        #expect(try await run(["--timeout", "0s"]).status == .exited(64))
        #expect(try await run(["--namespace-prefix", "No"]).status == .exited(64))
    }
}
