// A field is written twice: as a property, for the programs, and in the schema beside it, for the API server. What is in one
// and not in the other, or not alike, fails here.

import GanglionAPI
import JSON
import KubernetesAPI
import Testing

/// A type with the schema that stands beside it.
struct Described: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var schema: Schema
    /// Through the type and back.
    var transcode: @Sendable (JSON) throws -> JSON
    /// The names of the properties, by path, of a value of the type.
    var properties: @Sendable (JSON) throws -> Set<String>

    init<Value: Codable & Sendable>(_ type: Value.Type, _ schema: Schema) {
        testDescription = "\(type)"
        self.schema = schema
        transcode = { try JSON(encoding: $0.decode(type)) }
        properties = { names(of: try $0.decode(type), below: "") }
    }
}

/// The properties of a value and of what is in it. Enumerations, maps and JSON have none.
private func names(of value: Any, below path: String) -> Set<String> {
    let mirror = Mirror(reflecting: value)
    if value is JSON { return [] }
    switch mirror.displayStyle {
    case .optional:
        return mirror.children.first.map { names(of: $0.value, below: path) } ?? []
    case .collection:
        return mirror.children.first.map { names(of: $0.value, below: path + "[]") } ?? []
    case .struct where value is Timestamp: return []
    case .struct:
        return mirror.children.reduce(into: []) { found, child in
            guard let label = child.label else { return }
            let name = path.isEmpty ? label : "\(path).\(label)"
            found.insert(name)
            found.formUnion(names(of: child.value, below: name))
        }
    default: return []
    }
}

/// The fields of a schema and of what is in it, in the same manner.
private func fields(of schema: Schema, below path: String) -> Set<String> {
    switch schema.form {
    case .object(let inner):
        return inner.reduce(into: []) { found, field in
            let name = path.isEmpty ? field.name : "\(path).\(field.name)"
            found.insert(name)
            found.formUnion(fields(of: field.schema, below: name))
        }
    case .list(let entries): return fields(of: entries, below: path + "[]")
    default: return []
    }
}

@Suite("Types and schemas of our resources")
struct TypesAndSchemasTests {
    static let all = [
        Described(ModelServerSpec.self, ModelServerSpec.schema),
        Described(Autoscaling.self, Autoscaling.schema),
        Described(ModelServerStatus.self, ModelServerStatus.schema),
        Described(NeuronNodeStatus.self, NeuronNodeStatus.schema),
    ]

    @Test("every field of the schema is a property, and every property is in the schema", arguments: all)
    func fieldsAndProperties(_ described: Described) throws {
        var properties = try described.properties(described.schema.fullest)
        // meta/v1 Condition is one type for pods, nodes and ours; these two are theirs.
        for theirs in ["lastHeartbeatTime", "lastProbeTime"] {
            properties.remove("conditions[].\(theirs)")
        }
        #expect(properties == fields(of: described.schema, below: ""))
    }

    @Test("what the schema allows goes through the type and comes out whole", arguments: all)
    func wholeValue(_ described: Described) throws {
        let fullest = described.schema.fullest
        #expect(try described.transcode(fullest) == fullest)
        try described.schema.check(fullest, at: "it")
    }

    @Test("what is left out has the same default on both sides", arguments: all)
    func defaults(_ described: Described) throws {
        let barest = described.schema.barest(defaulted: false)
        #expect(try described.transcode(barest) == described.schema.barest(defaulted: true))
    }

    @Test("every field has a word of explanation, or a name that every Kubernetes user knows", arguments: all)
    func descriptions(_ described: Described) {
        func check(_ schema: Schema, _ path: String) {
            for field in schema.fields where !path.contains("conditions") {
                #expect(!field.schema.description.isEmpty, "\(path).\(field.name)")
                check(field.schema, "\(path).\(field.name)")
                if case .list(let entries) = field.schema.form { check(entries, "\(path).\(field.name)[]") }
            }
        }
        check(described.schema, described.testDescription)
    }
}
