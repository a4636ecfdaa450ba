// The schema of a custom resource: OpenAPI v3 as far as CustomResourceDefinitions allow it (apiextensions structural
// schemas), read once into values that validation, pruning, defaulting, merging and CEL share.

package import CEL
package import JSON
package import KubernetesAPI

/// A rule of `x-kubernetes-validations`.
package struct ValidationRule: Sendable {
    /// The expression, as it is written.
    package var rule: String
    /// What to say of a value that breaks the rule; empty where the rule itself says it.
    package var message: String
    /// An expression that makes the message; empty for none. It wins over `message`.
    package var messageExpression: String
    /// The cause's reason in the Status; nil for FieldValueInvalid.
    package var reason: String?
    /// The field that is blamed, relative to the value, `.spec.cores`; empty for the value itself.
    package var fieldPath: String
    /// Whether the rule runs for a create too, where `oldSelf` has no value.
    package var optionalOldSelf: Bool
    var program: CELProgram?
    /// `messageExpression` compiled; nil where there is none or it does not compile.
    package var messageProgram: CELProgram?
    /// Whether the rule looks at the old value, and so only holds for updates.
    var usesOldSelf: Bool { program?.mentions("oldSelf") ?? false }
}

/// One node of a structural schema.
package final class StructuralSchema: Sendable {
    /// `object`, `array`, `string` ...; empty where the schema does not say.
    package let type: String
    let format: String
    let nullable: Bool
    let intOrString: Bool
    let preserveUnknown: Bool
    let embeddedResource: Bool
    /// The declared fields of an object.
    package let properties: [String: StructuralSchema]
    /// `additionalProperties` as a schema: what every field that is not declared looks like.
    package let additional: StructuralSchema?
    /// `additionalProperties: true`: any value.
    let additionalAny: Bool
    /// What every element of an array looks like.
    package let items: StructuralSchema?
    let required: [String]
    let enumeration: [JSON]?
    /// `default`: what a field that is left out has.
    package let fallback: JSON?
    let minimum: Double?
    let maximum: Double?
    let exclusiveMinimum: Bool
    let exclusiveMaximum: Bool
    let multipleOf: Double?
    let minLength: Int?
    let maxLength: Int?
    let pattern: String?
    let minItems: Int?
    let maxItems: Int?
    let uniqueItems: Bool
    let minProperties: Int?
    let maxProperties: Int?
    let listType: String
    let listMapKeys: [String]
    let mapType: String
    let allOf: [StructuralSchema]
    let anyOf: [StructuralSchema]
    let oneOf: [StructuralSchema]
    let negated: StructuralSchema?
    /// The CEL rules that hang on this value.
    package let rules: [ValidationRule]

    /// Levels a schema may have.
    static let maximumDepth = 64

    /// Reads a schema.
    ///
    /// - Parameters:
    ///   - path: where it stands in the definition, for the faults.
    ///   - faults: what is wrong with it is appended here; the schema is made all the same.
    package init(_ json: JSON, path: String, faults: inout [FieldError], depth: Int = 0) {
        type = json.type?.string ?? ""
        format = json.format?.string ?? ""
        nullable = json.nullable?.bool ?? false
        intOrString = json["x-kubernetes-int-or-string"]?.bool ?? false
        preserveUnknown = json["x-kubernetes-preserve-unknown-fields"]?.bool ?? false
        embeddedResource = json["x-kubernetes-embedded-resource"]?.bool ?? false
        required = json.required?.array?.compactMap(\.string) ?? []
        enumeration = json["enum"]?.array
        fallback = json["default"]
        minimum = json.minimum?.double
        maximum = json.maximum?.double
        exclusiveMinimum = json.exclusiveMinimum?.bool ?? false
        exclusiveMaximum = json.exclusiveMaximum?.bool ?? false
        multipleOf = json.multipleOf?.double
        minLength = json.minLength?.int
        maxLength = json.maxLength?.int
        pattern = json.pattern?.string
        minItems = json.minItems?.int
        maxItems = json.maxItems?.int
        uniqueItems = json.uniqueItems?.bool ?? false
        minProperties = json.minProperties?.int
        maxProperties = json.maxProperties?.int
        listType = json["x-kubernetes-list-type"]?.string ?? "atomic"
        listMapKeys = json["x-kubernetes-list-map-keys"]?.array?.compactMap(\.string) ?? []
        mapType = json["x-kubernetes-map-type"]?.string ?? "granular"
        if depth > Self.maximumDepth {
            faults.append(.forbidden(path, "the schema is more than \(Self.maximumDepth) levels deep"))
        }
        let deeper = depth <= Self.maximumDepth ? json : [:]
        var properties: [String: StructuralSchema] = [:]
        for (key, value) in (deeper.properties?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            properties[key] = StructuralSchema(
                value, path: "\(path).properties[\(key)]", faults: &faults, depth: depth + 1)
        }
        self.properties = properties
        switch deeper.additionalProperties {
        case .object?:
            additional = StructuralSchema(
                deeper.additionalProperties ?? [:], path: "\(path).additionalProperties", faults: &faults,
                depth: depth + 1)
            additionalAny = false
        case .bool(true)?:
            additional = nil
            additionalAny = true
        default:
            additional = nil
            additionalAny = false
        }
        items = deeper.items.map {
            StructuralSchema($0, path: "\(path).items", faults: &faults, depth: depth + 1)
        }
        func list(_ key: String, _ faults: inout [FieldError]) -> [StructuralSchema] {
            var result: [StructuralSchema] = []
            for (index, value) in (deeper[key]?.array ?? []).enumerated() {
                result.append(
                    StructuralSchema(
                        value, path: "\(path).\(key)[\(index)]", faults: &faults, depth: depth + 1))
            }
            return result
        }
        allOf = list("allOf", &faults)
        anyOf = list("anyOf", &faults)
        oneOf = list("oneOf", &faults)
        negated = deeper["not"].map {
            StructuralSchema($0, path: "\(path).not", faults: &faults, depth: depth + 1)
        }
        rules = (json["x-kubernetes-validations"]?.array ?? []).map { rule in
            ValidationRule(
                rule: rule.rule?.string ?? "", message: rule.message?.string ?? "",
                messageExpression: rule.messageExpression?.string ?? "", reason: rule.reason?.string,
                fieldPath: rule.fieldPath?.string ?? "", optionalOldSelf: rule.optionalOldSelf?.bool ?? false,
                program: try? CELProgram(rule.rule?.string ?? ""),
                messageProgram: (rule.messageExpression?.string).flatMap { try? CELProgram($0) })
        }
        check(path, depth: depth, &faults)
    }

    /// What makes a schema structural (apiextensions validation.go), as far as the faults are common.
    private func check(_ path: String, depth: Int, _ faults: inout [FieldError]) {
        if let pattern, (try? Regex(pattern)) == nil {
            faults.append(.invalid("\(path).pattern", .string(pattern), "must be a valid regular expression"))
        }
        if type.isEmpty, !intOrString, !preserveUnknown, depth > 0,
            !path.hasSuffix("]") || path.contains("properties[")
        {
            let last = path.split(separator: ".").last.map(String.init) ?? ""
            let isJunctor = ["allOf", "anyOf", "oneOf", "not"].contains { last.hasPrefix($0) }
            if !isJunctor, !path.contains("Of["), !path.contains(".not") {
                faults.append(.required("\(path).type", "must not be empty for specified object fields"))
            }
        }
        if type == "array", items == nil { faults.append(.required("\(path).items", "must be specified")) }
        if listType == "map", listMapKeys.isEmpty, type == "array" {
            faults.append(
                .required(
                    "\(path).x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"
                ))
        }
        if !["", "object", "array", "string", "integer", "number", "boolean"].contains(type) {
            faults.append(
                .notSupported(
                    "\(path).type", .string(type),
                    ["array", "boolean", "integer", "number", "object", "string"]))
        }
    }
}

extension StructuralSchema {
    /// The rules by which objects of this schema merge.
    package var mergeRules: MergeRules {
        var rules = MergeRules(lists: [:])
        collect("", &rules)
        return rules
    }

    private func collect(_ path: String, _ rules: inout MergeRules) {
        if type == "array" {
            if listType == "map" { rules.lists[path] = listMapKeys }
            if listType == "set" { rules.lists[path] = [] }
            items?.collect(path + "[]", &rules)
        }
        if mapType == "atomic" { rules.atomicObjects.insert(path) }
        for (key, schema) in properties { schema.collect(MergeRules.path(path, key), &rules) }
    }
}
