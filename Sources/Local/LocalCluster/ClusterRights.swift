// The rights of agent and operator on the local cluster: the chart's own rules, bound to the accounts that the chart makes.
// What a component may not do on a real cluster is refused here as well.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import LocalAPIServer

/// Makes the roles of the components.
enum ClusterRights {
    /// Where the chart is installed by its own advice.
    static let namespace = "ganglion-system"

    /// The user of one of the chart's service accounts, as the real server names it.
    static func user(_ account: String) -> APIUser {
        APIUser(
            "system:serviceaccount:\(namespace):\(account)",
            groups: [
                "system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated",
            ])
    }

    /// Applies the chart's roles and their bindings.
    ///
    /// - Parameter labelsNode: whether the agent sets a label on its Node.
    static func install(_ client: KubernetesClient, labelsNode: Bool) async throws {
        let objects =
            [
                ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(namespace)]] as JSON
            ]
            + role(
                "ganglion-node-agent",
                try rules([GanglionAPI.Rights.nodeAgent] + (labelsNode ? [GanglionAPI.Rights.nodeLabel] : []))
            )
            + role("ganglion-operator", try rules([GanglionAPI.Rights.operator]))
            + role("ganglion-operator", in: namespace, try rules([GanglionAPI.Rights.operatorLease]))
        for object in objects {
            let resource: APIResource =
                switch object.kind?.string {
                case "Namespace":
                    APIResource(version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
                case "ClusterRole": rbac("clusterroles", "ClusterRole", isNamespaced: false)
                case "ClusterRoleBinding":
                    rbac("clusterrolebindings", "ClusterRoleBinding", isNamespaced: false)
                case "Role": rbac("roles", "Role")
                default: rbac("rolebindings", "RoleBinding")
                }
            try await client.apply(resource, object, manager: "ganglion-up")
        }
    }

    private static func rules(_ lists: [[UInt8]]) throws -> [JSON] {
        try lists.flatMap { try YAMLReader.read($0).array ?? [] }
    }

    /// A role and its binding to the account of its name.
    private static func role(_ name: String, in namespace: String = "", _ rules: [JSON]) -> [JSON] {
        let kind = namespace.isEmpty ? "ClusterRole" : "Role"
        var metadata: JSON = ["name": .string(name)]
        if !namespace.isEmpty { metadata.namespace = .string(namespace) }
        return [
            [
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": .string(kind), "metadata": metadata,
                "rules": .array(rules),
            ],
            [
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": .string(kind + "Binding"),
                "metadata": metadata,
                "roleRef": [
                    "apiGroup": "rbac.authorization.k8s.io", "kind": .string(kind), "name": .string(name),
                ],
                "subjects": [
                    [
                        "kind": "ServiceAccount", "name": .string(name),
                        "namespace": .string(Self.namespace),
                    ]
                ],
            ],
        ]
    }

    private static func rbac(_ plural: String, _ kind: String, isNamespaced: Bool = true) -> APIResource {
        APIResource(
            group: "rbac.authorization.k8s.io", version: "v1", plural: plural, kind: kind,
            isNamespaced: isNamespaced)
    }
}
