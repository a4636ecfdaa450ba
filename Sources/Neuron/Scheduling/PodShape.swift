// Thousands of pods that wait are copies of a few: what is found out about one holds for all of its shape.

internal import KubernetesAPI

/// All that the choice of a node depends on. Pods of one shape can take each other's place.
struct PodShape: Hashable, Sendable {
    private let requirements: NodeRequirements
    private let cores: Int
    private let demand: ResourceAmounts
    private let hostPorts: [HostPort]
    private let relations: PodRelations?
    /// Of pods that ask about other pods, who they are themselves.
    private let labels: [String: String]
    private let namespace: String
    let fault: UnsupportedPlacement?
    private let gang: GangKey?
    private let claims: PodClaims?

    init(_ pod: PodInfo) {
        fault = UnsupportedPlacement(pod.pod.spec)
        gang = pod.gang
        claims = pod.claims
        requirements = NodeRequirements(pod.pod.spec)
        cores = pod.cores
        demand = pod.demand
        hostPorts = pod.hostPorts
        relations = pod.relations
        labels = pod.relations == nil ? [:] : pod.pod.metadata.labels
        namespace = pod.relations == nil ? "" : pod.key.namespace
    }
}

/// What is known about the pods of one shape.
struct ShapeState: Sendable {
    /// One of them.
    var example: PodInfo
    /// Which set of nodes fulfils their requirements.
    var requirements: Int
    /// What of their specs cannot be placed by; nil where there is nothing.
    let fault: UnsupportedPlacement?
    /// Nodes that lack something for them, and have not changed since that was seen.
    var blocked: NodeBits
    /// Those that wait.
    var queue = WaitingPods()
    /// Whether the first of them may fit: something has changed since it was tried.
    var isAwake = true
    /// Those that have not been told yet why they wait.
    var untold: Set<String> = []
    /// What they were told, until one of them may fit.
    var message: String?
    /// Whether all are to be told anew.
    var tellsAgain = false

    /// Whether they ask about other pods.
    var hasRelations: Bool { example.relations != nil }

    init(example: PodInfo, requirements: Int, fault: UnsupportedPlacement?, blocked: NodeBits) {
        self.fault = fault
        self.example = example
        self.requirements = requirements
        self.blocked = blocked
    }
}

/// How far the cluster has come.
struct Moment: Equatable, Sendable {
    /// Counts changes that may have given somebody room.
    var reliefs = 0
    /// Counts pods that have come to nodes or gone: for pods that ask about others.
    var moves = 0
    /// Counts changes of the nodes themselves: of what is said about them.
    var nodes = 0
}
