// A service (core/v1).

/// A service.
public struct Service: Resource {
    /// `services` of the core group.
    public static let resource = APIResource.services
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<Service>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<Service>()
    /// Name, namespace, labels ...
    public var metadata: ObjectMetadata
    /// What it offers.
    public var spec: ServiceSpec

    /// A service.
    public init(_ metadata: ObjectMetadata = ObjectMetadata(), spec: ServiceSpec = ServiceSpec()) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// A service's spec.
public struct ServiceSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// The pods behind it, by labels; empty means that somebody else writes its endpoints.
    public var selector: [String: String] = [:]
    /// Its ports.
    public var ports: [ServicePort] = []
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    public var type: String?
    /// Its address; `None` for a headless service.
    public var clusterIP: String?
    /// Its addresses.
    public var clusterIPs: [String] = []
    /// Whether pods that are not ready count as ready.
    public var publishNotReadyAddresses: Bool?
    /// `None` or `ClientIP`.
    public var sessionAffinity: String?
    /// `Cluster` or `Local`.
    public var internalTrafficPolicy: String?
    /// `SingleStack` and the like.
    public var ipFamilyPolicy: String?
    /// `IPv4`, `IPv6`.
    public var ipFamilies: [String] = []

    /// A specification with no field set.
    public init() {}

    /// Ports of selected pods.
    public init(selector: [String: String], ports: [ServicePort]) {
        self.selector = selector
        self.ports = ports
    }
}

/// A port of a service.
public struct ServicePort: Codable, Hashable, Sendable {
    /// Its name; needed where there are several.
    public var name: String?
    /// `TCP`, `UDP` or `SCTP`.
    public var `protocol`: String?
    /// What is spoken there, such as `http`.
    public var appProtocol: String?
    /// The service's port.
    public var port: Int
    /// The pods' port, by number or name; the same where it is absent.
    public var targetPort: IntOrString?
    /// The nodes' port.
    public var nodePort: Int?

    /// A port.
    public init(
        name: String? = nil, port: Int, targetPort: IntOrString? = nil, protocol: String? = nil
    ) {
        self.name = name
        self.port = port
        self.targetPort = targetPort
        self.protocol = `protocol`
    }
}
