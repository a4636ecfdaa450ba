// What stands behind a service: Endpoints (core/v1) and EndpointSlices (discovery.k8s.io/v1).

/// The endpoints of a service.
package struct Endpoints: Resource {
    /// `endpoints` of the core group.
    package static let resource = APIResource.endpoints
    package private(set) var apiVersion = VersionField<Endpoints>()
    package private(set) var kind = KindField<Endpoints>()
    /// The service's name and namespace.
    package var metadata: ObjectMetadata
    /// Addresses that have the same ports.
    package var subsets: [EndpointSubset]

    /// Endpoints.
    package init(_ metadata: ObjectMetadata = ObjectMetadata(), subsets: [EndpointSubset] = []) {
        self.metadata = metadata
        self.subsets = subsets
    }
}

/// Addresses that have the same ports.
package struct EndpointSubset: Codable, Equatable, Sendable, DefaultInitializable {
    /// Those that are ready.
    package var addresses: [EndpointAddress] = []
    /// Those that are not.
    package var notReadyAddresses: [EndpointAddress] = []
    /// The ports.
    package var ports: [EndpointPort] = []

    /// Nothing.
    package init() {}

    /// Addresses with their ports.
    package init(
        addresses: [EndpointAddress] = [], notReadyAddresses: [EndpointAddress] = [], ports: [EndpointPort]
    ) {
        self.addresses = addresses
        self.notReadyAddresses = notReadyAddresses
        self.ports = ports
    }
}

/// One address.
package struct EndpointAddress: Codable, Hashable, Sendable {
    /// The address.
    package var ip: String
    /// The node that it is on.
    package var nodeName: String?
    /// The pod that has it.
    package var targetRef: ObjectReference?

    /// An address.
    package init(ip: String, nodeName: String? = nil, targetRef: ObjectReference? = nil) {
        self.ip = ip
        self.nodeName = nodeName
        self.targetRef = targetRef
    }
}

/// One port of endpoints.
package struct EndpointPort: Codable, Hashable, Sendable {
    /// Its name, as the service's port has it.
    package var name: String?
    /// The number.
    package var port: Int?
    /// `TCP`, `UDP` or `SCTP`.
    package var `protocol`: String?
    /// What is spoken there.
    package var appProtocol: String?

    /// A port.
    package init(name: String? = nil, port: Int?, protocol: String? = nil) {
        self.name = name
        self.port = port
        self.protocol = `protocol`
    }
}

/// A part of the endpoints of a service.
package struct EndpointSlice: Resource {
    /// `endpointslices` of discovery.k8s.io.
    package static let resource = APIResource.endpointSlices
    /// The label that names the service.
    package static let serviceLabel = "kubernetes.io/service-name"
    package private(set) var apiVersion = VersionField<EndpointSlice>()
    package private(set) var kind = KindField<EndpointSlice>()
    /// Name, namespace, labels ...
    package var metadata: ObjectMetadata
    /// `IPv4`, `IPv6` or `FQDN`.
    package var addressType: String
    /// The endpoints.
    package var endpoints: [Endpoint]
    /// The ports that all of them have.
    package var ports: [EndpointPort]

    /// A slice.
    package init(
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
package struct Endpoint: Codable, Hashable, Sendable {
    /// Its addresses; all but the first are ignored by everybody.
    package var addresses: [String]
    /// What can be said of it.
    package var conditions: EndpointConditions?
    /// The node that it is on.
    package var nodeName: String?
    /// The pod.
    package var targetRef: ObjectReference?

    /// An endpoint.
    package init(
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
package struct EndpointConditions: Codable, Hashable, Sendable {
    /// Whether requests may go there: it serves and does not end.
    package var ready: Bool?
    /// Whether it could answer, ending or not.
    package var serving: Bool?
    /// Whether it ends.
    package var terminating: Bool?

    /// Conditions made of their parts.
    package init(ready: Bool?, serving: Bool? = nil, terminating: Bool? = nil) {
        self.ready = ready
        self.serving = serving
        self.terminating = terminating
    }
}
