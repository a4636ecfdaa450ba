// The resources the server has without any CustomResourceDefinition. What the local cluster cannot honour (deployments,
// quotas) is left out, so that clients learn it from discovery.

internal import APIMachinery
internal import JSON
internal import KubernetesAPI

/// The built-in resources.
enum BuiltInResources {
    static func make(
        _ group: String, _ version: String, _ plural: String, _ singular: String, _ kind: String,
        namespaced: Bool = true, shortNames: [String] = [], categories: [String] = [],
        verbs: [String] = ResourceType.allVerbs, subresources: [Subresource] = [],
        countsGeneration: Bool = false,
        selectable: [String] = [], columns: [TableColumn] = TableColumn.nameAndAge,
        strategy: any ResourceStrategy, rules: MergeRules = MergeRules(lists: [:])
    ) -> ResourceType {
        ResourceType(
            group: group, version: version, plural: plural, singular: singular, kind: kind,
            listKind: kind + "List", namespaced: namespaced, shortNames: shortNames, categories: categories,
            verbs: verbs, subresources: subresources, storage: GroupResource(group, plural),
            countsGeneration: countsGeneration, allowsUnconditionalUpdate: !versioned.contains(kind),
            separatesStatus: subresources.contains { $0.name == "status" }, selectableFields: selectable,
            columns: columns, strategy: strategy, rules: rules)
    }

    /// Kinds whose updates must name the version that they change.
    private static let versioned: Set<String> = [
        "CustomResourceDefinition", "Lease", "PodDisruptionBudget", "ServiceAccount",
    ]

    private static let conditions = MergeRules(lists: ["status.conditions": ["type"]])

    /// All of them.
    static let all: [ResourceType] = core + coreStorage + others + storage

    private static let core: [ResourceType] = [
        make(
            "", "v1", "pods", "pod", "Pod", shortNames: ["po"], categories: ["all"],
            subresources: [
                Subresource(name: "binding", kind: "Binding", verbs: ["create"]),
                Subresource(
                    name: "eviction", kind: "Eviction", group: "policy", version: "v1", verbs: ["create"]),
                Subresource(name: "log", kind: "Pod", verbs: ["get"]),
                Subresource(name: "status", kind: "Pod", verbs: Subresource.status),
            ],
            countsGeneration: true,
            selectable: [
                "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
            ],
            columns: PodColumns.columns, strategy: PodStrategy(), rules: MergeRules.pod),
        make(
            "", "v1", "nodes", "node", "Node", namespaced: false, shortNames: ["no"],
            subresources: [Subresource(name: "status", kind: "Node", verbs: Subresource.status)],
            selectable: ["spec.unschedulable"], columns: NodeColumns.columns, strategy: NodeStrategy(),
            rules: MergeRules(
                lists: ["status.conditions": ["type"], "status.addresses": ["type"], "spec.podCIDRs": []])),
        make(
            "", "v1", "services", "service", "Service", shortNames: ["svc"], categories: ["all"],
            subresources: [Subresource(name: "status", kind: "Service", verbs: Subresource.status)],
            selectable: ["spec.clusterIP", "spec.type"], columns: ServiceColumns.columns,
            strategy: ServiceStrategy(),
            rules: MergeRules(
                lists: ["spec.ports": ["port", "protocol"], "status.conditions": ["type"]],
                atomicObjects: ["spec.selector"])),
        make(
            "", "v1", "events", "event", "Event", shortNames: ["ev"], selectable: EventColumns.selectable,
            columns: EventColumns.columns, strategy: EventStrategy(isNew: false),
            rules: MergeRules(lists: [:], atomicObjects: ["involvedObject", "related"])),
        make(
            "", "v1", "namespaces", "namespace", "Namespace", namespaced: false, shortNames: ["ns"],
            verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
            subresources: [
                Subresource(name: "finalize", kind: "Namespace", verbs: ["update"]),
                Subresource(name: "status", kind: "Namespace", verbs: Subresource.status),
            ],
            selectable: ["status.phase"],
            columns: [
                .name, TableColumn("Status", "The status of the namespace") { $0.status?.phase ?? "" }, .age,
            ],
            strategy: NamespaceStrategy(), rules: conditions),
        make(
            "", "v1", "configmaps", "configmap", "ConfigMap", shortNames: ["cm"],
            columns: [
                .name,
                TableColumn("Data", "Data contains the configuration data.") {
                    JSON(($0.data?.object?.count ?? 0) + ($0.binaryData?.object?.count ?? 0))
                }, .age,
            ],
            strategy: ConfigMapStrategy()),
        make(
            "", "v1", "secrets", "secret", "Secret", selectable: ["type"],
            columns: [
                .name,
                TableColumn("Type", "Used to facilitate programmatic handling of secret data.") {
                    $0.type ?? ""
                },
                TableColumn("Data", "Data contains the secret data.") { JSON($0.data?.object?.count ?? 0) },
                .age,
            ],
            strategy: SecretStrategy()),
        make(
            "", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", shortNames: ["sa"],
            subresources: [
                Subresource(
                    name: "token", kind: "TokenRequest", group: "authentication.k8s.io", version: "v1",
                    verbs: ["create"])
            ],
            columns: [
                .name,
                TableColumn("Secrets", "Secrets is a list of the secrets.") {
                    JSON($0.secrets?.array?.count ?? 0)
                },
                .age,
            ],
            strategy: PlainStrategy(),
            rules: MergeRules(lists: ["secrets": ["name"], "imagePullSecrets": ["name"]])),
        make(
            "", "v1", "endpoints", "endpoints", "Endpoints", shortNames: ["ep"],
            columns: [
                .name,
                TableColumn("Endpoints", "The set of all endpoints is the union of all subsets.") {
                    .string(ServiceColumns.endpoints($0))
                }, .age,
            ],
            strategy: PlainStrategy()),
    ]

