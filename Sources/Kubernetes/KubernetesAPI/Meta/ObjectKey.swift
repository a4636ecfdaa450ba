// Names of objects.

/// The identity of a namespaced or cluster-scoped object within one resource.
public struct ObjectKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Empty for objects of the cluster.
    public let namespace: String
    /// The object's name.
    public let name: String

    /// A key; an empty namespace means an object of the cluster.
    public init(namespace: String = "", name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// `namespace/name`, or the name alone.
    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    /// By namespace, then by name.
    public static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

/// A reference to any object: what an event regards, what stands behind an endpoint.
public struct ObjectReference: Codable, Hashable, Sendable {
    /// Group and version.
    public var apiVersion: String?
    /// The kind.
    public var kind: String?
    /// nil for objects of the cluster.
    public var namespace: String?
    /// The name.
    public var name: String?
    /// The uid.
    public var uid: String?
    /// The version that was seen.
    public var resourceVersion: String?
    /// A part of the object, such as `spec.containers{main}`.
    public var fieldPath: String?

    /// A reference made of its parts.
    public init(
        apiVersion: String? = nil, kind: String? = nil, namespace: String? = nil, name: String? = nil,
        uid: String? = nil, resourceVersion: String? = nil, fieldPath: String? = nil
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.fieldPath = fieldPath
    }
}

/// One entry of `metadata.ownerReferences`.
public struct OwnerReference: Codable, Hashable, Sendable {
    /// Group and version of the owner, such as `apps/v1`.
    public var apiVersion: String
    /// The owner's kind.
    public var kind: String
    /// The owner's name, in the same namespace or of the cluster.
    public var name: String
    /// The owner's uid; a new object of the same name has another.
    public var uid: String
    /// Whether the owner manages the object. At most one entry does.
    public var controller: Bool?
    /// Whether a foreground deletion of the owner waits for this object.
    public var blockOwnerDeletion: Bool?

    /// A reference; by default to the object that controls another.
    public init(
        apiVersion: String, kind: String, name: String, uid: String, controller: Bool = true,
        blockOwnerDeletion: Bool? = nil
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
        self.controller = controller
        self.blockOwnerDeletion = blockOwnerDeletion ?? controller
    }
}
