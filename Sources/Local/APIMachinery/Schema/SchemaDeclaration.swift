// A schema as the rules that hang on it see it (apiextensions schema/cel/model/adaptor.go).

package import CEL

extension StructuralSchema: CELSchema {
    package var typeName: String? {
        if intOrString { return nil }
        return switch type {
        case "integer": "int"
        case "number": "double"
        case "string":
            switch format {
            case "duration", "date-time", "date", "byte": nil
            default: "string"
            }
        case "boolean": "bool"
        case "array": "list"
        case "object": additional != nil ? "map" : "object"
        default: nil
        }
    }

    package var elements: (any CELSchema)? { items }
    package var values: (any CELSchema)? { additional }
    package var isResource: Bool { embeddedResource }
    package var allowsUndeclaredFields: Bool { preserveUnknown || additionalAny || type.isEmpty }
    package var isObject: Bool { type == "object" }
    package func property(_ name: String) -> (any CELSchema)? { properties[name] }
}
