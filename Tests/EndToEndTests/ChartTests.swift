// The chart: its templates against the programs and values that they name, and what helm makes of them where there is
// one. A flag that a program does not have, or a name that only half of the system hears of, shows on a cluster only.

import JSON
import KubernetesClient
import SystemIO
import TestSupport
import Testing

private let chart = Tools.root + "/charts/ganglion"

private let helm = Tools.variable("GANGLION_HELM") ?? "/usr/local/bin/helm"

/// A program that the chart runs, and the flags that it gives it.
struct ChartedProgram: Sendable, CustomTestStringConvertible {
    let name: String
    let flags: [String]

    var testDescription: String { name }

    /// Every program in the templates.
    static let all: [ChartedProgram] = ["node", "operator"].flatMap { template in
        var programs: [ChartedProgram] = []
        let text = (try? Files.readText("\(chart)/templates/\(template).yaml")) ?? ""
        for line in text.split(separator: "\n").map({ $0.drop { $0 == " " } }) {
            if line.hasPrefix("command: [/") {
                programs.append(ChartedProgram(name: String(line.dropFirst(11).dropLast()), flags: []))
            } else if line.hasPrefix("- --"), let last = programs.popLast() {
                let flag = line.dropFirst(2).prefix { $0 != "=" }
                programs.append(ChartedProgram(name: last.name, flags: last.flags + [String(flag)]))
            }
        }
        return programs
    }
}

@Suite("The chart's templates")
struct ChartTests {
    @Test("run the three programs of a cluster")
    func programs() {
        #expect(
            ChartedProgram.all.map(\.name) == [
                "ganglion-device-plugin", "ganglion-node-agent", "ganglion-operator",
            ])
    }

    @Test("give a program only flags that it has", arguments: ChartedProgram.all)
    func flags(_ program: ChartedProgram) async throws {
        let help = try await Output.of(
            "\(Tools.programs)/\(program.name)", ["--help"], in: Scratch.directory
        ).succeeded()
        let words = Set(help.split { $0 == " " || $0 == "\n" }.map(String.init))
        #expect(!program.flags.isEmpty)
        #expect(program.flags.filter { !words.contains($0) } == [])
    }

    @Test(
        "read only values that values.yaml has",
        arguments: ["_helpers.tpl", "node.yaml", "operator.yaml", "NOTES.txt"])
    func values(_ template: String) throws {
        let values = try YAMLReader.read(try Files.read(chart + "/values.yaml"))
        let text = try Files.readText("\(chart)/templates/\(template)")
        let read =
            paths(in: text, after: ".Values.")
            + paths(in: text, after: "$plugin.").map { ["devicePlugin"] + $0 }
        #expect(!read.isEmpty)
        for path in read {
            var value: JSON? = values
            for key in path { value = value?[key] }
            #expect(value != nil, "\(path)")
        }
    }

    /// The dotted names that follow a text.
    private func paths(in text: String, after start: String) -> [[String]] {
        var found: [[String]] = []
        var rest = text[...]
        while let position = rest.firstRange(of: start)?.upperBound {
            rest = rest[position...]
            let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "." }
            found.append(name.split(separator: ".").map(String.init))
        }
        return found
    }
}

/// What helm makes of the chart. GANGLION_HELM names the program.
@Suite(
    "The chart through helm",
    .enabled(if: Files.exists(helm), "there is no helm: set GANGLION_HELM"))
struct ChartRenderingTests {
    private func template(_ values: String) async throws -> Output {
        let file = Scratch.path(".yaml")
        try Files.write(file, Array(values.utf8))
        return try await Output.of(
            helm, ["template", "ganglion", chart, "--namespace", "ganglion-system", "--values", file],
            in: Scratch.directory)
    }

    /// The objects, by kind and name.
    private func objects(_ values: String) async throws -> [String: JSON] {
        let text = "\n" + (try await template(values).succeeded())
        var objects: [String: JSON] = [:]
        for document in text.split(separator: "\n---") {
            let object = try YAMLReader.read(Array(document.utf8))
            guard let kind = object["kind"]?.string else { continue }
            objects["\(kind) \(object["metadata"]?["name"]?.string ?? "")"] = object
        }
        return objects
    }

    private func arguments(_ object: JSON?, _ container: Int) -> [String] {
        let containers = object?["spec"]?["template"]?["spec"]?["containers"]?.array ?? []
        guard containers.indices.contains(container) else { return [] }
        return (containers[container]["args"]?.array ?? []).compactMap(\.string)
    }

    @Test(
        "has every object, whatever is switched on",
        arguments: [
            "{}",
            "devicePlugin: {granularity: both, cdi: {enabled: true}, nodeFeatureDiscovery: true, fakeRoot: /f}",
            "devicePlugin: {registration: plugins-registry, metricsPort: 0, settings: {strict: true}}",
            "{imagePullSecrets: [{name: pull}], operator: {replicas: 3, tolerations: [{operator: Exists}]}}",
        ])
    func whole(_ values: String) async throws {
        #expect(
            Set(try await objects(values).keys) == [
                "ConfigMap ganglion-device-plugin", "DaemonSet ganglion-node", "Deployment ganglion-operator",
                "ServiceAccount ganglion-node-agent", "ServiceAccount ganglion-operator",
                "ClusterRole ganglion-node-agent", "ClusterRole ganglion-operator",
                "ClusterRoleBinding ganglion-node-agent", "ClusterRoleBinding ganglion-operator",
            ])
    }

    @Test("tells plugin and operator one name of the resource")
    func resource() async throws {
        let objects = try await objects("devicePlugin: {resourceName: example.com/core}")
        let settings = objects["ConfigMap ganglion-device-plugin"]?["data"]?["settings.yaml"]?.string
        #expect(settings?.contains("core-resource: \"example.com/core\"\n") == true)
        #expect(
            arguments(objects["Deployment ganglion-operator"], 0).contains("--resource-name=example.com/core")
        )
    }

    @Test("mounts what CDI needs where it is switched on, and nowhere else", arguments: [false, true])
    func cdi(_ isOn: Bool) async throws {
        let objects = try await objects("devicePlugin: {cdi: {enabled: \(isOn), directory: /etc/cdi}}")
        let node = objects["DaemonSet ganglion-node"]
        let volumes = node?["spec"]?["template"]?["spec"]?["volumes"]?.array ?? []
        #expect(volumes.contains { $0["hostPath"]?["path"] == "/etc/cdi" } == isOn)
        #expect(arguments(node, 0).contains("--cdi-directory=/etc/cdi") == isOn)
        let settings = objects["ConfigMap ganglion-device-plugin"]?["data"]?["settings.yaml"]?.string
        #expect(settings?.contains("cdi: \"\(isOn)\"\n") == true)
    }

    @Test(
        "refuses what would do nothing, and says what does",
        arguments: [
            (
                "devicePlugin: {settings: {cdi: true}}",
                "devicePlugin.settings.cdi does nothing there: set devicePlugin.cdi.enabled"
            ),
            (
                "devicePlugin: {settings: {granularity: chip}}",
                "devicePlugin.settings.granularity does nothing there: set devicePlugin.granularity"
            ),
            ("devicePlugin: {granularity: half}", "'core', 'chip', 'both'"),
            ("devicePlugin: {unknown: 1}", "unknown"),
        ])
    func refused(_ values: String, _ reason: String) async throws {
        let output = try await template(values)
        #expect(output.status != .exited(0) && output.standardError.contains(reason), "\(output)")
    }
}
