// Where a pod wants to be: by the nodes' labels, and by the other pods there (core/v1 Affinity).

/// A set of nodes: those that one of the terms means.
package struct NodeSelector: Codable, Hashable, Sendable {
    /// One of these must match.
    package var nodeSelectorTerms: [NodeSelectorTerm]

    /// Nodes that one of the terms means.
    package init(_ terms: [NodeSelectorTerm]) { nodeSelectorTerms = terms }
}

/// Nodes that fulfil all of its requirements; without any it means none.
package struct NodeSelectorTerm: Codable, Hashable, Sendable, DefaultInitializable {
    /// Requirements on labels.
    package var matchExpressions: [SelectorRequirement] = []
    /// Requirements on fields; the only one is `metadata.name`.
    package var matchFields: [SelectorRequirement] = []

    /// No node.
    package init() {}

    /// Nodes that fulfil these requirements.
    package init(matchExpressions: [SelectorRequirement] = [], matchFields: [SelectorRequirement] = []) {
        self.matchExpressions = matchExpressions
        self.matchFields = matchFields
    }
}

/// A term with its weight.
package struct PreferredSchedulingTerm: Codable, Hashable, Sendable {
    /// 1 to 100.
    package var weight: Int
    /// The nodes that are preferred.
    package var preference: NodeSelectorTerm
}

/// Which nodes a pod must or would like to be on.
package struct NodeAffinity: Codable, Hashable, Sendable {
    /// It is placed on no other.
    package var requiredDuringSchedulingIgnoredDuringExecution: NodeSelector?
    /// It is placed on these if possible.
    package var preferredDuringSchedulingIgnoredDuringExecution: [PreferredSchedulingTerm] = []

    /// An affinity that requires a set of nodes, nil for none.
    package init(required: NodeSelector? = nil) { requiredDuringSchedulingIgnoredDuringExecution = required }
}

/// Other pods, and what "near" means.
package struct PodAffinityTerm: Codable, Hashable, Sendable {
    /// The pods; absent means none.
    package var labelSelector: LabelSelector?
    /// The namespaces of those pods.
    package var namespaces: [String]
    /// Namespaces by label; absent with no `namespaces` means the pod's own.
    package var namespaceSelector: LabelSelector?
    /// The label of nodes whose values are places.
    package var topologyKey: String
    /// The pod's labels that are taken into the selector with In.
    package var matchLabelKeys: [String]
    /// The pod's labels that are taken into the selector with NotIn.
    package var mismatchLabelKeys: [String]
}

/// A term with its weight.
package struct WeightedPodAffinityTerm: Codable, Hashable, Sendable {
    /// 1 to 100.
    package var weight: Int
    /// The pods.
    package var podAffinityTerm: PodAffinityTerm
}

/// Which pods a pod must or would like to be near, or away from.
package struct PodAffinity: Codable, Hashable, Sendable {
    /// It is placed nowhere else.
    package var requiredDuringSchedulingIgnoredDuringExecution: [PodAffinityTerm] = []
    /// It is placed so if possible.
    package var preferredDuringSchedulingIgnoredDuringExecution: [WeightedPodAffinityTerm] = []
}

/// All that a pod wants of its place.
package struct Affinity: Codable, Hashable, Sendable {
    /// By nodes.
    package var nodeAffinity: NodeAffinity?
    /// Near these pods.
    package var podAffinity: PodAffinity?
    /// Away from these pods.
    package var podAntiAffinity: PodAffinity?

    /// An affinity to nodes only.
    package init(nodeAffinity: NodeAffinity? = nil) { self.nodeAffinity = nodeAffinity }
}

/// How evenly pods are spread.
package struct TopologySpreadConstraint: Codable, Hashable, Sendable {
    /// By how many pods two places may differ.
    package var maxSkew: Int
    /// The label of nodes whose values are places.
    package var topologyKey: String
    /// `DoNotSchedule` or `ScheduleAnyway`.
    package var whenUnsatisfiable: String
    /// The pods that count.
    package var labelSelector: LabelSelector?
    /// Places there must be at least.
    package var minDomains: Int?
    /// `Honor` or `Ignore`.
    package var nodeAffinityPolicy: String?
    /// `Honor` or `Ignore`.
    package var nodeTaintsPolicy: String?
    /// The pod's labels that are taken into the selector.
    package var matchLabelKeys: [String]
}
