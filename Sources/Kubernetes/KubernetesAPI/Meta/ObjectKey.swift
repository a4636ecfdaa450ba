// Names of objects.

/// The identity of a namespaced or cluster-scoped object within one resource.
package struct ObjectKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Empty for objects of the cluster.
    package let namespace: String
    /// The object's name.
    package let name: String

    /// A key; an empty namespace means an object of the cluster.
    package init(namespace: String = "", name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// `namespace/name`, or the name alone.
    package var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    /// By namespace, then by name.
    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

/// A reference to any object: what an event regards, what stands behind an endpoint.
package struct ObjectReference: Codable, Hashable, Sendable {
    /// Group and version.
    package var apiVersion: String?
    /// The kind.
    package var kind: String?
    /// nil for objects of the cluster.
    package var namespace: String?
    /// The name.
    package var name: String?
    /// The uid.
    package var uid: String?
    /// The version that was seen.
    package var resourceVersion: String?
    /// A part of the object, such as `spec.containers{main}`.
    package var fieldPath: String?

    /// A reference made of its parts.
    package init(
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
package struct OwnerReference: Codable, Hashable, Sendable {
    /// Group and version of the owner, such as `apps/v1`.
    package var apiVersion: String
    /// The owner's kind.
    package var kind: String
    /// The owner's name, in the same namespace or of the cluster.
    package var name: String
    /// The owner's uid; a new object of the same name has another.
    package var uid: String
    /// Whether the owner manages the object. At most one entry does.
    package var controller: Bool?
    /// Whether a foreground deletion of the owner waits for this object.
    package var blockOwnerDeletion: Bool?

    /// A reference; by default to the object that controls another.
    package init(
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
