// How many pods of an application may be missing at a time (policy/v1).

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
