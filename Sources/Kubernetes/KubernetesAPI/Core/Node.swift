// A node (core/v1).

/// A node.
public struct Node: Resource {
    /// `nodes` of the core group.
    public static let resource = APIResource.nodes
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<Node>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<Node>()
    /// Name, labels ...
    public var metadata: ObjectMetadata
    /// What is wanted of it.
    public var spec: NodeSpec
    /// What it is.
    public var status: NodeStatus

    /// A node.
    public init(
        _ metadata: ObjectMetadata = ObjectMetadata(), spec: NodeSpec = NodeSpec(),
        status: NodeStatus = NodeStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    /// Whether its kubelet says that it can take pods.
    public var isReady: Bool { status.conditions.isTrue("Ready") }
}

/// A node's spec.
public struct NodeSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// Whether it is cordoned.
    public var unschedulable: Bool?
    /// What keeps pods off it.
    public var taints: [Taint] = []
    /// The name that the cloud knows it by.
    public var providerID: String?
    /// The addresses of its pods.
    public var podCIDR: String?
    /// The same, all families.
    public var podCIDRs: [String] = []

    /// Nothing is wanted.
    public init() {}
}

/// A node's status.
public struct NodeStatus: Codable, Equatable, Sendable, DefaultInitializable {
    /// All that it has, by resource.
    public var capacity: [String: Quantity] = [:]
    /// What pods may have of it, by resource.
    public var allocatable: [String: Quantity] = [:]
    /// Ready and more.
    public var conditions: [Condition] = []
    /// Its names and addresses.
    public var addresses: [NodeAddress] = []
    /// The machine and its programs.
    public var nodeInfo: NodeSystemInfo?
    /// Where its kubelet listens.
    public var daemonEndpoints: NodeDaemonEndpoints?
    /// The images that it has.
    public var images: [ContainerImage] = []

    /// Nothing is known.
    public init() {}
}

/// A name or an address of a node.
public struct NodeAddress: Codable, Hashable, Sendable {
    /// `InternalIP`, `Hostname` ...
    public var type: String
    /// The address.
    public var address: String

    /// An address.
    public init(type: String, address: String) {
        self.type = type
        self.address = address
    }
}

/// The machine and its programs.
public struct NodeSystemInfo: Codable, Hashable, Sendable {
    /// From /etc/machine-id.
    public var machineID = ""
    /// The firmware's id.
    public var systemUUID = ""
    /// Changes with each boot.
    public var bootID = ""
    /// The kernel's release.
    public var kernelVersion = ""
    /// The distribution's name.
    public var osImage = ""
    /// `RUNTIME://VERSION`.
    public var containerRuntimeVersion = ""
    /// Such as `v1.36.2`.
    public var kubeletVersion = ""
    /// Empty since Kubernetes 1.33.
    public var kubeProxyVersion = ""
    /// Such as `linux`.
    public var operatingSystem = ""
    /// Such as `amd64`.
    public var architecture = ""

    /// Nothing is known.
    public init() {}
}

/// Where the kubelet listens.
public struct NodeDaemonEndpoints: Codable, Hashable, Sendable {
    /// The kubelet's port.
    public var kubeletEndpoint: DaemonEndpoint?

    /// Where the kubelet listens.
    public init(kubeletPort: Int) { kubeletEndpoint = DaemonEndpoint(port: kubeletPort) }
}

/// A port.
public struct DaemonEndpoint: Codable, Hashable, Sendable {
    /// The port.
    public var port: Int

    /// With a capital, as in no other type.
    private enum CodingKeys: String, CodingKey {
        case port = "Port"
    }
}

/// An image on a node.
public struct ContainerImage: Codable, Hashable, Sendable {
    /// Its names.
    public var names: [String]
    /// Its size in octets.
    public var sizeBytes: Int?

    /// An image.
    public init(names: [String], sizeBytes: Int? = nil) {
        self.names = names
        self.sizeBytes = sizeBytes
    }
}
