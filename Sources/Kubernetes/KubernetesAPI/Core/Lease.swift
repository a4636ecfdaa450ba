// A lease (coordination.k8s.io/v1): a node's sign of life, the lock of a leader election.

/// A lease.
public struct Lease: Resource {
    /// `leases` of coordination.k8s.io.
    public static let resource = APIResource.leases
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<Lease>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<Lease>()
    /// Name, namespace ...
    public var metadata: ObjectMetadata
    /// Who holds it, and since when.
    public var spec: LeaseSpec

    /// A lease.
    public init(_ metadata: ObjectMetadata = ObjectMetadata(), spec: LeaseSpec = LeaseSpec()) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// A lease's spec.
public struct LeaseSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// Who holds it; empty or absent for nobody.
    public var holderIdentity: String?
    /// Seconds after which others may take it, counted from when they saw it last renewed.
    public var leaseDurationSeconds: Int?
    /// When the holder took it.
    @MicroTime public var acquireTime: Timestamp?
    /// When the holder renewed it.
    @MicroTime public var renewTime: Timestamp?
    /// How often the holder has changed.
    public var leaseTransitions: Int?
    /// How a holder is chosen (KEP-4355).
    public var strategy: String?
    /// Whom the holder shall give it to (KEP-4355).
    public var preferredHolder: String?

    /// Nobody holds it.
    public init() {}
}
