// `ganglion crds` against a running API server: what the chart's upgrade does.

import JSON
import KubernetesClient
import SystemIO
import TestSupport
import Testing

@Suite("ganglion crds", .enabled(if: Tools.isAvailable), .serialized)
struct CRDsTests {
    private static let names = ["modelservers.ganglion.dev", "neuronnodes.ganglion.dev"]

    @Test("prints the chart's definitions")
    func prints() async throws {
        let printed = try await Output.of(
            Tools.programs + "/ganglion", ["crds", "print"], in: Scratch.directory)
        let files = try ["modelservers", "neuronnodes"].map {
            try Files.readText("\(Tools.root)/charts/ganglion/crds/\($0).yaml")
        }
        #expect(printed.succeeded() == files.joined(separator: "---\n"))
    }

    @Test(
        "brings older definitions to this version, makes those that are not there, and leaves objects alone")
    func applies() async throws {
        let cluster = try await Cluster.start()
        let program = Tools.programs + "/ganglion"
        let apply = ["crds", "apply", "--kubeconfig", cluster.directory + "/kubeconfig"]
        #expect(
            try await cluster.run(program, apply).succeeded()
                == Self.names.map { "\($0) unchanged\n" }.joined())

        // As an earlier version would have had it: without a short name that this one has.
        let patch = #"[{"op": "remove", "path": "/spec/names/shortNames"}]"#
        _ = try await cluster.kubectl(["patch", "crd", Self.names[0], "--type=json", "-p", patch]).succeeded()
        let nodes = try await cluster.json("get", "neuronnodes")["items"]?.array?.count
        #expect(
            try await cluster.run(program, apply).succeeded()
                == "\(Self.names[0]) configured\n\(Self.names[1]) unchanged\n")
        #expect(
            try await cluster.json("get", "crd", Self.names[0])["spec"]?["names"]?["shortNames"] == ["nms"])
        #expect(try await cluster.json("get", "neuronnodes")["items"]?.array?.count == nodes)

        _ = try await cluster.kubectl(["delete", "crd", Self.names[0]]).succeeded()
        #expect(
            try await cluster.run(program, apply).succeeded()
                == "\(Self.names[0]) created\n\(Self.names[1]) unchanged\n")
        #expect(try await cluster.kubectl(["get", "modelservers"]).succeeded() == "")
        try await cluster.stop()
    }

    @Test("says in one sentence that there is no such kubeconfig")
    func noKubeconfig() async throws {
        let output = try await Output.of(
            Tools.programs + "/ganglion", ["crds", "apply", "--kubeconfig", "/nowhere/config"],
            in: Scratch.directory)
        #expect(output.status == .exited(1))
        #expect(
            output.standardError
                == "ganglion: cannot open /nowhere/config: No such file or directory: name a kubeconfig that is there and "
                + "can be read\n")
    }
}
