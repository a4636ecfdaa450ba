// values.yaml, its schema, the table in the chart's README and the code's own tables say the same.

import JSON
import KubernetesAPI
import KubernetesClient
import Neuron
import SystemIO
import TestSupport
import Testing

@Suite("The chart's values")
struct ValuesTests {
    private static let values = try? YAMLReader.read(Files.read(Helm.chart + "/values.yaml"))
    private static let schema = try? JSON(parsing: Files.read(Helm.chart + "/values.schema.json"))

    /// Values that are no defaults: what a parent chart hands down, and what is refused by a sentence of the templates.
    private static let beside = ["global", "devicePlugin.fakeRoot"]

    @Test("are those of the schema, which allows no others")
    func schema() throws {
        let schema = try #require(Self.schema)
        let values = try #require(Self.values)
        #expect(paths(schema: schema).filter { !Self.beside.contains($0) && value($0, values) == nil } == [])
        #expect(leaves(values).filter { property($0, schema) == nil } == [])
        #expect(Self.beside.allSatisfy { property($0, schema) != nil && value($0, values) == nil })
        #expect(open(schema, "") == [])
    }

    @Test("have the defaults that the README's table says, and every one is in it")
    func table() throws {
        let values = try #require(Self.values)
        let readme = try Files.readText(Helm.chart + "/README.md")
        var rows: [String: String] = [:]
        for line in readme.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimming(" `") }
            rows[cells[0]] = cells[1]
        }
        #expect(rows.count > 40)
        for (path, text) in rows {
            let stated = try YAMLReader.read(Array(text.utf8))
            #expect(value(path, values) == stated, "\(path)")
        }
        let missing = leaves(values).filter { leaf in
            !rows.keys.contains { leaf == $0 || leaf.hasPrefix($0 + ".") }
        }
        #expect(missing == [])
    }

    @Test("know the instance types that the code knows")
    func instanceTypes() throws {
        let known = InstanceType.all.map(\.name)
        #expect(property("fake.instanceType", try #require(Self.schema))?["enum"]?.strings == known)
        // What a node's label can say: the third generation has no instance types of that name yet.
        let types = value("devicePlugin.nodeAffinity.instanceTypes", try #require(Self.values))?.strings
        #expect(types == known.filter { $0.contains(".") })
    }

    @Test("name the definitions that the upgrade may touch, and no others")
    func definitions() async throws {
        let objects = try await Rendering("nothing set").objects
        let rules = objects["ClusterRole ganglion-crds"]?["rules"]?.array ?? []
        let files = ["modelservers", "neuronnodes"].map { Helm.chart + "/crds/\($0).yaml" }
        let names = try files.map { try YAMLReader.read(Files.read($0))["metadata"]?["name"]?.string }
        #expect(rules.count == 1)
        #expect(rules[0]["resourceNames"]?.strings == names.compactMap(\.self))
        #expect(rules[0]["verbs"]?.strings == ["get", "create", "patch"])
    }

    private func value(_ path: String, _ values: JSON) -> JSON? { Rendering.value(path, in: values) }

    /// The dotted paths of values that have nothing below.
    private func leaves(_ value: JSON, _ path: String = "") -> [String] {
        guard let members = value.object, !members.isEmpty else { return [path] }
        return members.sorted { $0.key < $1.key }.flatMap {
            leaves($0.value, path.isEmpty ? $0.key : path + "." + $0.key)
        }
    }

    private func paths(schema: JSON, _ path: String = "") -> [String] {
        (schema["properties"]?.object ?? [:]).sorted { $0.key < $1.key }.flatMap { key, value in
            let own = path.isEmpty ? key : path + "." + key
            return [own] + paths(schema: value, own)
        }
    }

    /// What the schema says of a path; what any key may follow is said by what is above.
    private func property(_ path: String, _ schema: JSON) -> JSON? {
        var here: JSON? = schema
        for key in path.split(separator: ".") {
            let resolved = resolve(here)
            here = resolved?["properties"]?[String(key)] ?? anyKey(resolved)
        }
        return here
    }

    private func anyKey(_ schema: JSON?) -> JSON? {
        guard let schema, schema["additionalProperties"]?.object != nil else { return nil }
        return schema["additionalProperties"]
    }

    private func resolve(_ schema: JSON?) -> JSON? {
        guard let name = schema?["$ref"]?.string?.split(separator: "/").last else { return schema }
        return Self.schema?["definitions"]?[String(name)]
    }

    /// Objects that are described and yet take keys that nobody reads.
    private func open(_ schema: JSON, _ path: String) -> [String] {
        var found: [String] = []
        if schema["properties"] != nil, schema["additionalProperties"] != false { found.append(path) }
        for (key, value) in schema["properties"]?.object ?? [:] {
            found += open(resolve(value) ?? value, path + "." + key)
        }
        return found
    }
}

@Suite("The dashboard")
struct DashboardTests {
    @Test("asks for metrics that the sources have")
    func metrics() throws {
        let dashboard = try JSON(parsing: Files.read(Helm.chart + "/dashboards/ganglion.json"))
        let expressions = (dashboard["panels"]?.array ?? []).flatMap { panel in
            (panel["targets"]?.array ?? []).compactMap { $0["expr"]?.string }
        }
        let prefixes = ["ganglion_", "workqueue_", "controller_runtime_", "rest_client_", "process_"]
        let metrics = Set(
            expressions.flatMap { $0.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init) }
                .filter { word in prefixes.contains { word.hasPrefix($0) } })
        #expect(metrics.count > 8)
        let sources = try sources(Python.root + "/Sources")
        #expect(metrics.filter { name in !sources.contains { $0.contains("\"\(name)\"") } } == [])
    }

    private func sources(_ directory: String) throws -> [String] {
        try Files.list(directory).flatMap { name -> [String] in
            let path = directory + "/" + name
            if Files.kind(path) == .directory { return try sources(path) }
            return name.hasSuffix(".swift") ? [try Files.readText(path)] : []
        }
    }
}

extension Substring {
    /// Without these characters at either end.
    fileprivate func trimming(_ characters: String) -> String {
        var rest = self
        while let first = rest.first, characters.contains(first) { rest.removeFirst() }
        while let last = rest.last, characters.contains(last) { rest.removeLast() }
        return String(rest)
    }
}
