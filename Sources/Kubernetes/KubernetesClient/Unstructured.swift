// Objects without a type: JSON values, for tools that handle any kind. What every object has is read here, with names.

public import JSON
public import KubernetesAPI

/// A view of an object's `metadata`. Missing members read as empty.
public struct UnstructuredMetadata: Sendable {
    private let json: JSON

    fileprivate init(_ json: JSON) { self.json = json }

    /// The object's name.
    public var name: String { json["name"]?.string ?? "" }
    /// The namespace, empty for objects of the cluster.
    public var namespace: String { json["namespace"]?.string ?? "" }
    /// The uid, unique over all time.
    public var uid: String { json["uid"]?.string ?? "" }
    /// The opaque version of the object in the store.
    public var resourceVersion: String { json["resourceVersion"]?.string ?? "" }
    /// Counts changes of the spec.
    public var generation: Int { json["generation"]?.int ?? 0 }
    /// When the object was made, RFC 3339.
    public var creationTimestamp: String { json["creationTimestamp"]?.string ?? "" }
    /// Whether the object is being deleted.
    public var isTerminating: Bool { json["deletionTimestamp"]?.string != nil }
    /// The labels.
    public var labels: [String: String] { json["labels"]?.strings ?? [:] }
    /// The annotations.
    public var annotations: [String: String] { json["annotations"]?.strings ?? [:] }

    /// The owner that controls the object, nil where none does.
    public var controller: OwnerReference? {
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
    public var meta: UnstructuredMetadata { UnstructuredMetadata(self["metadata"] ?? .null) }

    /// Namespace and name.
    public var objectKey: ObjectKey {
        let meta = meta
        return ObjectKey(namespace: meta.namespace, name: meta.name)
    }
}

extension OwnerReference {
    /// As it stands in `ownerReferences`.
    public var json: JSON {
        [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name),
            "uid": .string(uid), "controller": .bool(controller ?? false),
            "blockOwnerDeletion": .bool(blockOwnerDeletion ?? false),
        ]
    }
}

extension EventNote {
    /// A note about an object without a type.
    public init(_ type: EventType, about object: JSON, reason: String, action: String, note: String) {
        let meta = object.meta
        self.init(
            type,
            about: ObjectReference(
                apiVersion: object["apiVersion"]?.string ?? "v1", kind: object["kind"]?.string,
                namespace: meta.namespace.isEmpty ? nil : meta.namespace, name: meta.name, uid: meta.uid),
            reason: reason, action: action, note: note)
    }
}

// A JSON value is an object that can be followed: tools do not know all kinds.
extension JSON: APIObject {
    /// Unique over all time.
    public var objectUID: String { meta.uid }
    /// The opaque version in the store.
    public var objectVersion: String { meta.resourceVersion }
    /// The owner that controls the object, nil where none does.
    public var objectController: OwnerReference? { meta.controller }

    /// Puts in `apiVersion` and `kind`; takes out managed fields, a fifth of an object's octets that nobody reads.
    public mutating func complete(as resource: APIResource) {
        if self["kind"] == nil { self["kind"] = .string(resource.kind) }
        if self["apiVersion"] == nil { self["apiVersion"] = .string(resource.apiVersion) }
        if self["metadata"]?["managedFields"] != nil { self[path: ["metadata", "managedFields"]] = nil }
    }
}
