// One rule of a Role or ClusterRole (plugin/pkg/auth/authorizer/rbac). `*` stands for everything, `*/status` for that
// subresource of every resource; a rule with resourceNames allows nothing that has no name.

internal import JSON

/// What a rule allows.
struct PolicyRule: Equatable, Sendable {
    var verbs: [String]
    var groups: [String]
    var resources: [String]
    var names: [String]
    var paths: [String]

    /// Reads a rule as it stands in a role.
    init(_ json: JSON) {
        func list(_ key: String) -> [String] { (json[key]?.array ?? []).compactMap(\.string) }
        verbs = list("verbs")
        groups = list("apiGroups")
        resources = list("resources")
        names = list("resourceNames")
        paths = list("nonResourceURLs")
    }

    /// Whether it allows a request.
    func allows(_ wanted: AccessAttributes) -> Bool {
        guard Self.has(verbs, wanted.verb) else { return false }
        guard !wanted.resource.isEmpty else {
            return paths.contains {
                $0 == "*" || $0 == wanted.path
                    || $0.hasSuffix("*") && wanted.path.hasPrefix($0.dropLast())
            }
        }
        let anywhere = wanted.subresource.isEmpty ? nil : "*/" + wanted.subresource
        return Self.has(groups, wanted.group)
            && (Self.has(resources, wanted.qualifiedResource) || anywhere.map(resources.contains) == true)
            && (names.isEmpty || names.contains(wanted.name) && !wanted.name.isEmpty)
    }

    private static func has(_ list: [String], _ word: String) -> Bool {
        list.contains("*") || list.contains(word)
    }
}
