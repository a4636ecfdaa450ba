// A service (core/v1).

/// A service.
package struct Service: Resource {
    /// `services` of the core group.
    package static let resource = APIResource.services
    package private(set) var apiVersion = VersionField<Service>()
    package private(set) var kind = KindField<Service>()
    /// Name, namespace, labels ...
    package var metadata: ObjectMetadata
    /// What it offers.
    package var spec: ServiceSpec

    /// A service.
    package init(_ metadata: ObjectMetadata = ObjectMetadata(), spec: ServiceSpec = ServiceSpec()) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// A service's spec.
package struct ServiceSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// The pods behind it, by labels; empty means that somebody else writes its endpoints.
    package var selector: [String: String] = [:]
    /// Its ports.
    package var ports: [ServicePort] = []
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    package var type: String?
    /// Its address; `None` for a headless service.
    package var clusterIP: String?
    /// Its addresses.
    package var clusterIPs: [String] = []
    /// Whether pods that are not ready count as ready.
    package var publishNotReadyAddresses: Bool?
    /// `None` or `ClientIP`.
    package var sessionAffinity: String?
    /// `Cluster` or `Local`.
    package var internalTrafficPolicy: String?
    /// `SingleStack` and the like.
    package var ipFamilyPolicy: String?
    /// `IPv4`, `IPv6`.
    package var ipFamilies: [String] = []

    /// Nothing.
    package init() {}

    /// Ports of selected pods.
    package init(selector: [String: String], ports: [ServicePort]) {
        self.selector = selector
        self.ports = ports
    }
}

/// A port of a service.
package struct ServicePort: Codable, Hashable, Sendable {
    /// Its name; needed where there are several.
    package var name: String?
    /// `TCP`, `UDP` or `SCTP`.
    package var `protocol`: String?
    /// What is spoken there, such as `http`.
    package var appProtocol: String?
    /// The service's port.
    package var port: Int
    /// The pods' port, by number or name; the same where it is absent.
    package var targetPort: IntOrString?
    /// The nodes' port.
    package var nodePort: Int?

    /// A port.
    package init(
        name: String? = nil, port: Int, targetPort: IntOrString? = nil, protocol: String? = nil
    ) {
        self.name = name
        self.port = port
        self.targetPort = targetPort
        self.protocol = `protocol`
    }
}
