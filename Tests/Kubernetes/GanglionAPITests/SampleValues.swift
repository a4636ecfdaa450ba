// Values made from a schema: with everything that it allows, and with nothing that it does not ask for.

import GanglionAPI
import JSON

extension Schema {
    /// A value with every field.
    var fullest: JSON {
        switch form {
        case .object(let fields):
            .object(Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.schema.fullest) }))
        case .map(let values): ["key": values.fullest]
        case .list(let entries): [entries.fullest]
        case .string:
            values.last.map { .string($0) }
                ?? (format == "date-time" ? "2026-01-01T00:00:00Z" : pattern?.sample ?? "a")
        case .boolean: true
        case .integer: .int(Int64(range?.upperBound ?? 7))
        case .opaque: ["unknown": ["to": "us"]]
        }
    }

    /// A value with the required fields only, as the API server completes it where `defaulted`.
    func barest(defaulted: Bool) -> JSON {
        switch form {
        case .object(let fields):
            var value: JSON = [:]
            for field in fields {
                if field.isRequired {
                    value[field.name] = field.schema.barest(defaulted: defaulted)
                } else if defaulted, let given = field.schema.defaultValue {
                    let isObject = given.object != nil
                    value[field.name] = isObject ? field.schema.barest(defaulted: true) : given
                }
            }
            return value
        case .list(let entries): return [entries.barest(defaulted: defaulted)]
        default: return fullest
        }
    }

    /// The paths of what is in no other field, in the manner of `models[].name`.
    func leaves(below path: String = "") -> [String] {
        func below(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        switch form {
        case .object(let fields): return fields.flatMap { $0.schema.leaves(below: below($0.name)) }
        case .list(let entries) where !entries.fields.isEmpty: return entries.leaves(below: path + "[]")
        default: return [path]
        }
    }
}

extension SchemaPattern {
    /// A string of the form.
    fileprivate var sample: JSON {
        switch self {
        case .path: "/a"
        case .name: "a"
        case .octets: "1Gi"
        case .time: "5ms"
        }
    }
}
