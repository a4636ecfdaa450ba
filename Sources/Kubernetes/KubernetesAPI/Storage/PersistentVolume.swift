// Storage that somebody has made (core/v1 PersistentVolume), as far as placement and the local cluster read it.

/// A volume of the cluster.
public struct PersistentVolume: Resource {
    /// `persistentvolumes` of the core group.
    public static let resource = APIResource.persistentVolumes
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<PersistentVolume>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<PersistentVolume>()
    /// Name, labels ...
    public var metadata: ObjectMetadata
    /// What it is.
    public var spec: PersistentVolumeSpec
    /// What has become of it.
    public var status: PersistentVolumeStatus

    /// A volume.
    public init(
        _ metadata: ObjectMetadata, spec: PersistentVolumeSpec = PersistentVolumeSpec(),
        status: PersistentVolumeStatus = PersistentVolumeStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// A volume's spec. Of the kinds of volumes it has those that placement or the local cluster reads.
public struct PersistentVolumeSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// How much it has, under `storage`.
    public var capacity: [String: Quantity] = [:]
    /// How it can be mounted.
    public var accessModes: [VolumeAccessMode] = []
    /// The claim that it belongs to; without a uid it is kept for the claim of that name.
    public var claimRef: ObjectReference?
    /// What becomes of it after its claim: `Delete` or `Retain`.
    public var persistentVolumeReclaimPolicy: String?
    /// The class; absent and empty mean none.
    public var storageClassName: String?
    /// `Filesystem` or `Block`; absent means `Filesystem`.
    public var volumeMode: String?
    /// The VolumeAttributesClass.
    public var volumeAttributesClassName: String?
    /// The nodes that can have it; absent means all.
    public var nodeAffinity: VolumeNodeAffinity?
    /// A volume of a CSI driver.
    public var csi: CSIVolume?
    /// A path of a node.
    public var hostPath: HostPathVolume?
    /// A disk of a node.
    public var local: LocalVolume?

    /// Nothing is known.
    public init() {}
}

/// The nodes that can have a volume.
public struct VolumeNodeAffinity: Codable, Equatable, Sendable, DefaultInitializable {
    /// Those; absent means all.
    public var required: NodeSelector?

    /// All nodes.
    public init() {}

    /// The nodes that one of the terms means.
    public init(required: NodeSelector) { self.required = required }
}

/// A volume of a CSI driver.
public struct CSIVolume: Codable, Equatable, Sendable {
    /// The driver, such as `ebs.csi.aws.com`.
    public var driver: String
    /// What the driver calls it.
    public var volumeHandle: String

    /// A volume of a driver.
    public init(driver: String, volumeHandle: String) {
        self.driver = driver
        self.volumeHandle = volumeHandle
    }
}

/// A directory or a disk of a node.
public struct LocalVolume: Codable, Equatable, Sendable {
    /// Its path there.
    public var path: String

    /// A directory.
    public init(path: String) { self.path = path }
}

/// What has become of a volume.
public struct PersistentVolumeStatus: Codable, Equatable, Sendable, DefaultInitializable {
    /// `Pending`, `Available`, `Bound`, `Released` or `Failed`.
    public var phase: String?

    /// Nothing is known.
    public init() {}
}
