// A lease (coordination.k8s.io/v1): a node's sign of life, the lock of a leader election.

/// A lease.
package struct Lease: Resource {
    /// `leases` of coordination.k8s.io.
    package static let resource = APIResource.leases
    package private(set) var apiVersion = VersionField<Lease>()
    package private(set) var kind = KindField<Lease>()
    /// Name, namespace ...
    package var metadata: ObjectMetadata
    /// Who holds it, and since when.
    package var spec: LeaseSpec

    /// A lease.
    package init(_ metadata: ObjectMetadata = ObjectMetadata(), spec: LeaseSpec = LeaseSpec()) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// A lease's spec.
package struct LeaseSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// Who holds it; empty or absent for nobody.
    package var holderIdentity: String?
    /// Seconds after which others may take it, counted from when they saw it last renewed.
    package var leaseDurationSeconds: Int?
    /// When the holder took it.
    @MicroTime package var acquireTime: Timestamp?
    /// When the holder renewed it.
    @MicroTime package var renewTime: Timestamp?
    /// How often the holder has changed.
    package var leaseTransitions: Int?
    /// How a holder is chosen (KEP-4355).
    package var strategy: String?
    /// Whom the holder shall give it to (KEP-4355).
    package var preferredHolder: String?

    /// Nobody holds it.
    package init() {}
}
