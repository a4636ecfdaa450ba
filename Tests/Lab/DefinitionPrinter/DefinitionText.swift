// From the values beside the types to the files of the chart.

package import GanglionAPI
internal import JSON
internal import KubernetesAPI

extension ResourceDefinition {
    /// The name of the chart's file.
    package var fileName: String { "\(resource.plural).yaml" }

    /// The whole CustomResourceDefinition.
    package var text: String {
        let lines = [
            "# \(comment)",
            "# Printed by scripts/generate-definitions from the types in Sources/Kubernetes/GanglionAPI.",
        ]
        return (lines + document.lines()).joined(separator: "\n") + "\n"
    }

    private var document: YAML {
        .map([
            ("apiVersion", .text("apiextensions.k8s.io/v1")), ("kind", .text("CustomResourceDefinition")),
            (
                "metadata",
                .map([
                    ("name", .text("\(resource.plural).\(resource.group)")),
                    ("labels", .map([("app.kubernetes.io/part-of", .text("ganglion"))])),
                ])
            ),
            (
                "spec",
                .map([
                    ("group", .text(resource.group)),
                    ("scope", .text(resource.isNamespaced ? "Namespaced" : "Cluster")), ("names", names),
                    ("versions", .list([version])),
                ])
            ),
        ])
    }

    private var names: YAML {
        .map([
            ("kind", .text(resource.kind)), ("listKind", .text(resource.kind + "List")),
            ("plural", .text(resource.plural)), ("singular", .text(resource.kind.lowercased())),
            ("shortNames", .words([shortName])), ("categories", .words(["ganglion"])),
        ])
    }

    private var version: YAML {
        var subresources: [(key: String, value: YAML)] = [("status", .plain("{}"))]
        if isScalable {
            subresources.append(
                (
                    "scale",
                    .map([
                        ("specReplicasPath", .text(".spec.replicas")),
                        ("statusReplicasPath", .text(".status.replicas")),
                        ("labelSelectorPath", .text(".status.selector")),
                    ])
                ))
        }
        return .map([
            ("name", .text(resource.version)), ("served", .plain("true")), ("storage", .plain("true")),
            ("subresources", .map(subresources)), ("additionalPrinterColumns", .list(columns.map(\.yaml))),
            ("schema", .map([("openAPIV3Schema", schema.yaml)])),
        ])
    }
}

extension ResourceDefinition.Column {
    fileprivate var yaml: YAML {
        var members: [(key: String, value: YAML)] = [("name", .text(name)), ("type", .text(type))]
        if isWide { members.append(("priority", .plain("1"))) }
        if !description.isEmpty { members.append(("description", .text(description))) }
        return .map(members + [("jsonPath", .text(path))])
    }
}

extension Schema {
    fileprivate var yaml: YAML {
        var members: [(key: String, value: YAML)] = []
        if !description.isEmpty { members.append(("description", .text(description))) }
        members.append(("type", .text(typeName)))
        if let format { members.append(("format", .text(format))) }
        if let range {
            members += [
                ("minimum", .plain("\(range.lowerBound)")), ("maximum", .plain("\(range.upperBound)")),
            ]
        }
        if let count {
            if count.lowerBound > 0 { members.append(("min" + countName, .plain("\(count.lowerBound)"))) }
            members.append(("max" + countName, .plain("\(count.upperBound)")))
        }
        if let pattern { members.append(("pattern", .text(pattern.rawValue))) }
        if !values.isEmpty { members.append(("enum", .words(values))) }
        if let defaultValue { members.append(("default", defaultValue.yaml)) }
        members += extensions
        switch form {
        case .object(let fields) where !fields.isEmpty:
            let required = fields.filter(\.isRequired).map(\.name)
            if !required.isEmpty { members.append(("required", .words(required))) }
            if !rules.isEmpty { members.append(("x-kubernetes-validations", .list(rules.map(\.yaml)))) }
            members.append(("properties", .map(fields.map { ($0.name, $0.schema.yaml) })))
        case .map(let values): members.append(("additionalProperties", values.yaml))
        case .list(let entries): members.append(("items", entries.yaml))
        case .opaque: members.append(("x-kubernetes-preserve-unknown-fields", .plain("true")))
        case .object, .string, .integer, .boolean: break
        }
        return .map(members)
    }

    private var extensions: [(key: String, value: YAML)] {
        switch listType {
        case nil: []
        case .atomic: [("x-kubernetes-list-type", .text("atomic"))]
        case .set: [("x-kubernetes-list-type", .text("set"))]
        case .map(let keys):
            [("x-kubernetes-list-type", .text("map")), ("x-kubernetes-list-map-keys", .words(keys))]
        }
    }

    private var typeName: String {
        switch form {
        case .object, .map, .opaque: "object"
        case .list: "array"
        case .string: "string"
        case .integer: "integer"
        case .boolean: "boolean"
        }
    }

    /// What follows "min" and "max" in OpenAPI's word for `count`.
    private var countName: String {
        switch form {
        case .string: "Length"
        case .list: "Items"
        default: "Properties"
        }
    }
}

extension SchemaRule {
    fileprivate var yaml: YAML {
        var members: [(key: String, value: YAML)] = [("rule", .text(rule))]
        if let message { members.append(("message", .text(message))) }
        if let messageExpression { members.append(("messageExpression", .text(messageExpression))) }
        if let fieldPath {
            members += [("reason", .text(reason ?? "FieldValueInvalid")), ("fieldPath", .text(fieldPath))]
        }
        return .map(members)
    }
}

extension JSON {
    fileprivate var yaml: YAML { string.map { .text($0) } ?? .plain(text()) }
}
