// Pods that start together or not at all (scheduling.k8s.io, KEP-4671).

/// Pods that start together or not at all (scheduling.k8s.io/v1beta1, Kubernetes 1.37).
public struct PodGroup: Resource {
    /// `podgroups` of the group `scheduling.k8s.io`.
    public static let resource = APIResource(
        group: "scheduling.k8s.io", version: "v1beta1", plural: "podgroups", kind: "PodGroup")
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<PodGroup>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<PodGroup>()
    /// Name, namespace ...
    public var metadata: ObjectMetadata
    /// What is wanted.
    public var spec: PodGroupSpec
    /// What has become of it; nil where nothing is said.
    public var status: PodGroupStatus?

    /// A group of pods.
    public init(
        _ metadata: ObjectMetadata, spec: PodGroupSpec = PodGroupSpec(), status: PodGroupStatus? = nil
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What has become of a group of pods.
public struct PodGroupStatus: Codable, Equatable, Sendable, DefaultInitializable {
    /// `PodGroupInitiallyScheduled` until Kubernetes 1.36 `PodGroupScheduled`: whether the group got its places once, which the
    /// scheduler says. True is never taken back, whatever becomes of the pods.
    public var conditions: [Condition] = []

    /// Nothing is said.
    public init() {}

    /// The condition that says whether the group got its places once (v1beta1).
    public static let initiallyScheduled = "PodGroupInitiallyScheduled"
}

/// What is wanted of a group of pods.
public struct PodGroupSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// How the pods are placed.
    public var schedulingPolicy = PodGroupPolicy()
    /// Where they may be beside each other.
    public var schedulingConstraints: PodGroupConstraints?
    /// Whether one of them may go without the others; absent means that it may.
    public var disruptionMode: PodGroupDisruption?
    /// The priority of all of its pods together, which the API server sets from `priorityClassName`; nil where each has its own.
    public var priority: Int?
    /// `Never` where nobody may go for it.
    public var preemptionPolicy: String?
    /// The group of groups that it is part of.
    public var parentCompositePodGroupName: String?

    /// Each pod for itself.
    public init() {}
}

/// How the pods of a group are placed.
public struct PodGroupPolicy: Codable, Equatable, Sendable, DefaultInitializable {
    /// Together; absent means each for itself.
    public var gang: GangPolicy?

    /// Each for itself.
    public init() {}
}

/// Where the pods of a group may be beside each other.
public struct PodGroupConstraints: Codable, Equatable, Sendable, DefaultInitializable {
    /// All of them are in one place of each of these kinds.
    public var topology: [TopologyKey] = []

    /// A kind of place.
    public struct TopologyKey: Codable, Equatable, Sendable {
        /// The label of nodes whose values are places.
        public var key: String
    }

    /// Anywhere.
    public init() {}
}

/// Whether pods of a group may go one by one; one of the two is there.
public struct PodGroupDisruption: Codable, Equatable, Sendable, DefaultInitializable {
    /// An object without fields.
    public struct Marker: Codable, Equatable, Sendable {
        /// Its presence is all that it says.
        public init() {}
    }

    /// Each for itself.
    public var single: Marker?
    /// All of them or none.
    public var all: Marker?

    /// Nothing is said.
    public init() {}
}

/// Pods that are placed together.
public struct GangPolicy: Codable, Equatable, Sendable {
    /// At least so many are placed, or none.
    public var minCount: Int

    /// So many pods together.
    public init(minCount: Int) { self.minCount = minCount }
}

/// The group of pods that a pod belongs to (core/v1 PodSchedulingGroup).
public struct PodSchedulingGroup: Codable, Hashable, Sendable {
    /// The PodGroup of the pod's namespace.
    public var podGroupName: String?

    /// A group by its name.
    public init(podGroupName: String) { self.podGroupName = podGroupName }
}