    private static let others: [ResourceType] = [
        events,
        make(
            "coordination.k8s.io", "v1", "leases", "lease", "Lease",
            columns: [
                .name,
                TableColumn(
                    "Holder", "holderIdentity contains the identity of the holder of a current lease."
                ) {
                    $0.spec?.holderIdentity ?? ""
                }, .age,
            ],
            strategy: LeaseStrategy()),
        make(
            "discovery.k8s.io", "v1", "endpointslices", "endpointslice", "EndpointSlice",
            columns: ServiceColumns.slices,
            strategy: PlainStrategy()),
        make(
            "policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget",
            shortNames: ["pdb"],
            subresources: [
                Subresource(name: "status", kind: "PodDisruptionBudget", verbs: Subresource.status)
            ],
            countsGeneration: true,
            columns: [
                .name,
                TableColumn("Min Available", "The number of pods that must be available.") {
                    $0.spec?.minAvailable.map { .string($0.string ?? $0.text()) } ?? "N/A"
                },
                TableColumn("Max Unavailable", "The number of pods that can be unavailable.") {
                    $0.spec?.maxUnavailable.map { .string($0.string ?? $0.text()) } ?? "N/A"
                },
                TableColumn(
                    "Allowed Disruptions", "Calculated number of pods that may be disrupted at this time."
                ) {
                    $0.status?.disruptionsAllowed ?? 0
                }, .age,
            ],
            strategy: DisruptionBudgetStrategy(),
            rules: MergeRules(lists: ["status.conditions": ["type"]], atomicObjects: ["spec.selector"])),
        make(
            "apiextensions.k8s.io", "v1", "customresourcedefinitions", "customresourcedefinition",
            "CustomResourceDefinition", namespaced: false, shortNames: ["crd", "crds"],
            categories: ["api-extensions"],
            subresources: [
                Subresource(name: "status", kind: "CustomResourceDefinition", verbs: Subresource.status)
            ],
            countsGeneration: true,
            columns: [
                .name,
                TableColumn("Created At", "CreationTimestamp of the definition.", type: "date") {
                    $0.metadata?.creationTimestamp ?? ""
                },
            ],
            strategy: DefinitionStrategy(), rules: conditions),
        rbac("clusterroles", "ClusterRole", namespaced: false),
        rbac("clusterrolebindings", "ClusterRoleBinding", namespaced: false),
        rbac("roles", "Role"),
        rbac("rolebindings", "RoleBinding"),
    ]

    private static func rbac(
        _ plural: String, _ kind: String, namespaced: Bool = true
    ) -> ResourceType {
        make(
            "rbac.authorization.k8s.io", "v1", plural, kind.lowercased(), kind, namespaced: namespaced,
            strategy: PlainStrategy())
    }

    private static let events: ResourceType = {
        var type = make(
            "events.k8s.io", "v1", "events", "event", "Event", shortNames: ["ev"],
            selectable: EventColumns.selectable, columns: EventColumns.columns,
            strategy: EventStrategy(isNew: true),
            rules: MergeRules(lists: [:], atomicObjects: ["regarding", "related"]))
        type.storage = GroupResource("", "events")
        return type
    }()
}

/// Disruption budgets: kept and shown; evictions ask them.
struct DisruptionBudgetStrategy: ResourceStrategy {
    func prepareForCreate(_ object: inout JSON, _ context: WriteContext) {
        object.status = [
            "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0,
        ]
    }
}
