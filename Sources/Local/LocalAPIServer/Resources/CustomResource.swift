// A custom resource: what a CustomResourceDefinition says, read once per change of the definition.

internal import APIMachinery
internal import JSON

/// Objects of one version of a CustomResourceDefinition.
struct CustomStrategy: ResourceStrategy {
    let schema: StructuralSchema
    let apiVersion: String
    let storedVersion: String
    let hasStatus: Bool

    var baseline: JSON { ["metadata": [:]] }

    func stored(_ object: JSON) -> JSON { withVersion(object, storedVersion) }
    func shown(_ object: JSON) -> JSON { withVersion(object, apiVersion) }

    /// Conversion strategy None: only the version's name changes.
    private func withVersion(_ object: JSON, _ version: String) -> JSON {
        var object = object
        object.apiVersion = .string(version)
        return object
    }

    func prune(_ object: inout JSON) -> [String] {
        var unknown: [String] = []
        schema.prune(&object, unknown: &unknown)
        return unknown
    }

    func applyDefaults(_ object: inout JSON) { schema.applyDefaults(&object) }

    func prepareForCreate(_ object: inout JSON, _ context: WriteContext) {
        if hasStatus { object.status = nil }
    }

    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        var faults: [FieldError] = []
        schema.validate(object, into: &faults)
        let hasRules = schema.hasRules
        if !faults.isEmpty {
            if hasRules {
                faults.append(
                    .invalid(
                        "", .null,
                        "some validation rules were not checked because the object was invalid; correct the existing"
                            + " errors to complete validation"))
            }
            return faults
        }
        schema.checkRules(object, old: old, into: &faults)
        return faults
    }
}

extension StructuralSchema {
    /// Whether a rule stands anywhere in the schema.
    var hasRules: Bool {
        !rules.isEmpty || properties.values.contains(where: \.hasRules) || (items?.hasRules ?? false)
            || (additional?.hasRules ?? false)
    }
}

extension ResourceType {
    /// The resources a definition serves, one per served version.
    static func custom(_ definition: JSON) -> [ResourceType] {
        let spec = definition.spec ?? [:]
        let names = spec.names ?? [:]
        guard let group = spec.group?.string, let plural = names.plural?.string, let kind = names.kind?.string
        else { return [] }
        let versions = spec.versions?.array ?? []
        let storage = versions.first { $0.storage?.bool == true }?.name?.string ?? "v1"
        var types: [ResourceType] = []
        for version in versions where version.served?.bool == true {
            guard let name = version.name?.string else { continue }
            var faults: [FieldError] = []
            let schema = StructuralSchema(version.schema?.openAPIV3Schema ?? [:], path: "", faults: &faults)
            let subresources = version.subresources ?? [:]
            let hasStatus = subresources.status != nil
            var served: [Subresource] = []
            if hasStatus { served.append(Subresource(name: "status", kind: kind, verbs: Subresource.status)) }
            if subresources.scale != nil {
                served.append(
                    Subresource(
                        name: "scale", kind: "Scale", group: "autoscaling", version: "v1",
                        verbs: Subresource.status))
            }
            types.append(
                ResourceType(
                    group: group, version: name, plural: plural,
                    singular: names.singular?.string ?? kind.lowercased(), kind: kind,
                    listKind: names.listKind?.string ?? kind + "List",
                    namespaced: spec.scope?.string == "Namespaced",
                    shortNames: names.shortNames?.array?.compactMap(\.string) ?? [],
                    categories: names.categories?.array?.compactMap(\.string) ?? [],
                    subresources: served, storage: GroupResource(group, plural), isCustom: true,
                    countsGeneration: true, separatesStatus: hasStatus,
                    selectableFields: (version.selectableFields?.array ?? []).compactMap {
                        $0.jsonPath?.string.map { String($0.drop { $0 == "." }) }
                    },
                    columns: CustomColumns.columns(version.additionalPrinterColumns?.array),
                    strategy: CustomStrategy(
                        schema: schema, apiVersion: "\(group)/\(name)", storedVersion: "\(group)/\(storage)",
                        hasStatus: hasStatus),
                    rules: schema.mergeRules.withMetadata))
        }
        return types
    }
}

extension MergeRules {
    /// These rules and those of metadata.
    var withMetadata: MergeRules {
        var rules = self
        rules.lists.merge(MergeRules.metadata) { old, _ in old }
        return rules
    }
}

/// The paths of the scale subresource.
struct ScalePaths: Sendable {
    var specReplicas: [String]
    var statusReplicas: [String]
    var selector: [String]?

    init?(_ definition: JSON, version: String) {
        let entry = (definition.spec?.versions?.array ?? []).first { $0.name?.string == version }
        guard let scale = entry?.subresources?.scale, let spec = scale.specReplicasPath?.string,
            let status = scale.statusReplicasPath?.string
        else { return nil }
        func path(_ text: String) -> [String] { text.split(separator: ".").map(String.init) }
        specReplicas = path(spec)
        statusReplicas = path(status)
        selector = scale.labelSelectorPath?.string.map(path)
    }
}
