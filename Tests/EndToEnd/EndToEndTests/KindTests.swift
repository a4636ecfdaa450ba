// What can be known of `make kind` without a container engine: that its configuration is one that kind takes, that the
// script does things in order and always cleans up, and that the workflow runs what there is.

import JSON
import KubernetesClient
import SystemIO
import TestSupport
import Testing

/// The fields of a kind configuration: kind v0.32, pkg/apis/config/v1alpha4/types.go. Strict, as kind reads it.
private enum KindSchema {
    static let mount = ["containerPath", "hostPath", "readOnly", "selinuxRelabel", "propagation"]
    static let port = ["containerPort", "hostPort", "listenAddress", "protocol"]
    static let patch = ["group", "version", "kind", "patch"]
    static let node = [
        "role", "image", "labels", "extraMounts", "extraPortMappings", "gpus", "kubeadmConfigPatches",
        "kubeadmConfigPatchesJSON6902",
    ]
    static let networking = [
        "ipFamily", "apiServerPort", "apiServerAddress", "podSubnet", "serviceSubnet", "disableDefaultCNI",
        "kubeProxyMode", "dnsSearch",
    ]
    static let cluster = [
        "kind", "apiVersion", "name", "nodes", "networking", "featureGates", "runtimeConfig",
        "kubeadmConfigPatches", "kubeadmConfigPatchesJSON6902", "containerdConfigPatches",
        "containerdConfigPatchesJSON6902",
    ]

    /// Every field that is not one of kind's, with its path.
    static func unknown(_ document: JSON) -> [String] {
        func others(_ value: JSON?, _ known: [String], _ path: String) -> [String] {
            (value?.object?.keys.sorted() ?? []).filter { !known.contains($0) }.map { "\(path).\($0)" }
        }
        func each(_ value: JSON?, _ known: [String], _ path: String) -> [String] {
            (value?.array ?? []).enumerated().flatMap { others($1, known, "\(path)[\($0)]") }
        }
        var found = others(document, cluster, "") + others(document["networking"], networking, ".networking")
        found += each(document["nodes"], node, ".nodes")
        for (index, node) in (document["nodes"]?.array ?? []).enumerated() {
            found += each(node["extraMounts"], mount, ".nodes[\(index)].extraMounts")
            found += each(node["extraPortMappings"], port, ".nodes[\(index)].extraPortMappings")
            found += each(node["kubeadmConfigPatchesJSON6902"], patch, ".nodes[\(index)].patches")
        }
        return found + each(document["kubeadmConfigPatchesJSON6902"], patch, ".patches")
    }
}

@Suite("kind, as far as it goes without a container engine", .timeLimit(.minutes(5)))
struct KindTests {
    private func yaml(_ path: String) throws -> JSON {
        try YAMLReader.read(try Files.read("\(Tools.root)/\(path)"))
    }

    @Test(
        "the configuration has a control plane and two workers, each a fake of its type, and kind's fields only"
    )
    func configuration() throws {
        let cluster = try yaml("deploy/kind/cluster.yaml")
        #expect(KindSchema.unknown(cluster) == [])
        #expect(cluster["kind"] == "Cluster")
        #expect(cluster["apiVersion"] == "kind.x-k8s.io/v1alpha4")
        let nodes = try #require(cluster["nodes"]?.array)
        #expect(nodes.map { $0["role"] } == ["control-plane", "worker", "worker"])
        #expect(
            nodes.map { $0["labels"]?["ganglion.dev/fake-instance-type"]?.string } == [
                nil, "inf2.48xlarge", "trn1.32xlarge",
            ])
    }

    @Test("a field that kind does not have is found where it stands")
    func schema() throws {
        let text = "kind: Cluster\nnode: []\nnodes: [{role: worker, label: {}, extraMounts: [{path: /x}]}]\n"
        #expect(
            KindSchema.unknown(try YAMLReader.read(Array(text.utf8))) == [
                ".node", ".nodes[0].label", ".nodes[0].extraMounts[0].path",
            ])
    }

    @Test("the workflow runs lint, tests and kind, with every action and image of a full version")
    func workflow() throws {
        let workflow = try yaml(".github/workflows/ci.yml")
        #expect(workflow["permissions"] == ["contents": "read"])
        let jobs = try #require(workflow["jobs"]?.object)
        let steps = jobs.values.flatMap { $0["steps"]?.array ?? [] }
        let commands = steps.compactMap { $0["run"]?.string }
        for command in ["make lint", "make test", "make kind"] { #expect(commands.contains(command)) }
        let actions = steps.compactMap { $0["uses"]?.string }
        #expect(!actions.isEmpty)
        for action in actions {
            let version = action.split(separator: "@").last?.drop { $0 == "v" }.split(separator: ".") ?? []
            #expect(version.count == 3 && version.allSatisfy { Int($0) != nil }, "\(action)")
        }
        #expect(jobs.values.allSatisfy { $0["runs-on"] == "ubuntu-24.04" && $0["timeout-minutes"] != nil })
    }
}

