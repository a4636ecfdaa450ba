// Where a pod wants to be: by the nodes' labels, and by the other pods there (core/v1 Affinity).

/// A set of nodes: those that one of the terms means.
public struct NodeSelector: Codable, Hashable, Sendable {
    /// One of these must match.
    public var nodeSelectorTerms: [NodeSelectorTerm]

    /// Nodes that one of the terms means.
    public init(_ terms: [NodeSelectorTerm]) { nodeSelectorTerms = terms }
}

/// Nodes that fulfil all of its requirements; without any it means none.
public struct NodeSelectorTerm: Codable, Hashable, Sendable, DefaultInitializable {
    /// Requirements on labels.
    public var matchExpressions: [SelectorRequirement] = []
    /// Requirements on fields; the only one is `metadata.name`.
    public var matchFields: [SelectorRequirement] = []

    /// No node.
    public init() {}

    /// Nodes that fulfil these requirements.
    public init(matchExpressions: [SelectorRequirement] = [], matchFields: [SelectorRequirement] = []) {
        self.matchExpressions = matchExpressions
        self.matchFields = matchFields
    }
}

/// A term with its weight.
public struct PreferredSchedulingTerm: Codable, Hashable, Sendable {
    /// 1 to 100.
    public var weight: Int
    /// The nodes that are preferred.
    public var preference: NodeSelectorTerm
}

/// Which nodes a pod must or would like to be on.
public struct NodeAffinity: Codable, Hashable, Sendable {
    /// It is placed on no other.
    public var requiredDuringSchedulingIgnoredDuringExecution: NodeSelector?
    /// It is placed on these if possible.
    public var preferredDuringSchedulingIgnoredDuringExecution: [PreferredSchedulingTerm] = []

    /// An affinity that requires a set of nodes, nil for none.
    public init(required: NodeSelector? = nil) { requiredDuringSchedulingIgnoredDuringExecution = required }
}

/// Other pods, and what "near" means.
public struct PodAffinityTerm: Codable, Hashable, Sendable {
    /// The pods; absent means none.
    public var labelSelector: LabelSelector?
    /// The namespaces of those pods.
    public var namespaces: [String]
    /// Namespaces by label; absent with no `namespaces` means the pod's own.
    public var namespaceSelector: LabelSelector?
    /// The label of nodes whose values are places.
    public var topologyKey: String
    /// The pod's labels that are taken into the selector with In.
    public var matchLabelKeys: [String]
    /// The pod's labels that are taken into the selector with NotIn.
    public var mismatchLabelKeys: [String]
}

/// A term with its weight.
public struct WeightedPodAffinityTerm: Codable, Hashable, Sendable {
    /// 1 to 100.
    public var weight: Int
    /// The pods.
    public var podAffinityTerm: PodAffinityTerm
}

/// Which pods a pod must or would like to be near, or away from.
public struct PodAffinity: Codable, Hashable, Sendable {
    /// It is placed nowhere else.
    public var requiredDuringSchedulingIgnoredDuringExecution: [PodAffinityTerm] = []
    /// It is placed so if possible.
    public var preferredDuringSchedulingIgnoredDuringExecution: [WeightedPodAffinityTerm] = []
}

/// All that a pod wants of its place.
public struct Affinity: Codable, Hashable, Sendable {
    /// By nodes.
    public var nodeAffinity: NodeAffinity?
    /// Near these pods.
    public var podAffinity: PodAffinity?
    /// Away from these pods.
    public var podAntiAffinity: PodAffinity?

    /// An affinity to nodes only.
    public init(nodeAffinity: NodeAffinity? = nil) { self.nodeAffinity = nodeAffinity }

    /// Away from these pods, which is required.
    public init(podAntiAffinity terms: [PodAffinityTerm]) {
        podAntiAffinity = PodAffinity(requiredDuringSchedulingIgnoredDuringExecution: terms)
    }
}

/// How evenly pods are spread.
public struct TopologySpreadConstraint: Codable, Hashable, Sendable {
    /// By how many pods two places may differ.
    public var maxSkew: Int
    /// The label of nodes whose values are places.
    public var topologyKey: String
    /// `DoNotSchedule` or `ScheduleAnyway`.
    public var whenUnsatisfiable: String
    /// The pods that count.
    public var labelSelector: LabelSelector?
    /// Places there must be at least.
    public var minDomains: Int?
    /// `Honor` or `Ignore`.
    public var nodeAffinityPolicy: String?
    /// `Honor` or `Ignore`.
    public var nodeTaintsPolicy: String?
    /// The pod's labels that are taken into the selector.
    public var matchLabelKeys: [String]
}
