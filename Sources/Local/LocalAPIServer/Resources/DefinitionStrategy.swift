// CustomResourceDefinitions themselves: completed, checked (also their CEL rules) and given their conditions.

internal import APIMachinery
internal import CEL
internal import JSON
internal import KubernetesAPI

/// What the API server does with CustomResourceDefinitions.
struct DefinitionStrategy: ResourceStrategy {
    var baseline: JSON { ["metadata": [:], "spec": ["names": [:]], "status": [:]] }
    var deleteReturnsObject: Bool { true }

    func applyDefaults(_ object: inout JSON) {
        let kind = object.spec?.names?.kind?.string ?? ""
        if object.spec?.names?.singular == nil { object.spec?.names?.singular = .string(kind.lowercased()) }
        if object.spec?.names?.listKind == nil { object.spec?.names?.listKind = .string(kind + "List") }
        if object.spec?.conversion == nil { object.spec?.conversion = ["strategy": "None"] }
    }

    func prepareForCreate(_ object: inout JSON, _ context: WriteContext) {
        let storage = (object.spec?.versions?.array ?? []).filter { $0.storage?.bool == true }
            .compactMap { $0.name?.string }
        object.status = [
            "conditions": .null, "acceptedNames": ["plural": "", "kind": ""], "storedVersions": JSON(storage),
        ]
    }

    /// The status after the names were accepted.
    static func established(_ definition: JSON, now: Timestamp) -> JSON {
        var status = definition.status ?? [:]
        status.acceptedNames = definition.spec?.names
        var established: JSON = ["status": status]
        for (type, reason, message) in [
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ] {
            established.setCondition(
                [
                    "type": .string(type), "status": "True", "reason": .string(reason),
                    "message": .string(message),
                ], now: now)
        }
        return established["status"] ?? status
    }

    /// What a deletion adds: its objects go first.
    static func markTerminating(_ definition: inout JSON, _ finalizers: inout [JSON]) {
        let own: JSON = "customresourcecleanup.apiextensions.k8s.io"
        if !finalizers.contains(own) { finalizers.append(own) }
        definition.setCondition([
            "type": "Terminating", "status": "True", "reason": "InstanceDeletionPending",
            "message":
                "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        ])
    }

    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        var faults: [FieldError] = []
        let spec = object.spec ?? [:]
        let group = spec.group?.string ?? ""
        let names = spec.names ?? [:]
        let plural = names.plural?.string ?? ""
        let expected = "\(plural).\(group)"
        if let name = object.metadata?.name?.string, name != expected {
            faults.append(
                .invalid("metadata.name", .string(name), "must be spec.names.plural+\".\"+spec.group"))
        }
        if group.isEmpty {
            faults.append(.required("spec.group"))
        } else if !ObjectNames.isSubdomain(group) {
            faults.append(.invalid("spec.group", .string(group), ObjectNames.subdomainFault))
        }
        for key in ["plural", "kind"] where (names[key]?.string ?? "").isEmpty {
            faults.append(.required("spec.names.\(key)"))
        }
        for key in ["kind", "listKind"] {
            let name = names[key]?.string ?? ""
            if !name.isEmpty, !ObjectNames.isLabel(name.lowercased()) {
                faults.append(
                    .invalid(
                        "spec.names.\(key)", .string(name),
                        "may have mixed case, but should otherwise match: \(ObjectNames.serviceFault)"))
            }
        }
        for (index, version) in (spec.versions?.array ?? []).enumerated() {
            let name = version.name?.string ?? ""
            if !ObjectNames.isLabel(name) {
                faults.append(
                    .invalid("spec.versions[\(index)].name", .string(name), ObjectNames.serviceFault))
            }
        }
        let scope = spec.scope?.string ?? ""
        if scope.isEmpty {
            faults.append(.required("spec.scope"))
        } else if !["Cluster", "Namespaced"].contains(scope) {
            faults.append(.notSupported("spec.scope", .string(scope), ["Cluster", "Namespaced"]))
        }
        let versions = spec.versions?.array ?? []
        if versions.count(where: { $0.storage?.bool == true }) != 1 {
            faults.append(
                .invalid(
                    "spec.versions", spec.versions ?? [],
                    "must have exactly one version marked as storage version")
            )
        }
        for (index, version) in versions.enumerated() {
            // The real server moves a single version's schema to the top before it validates.
            let path =
                versions.count == 1 ? "spec.validation" : "spec.versions[\(index)].schema"
            guard let schema = version.schema?.openAPIV3Schema else {
                faults.append(
                    .required("spec.versions[\(index)].schema.openAPIV3Schema", "schemas are required"))
                continue
            }
            let root = StructuralSchema(schema, path: "\(path).openAPIV3Schema", faults: &faults)
            if root.type != "object" {
                faults.append(
                    .invalid(
                        "\(path).openAPIV3Schema.type", .string(root.type), "must be object at the root"))
            }
            root.checkCompilation("\(path).openAPIV3Schema", isRoot: true, &faults)
        }
        return faults
    }
}

extension StructuralSchema {
    /// Notes rules that do not compile, and defaults that break them.
    func checkCompilation(_ path: String, isRoot: Bool, _ faults: inout [FieldError]) {
        for (index, rule) in rules.enumerated() {
            let place = "\(path).x-kubernetes-validations[\(index)]"
            if trim(rule.rule).isEmpty {
                faults.append(.required("\(place).rule", "rule is not specified"))
                continue
            }
            if let fault = CELProgram.compilationFault(
                rule.rule, schema: self, isRoot: isRoot, result: "bool")
            {
                faults.append(
                    FieldError(
                        reason: "FieldValueInvalid", field: "\(place).rule",
                        message: "Invalid value: \(rule.shown): \(fault)"))
            }
            if !rule.messageExpression.isEmpty,
                let fault = CELProgram.compilationFault(
                    rule.messageExpression, schema: self, isRoot: isRoot, result: "string")
            {
                faults.append(
                    FieldError(
                        reason: "FieldValueInvalid", field: "\(place).messageExpression",
                        message:
                            "Invalid value: \(rule.shown): \(fault.replacing("compilation failed", with: "messageExpression compilation failed"))"
                    ))
            }
        }
        // As it stands: the defaults of its own fields are not in it yet.
        if let fallback { checkRules(fallback, old: nil, path: "\(path).default", into: &faults) }
        for key in properties.keys.sorted() {
            properties[key]?.checkCompilation("\(path).properties[\(key)]", isRoot: false, &faults)
        }
        items?.checkCompilation("\(path).items", isRoot: false, &faults)
        additional?.checkCompilation("\(path).additionalProperties", isRoot: false, &faults)
    }
}

extension ValidationRule {
    /// The rule as Go prints its struct inside the message.
    var shown: String {
        func text(_ value: String) -> String {
            JSON.string(value).text().replacing("<", with: "\\u003c").replacing(">", with: "\\u003e")
                .replacing("&", with: "\\u0026")
        }
        let reason = reason.map(text) ?? "null"
        let optional = optionalOldSelf ? "true" : "null"
        return
            "{\"Rule\":\(text(rule)),\"Message\":\(text(message)),\"MessageExpression\":\(text(messageExpression)),"
            + "\"Reason\":\(reason),\"FieldPath\":\(text(fieldPath)),\"OptionalOldSelf\":\(optional)}"
    }
}
