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

    /// Helm 4 installs a chart's definitions by server-side apply: fields that the upgrade's Job has changed in the
    /// meantime must be Helm's own, or the release can never be installed again.
    @Test("leaves what it changes to Helm, as the chart's Job asks")
    func leavesFieldsToHelm() async throws {
        let cluster = try await Cluster.start()
        let file = "\(Tools.root)/charts/ganglion/crds/modelservers.yaml"
        let asHelm = ["apply", "--server-side", "--field-manager=helm", "-f"]
        // What the first install brought: an older definition, under the name of the program, as Helm does.
        _ = try await cluster.kubectl(["delete", "crd", Self.names[0]]).succeeded()
        let older = cluster.directory + "/older.yaml"
        let text = try Files.readText(file).replacing("shortNames: [nms]", with: "shortNames: [old]")
        try Files.write(older, Array(text.utf8))
        _ = try await cluster.kubectl(asHelm + [older]).succeeded()

        let job = try Files.readText("\(Tools.root)/charts/ganglion/templates/crds.yaml")
        let arguments = try #require(job.firstMatch(of: /args: \[(.+)\]/)).1.split(separator: ", ")
        _ = try await cluster.run(
            Tools.programs + "/ganglion",
            arguments.map(String.init) + ["--kubeconfig", cluster.directory + "/kubeconfig"]
        ).succeeded()

        // A release of the older chart again: no conflict, and the definition is its.
        _ = try await cluster.kubectl(asHelm + [older]).succeeded()
        #expect(
            try await cluster.json("get", "crd", Self.names[0])["spec"]?["names"]?["shortNames"] == ["old"])
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
