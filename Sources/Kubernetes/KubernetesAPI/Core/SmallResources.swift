// Resources of which little is read: namespaces, service accounts, config maps, secrets, bindings.

/// A namespace.
public struct Namespace: Resource {
    /// `namespaces` of the core group.
    public static let resource = APIResource.namespaces
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<Namespace>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<Namespace>()
    /// Name, labels ...
    public var metadata: ObjectMetadata
    /// What has become of it.
    public var status: NamespaceStatus

    /// A namespace.
    public init(_ metadata: ObjectMetadata) {
        self.metadata = metadata
        status = NamespaceStatus()
    }
}

/// A namespace's status.
public struct NamespaceStatus: Codable, Equatable, Sendable, DefaultInitializable {
    /// `Active` or `Terminating`.
    public var phase: String?

    /// Nothing is known.
    public init() {}
}

/// Who a pod is towards the API server.
public struct ServiceAccount: Resource {
    /// `serviceaccounts` of the core group.
    public static let resource = APIResource.serviceAccounts
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<ServiceAccount>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<ServiceAccount>()
    /// Name, namespace ...
    public var metadata: ObjectMetadata
    /// Secrets for registries.
    public var imagePullSecrets: [LocalReference]
    /// Whether its pods get a token.
    public var automountServiceAccountToken: Bool?

    /// A service account.
    public init(_ metadata: ObjectMetadata) {
        self.metadata = metadata
        imagePullSecrets = []
    }
}

/// Text by key.
public struct ConfigMap: Resource {
    /// `configmaps` of the core group.
    public static let resource = APIResource.configMaps
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<ConfigMap>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<ConfigMap>()
    /// Name, namespace ...
    public var metadata: ObjectMetadata
    /// Values that are text, by key.
    public var data: [String: String]
    /// Octets as base64.
    public var binaryData: [String: String]
    /// Whether it can never change.
    public var immutable: Bool?

    /// A config map.
    public init(_ metadata: ObjectMetadata, data: [String: String] = [:]) {
        self.metadata = metadata
        self.data = data
        binaryData = [:]
    }
}

/// What few may read.
public struct Secret: Resource {
    /// `secrets` of the core group.
    public static let resource = APIResource.secrets
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<Secret>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<Secret>()
    /// Name, namespace ...
    public var metadata: ObjectMetadata
    /// Such as `Opaque`.
    public var type: String?
    /// Octets as base64.
    public var data: [String: String]
    /// Whether it can never change.
    public var immutable: Bool?

    /// A secret.
    public init(_ metadata: ObjectMetadata, data: [String: String] = [:]) {
        self.metadata = metadata
        self.data = data
    }
}

/// A pod's way to its node: what is written to its `binding` subresource. Labels and annotations reach the pod in the same
/// write.
public struct Binding: Resource {
    /// `bindings` of the core group.
    public static let resource = APIResource.bindings
    /// Group and version; always written.
    public private(set) var apiVersion = VersionField<Binding>()
    /// The name of the kind; always written.
    public private(set) var kind = KindField<Binding>()
    /// The pod's name, namespace and uid.
    public var metadata: ObjectMetadata
    /// The node.
    public var target: ObjectReference

    /// A binding.
    ///
    /// - Parameters:
    ///   - uid: the pod that is meant, not a later one of the same name.
    ///   - annotations: what the pod gets with its node.
    public init(pod: ObjectKey, uid: String, node: String, annotations: [String: String] = [:]) {
        metadata = ObjectMetadata(name: pod.name, namespace: pod.namespace, annotations: annotations)
        metadata.uid = uid
        target = ObjectReference(apiVersion: "v1", kind: "Node", name: node)
    }
}
