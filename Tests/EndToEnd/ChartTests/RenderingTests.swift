// What Helm makes of the chart, set by set, and what holds for every set.

import Arguments
import JSON
import SystemIO
import TestSupport
import Testing

@Suite("The chart under Helm's engine")
struct RenderingTests {
    @Test("does what each set of values says", arguments: ValueSet.all)
    func sights(_ set: ValueSet) async throws {
        let rendering = try await Rendering(set.name)
        for sight in set.sights {
            #expect(isSeen(sight, rendering), "\(sight)")
        }
    }

    @Test("makes objects that strict validation has nothing against", arguments: ValueSet.all)
    func valid(_ set: ValueSet) async throws {
        #expect(try await Helm.answer(set.name)["faults"]?.strings == [])
    }

    @Test("is validated by schemas that do refuse a misspelt field")
    func misspelt() async throws {
        let faults = try await Helm.answer("misspelt")["faults"]?.strings ?? []
        #expect(faults.count == Helm.versions.count)
        #expect(faults.allSatisfy { $0.contains("DaemonSet ganglion-node") && $0.contains("imagePullPolcy") })
    }

    @Test("has nothing that Helm's linter warns of")
    func lint() async throws {
        #expect(try await Helm.answer("lint")["messages"] == [])
    }

    @Test("gives every container the least that it needs, and one image", arguments: ValueSet.all)
    func confined(_ set: ValueSet) async throws {
        let rendering = try await Rendering(set.name)
        #expect(!rendering.containers.isEmpty)
        for container in rendering.containers {
            let name = container["name"]?.string ?? ""
            let context = container["securityContext"]
            #expect(context?["privileged"] == false, "\(name)")
            #expect(context?["allowPrivilegeEscalation"] == false, "\(name)")
            #expect(context?["readOnlyRootFilesystem"] == true, "\(name)")
            #expect(context?["capabilities"] == ["drop": ["ALL"]], "\(name)")
            #expect(context?["seccompProfile"] == ["type": "RuntimeDefault"], "\(name)")
        }
        #expect(Set(rendering.containers.map { $0["image"]?.string }).count == 1)
        #expect(!rendering.text.contains("<no value>") && !rendering.text.contains("<nil>"))
    }

