// Who may do what: RBAC, from the roles and bindings that the server holds, as on a real cluster. Administrators
// (system:masters) may do everything. So may kubelets (system:nodes): the real server's node authorizer, which holds each to
// its node, is not here.

internal import APIMachinery
internal import CEL
internal import JSON

extension APIServer {
    /// Groups that no role is asked about.
    private static let unlimited: Set<String> = ["system:masters", "system:nodes"]

    /// What everybody who is known may do: look at what is served, and ask about themselves (system:discovery,
    /// system:basic-user).
    private static let everybody: [PolicyRule] = [
        PolicyRule([
            "verbs": ["get", "head"],
            "nonResourceURLs": ["/", "/api", "/api/*", "/apis", "/apis/*", "/openapi*"],
        ]),
        PolicyRule([
            "verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        ]),
        PolicyRule([
            "verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"],
        ]),
    ]

    /// Whether a user may do something.
    func isAllowed(_ wanted: AccessAttributes, to user: APIUser) -> Bool {
        if !Self.unlimited.isDisjoint(with: user.groups) { return true }
        return rules(of: user, in: wanted.namespace).contains { $0.allows(wanted) }
    }

    /// The rules that hold for a user in a namespace; of the whole cluster only where it is empty.
    func rules(of user: APIUser, in namespace: String) -> [PolicyRule] {
        var rules = Self.everybody
        for binding in objects(Self.rbac("clusterrolebindings")) where Self.names(binding, user, nil) {
            rules += self.rules(of: binding.roleRef, in: "")
        }
        guard !namespace.isEmpty else { return rules }
        for binding in objects(Self.rbac("rolebindings"), namespace: namespace)
        where Self.names(binding, user, namespace) {
            rules += self.rules(of: binding.roleRef, in: namespace)
        }
        return rules
    }

    /// Refuses what the request's user may not do.
    func authorize(_ wanted: AccessAttributes, _ request: APIRequest) throws(APIError) {
        guard !isAllowed(wanted, to: request.user) else { return }
        let user = quoted(request.user.name)
        guard !wanted.resource.isEmpty else {
            throw APIError(
                403, "Forbidden", "forbidden: User \(user) cannot \(wanted.verb) path \(quoted(wanted.path))",
                details: [:])
        }
        let place =
            wanted.namespace.isEmpty ? "at the cluster scope" : "in the namespace \(quoted(wanted.namespace))"
        throw .forbidden(
            GroupResource(wanted.group, wanted.resource), wanted.name,
            "User \(user) cannot \(wanted.verb) resource \(quoted(wanted.qualifiedResource)) in API group"
                + " \(quoted(wanted.group)) \(place)")
    }

    /// Refuses a request that needs a second right which its user has not got, and notes that it was needed.
    func authorizeBesides(_ wanted: AccessAttributes, _ request: APIRequest) throws(APIError) {
        request.trail.note(wanted)
        try authorize(wanted, request)
    }

    /// The plugin OwnerReferencesPermissionEnforcement, which OpenShift has on: who makes an object hold back its owner's
    /// deletion has to be allowed to do that to the owner, and who gives away an object, to delete it.
    func authorizeOwners(
        of object: JSON, old: JSON?, _ type: ResourceType, _ place: ObjectName, _ request: APIRequest
    ) throws(APIError) {
        let references = object.metadata?.ownerReferences?.array ?? []
        let before = old?.metadata?.ownerReferences?.array ?? []
        if old != nil, Set(references) != Set(before) {
            try authorizeBesides(
                AccessAttributes("delete", type.resource, namespace: place.namespace, name: place.name),
                request)
        }
        for owner in references where owner.blockOwnerDeletion == true && !before.contains(owner) {
            let parts = (owner.apiVersion?.string ?? "").split(separator: "/").map(String.init)
            let group = parts.count > 1 ? parts[0] : ""
            guard let kind = owner.kind?.string,
                let found = catalog.types[group]?[parts.last ?? ""]?.values.first(where: { $0.kind == kind })
            else { continue }
            try authorizeBesides(
                AccessAttributes(
                    "update", found.resource, subresource: "finalizers",
                    namespace: found.namespaced ? place.namespace : "", name: owner.name?.string ?? ""),
                request)
        }
    }

    private static func rbac(_ resource: String) -> GroupResource {
        GroupResource("rbac.authorization.k8s.io", resource)
    }

    private func rules(of role: JSON?, in namespace: String) -> [PolicyRule] {
        let isShared = role?.kind == "ClusterRole"
        let resource = Self.rbac(isShared ? "clusterroles" : "roles")
        let place = ObjectName(isShared ? "" : namespace, role?.name?.string ?? "")
        return (store[resource, place]?.json.rules?.array ?? []).map { PolicyRule($0) }
    }

    private static func names(_ binding: JSON, _ user: APIUser, _ namespace: String?) -> Bool {
        (binding.subjects?.array ?? []).contains { subject in
            let name = subject.name?.string ?? ""
            switch subject.kind?.string {
            case "User": return name == user.name
            case "Group": return user.groups.contains(name)
            case "ServiceAccount":
                let home = subject.namespace?.string ?? namespace ?? ""
                return user.name == "system:serviceaccount:\(home):\(name)"
            default: return false
            }
        }
    }
}
