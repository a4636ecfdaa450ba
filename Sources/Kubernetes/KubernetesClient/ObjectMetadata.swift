// Objects travel as JSON values so that no field is lost. What every Kubernetes object has is read here, once, with names.

package import JSON

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

/// One entry of `metadata.ownerReferences`.
package struct OwnerReference: Equatable, Sendable {
    /// Group and version of the owner, such as `ganglion.dev/v1alpha1`.
    package var apiVersion: String
    /// The owner's kind.
    package var kind: String
    /// The owner's name, in the same namespace or of the cluster.
    package var name: String
    /// The owner's uid; a new object of the same name has another.
    package var uid: String
    /// Whether the owner manages the object. At most one entry does.
    package var controller: Bool

    /// A reference to the object that controls another.
    package init(apiVersion: String, kind: String, name: String, uid: String, controller: Bool = true) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
        self.controller = controller
    }

    /// As it stands in `ownerReferences`.
    package var json: JSON {
        [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name),
            "uid": .string(uid), "controller": .bool(controller), "blockOwnerDeletion": .bool(controller),
        ]
    }
}

/// A view of an object's `metadata`. Missing members read as empty.
package struct ObjectMetadata: Sendable {
    private let json: JSON

    fileprivate init(_ json: JSON) { self.json = json }

    /// The object's name.
    package var name: String { json["name"]?.string ?? "" }
    /// The namespace, empty for objects of the cluster.
    package var namespace: String { json["namespace"]?.string ?? "" }
    /// The uid, unique over all time.
    package var uid: String { json["uid"]?.string ?? "" }
    /// The opaque version of the object in the store.
    package var resourceVersion: String { json["resourceVersion"]?.string ?? "" }
    /// Counts changes of the spec.
    package var generation: Int { json["generation"]?.int ?? 0 }
    /// When the object was made, RFC 3339.
    package var creationTimestamp: String { json["creationTimestamp"]?.string ?? "" }
    /// Whether the object is being deleted.
    package var isTerminating: Bool { json["deletionTimestamp"]?.string != nil }
    /// The labels.
    package var labels: [String: String] { json["labels"]?.strings ?? [:] }
    /// The annotations.
    package var annotations: [String: String] { json["annotations"]?.strings ?? [:] }

    /// The owner that controls the object, nil where none does.
    package var controller: OwnerReference? {
        for owner in json["ownerReferences"]?.array ?? [] where owner["controller"]?.bool == true {
            return OwnerReference(
                apiVersion: owner["apiVersion"]?.string ?? "", kind: owner["kind"]?.string ?? "",
                name: owner["name"]?.string ?? "", uid: owner["uid"]?.string ?? "")
        }
        return nil
    }
}

extension JSON {
    /// The object's metadata.
    package var meta: ObjectMetadata { ObjectMetadata(self["metadata"] ?? .null) }

    /// Namespace and name.
    package var objectKey: ObjectKey {
        let meta = meta
        return ObjectKey(namespace: meta.namespace, name: meta.name)
    }
}
