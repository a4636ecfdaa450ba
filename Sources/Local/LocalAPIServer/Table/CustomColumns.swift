// additionalPrinterColumns of custom resources, and the JSON paths they are made of.

internal import CEL
internal import JSON

/// A JSON path of the kind printer columns use: `.a.b`, `.a[0]`, `.a[*].b`, `.a[?(@.type=="Ready")].status`.
struct JSONPath: Sendable {
    private enum Step: Sendable {
        case member(String)
        case index(Int)
        case all
        case filter([String], String)
    }

    private var steps: [Step] = []

    /// Reads a path; nil for one that is none.
    init?(_ text: String) {
        var rest = Substring(text)
        if rest.hasPrefix("$") { rest = rest.dropFirst() }
        while let first = rest.first {
            if first == "." {
                rest = rest.dropFirst()
                var name = ""
                while let character = rest.first, character != ".", character != "[" {
                    rest = rest.dropFirst()
                    if character == "\\", let escaped = rest.first {
                        name.append(escaped)
                        rest = rest.dropFirst()
                    } else {
                        name.append(character)
                    }
                }
                if name == "*" {
                    steps.append(.all)
                } else if !name.isEmpty {
                    steps.append(.member(name))
                }
            } else if first == "[" {
                guard let end = Self.end(of: rest) else { return nil }
                let inner = String(rest[rest.index(after: rest.startIndex)..<end])
                rest = rest[rest.index(after: end)...]
                guard let step = Self.bracket(inner) else { return nil }
                steps.append(step)
            } else {
                return nil
            }
        }
    }

    private static func end(of text: Substring) -> Substring.Index? {
        var quote: Character?
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "]" {
                return index
            }
        }
        return nil
    }

    private static func bracket(_ inner: String) -> Step? {
        if inner == "*" { return .all }
        if let index = Int(inner) { return .index(index) }
        if inner.hasPrefix("'") || inner.hasPrefix("\"") {
            return .member(String(inner.dropFirst().dropLast()))
        }
        guard inner.hasPrefix("?("), inner.hasSuffix(")") else { return nil }
        let condition = inner.dropFirst(2).dropLast()
        guard let range = condition.firstRange(of: "==") else { return nil }
        let left = trim(String(condition[..<range.lowerBound]))
        let right = trim(String(condition[range.upperBound...]))
        guard left.hasPrefix("@."), right.count >= 2 else { return nil }
        return .filter(
            left.dropFirst(2).split(separator: ".").map(String.init), String(right.dropFirst().dropLast()))
    }

    /// The values at the path.
    func values(in value: JSON) -> [JSON] {
        var values = [value]
        for step in steps {
            values = values.flatMap { value -> [JSON] in
                switch step {
                case .member(let name): return value[name].map { [$0] } ?? []
                case .index(let index):
                    let count = value.array?.count ?? 0
                    return value[index < 0 ? count + index : index].map { [$0] } ?? []
                case .all: return value.array ?? value.object.map { Array($0.values) } ?? []
                case .filter(let path, let wanted):
                    return (value.array ?? []).filter { $0[path: path]?.string == wanted }
                }
            }
        }
        return values
    }
}

/// Columns of custom resources.
enum CustomColumns {
    static func columns(_ definitions: [JSON]?) -> [TableColumn] {
        guard let definitions, !definitions.isEmpty else {
            return [
                .name,
                column([
                    "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp",
                    "description": .string(TableColumn.ageDescription),
                ]),
            ]
        }
        return [.name] + definitions.map(column)
    }

    private static func column(_ definition: JSON) -> TableColumn {
        let text = definition.jsonPath?.string ?? ""
        let path = JSONPath(text)
        let type = definition.type?.string ?? "string"
        return TableColumn(
            definition.name?.string ?? "",
            definition.description?.string
                ?? "Custom resource definition column (in JSONPath format): \(text)",
            type: type, format: definition.format?.string ?? "", priority: definition.priority?.int ?? 0
        ) { object in
            guard let values = path?.values(in: object), let value = values.first, !value.isNull else {
                return type == "date" ? "<unknown>" : .null
            }
            switch type {
            case "date": return .string(TableColumn.age(of: value))
            case "string":
                if values.count > 1 || value.string == nil {
                    return .string(values.map { $0.string ?? $0.text() }.joined(separator: ","))
                }
                return value
            default: return value
            }
        }
    }
}
