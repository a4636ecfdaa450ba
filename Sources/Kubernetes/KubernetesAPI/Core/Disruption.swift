// How many pods of an application may be missing at a time (policy/v1), and pods that start together or not at all
// (scheduling.k8s.io).

/// A budget of disruptions.
public struct PodDisruptionBudget: Resource {
    /// `poddisruptionbudgets` of the group `policy`.
    public static let resource = APIResource(
        group: "policy", version: "v1", plural: "poddisruptionbudgets", kind: "PodDisruptionBudget")
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<PodDisruptionBudget>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<PodDisruptionBudget>()
    /// Name, namespace ...
    public var metadata: ObjectMetadata
    /// What is wanted.
    public var spec: PodDisruptionBudgetSpec
    /// What may be done now.
    public var status: PodDisruptionBudgetStatus

    /// A budget.
    public init(
        _ metadata: ObjectMetadata, spec: PodDisruptionBudgetSpec = PodDisruptionBudgetSpec(),
        status: PodDisruptionBudgetStatus = PodDisruptionBudgetStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What a budget wants.
public struct PodDisruptionBudgetSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// Its pods; absent means none.
    public var selector: LabelSelector?

    /// Nothing is wanted.
    public init() {}
}

/// What a budget allows.
public struct PodDisruptionBudgetStatus: Codable, Equatable, Sendable, DefaultInitializable {
    /// How many pods may go now.
    public var disruptionsAllowed: Int?
    /// Pods by name that are on their way out already and are counted.
    public var disruptedPods: [String: Timestamp] = [:]

    /// Nothing is known.
    public init() {}
}

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

    /// A group of pods.
    public init(_ metadata: ObjectMetadata, spec: PodGroupSpec = PodGroupSpec()) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// What is wanted of a group of pods.
public struct PodGroupSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// How the pods are placed.
    public var schedulingPolicy = PodGroupPolicy()

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
