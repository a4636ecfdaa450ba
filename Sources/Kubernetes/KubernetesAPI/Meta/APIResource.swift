// A resource of the API server and the paths its objects have.

internal import Text

/// One resource: what `kubectl api-resources` shows in a line.
public struct APIResource: Hashable, Sendable {
    /// The API group; empty for the core group.
    public let group: String
    /// The version, such as `v1`.
    public let version: String
    /// The name in paths.
    public let plural: String
    /// The kind in objects.
    public let kind: String
    /// Whether objects live in namespaces.
    public let isNamespaced: Bool

    /// A resource.
    public init(group: String = "", version: String, plural: String, kind: String, isNamespaced: Bool = true)
    {
        self.group = group
        self.version = version
        self.plural = plural
        self.kind = kind
        self.isNamespaced = isNamespaced
    }

    /// `group/version`, or the version alone for the core group.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The path of a collection, an object or a subresource.
    ///
    /// - Parameters:
    ///   - namespace: empty for all namespaces and for objects of the cluster.
    ///   - name: nil for the collection.
    ///   - subresource: such as `status`.
    public func path(namespace: String = "", name: String? = nil, subresource: String? = nil) -> String {
        var path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        if isNamespaced, !namespace.isEmpty { path += "/namespaces/\(PercentEncoding.encode(namespace))" }
        path += "/\(plural)"
        if let name { path += "/\(PercentEncoding.encode(name))" }
        if let subresource { path += "/\(subresource)" }
        return path
    }
}

extension APIResource {
    /// `v1` pods.
    public static let pods = APIResource(version: "v1", plural: "pods", kind: "Pod")
    /// `v1` nodes; they have no namespace.
    public static let nodes = APIResource(version: "v1", plural: "nodes", kind: "Node", isNamespaced: false)
    /// `v1` services.
    public static let services = APIResource(version: "v1", plural: "services", kind: "Service")
    /// `events.k8s.io/v1` events.
    public static let events = APIResource(
        group: "events.k8s.io", version: "v1", plural: "events", kind: "Event")
    /// Leases, the locks of leader elections.
    public static let leases = APIResource(
        group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease")
    /// Definitions of custom resources.
    public static let customResourceDefinitions = APIResource(
        group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
        kind: "CustomResourceDefinition", isNamespaced: false)
    /// Events as core/v1 has them: the same objects.
    public static let coreEvents = APIResource(version: "v1", plural: "events", kind: "Event")
    /// Endpoints of services.
    public static let endpoints = APIResource(version: "v1", plural: "endpoints", kind: "Endpoints")
    /// Endpoints of services, in parts.
    public static let endpointSlices = APIResource(
        group: "discovery.k8s.io", version: "v1", plural: "endpointslices", kind: "EndpointSlice")
    /// `v1` namespaces; they have none themselves.
    public static let namespaces = APIResource(
        version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
    /// Service accounts.
    public static let serviceAccounts = APIResource(
        version: "v1", plural: "serviceaccounts", kind: "ServiceAccount")
    /// Config maps.
    public static let configMaps = APIResource(version: "v1", plural: "configmaps", kind: "ConfigMap")
    /// `v1` secrets.
    public static let secrets = APIResource(version: "v1", plural: "secrets", kind: "Secret")
    /// Bindings; the subresource of pods is what is used.
    public static let bindings = APIResource(version: "v1", plural: "bindings", kind: "Binding")
    /// `v1` persistent volume claims.
    public static let persistentVolumeClaims = APIResource(
        version: "v1", plural: "persistentvolumeclaims", kind: "PersistentVolumeClaim")
    /// `v1` persistent volumes; they have no namespace.
    public static let persistentVolumes = APIResource(
        version: "v1", plural: "persistentvolumes", kind: "PersistentVolume", isNamespaced: false)
    /// Classes of storage.
    public static let storageClasses = APIResource(
        group: "storage.k8s.io", version: "v1", plural: "storageclasses", kind: "StorageClass",
        isNamespaced: false)
    /// What CSI drivers say of nodes.
    public static let csiNodes = APIResource(
        group: "storage.k8s.io", version: "v1", plural: "csinodes", kind: "CSINode", isNamespaced: false)
}
