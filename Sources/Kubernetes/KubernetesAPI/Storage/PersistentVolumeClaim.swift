// A claim on storage (core/v1 PersistentVolumeClaim): what pods name, and what a volume is bound to.

/// A claim on storage.
public struct PersistentVolumeClaim: Resource {
    /// `persistentvolumeclaims` of the core group.
    public static let resource = APIResource.persistentVolumeClaims
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<PersistentVolumeClaim>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<PersistentVolumeClaim>()
    /// Name, namespace ...
    public var metadata: ObjectMetadata
    /// What is wanted.
    public var spec: PersistentVolumeClaimSpec
    /// What has become of it.
    public var status: PersistentVolumeClaimStatus

    /// A claim.
    public init(
        _ metadata: ObjectMetadata, spec: PersistentVolumeClaimSpec = PersistentVolumeClaimSpec(),
        status: PersistentVolumeClaimStatus = PersistentVolumeClaimStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// A claim's spec.
public struct PersistentVolumeClaimSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// Such as `ReadWriteOnce`; the volume must have them all.
    public var accessModes: [VolumeAccessMode] = []
    /// How much, under `storage`.
    public var resources = VolumeRequests()
    /// The class; absent means the default class, empty means none: only volumes without a class.
    public var storageClassName: String?
    /// The volume that it is bound to, or is to be bound to.
    public var volumeName: String?
    /// Labels that a volume must have.
    public var selector: LabelSelector?
    /// `Filesystem` or `Block`; absent means `Filesystem`.
    public var volumeMode: String?
    /// The VolumeAttributesClass.
    public var volumeAttributesClassName: String?

    /// Nothing is wanted.
    public init() {}

    /// A claim on so much of a class.
    public init(
        _ storage: Quantity, storageClassName: String? = nil,
        accessModes: [VolumeAccessMode] = [.readWriteOnce]
    ) {
        self.accessModes = accessModes
        self.storageClassName = storageClassName
        resources.requests["storage"] = storage
    }
}

/// How much a claim asks for (core/v1 VolumeResourceRequirements).
public struct VolumeRequests: Codable, Equatable, Sendable, DefaultInitializable {
    /// At least so much, by resource; the only one is `storage`.
    public var requests: [String: Quantity] = [:]
    /// At most so much.
    public var limits: [String: Quantity] = [:]

    /// Nothing.
    public init() {}
}

/// What has become of a claim.
public struct PersistentVolumeClaimStatus: Codable, Equatable, Sendable, DefaultInitializable {
    /// `Pending`, `Bound` or `Lost`.
    public var phase: String?
    /// What the volume has.
    public var accessModes: [VolumeAccessMode] = []
    /// How much the volume has.
    public var capacity: [String: Quantity] = [:]

    /// Nothing is known.
    public init() {}
}

/// Who may mount a volume, and how.
public struct VolumeAccessMode: OpenEnumeration {
    /// As Kubernetes writes it.
    public let rawValue: String
    /// Any word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// One node, to read and to write.
    public static let readWriteOnce = VolumeAccessMode(rawValue: "ReadWriteOnce")
    /// Many nodes, to read.
    public static let readOnlyMany = VolumeAccessMode(rawValue: "ReadOnlyMany")
    /// Many nodes, to read and to write.
    public static let readWriteMany = VolumeAccessMode(rawValue: "ReadWriteMany")
    /// One pod, to read and to write.
    public static let readWriteOncePod = VolumeAccessMode(rawValue: "ReadWriteOncePod")
}
