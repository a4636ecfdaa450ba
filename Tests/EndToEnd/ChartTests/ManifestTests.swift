// The forms of deploy/ for those who have no Helm: what kubectl makes of the kustomizations is what Helm makes of the chart,
// and the static pod and the service run the plugin as the chart's pod does.

import JSON
import KubernetesAPI
import KubernetesClient
import SystemIO
import TestSupport
import Testing

/// What is in deploy/.
enum Manifests {
    static let directory = Python.root + "/deploy"
    static let staticPod = directory + "/static-pod/ganglion-device-plugin.yaml"
    /// Those that kubectl or a kubelet reads as they are.
    static let files = [
        staticPod, directory + "/kustomize/base/namespace.yaml", directory + "/samples/pod.yaml",
    ]
}

@Suite("Plain manifests")
struct ManifestTests {
    /// A kustomization and the values that it stands for.
    static let kustomizations = [
        ("base", "nothing set"), ("overlays/fake", "fake chips"), ("overlays/no-operator", "no operator"),
    ]

    @Test(
        "of a kustomization are the chart's objects; where not, run make manifests", arguments: kustomizations
    )
    func kustomization(_ path: String, _ set: String) async throws {
        let kubectl =
            String(Python.path[..<(Python.path.lastIndex(of: "/") ?? Python.path.startIndex)]) + "/kubectl"
        let text = try await blocking {
            try Output.of(kubectl, ["kustomize", "\(Manifests.directory)/kustomize/\(path)"])
        }
        var made = Rendering(try documents(text)).objects
        #expect(made.removeValue(forKey: "Namespace ganglion-system") != nil)
        var expected = try await Rendering(set).objects.filter { !isHook($0.value) }.mapValues {
            ofNobody($0)
        }
        for file in ["modelservers", "neuronnodes"] {
            let definition = try YAMLReader.read(Files.read("\(Helm.chart)/crds/\(file).yaml"))
            expected["CustomResourceDefinition \(file).ganglion.dev"] = definition
        }
        #expect(made.keys.sorted() == expected.keys.sorted())
        for (name, object) in expected {
            #expect(made[name] == object, "\(name)")
        }
    }

    @Test("are valid where a kubelet or kubectl reads them as they are", arguments: Manifests.files)
    func valid(_ path: String) async throws {
        let answer = try await Helm.answer(path)
        #expect(answer["objects"]?.array?.isEmpty == false)
        #expect(answer["faults"]?.strings == [])
    }

    @Test("have a static pod that runs the chart's plugin, without an agent and what is there for it")
    func staticPod() async throws {
        let pod = try YAMLReader.read(Files.read(Manifests.staticPod))
        let rendering = try await Rendering("nothing set")
        var expected = try #require(rendering.container("device-plugin"))
        let arguments = expected["args"]?.strings ?? []
        let own = arguments.filter { !$0.hasPrefix("--config=") && !$0.hasPrefix("--agent-socket=") }
        expected["args"] = .array(own.map { .string($0) })
        func kept(_ list: JSON?) -> JSON {
            .array(
                (list?.array ?? []).filter {
                    ["sockets", "aws", "pod-resources"].contains($0["name"]?.string)
                })
        }
        expected["volumeMounts"] = kept(expected["volumeMounts"])
        let volumes = rendering.objects["DaemonSet ganglion-node"]?["spec"]?["template"]?["spec"]?["volumes"]
        #expect(pod["spec"]?["containers"] == [expected])
        #expect(pod["spec"]?["volumes"] == kept(volumes))
        #expect(pod["spec"]?["automountServiceAccountToken"] == false)
        // A kubelet refuses static pods that name what only an API server has.
        #expect(pod["spec"]?["serviceAccountName"] == nil)
    }

    @Test("have a service that runs the plugin with flags that it has, and may write where it writes")
    func service() async throws {
        let unit = try Files.readText(Manifests.directory + "/systemd/ganglion-device-plugin.service")
        let lines = unit.split(separator: "\n").map(String.init)
        let start = try #require(lines.first { $0.hasPrefix("ExecStart=") })
        let words = start.dropFirst(10).split(separator: " ")
        #expect(words.first == "/usr/local/bin/ganglion-device-plugin")
        let help = try await Program(path: "/ganglion-device-plugin", subcommands: []).help()
        let known = Set(help.split { $0 == " " || $0 == "\n" })
        #expect(words.dropFirst().map { $0.prefix { $0 != "=" } }.filter { !known.contains($0) } == [])
        let writable = lines.filter { $0.hasPrefix("ReadWritePaths=") }.joined(separator: " ")
        for path in ["/var/lib/kubelet/device-plugins", "/var/lib/kubelet/plugins_registry", "/var/run/cdi"] {
            #expect(writable.contains(path))
        }
    }

    private func documents(_ text: String) throws -> [JSON] {
        var documents: [JSON] = []
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) + ["---"] {
            if line == "---" {
                let document = try YAMLReader.read(Array(lines.joined(separator: "\n").utf8))
                if document != .null { documents.append(document) }
                lines = []
            } else {
                lines.append(line)
            }
        }
        return documents
    }

    private func isHook(_ object: JSON) -> Bool {
        object["metadata"]?["annotations"]?["helm.sh/hook"] != nil
    }

    /// Without the labels that say that Helm made it.
    private func ofNobody(_ value: JSON) -> JSON {
        switch value {
        case .object(let members):
            let own = members.filter {
                $0.key != "helm.sh/chart" && ($0.key, $0.value) != ("app.kubernetes.io/managed-by", "Helm")
            }
            return .object(own.mapValues { ofNobody($0) })
        case .array(let elements): return .array(elements.map { ofNobody($0) })
        default: return value
        }
    }
}
