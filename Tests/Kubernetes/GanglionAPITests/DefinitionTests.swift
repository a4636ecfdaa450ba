// The chart's files are printed from the types. What they were printed from and what they say is compared octet by octet.

import DefinitionPrinter
import GanglionAPI
import JSON
import KubernetesClient
import SystemIO
import TestSupport
import Testing

@Suite("CustomResourceDefinitions")
struct DefinitionTests {
    private static func file(_ name: String) throws -> [UInt8] {
        try Files.read("\(Repository.root)/charts/ganglion/crds/\(name)")
    }

    @Test("of the chart are what the types say: scripts/generate-definitions writes them")
    func chart() throws {
        for definition in ResourceDefinition.all {
            #expect(
                String(decoding: try Self.file(definition.fileName), as: UTF8.self) == definition.text,
                "\(definition.fileName)")
        }
        #expect(
            try Files.list("\(Repository.root)/charts/ganglion/crds").sorted()
                == ResourceDefinition.all.map(\.fileName).sorted())
    }

    /// Makes the JSON that a schema's YAML has to be, without the printer.
    private func expected(_ schema: Schema) -> JSON {
        var json: JSON = [:]
        switch schema.form {
        case .object(let fields):
            json["type"] = "object"
            if !fields.isEmpty {
                json["properties"] = .object(
                    Dictionary(uniqueKeysWithValues: fields.map { ($0.name, expected($0.schema)) }))
            }
            let required = fields.filter(\.isRequired).map(\.name)
            if !required.isEmpty { json["required"] = JSON(required) }
        case .map(let values):
            json["type"] = "object"
            json["additionalProperties"] = expected(values)
            json["maxProperties"] = schema.count.map { JSON($0.upperBound) }
        case .list(let entries):
            json["type"] = "array"
            json["items"] = expected(entries)
            json["maxItems"] = schema.count.map { JSON($0.upperBound) }
            if let least = schema.count?.lowerBound, least > 0 { json["minItems"] = JSON(least) }
        case .string:
            json["type"] = "string"
            json["maxLength"] = schema.count.map { JSON($0.upperBound) }
            if let least = schema.count?.lowerBound, least > 0 { json["minLength"] = JSON(least) }
        case .integer: json["type"] = "integer"
        case .boolean: json["type"] = "boolean"
        case .opaque:
            json["type"] = "object"
            json["x-kubernetes-preserve-unknown-fields"] = true
        }
        if !schema.description.isEmpty { json["description"] = .string(schema.description) }
        json["format"] = schema.format.map { .string($0) }
        json["minimum"] = schema.range.map { JSON($0.lowerBound) }
        json["maximum"] = schema.range.map { JSON($0.upperBound) }
        json["pattern"] = schema.pattern.map { .string($0.rawValue) }
        if !schema.values.isEmpty { json["enum"] = JSON(schema.values) }
        json["default"] = schema.defaultValue
        return json
    }

    private func withoutExtensions(_ json: JSON) -> JSON {
        switch json {
        case .object(let members):
            .object(
                members.filter {
                    !$0.key.hasPrefix("x-kubernetes-") || $0.key == "x-kubernetes-preserve-unknown-fields"
                }
                .mapValues(withoutExtensions))
        case .array(let elements): .array(elements.map(withoutExtensions))
        default: json
        }
    }

    @Test("read back, each field has its name, type, range, default, values and words")
    func fields() throws {
        for definition in ResourceDefinition.all {
            let read = try YAMLReader.read(Self.file(definition.fileName))
            let schema = try #require(read["spec"]?["versions"]?[0]?["schema"]?["openAPIV3Schema"])
            #expect(withoutExtensions(schema) == expected(definition.schema))
        }
    }

    @Test("the sentences about divisors are what the operator says")
    func divisors() throws {
        let read = try YAMLReader.read(Self.file("modelservers.yaml"))
        let neuron = read["spec"]?["versions"]?[0]?["schema"]?["openAPIV3Schema"]?["properties"]?["spec"]?[
            "properties"]?["neuron"]
        let rules = (neuron?["x-kubernetes-validations"]?.array ?? []).filter {
            $0["messageExpression"] != nil
        }
        #expect(
            rules.compactMap { $0["fieldPath"]?.string } == [".tensorParallelDegree", ".processesPerReplica"])
        for rule in rules {
            let expression = try #require(rule["messageExpression"]?.string)
            let sentences = expression.split(separator: "'").filter {
                $0.contains("core") && !$0.contains("self")
            }
            #expect(sentences.count == NeuronRequest.maximumCores + 1)
            for cores in 1...NeuronRequest.maximumCores {
                #expect(sentences[cores] == NeuronRequest.indivisible(cores)[...])
            }
        }
        #expect(
            NeuronRequest.indivisible(12) == "does not divide 12 cores: valid values are 1, 2, 3, 4, 6, 12")
        #expect(NeuronRequest.indivisible(1) == "does not divide 1 core: valid values are 1")
    }

    @Test("a pattern is the same as code and as a regular expression", arguments: SchemaPattern.allCases)
    func patterns(_ pattern: SchemaPattern) throws {
        let regex = try Regex(pattern.rawValue)
        let samples = [
            "", "/", "/a", "a", "a/", "a-b", "-a", "a-", "a.b_c", "A9", "é", "a b", "_", "9", "a\n", "a--b",
            "5ms", "05s", "5m", "s", "60s", "2Gi", "2gi", "0", "10k", "Gi", "1.5Gi", "2Gi ", "5ms\n",
            "\u{665}s",
        ]
        for sample in samples {
            #expect(pattern.matches(sample) == (sample.firstMatch(of: regex) != nil), "\(sample)")
        }
    }
}

extension String {
    fileprivate func components(of separator: String) -> [Substring] {
        self.split(separator: separator, omittingEmptySubsequences: false)
    }
}