    @Test("never gives the plugin a token", arguments: ValueSet.all)
    func token(_ set: ValueSet) async throws {
        let rendering = try await Rendering(set.name)
        let pod = rendering.objects["DaemonSet ganglion-node"]?["spec"]?["template"]?["spec"]
        #expect(pod?["automountServiceAccountToken"] == false)
        let holders = rendering.containers.filter { container in
            (container["volumeMounts"]?.array ?? []).contains { $0["name"] == "token" }
        }.compactMap { $0["name"]?.string }
        #expect(
            Set(holders).isSubset(of: ["node-agent", "fake-chips", "operator", "extender"])
                && holders.contains("node-agent"))
    }

    @Test("mounts volumes that there are, and has no others", arguments: ValueSet.all)
    func volumes(_ set: ValueSet) async throws {
        for pod in try await Rendering(set.name).pods {
            let volumes = (pod["volumes"]?.array ?? []).compactMap { $0["name"]?.string }
            let containers = (pod["initContainers"]?.array ?? []) + (pod["containers"]?.array ?? [])
            let mounts = containers.flatMap { $0["volumeMounts"]?.array ?? [] }.compactMap {
                $0["name"]?.string
            }
            #expect(Set(volumes) == Set(mounts) && Set(volumes).count == volumes.count)
        }
    }

    /// What a Deployment or DaemonSet of an installed release selects cannot be changed, and a plugin of another name
    /// would run beside the old one: an upgrade would fail, or take devices away.
    @Test("keeps the names and selectors that installed releases have", arguments: ValueSet.all)
    func selectors(_ set: ValueSet) async throws {
        let objects = try await Rendering(set.name).objects
        for (kind, name) in [("DaemonSet", "ganglion-node"), ("Deployment", "ganglion-operator")] {
            guard let object = objects["\(kind) \(name)"] else { continue }
            let selector: JSON = [
                "app.kubernetes.io/name": .string(name), "app.kubernetes.io/instance": "ganglion",
            ]
            #expect(object["spec"]?["selector"]?["matchLabels"] == selector)
            let labels = object["spec"]?["template"]?["metadata"]?["labels"]
            #expect(labels?["app.kubernetes.io/name"]?.string == name)
            #expect(labels?["app.kubernetes.io/instance"] == "ganglion")
        }
        let update = objects["DaemonSet ganglion-node"]?["spec"]?["updateStrategy"]?["rollingUpdate"]
        #expect(update == ["maxSurge": 0, "maxUnavailable": 1])
    }

    @Test("gives the programs only sub-commands and flags that they have")
    func flags() async throws {
        var flags: [Program: Set<String>] = [:]
        for set in ValueSet.all {
            for container in try await Rendering(set.name).containers {
                let arguments = container["args"]?.strings ?? []
                let subcommands = Array(arguments.prefix { !$0.hasPrefix("-") })
                let path = container["command"]?[0]?.string ?? ""
                flags[Program(path: path, subcommands: subcommands), default: []].formUnion(
                    arguments.dropFirst(subcommands.count).map { String($0.prefix { $0 != "=" }) })
            }
        }
        #expect(
            Set(flags.keys.map(\.name)) == [
                "ganglion-device-plugin", "ganglion-node-agent", "ganglion-operator", "ganglion fake install",
                "ganglion crds apply", "ganglion report", "ganglion extender",
            ])
        for (program, flags) in flags {
            let help = try await program.help()
            let words = Set(help.split { $0 == " " || $0 == "\n" }.map(String.init))
            #expect(help.contains(program.name), "\(help)")
            #expect(flags.filter { !words.contains($0) } == [], "\(program.name)")
        }
    }

    @Test("brings settings to the plugin as a file that a change reaches")
    func settings() async throws {
        let rendering = try await Rendering("everything")
        let text = rendering.objects["ConfigMap ganglion-device-plugin"]?["data"]?["settings.yaml"]?.string
        let lines = Set((text ?? "").split(separator: "\n").map(String.init))
        #expect(
            lines.isSuperset(of: [
                "strict: \"true\"", "health-interval: \"10s\"", "kernel-log-hold: \"30m\"", "cdi: \"true\"",
                "granularity: \"both\"",
            ]))
        #expect(
            rendering.container("device-plugin")?["args"]?.strings.contains(
                "--config=/etc/ganglion/settings.yaml") == true)
        let mount = (rendering.container("device-plugin")?["volumeMounts"]?.array ?? []).first {
            $0["name"] == "settings"
        }
        #expect(mount?["mountPath"] == "/etc/ganglion" && mount?["subPath"] == nil)
    }

    private func isSeen(_ sight: ValueSet.Sight, _ rendering: Rendering) -> Bool {
        switch sight {
        case .object(let name): rendering.objects[name] != nil
        case .noObject(let name): rendering.objects[name] == nil
        case .value(let name, let path, let value):
            Rendering.value(path, in: rendering.objects[name]) == value
        case .noValue(let name, let path):
            rendering.objects[name] != nil && Rendering.value(path, in: rendering.objects[name]) == nil
        case .hook(let name, let hook):
            rendering.objects[name]?["metadata"]?["annotations"]?["helm.sh/hook"]?.string == hook
        case .argument(let container, let argument):
            rendering.container(container)?["args"]?.strings.contains(argument) == true
        case .noArgument(let container, let start):
            rendering.container(container)?["args"]?.strings.contains { $0.hasPrefix(start) } == false
        case .mount(let container, let path): mounts(container, rendering).contains(path)
        case .noMount(let container, let path):
            rendering.container(container) != nil && !mounts(container, rendering).contains(path)
        case .notes(let text): rendering.notes.contains(text)
        case .noNotes(let text): !rendering.notes.contains(text)
        }
    }

    /// The directories of the node that a container has where the node has them.
    private func mounts(_ container: String, _ rendering: Rendering) -> [String] {
        let volumes = rendering.objects["DaemonSet ganglion-node"]?["spec"]?["template"]?["spec"]?["volumes"]
        return (rendering.container(container)?["volumeMounts"]?.array ?? []).compactMap { mount in
            let volume = volumes?.array?.first { $0["name"] == mount["name"] }
            guard let path = volume?["hostPath"]?["path"], path == mount["mountPath"] else { return nil }
            return path.string
        }
    }
}

/// An executable that the chart runs, and which of its commands.
struct Program: Hashable {
    let path: String
    let subcommands: [String]

    /// As one types it.
    var name: String { ([String(path.dropFirst())] + subcommands).joined(separator: " ") }

    /// Where the executables were built for this test.
    private static let directory: String = {
        let path = (try? Files.readLink("/proc/self/exe")) ?? ""
        let own = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        // swift test runs a helper of the toolchain on some systems: then the default build directory is taken.
        return Files.exists(own + "/ganglion") ? own : Python.root + "/.build/debug"
    }()

    /// What it prints for `--help`.
    func help() async throws -> String {
        let (program, arguments) = (Self.directory + path, subcommands + ["--help"])
        return try await blocking { try Output.of(program, arguments) }
    }
}
