// Resources of which little is read: namespaces, service accounts, config maps, secrets, bindings.

/// A namespace.
package struct Namespace: Resource {
    /// `namespaces` of the core group.
    package static let resource = APIResource.namespaces
    package private(set) var apiVersion = VersionField<Namespace>()
    package private(set) var kind = KindField<Namespace>()
    /// Name, labels ...
    package var metadata: ObjectMetadata
    /// What has become of it.
    package var status: NamespaceStatus

    /// A namespace.
    package init(_ metadata: ObjectMetadata) {
        self.metadata = metadata
        status = NamespaceStatus()
    }
}

/// A namespace's status.
package struct NamespaceStatus: Codable, Equatable, Sendable, DefaultInitializable {
    /// `Active` or `Terminating`.
    package var phase: String?

    /// Nothing is known.
    package init() {}
}

/// Who a pod is towards the API server.
package struct ServiceAccount: Resource {
    /// `serviceaccounts` of the core group.
    package static let resource = APIResource.serviceAccounts
    package private(set) var apiVersion = VersionField<ServiceAccount>()
    package private(set) var kind = KindField<ServiceAccount>()
    /// Name, namespace ...
    package var metadata: ObjectMetadata
    /// Secrets for registries.
    package var imagePullSecrets: [LocalReference]
    /// Whether its pods get a token.
    package var automountServiceAccountToken: Bool?

    /// A service account.
    package init(_ metadata: ObjectMetadata) {
        self.metadata = metadata
        imagePullSecrets = []
    }
}

/// Text by key.
package struct ConfigMap: Resource {
    /// `configmaps` of the core group.
    package static let resource = APIResource.configMaps
    package private(set) var apiVersion = VersionField<ConfigMap>()
    package private(set) var kind = KindField<ConfigMap>()
    /// Name, namespace ...
    package var metadata: ObjectMetadata
    /// Text.
    package var data: [String: String]
    /// Octets as base64.
    package var binaryData: [String: String]
    /// Whether it can never change.
    package var immutable: Bool?

    /// A config map.
    package init(_ metadata: ObjectMetadata, data: [String: String] = [:]) {
        self.metadata = metadata
        self.data = data
        binaryData = [:]
    }
}

/// What few may read.
package struct Secret: Resource {
    /// `secrets` of the core group.
    package static let resource = APIResource.secrets
    package private(set) var apiVersion = VersionField<Secret>()
    package private(set) var kind = KindField<Secret>()
    /// Name, namespace ...
    package var metadata: ObjectMetadata
    /// Such as `Opaque`.
    package var type: String?
    /// Octets as base64.
    package var data: [String: String]
    /// Whether it can never change.
    package var immutable: Bool?

    /// A secret.
    package init(_ metadata: ObjectMetadata, data: [String: String] = [:]) {
        self.metadata = metadata
        self.data = data
    }
}

/// A pod's way to its node: what is written to its `binding` subresource. Labels and annotations reach the pod in the same
/// write.
package struct Binding: Resource {
    /// `bindings` of the core group.
    package static let resource = APIResource.bindings
    package private(set) var apiVersion = VersionField<Binding>()
    package private(set) var kind = KindField<Binding>()
    /// The pod's name, namespace and uid.
    package var metadata: ObjectMetadata
    /// The node.
    package var target: ObjectReference

    /// A binding.
    ///
    /// - Parameters:
    ///   - uid: the pod that is meant, not a later one of the same name.
    ///   - annotations: what the pod gets with its node.
    package init(pod: ObjectKey, uid: String, node: String, annotations: [String: String] = [:]) {
        metadata = ObjectMetadata(name: pod.name, namespace: pod.namespace, annotations: annotations)
        metadata.uid = uid
        target = ObjectReference(apiVersion: "v1", kind: "Node", name: node)
    }
}