@Suite("scripts/kind with tools that only say what they are called with", .timeLimit(.minutes(5)))
struct KindScriptTests {
    /// Tools that note how they are called, and the files that the script wants.
    private final class Bench {
        let directory: TemporaryDirectory
        var environment: [String: String]

        /// - Parameter failing: the beginning of a call that fails.
        init(tools: [String] = ["kind", "kubectl", "helm", "docker", "e2e"], failing: String = "nothing")
            throws
        {
            directory = try TemporaryDirectory()
            let bin = directory.path + "/bin"
            try Files.makeDirectory(bin)
            for tool in ["bash", "dirname", "grep", "mktemp", "rm"] {
                try Files.link(
                    bin + "/" + tool, to: Files.exists("/bin/" + tool) ? "/bin/" + tool : "/usr/bin/" + tool)
            }
            for tool in tools {
                let text = """
                    #!/bin/bash
                    call="\(tool) $*"
                    echo "$call" >> '\(directory.path)/calls'
                    [[ $call != '\(failing)'* ]]

                    """
                try Files.write(bin + "/" + tool, Array(text.utf8), mode: 0o755)
            }
            try Files.write(directory.path + "/image.tar", [])
            environment = [
                "PATH": bin, "TMPDIR": directory.path, "IMAGE_ARCHIVE": directory.path + "/image.tar",
                "E2E": bin + "/e2e", "IMAGE": "registry.example/ganglion:7",
            ]
        }

        func run(_ arguments: [String] = []) async throws -> Output {
            try await Output.of(
                "/bin/bash", ["\(Tools.root)/scripts/kind"] + arguments, environment: environment,
                in: directory.path)
        }

        /// The first two words of each call that changes something.
        var calls: [String] {
            let text = (try? Files.readText(directory.path + "/calls")) ?? ""
            return text.split(separator: "\n").map {
                $0.split(separator: " ").prefix(2).joined(separator: " ")
            }
        }

        var text: String { (try? Files.readText(directory.path + "/calls")) ?? "" }
    }

    @Test("creates, loads, installs, checks and deletes")
    func order() async throws {
        let bench = try Bench()
        let output = try await bench.run(["--junit", "out.xml"])
        #expect(output.status == .exited(0), "\(output.standardError)")
        #expect(
            bench.calls == [
                "docker info", "kind get", "kind create", "kind load", "helm install", "e2e --kubeconfig",
                "kind delete",
            ])
        #expect(bench.text.contains("--set image.repository=registry.example/ganglion --set image.tag=7"))
        #expect(bench.text.contains("--image registry.example/ganglion:7 --junit out.xml"))
        #expect(try Files.list(bench.directory.path).sorted() == ["bin", "calls", "image.tar"].sorted())
    }

    @Test(
        "deletes the cluster and fails when a step does",
        arguments: ["kind create", "kind load", "helm install", "e2e --kubeconfig"])
    func failure(step: String) async throws {
        let bench = try Bench(failing: step)
        let output = try await bench.run()
        #expect(output.status == .exited(1))
        #expect(bench.calls.last == "kind delete")
    }

    @Test("only looks for the tools with --check, which comes before minutes of building")
    func check() async throws {
        let bench = try Bench(tools: ["kind", "kubectl", "helm", "docker"])
        #expect(try await bench.run(["--check"]).status == .exited(0))
        #expect(bench.calls == ["docker info"])
        let without = try Bench(tools: ["kind", "kubectl", "helm"])
        #expect(try await without.run(["--check"]).status == .exited(1))
    }

    @Test("keeps the cluster where that is wanted, and says how to go on")
    func keeps() async throws {
        let bench = try Bench()
        bench.environment["KEEP"] = "1"
        let output = try await bench.run()
        #expect(!bench.calls.contains("kind delete"))
        #expect(output.standardOutput.contains("kind delete cluster --name ganglion ends it"))
    }

    @Test(
        "says in one sentence what is missing, and touches nothing",
        arguments: [
            (["kubectl", "helm", "docker", "e2e"], "nothing", "kind: there is no kind: install it, or"),
            (["kind", "kubectl", "docker", "e2e"], "nothing", "kind: there is no helm: install it, or"),
            (
                ["kind", "kubectl", "helm", "e2e"], "nothing",
                "kind: no container engine answers: start docker"
            ),
            (
                ["kind", "kubectl", "helm", "e2e", "docker"], "docker info",
                "kind: no container engine answers"
            ),
            (["kind", "kubectl", "helm", "docker"], "nothing", "kind: there is no program "),
        ])
    func missing(tools: [String], failing: String, sentence: String) async throws {
        let bench = try Bench(tools: tools, failing: failing)
        let output = try await bench.run()
        #expect(output.status == .exited(1))
        #expect(output.standardError.hasPrefix(sentence), "\(output.standardError)")
        #expect(output.standardError.split(separator: "\n").count == 1)
        #expect(!bench.calls.contains("kind create"))
    }
}
