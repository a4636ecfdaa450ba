// How storage is made (storage.k8s.io/v1 StorageClass), and what CSI drivers say of a node (CSINode).

/// A class of storage.
public struct StorageClass: Resource {
    /// `storageclasses` of storage.k8s.io.
    public static let resource = APIResource.storageClasses
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<StorageClass>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<StorageClass>()
    /// Name, annotations ...
    public var metadata: ObjectMetadata
    /// Who makes its volumes; `kubernetes.io/no-provisioner` for nobody.
    public var provisioner: String
    /// What becomes of a volume after its claim: `Delete` or `Retain`.
    public var reclaimPolicy: String?
    /// When a volume is made or bound: `Immediate` or `WaitForFirstConsumer`.
    public var volumeBindingMode: String?
    /// Where volumes can be made; without any, everywhere.
    public var allowedTopologies: [TopologySelectorTerm]

    /// The annotation of the class that claims without one get.
    public static let defaultAnnotation = "storageclass.kubernetes.io/is-default-class"
    /// The provisioner of classes whose volumes somebody has to make beforehand.
    public static let noProvisioner = "kubernetes.io/no-provisioner"

    /// A class.
    public init(
        _ metadata: ObjectMetadata, provisioner: String, volumeBindingMode: String? = nil,
        allowedTopologies: [TopologySelectorTerm] = []
    ) {
        self.metadata = metadata
        self.provisioner = provisioner
        self.volumeBindingMode = volumeBindingMode
        self.allowedTopologies = allowedTopologies
    }

    /// Whether volumes are made and bound only where a pod needs them.
    public var waitsForConsumer: Bool { volumeBindingMode == "WaitForFirstConsumer" }
    /// Whether claims without a class get this one.
    public var isDefault: Bool { metadata.annotations[Self.defaultAnnotation] == "true" }
    /// Whether somebody makes volumes of it.
    public var provisions: Bool { !provisioner.isEmpty && provisioner != Self.noProvisioner }
    /// Whether a volume can be made for a node with these labels (MatchTopologySelectorTerms).
    public func allows(_ labels: [String: String]) -> Bool {
        allowedTopologies.isEmpty || allowedTopologies.contains { $0.matches(labels) }
    }
}

/// Places by labels of nodes: all of its requirements hold.
public struct TopologySelectorTerm: Codable, Hashable, Sendable, DefaultInitializable {
    /// A label and the values that it may have.
    public struct Requirement: Codable, Hashable, Sendable {
        /// The label of nodes.
        public var key: String
        /// One of these.
        public var values: [String]

        /// A requirement.
        public init(_ key: String, _ values: [String]) {
            self.key = key
            self.values = values
        }
    }

    /// What nodes must have.
    public var matchLabelExpressions: [Requirement] = []

    /// No place.
    public init() {}

    /// Places that fulfil these.
    public init(_ requirements: [Requirement]) { matchLabelExpressions = requirements }

    /// Whether a node with these labels is meant. A term without requirements means none.
    func matches(_ labels: [String: String]) -> Bool {
        guard !matchLabelExpressions.isEmpty else { return false }
        return matchLabelExpressions.allSatisfy { labels[$0.key].map($0.values.contains) ?? false }
    }
}

/// What CSI drivers say of a node; it has the node's name.
public struct CSINode: Resource {
    /// `csinodes` of storage.k8s.io.
    public static let resource = APIResource.csiNodes
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<CSINode>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<CSINode>()
    /// Name ...
    public var metadata: ObjectMetadata
    /// The drivers.
    public var spec: CSINodeSpec

    /// A node's drivers.
    public init(_ metadata: ObjectMetadata, drivers: [CSINodeDriver] = []) {
        self.metadata = metadata
        spec = CSINodeSpec()
        spec.drivers = drivers
    }

    /// How many volumes the node takes, by driver; drivers that do not say are not there.
    public var limits: [String: Int] {
        spec.drivers.reduce(into: [:]) { $0[$1.name] = $1.allocatable?.count }
    }
}

/// The drivers of a node.
public struct CSINodeSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// Each with what it can do there.
    public var drivers: [CSINodeDriver] = []

    /// None.
    public init() {}
}

/// A driver on a node.
public struct CSINodeDriver: Codable, Equatable, Sendable {
    /// Such as `ebs.csi.aws.com`.
    public var name: String
    /// How much it can take there.
    public var allocatable: Room?

    /// How much a driver can take.
    public struct Room: Codable, Equatable, Sendable {
        /// Volumes; absent for no limit.
        public var count: Int?
    }

    /// A driver that takes so many volumes.
    public init(name: String, count: Int? = nil) {
        self.name = name
        allocatable = count.map { Room(count: $0) }
    }
}
