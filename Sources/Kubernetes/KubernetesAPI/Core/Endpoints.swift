// What stands behind a service: Endpoints (core/v1) and EndpointSlices (discovery.k8s.io/v1).

/// The endpoints of a service.
public struct Endpoints: Resource {
    /// `endpoints` of the core group.
    public static let resource = APIResource.endpoints
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<Endpoints>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<Endpoints>()
    /// The service's name and namespace.
    public var metadata: ObjectMetadata
    /// Addresses that have the same ports.
    public var subsets: [EndpointSubset]

    /// Endpoints of a Service that has the same name.
    public init(_ metadata: ObjectMetadata = ObjectMetadata(), subsets: [EndpointSubset] = []) {
        self.metadata = metadata
        self.subsets = subsets
    }
}

/// Addresses that have the same ports.
public struct EndpointSubset: Codable, Equatable, Sendable, DefaultInitializable {
    /// Those that are ready.
    public var addresses: [EndpointAddress] = []
    /// Those that are not.
    public var notReadyAddresses: [EndpointAddress] = []
    /// The ports.
    public var ports: [EndpointPort] = []

    /// A subset without addresses.
    public init() {}

    /// Addresses with their ports.
    public init(
        addresses: [EndpointAddress] = [], notReadyAddresses: [EndpointAddress] = [], ports: [EndpointPort]
    ) {
        self.addresses = addresses
        self.notReadyAddresses = notReadyAddresses
        self.ports = ports
    }
}

/// One address.
public struct EndpointAddress: Codable, Hashable, Sendable {
    /// The address.
    public var ip: String
    /// The node that it is on.
    public var nodeName: String?
    /// The pod that has it.
    public var targetRef: ObjectReference?

    /// An address.
    public init(ip: String, nodeName: String? = nil, targetRef: ObjectReference? = nil) {
        self.ip = ip
        self.nodeName = nodeName
        self.targetRef = targetRef
    }
}

/// One port of endpoints.
public struct EndpointPort: Codable, Hashable, Sendable {
    /// Its name, as the service's port has it.
    public var name: String?
    /// The number.
    public var port: Int?
    /// `TCP`, `UDP` or `SCTP`.
    public var `protocol`: String?
    /// What is spoken there.
    public var appProtocol: String?

    /// A port.
    public init(name: String? = nil, port: Int?, protocol: String? = nil) {
        self.name = name
        self.port = port
        self.protocol = `protocol`
    }
}

/// A part of the endpoints of a service.
public struct EndpointSlice: Resource {
    /// `endpointslices` of discovery.k8s.io.
    public static let resource = APIResource.endpointSlices
    /// The label that names the service.
    public static let serviceLabel = "kubernetes.io/service-name"
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<EndpointSlice>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<EndpointSlice>()
    /// Name, namespace, labels ...
    public var metadata: ObjectMetadata
    /// `IPv4`, `IPv6` or `FQDN`.
    public var addressType: String
    /// The endpoints.
    public var endpoints: [Endpoint]
    /// The ports that all of them have.
    public var ports: [EndpointPort]

    /// A slice.
    public init(
        _ metadata: ObjectMetadata = ObjectMetadata(), addressType: String = "IPv4",
        endpoints: [Endpoint] = [], ports: [EndpointPort] = []
    ) {
        self.metadata = metadata
        self.addressType = addressType
        self.endpoints = endpoints
        self.ports = ports
    }
}

/// One endpoint of a slice.
public struct Endpoint: Codable, Hashable, Sendable {
    /// Its addresses; all but the first are ignored by everybody.
    public var addresses: [String]
    /// What can be said of it.
    public var conditions: EndpointConditions?
    /// The node that it is on.
    public var nodeName: String?
    /// The pod.
    public var targetRef: ObjectReference?

    /// An endpoint.
    public init(
        addresses: [String], conditions: EndpointConditions? = nil, nodeName: String? = nil,
        targetRef: ObjectReference? = nil
    ) {
        self.addresses = addresses
        self.conditions = conditions
        self.nodeName = nodeName
        self.targetRef = targetRef
    }
}

/// What can be said of an endpoint; absent means nobody knows.
public struct EndpointConditions: Codable, Hashable, Sendable {
    /// Whether requests may go there: it serves and does not end.
    public var ready: Bool?
    /// Whether it could answer, ending or not.
    public var serving: Bool?
    /// Whether it ends.
    public var terminating: Bool?

    /// Conditions made of their parts.
    public init(ready: Bool?, serving: Bool? = nil, terminating: Bool? = nil) {
        self.ready = ready
        self.serving = serving
        self.terminating = terminating
    }
}
