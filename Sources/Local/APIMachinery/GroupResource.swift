// The names under which objects are stored and served.

/// A resource of an API group, version left out: `pods`, `leases.coordination.k8s.io`.
package struct GroupResource: Hashable, Sendable {
    /// The API group, empty for the core group.
    package var group: String
    /// The plural resource name.
    package var resource: String

    /// A resource of a group.
    package init(_ group: String, _ resource: String) {
        self.group = group
        self.resource = resource
    }

    /// `resource.group`, or the bare resource in the core group.
    package var qualified: String { group.isEmpty ? resource : "\(resource).\(group)" }
}

/// Where an object lives inside its resource.
package struct ObjectName: Hashable, Comparable, Sendable {
    /// The namespace, empty for cluster-scoped objects.
    package var namespace: String
    /// The object's name.
    package var name: String

    /// A name in a namespace.
    package init(_ namespace: String, _ name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// By namespace, then name, byte by byte: the order of the real server's keys.
    package static func < (left: ObjectName, right: ObjectName) -> Bool {
        if left.namespace != right.namespace {
            return left.namespace.utf8.lexicographicallyPrecedes(right.namespace.utf8)
        }
        return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
}
