// The check before a rule is accepted: unknown names, fields the schema does not have, operators on types that cannot meet.
// Types come from the schema; where it says nothing, anything goes. Messages are those of cel-go.

/// What the checker knows of a value.
indirect enum CELType: Sendable {
    case any
    case schema(any CELSchema, root: Bool)
    case named(String)
    case list(CELType)
    /// The metadata of an object.
    case metadata

    /// The type's simple name, nil where it may be anything.
    package var name: String? {
        switch self {
        case .any: nil
        case .named(let name): name
        case .list: "list"
        case .metadata: "object"
        case .schema(let schema, _): schema.typeName
        }
    }
}

/// Checks one expression.
struct CELChecker {
    static let typeNames: Set<String> = [
        "int", "uint", "double", "string", "bool", "bytes", "list", "map", "null_type", "type",
    ]
    private var variables: [String: CELType]

    /// Checks that a rule fits a schema and yields one of the wanted types.
    static func check(
        _ expression: CELExpression, self schema: any CELSchema, isRoot: Bool, result: String
    ) throws(CELSyntaxError) {
        let type = CELType.schema(schema, root: isRoot)
        var checker = CELChecker(variables: ["self": type, "oldSelf": type])
        let found = try checker.type(of: expression)
        if let name = found.name, name != result {
            throw CELSyntaxError(offset: -1, message: "cel expression must evaluate to a \(result)")
        }
    }

    private mutating func type(of expression: CELExpression) throws(CELSyntaxError) -> CELType {
        switch expression {
        case .literal(let value): return .named(value.typeName)
        case .identifier(let name, let offset):
            if let type = variables[name] { return type }
            if Self.typeNames.contains(name) { return .named("type") }
            throw CELSyntaxError(
                offset: offset, message: "undeclared reference to '\(name)' (in container '')")
        case .select(let operand, let field, let test, let offset):
            let found = try select(try type(of: operand), field, offset)
            return test ? .named("bool") : found
        case .index(let operand, let key, _):
            _ = try type(of: key)
            switch try type(of: operand) {
            case .list(let element): return element
            case .schema(let schema, _):
                if let elements = schema.elements { return .schema(elements, root: false) }
                if let values = schema.values { return .schema(values, root: false) }
                return .any
            default: return .any
            }
        case .call(let name, let arguments, let method, let offset):
            return try call(name, arguments, method, offset)
        case .conditional(let condition, let yes, let no):
            _ = try type(of: condition)
            let first = try type(of: yes)
            let second = try type(of: no)
            return first.name == second.name ? first : .any
        case .and(let left, let right), .or(let left, let right):
            for side in [left, right] {
                if let name = try type(of: side).name, name != "bool" {
                    throw CELSyntaxError(
                        offset: 0, message: "expected type 'bool' but found '\(name)'")
                }
            }
            return .named("bool")
        case .list(let items):
            var element: CELType = .any
            for item in items { element = try type(of: item) }
            return .list(element)
        case .map(let pairs):
            for pair in pairs {
                _ = try type(of: pair.key)
                _ = try type(of: pair.value)
            }
            return .named("map")
        case .macro(let name, let range, let variable, let condition, let body, _):
            return try macro(name, try type(of: range), variable, condition, body)
        }
    }

    private func select(_ type: CELType, _ field: String, _ offset: Int) throws(CELSyntaxError) -> CELType {
        switch type {
        case .any: return .any
        case .metadata:
            // Of metadata, rules see the names only (apiextensions schema/cel/model/types.go).
            guard field == "name" || field == "generateName" else {
                throw CELSyntaxError(offset: offset, message: "undefined field '\(field)'")
            }
            return .named("string")
        case .schema(let schema, let root):
            if root || schema.isResource, field == "metadata" { return .metadata }
            if let property = schema.property(field) { return .schema(property, root: false) }
            if let values = schema.values { return .schema(values, root: false) }
            if root || schema.isResource {
                switch field {
                case "apiVersion", "kind": return .named("string")
                default: break
                }
            }
            if schema.allowsUndeclaredFields { return .any }
            if schema.isObject {
                throw CELSyntaxError(offset: offset, message: "undefined field '\(field)'")
            }
        case .named("map"): return .any
        default: break
        }
        throw CELSyntaxError(
            offset: offset, message: "type '\(type.name ?? "dyn")' does not support field selection")
    }

    private mutating func macro(
        _ name: String, _ range: CELType, _ variable: String, _ condition: CELExpression?,
        _ body: CELExpression
    ) throws(CELSyntaxError) -> CELType {
        let outer = variables[variable]
        defer { variables[variable] = outer }
        var element: CELType = .any
        switch range {
        case .list(let inner): element = inner
        case .schema(let schema, _):
            if let elements = schema.elements { element = .schema(elements, root: false) }
            if schema.values != nil { element = .named("string") }
        default: break
        }
        variables[variable] = element
        if let condition { _ = try type(of: condition) }
        let inner = try type(of: body)
        switch name {
        case "map": return .list(inner)
        case "filter": return .list(element)
        default: return .named("bool")
        }
    }

    private mutating func call(
        _ name: String, _ arguments: [CELExpression], _ method: Bool, _ offset: Int
    ) throws(CELSyntaxError) -> CELType {
        var types: [CELType] = []
        for argument in arguments { types.append(try type(of: argument)) }
        let names = types.map(\.name)
        func fault() -> CELSyntaxError {
            let list = names.map { $0 ?? "dyn" }.joined(separator: ", ")
            return CELSyntaxError(
                offset: offset, message: "found no matching overload for '\(name)' applied to '(\(list))'")
        }
        let numeric: Set<String> = ["int", "uint", "double"]
        switch name {
        case "_==_", "_!=_":
            if let a = names[0], let b = names[1], a != b, a != "null_type", b != "null_type",
                !(numeric.contains(a) && numeric.contains(b)), !Set([a, b]).isSubset(of: ["map", "object"])
            {
                throw fault()
            }
            return .named("bool")
        case "_<_", "_<=_", "_>_", "_>=_":
            if let a = names[0], let b = names[1], a != b, !(numeric.contains(a) && numeric.contains(b)) {
                throw fault()
            }
            return .named("bool")
        case "@in": return .named("bool")
        case "!_":
            if let a = names[0], a != "bool" { throw fault() }
            return .named("bool")
        case "-_": return types[0]
        case "_+_", "_-_", "_*_", "_/_", "_%_":
            guard let a = names[0], let b = names[1] else { return .any }
            if a != b, !a.contains("."), !b.contains(".") { throw fault() }
            if name != "_+_", a == "string" || a == "list" || a == "bool" { throw fault() }
            return types[0]
        default: break
        }
        guard let arity = CELFunctions.arity[name] else {
            throw CELSyntaxError(
                offset: offset, message: "undeclared reference to '\(name)' (in container '')")
        }
        guard arity.contains(arguments.count) else { throw fault() }
        switch name {
        case "size", "int", "asInteger", "compareTo": return .named("int")
        case "string", "join", "lowerAscii", "upperAscii", "trim", "replace", "substring", "charAt", "find":
            return .named("string")
        case "double": return .named("double")
        case "matches", "startsWith", "endsWith", "contains":
            if let a = names[0], a != "string" { throw fault() }
            return .named("bool")
        case "isQuantity", "isSorted", "isGreaterThan", "isLessThan", "isInteger", "bool":
            return .named("bool")
        case "split": return .list(.named("string"))
        default: return .any
        }
    }
}
