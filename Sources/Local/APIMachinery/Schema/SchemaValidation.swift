// Validation of a custom resource against its schema, with the messages of the real server (kube-openapi validate, as the
// apiextensions server turns its errors into field errors).

internal import CEL
package import JSON

extension StructuralSchema {
    /// The faults of a value, CEL rules not included.
    package func validate(_ value: JSON, path: String = "", into faults: inout [FieldError]) {
        let name = path.isEmpty ? "" : path
        if value.isNull, nullable { return }
        guard checkType(value, name, &faults) else { return }
        if let enumeration, !enumeration.contains(value) {
            faults.append(
                .notSupported(
                    path, value, enumeration.map { $0.string ?? $0.text() }))
        }
        switch value {
        case .string(let text): checkString(text, name, &faults)
        case .int, .double: checkNumber(value, name, &faults)
        case .array(let elements): checkArray(elements, name, &faults)
        case .object(let members): checkObject(members, name, &faults)
        default: break
        }
        checkJunctors(value, path, &faults)
    }

    private func fails(_ value: JSON, path: String) -> Bool {
        var faults: [FieldError] = []
        validate(value, path: path, into: &faults)
        return !faults.isEmpty
    }

    private func checkJunctors(_ value: JSON, _ path: String, _ faults: inout [FieldError]) {
        for schema in allOf { schema.validate(value, path: path, into: &faults) }
        if !anyOf.isEmpty, anyOf.allSatisfy({ $0.fails(value, path: path) }) {
            faults.append(
                .invalid(path, value, "\(quoted(path)) must validate at least one schema (anyOf)"))
        }
        if !oneOf.isEmpty, oneOf.count(where: { !$0.fails(value, path: path) }) != 1 {
            faults.append(
                .invalid(path, value, "\(quoted(path)) must validate one and only one schema (oneOf)"))
        }
        if let negated, !negated.fails(value, path: path) {
            faults.append(.invalid(path, value, "\(quoted(path)) must not validate the schema (not)"))
        }
    }

    private func checkType(_ value: JSON, _ path: String, _ faults: inout [FieldError]) -> Bool {
        if intOrString {
            if value.string != nil || value.int != nil { return true }
            faults.append(
                .typeInvalid(
                    path, .string(value.openAPIType),
                    "\(path) in body must be of type integer,string: \(quoted(value.openAPIType))"))
            return false
        }
        let fits =
            switch type {
            case "": true
            case "object": value.object != nil
            case "array": value.array != nil
            case "string": value.string != nil
            case "boolean": value.bool != nil
            case "integer": value.int != nil
            case "number": value.double != nil
            default: true
            }
        if fits { return true }
        let actual = value.openAPIType
        faults.append(
            .typeInvalid(path, .string(actual), "\(path) in body must be of type \(type): \(quoted(actual))"))
        return false
    }

    private func checkString(_ text: String, _ path: String, _ faults: inout [FieldError]) {
        let length = text.unicodeScalars.count
        if let maxLength, length > maxLength { faults.append(.tooLong(path, maxLength)) }
        if let minLength, length < minLength {
            faults.append(
                .invalid(path, .string(text), "\(path) in body should be at least \(minLength) chars long"))
        }
        if let pattern, !Patterns.contains(pattern, in: text) {
            faults.append(.invalid(path, .string(text), "\(path) in body should match '\(pattern)'"))
        }
        switch format {
        case "date-time":
            if APITime(text) == nil {
                faults.append(
                    .invalid(
                        path, .string(text), "\(path) in body must be of type date-time: \(quoted(text))"))
            }
        case "int32", "int64", "": break
        default: break
        }
    }

    private func checkNumber(_ value: JSON, _ path: String, _ faults: inout [FieldError]) {
        guard let number = value.double else { return }
        if let maximum, exclusiveMaximum ? number >= maximum : number > maximum {
            faults.append(
                .invalid(
                    path, value,
                    "\(path) in body should be less than \(exclusiveMaximum ? "" : "or equal to ")\(Self.shown(maximum))"
                ))
        }
        if let minimum, exclusiveMinimum ? number <= minimum : number < minimum {
            faults.append(
                .invalid(
                    path, value,
                    "\(path) in body should be greater than \(exclusiveMinimum ? "" : "or equal to ")\(Self.shown(minimum))"
                ))
        }
        if let multipleOf, multipleOf > 0,
            number.truncatingRemainder(dividingBy: multipleOf) != 0
        {
            faults.append(
                .invalid(path, value, "\(path) in body should be a multiple of \(Self.shown(multipleOf))"))
        }
        if format == "int32", let whole = value.int, Int32(exactly: whole) == nil {
            faults.append(
                .invalid(path, value, "\(path) in body must be of type int32: \(quoted(value.text()))"))
        }
    }

    private static func shown(_ number: Double) -> String {
        Int(exactly: number).map { String($0) } ?? String(number)
    }

    private func checkArray(_ elements: [JSON], _ path: String, _ faults: inout [FieldError]) {
        if let maxItems, elements.count > maxItems { faults.append(.tooMany(path, elements.count, maxItems)) }
        if let minItems, elements.count < minItems {
            faults.append(
                .invalid(
                    path, JSON(elements.count), "\(path) in body should have at least \(minItems) items"))
        }
        if let items {
            for (index, element) in elements.enumerated() {
                items.validate(element, path: "\(path)[\(index)]", into: &faults)
            }
        }
        var seen: Set<JSON> = []
        switch listType {
        case "set":
            for (index, element) in elements.enumerated() where !seen.insert(element).inserted {
                faults.append(.duplicate("\(path)[\(index)]", element))
            }
        case "map":
            for (index, element) in elements.enumerated() {
                var key: JSON = [:]
                for name in listMapKeys { key[name] = element[name] ?? items?.properties[name]?.fallback }
                if !seen.insert(key).inserted {
                    faults.append(
                        FieldError(
                            reason: "FieldValueDuplicate", field: "\(path)[\(index)]",
                            message: "Duplicate value: \(key.text())"))
                }
            }
        default: break
        }
    }

    private func checkObject(_ members: [String: JSON], _ path: String, _ faults: inout [FieldError]) {
        for name in required where members[name] == nil {
            faults.append(.required(APIMachinery.child(path, name)))
        }
        if let maxProperties, members.count > maxProperties {
            faults.append(.tooMany(path, members.count, maxProperties))
        }
        if let minProperties, members.count < minProperties {
            faults.append(
                .invalid(
                    path, JSON(members.count),
                    "\(path) in body should have at least \(minProperties) properties"))
        }
        for key in members.keys.sorted() {
            guard let member = members[key] else { continue }
            if let schema = properties[key] {
                schema.validate(member, path: APIMachinery.child(path, key), into: &faults)
            } else if let additional {
                additional.validate(member, path: APIMachinery.child(path, key), into: &faults)
            }
        }
    }
}

extension JSON {
    /// The OpenAPI name of the value's type.
    package var openAPIType: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .int: "integer"
        case .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
