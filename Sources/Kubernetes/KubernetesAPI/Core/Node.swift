// A node (core/v1).

/// A node.
package struct Node: Resource {
    /// `nodes` of the core group.
    package static let resource = APIResource.nodes
    package private(set) var apiVersion = VersionField<Node>()
    package private(set) var kind = KindField<Node>()
    /// Name, labels ...
    package var metadata: ObjectMetadata
    /// What is wanted of it.
    package var spec: NodeSpec
    /// What it is.
    package var status: NodeStatus

    /// A node.
    package init(
        _ metadata: ObjectMetadata = ObjectMetadata(), spec: NodeSpec = NodeSpec(),
        status: NodeStatus = NodeStatus()
    ) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    /// Whether its kubelet says that it can take pods.
    package var isReady: Bool { status.conditions.isTrue("Ready") }
}

/// A node's spec.
package struct NodeSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// Whether it is cordoned.
    package var unschedulable: Bool?
    /// What keeps pods off it.
    package var taints: [Taint] = []
    /// The name that the cloud knows it by.
    package var providerID: String?
    /// The addresses of its pods.
    package var podCIDR: String?
    /// The same, all families.
    package var podCIDRs: [String] = []

    /// Nothing is wanted.
    package init() {}
}

/// A node's status.
package struct NodeStatus: Codable, Equatable, Sendable, DefaultInitializable {
    /// All that it has, by resource.
    package var capacity: [String: Quantity] = [:]
    /// What pods may have of it, by resource.
    package var allocatable: [String: Quantity] = [:]
    /// Ready and more.
    package var conditions: [Condition] = []
    /// Its names and addresses.
    package var addresses: [NodeAddress] = []
    /// The machine and its programs.
    package var nodeInfo: NodeSystemInfo?
    /// Where its kubelet listens.
    package var daemonEndpoints: NodeDaemonEndpoints?
    /// The images that it has.
    package var images: [ContainerImage] = []

    /// Nothing is known.
    package init() {}
}

/// A name or an address of a node.
package struct NodeAddress: Codable, Hashable, Sendable {
    /// `InternalIP`, `Hostname` ...
    package var type: String
    /// The address.
    package var address: String

    /// An address.
    package init(type: String, address: String) {
        self.type = type
        self.address = address
    }
}

/// The machine and its programs.
package struct NodeSystemInfo: Codable, Hashable, Sendable {
    /// From /etc/machine-id.
    package var machineID = ""
    /// The firmware's id.
    package var systemUUID = ""
    /// Changes with each boot.
    package var bootID = ""
    /// The kernel's release.
    package var kernelVersion = ""
    /// The distribution's name.
    package var osImage = ""
    /// `RUNTIME://VERSION`.
    package var containerRuntimeVersion = ""
    /// Such as `v1.36.2`.
    package var kubeletVersion = ""
    /// Empty since Kubernetes 1.33.
    package var kubeProxyVersion = ""
    /// Such as `linux`.
    package var operatingSystem = ""
    /// Such as `amd64`.
    package var architecture = ""

    /// Nothing is known.
    package init() {}
}

/// Where the kubelet listens.
package struct NodeDaemonEndpoints: Codable, Hashable, Sendable {
    /// The kubelet's port.
    package var kubeletEndpoint: DaemonEndpoint?

    /// Where the kubelet listens.
    package init(kubeletPort: Int) { kubeletEndpoint = DaemonEndpoint(port: kubeletPort) }
}

/// A port.
package struct DaemonEndpoint: Codable, Hashable, Sendable {
    /// The port.
    package var port: Int

    /// With a capital, as in no other type.
    private enum CodingKeys: String, CodingKey {
        case port = "Port"
    }
}

/// An image on a node.
package struct ContainerImage: Codable, Hashable, Sendable {
    /// Its names.
    package var names: [String]
    /// Its size in octets.
    package var sizeBytes: Int?

    /// An image.
    package init(names: [String], sizeBytes: Int? = nil) {
        self.names = names
        self.sizeBytes = sizeBytes
    }
}
