// What a value does not obey is one sentence: the field, the value, what it must be.

import GanglionAPI
import JSON
import KubernetesAPI
import Testing

@Suite("Checks of a value with its schema")
struct SchemaCheckTests {
    private static let schema = Schema.object(
        "",
        [
            "number": .integer("", 1...9),
            "word": .string("", count: 1...3),
            "choice": .choice("", among: ["a", "b"]),
            "path": .string("", count: 0...9, pattern: .path),
            "entries": .list(
                "",
                of: .object(
                    "", ["name": .string(count: 1...5), "uri": .string()], required: ["name", "uri"]),
                count: 1...2, .map(["name"])),
            "map": .map("", of: .string(count: 0...2), count: 0...1),
            "any": .opaque(),
        ], required: ["number", "entries"])

    @Test(
        "ends with the first fault",
        arguments: [
            ("x", #"it is "x": it must be an object"#),
            (["entries": [["name": "a", "uri": ""]]], "it.number is missing"),
            (["number": .null], "it.number is missing"),
            (["number": "1"], #"it.number is "1": it must be a whole number"#),
            (["number": 1.5], "it.number is 1.5: it must be a whole number"),
            (["number": 10], "it.number is 10: it must be 1 to 9"),
            (["number": 1], "it.entries is empty"),
            (["number": 1, "entries": []], "it.entries is empty"),
            (["number": 1, "entries": [["name": ""]]], "it.entries[0] has no name"),
            (["number": 1, "entries": [["name": "a"]]], "it.entries[0] (a) has no uri"),
            (
                ["number": 1, "entries": [["name": "a", "uri": "x"], ["name": "a", "uri": "y"]]],
                "it.entries has two entries named a"
            ),
            (
                ["number": 1, "entries": [["name": "a", "uri": 1]]],
                "it.entries[0] (a).uri is 1: it must be a string"
            ),
            (["number": 1, "entries": [1]], "it.entries[0] is 1: it must be an object"),
            (["number": 1, "entries": "x"], #"it.entries is "x": it must be a list"#),
            (["number": 1, "word": "long"], "it.word has 4 characters: there must be 1 to 3"),
            (["number": 1, "choice": "c"], #"it.choice is "c": it must be one of a, b"#),
            (["number": 1, "path": "a"], #"it.path is "a": it must be a path that begins with /"#),
        ] as [(JSON, String)])
    func faults(value: JSON, sentence: String) {
        #expect(throws: InvalidSpec(sentence)) { try Self.schema.check(value, at: "it") }
    }

    @Test(
        "finds nothing in what is right, and leaves alone what it does not know",
        arguments: [
            ["number": 1, "entries": [["name": "a", "uri": ""]]],
            ["number": 9, "entries": [["name": "a", "uri": ""], ["name": "b", "uri": ""]], "other": 1],
            ["number": 2.0, "entries": [["name": "a", "uri": ""]], "any": ["x": [1]], "map": ["k": "v"]],
        ] as [JSON])
    func right(value: JSON) throws { try Self.schema.check(value, at: "it") }

    @Test(
        "maps are counted and looked into",
        arguments: [
            (["a": "", "b": ""], "it.map has 2 entries: there must be 0 to 1"),
            (["a": "long"], "it.map.a has 4 characters: there must be 0 to 2"),
        ] as [(JSON, String)])
    func maps(map: JSON, sentence: String) {
        let value: JSON = ["number": 1, "entries": [["name": "a", "uri": ""]], "map": map]
        #expect(throws: InvalidSpec(sentence)) { try Self.schema.check(value, at: "it") }
    }
}

@Suite("ModelServers as they are stored")
struct ModelServerTests {
    private static func server(_ spec: JSON) throws -> ModelServer {
        try (["metadata": ["name": "m", "namespace": "n"], "spec": spec] as JSON).decode()
    }

    private static let valid: JSON = [
        "neuron": ["cores": 4], "models": [["name": "a", "uri": "/a"]],
        "template": ["spec": ["x": [1, 2.5]]],
    ]

    @Test("come back as they were, with kind and version")
    func wholeObject() throws {
        var written = try JSON(encoding: Self.server(Self.valid))
        #expect(written["apiVersion"] == "ganglion.dev/v1alpha1")
        #expect(written["kind"] == "ModelServer")
        #expect(written["spec"]?["template"] == Self.valid["template"])
        written["spec"]?["models"] = []
        #expect(throws: InvalidSpec("spec.models is empty")) {
            try written.decode(ModelServer.self).validSpec()
        }
    }

    @Test(
        "with a spec that cannot be read are servers all the same, and say why",
        arguments: [
            (["neuron": ["cores": "four"]], #"spec.neuron.cores is "four": it must be a whole number"#),
            (["neuron": [1]], "spec.neuron is [1]: it must be an object"),
            (["models": [["name": "a"]]], "spec.models[0] (a) has no uri"),
            (["runtime": ["preset": "tgi"]], #"spec.runtime.preset is "tgi": it must be one of ganglion"#),
        ] as [(JSON, String)])
    func unreadable(change: JSON, sentence: String) throws {
        var spec = Self.valid
        for (key, value) in change.object ?? [:] { spec[key] = value }
        let server = try Self.server(spec)
        #expect(server.metadata.name == "m")
        #expect(server.spec == nil)
        let fault = #expect(throws: InvalidSpec.self) { try server.validSpec() }
        #expect(fault?.description.hasPrefix(sentence) == true, "\(fault?.description ?? "")")
    }

    @Test("without a spec have none")
    func noSpec() throws {
        #expect(throws: InvalidSpec("spec is missing")) { try Self.server(.null).validSpec() }
    }
}
