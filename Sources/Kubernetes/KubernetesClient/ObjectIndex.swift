// The copy of a collection, and what changed in it. Changes are found by comparison, so that a relist yields only what
// really differs and an object that was replaced by another of the same name is seen to have gone.

package import JSON
package import KubernetesAPI

/// A difference between two states of the copy.
package enum ObjectChange: Equatable, Sendable {
    case added(JSON)
    case modified(old: JSON, new: JSON)
    case deleted(JSON)

    /// The object's key.
    package var key: ObjectKey { object.objectKey }

    /// The newest state known.
    package var object: JSON {
        switch self {
        case .added(let object), .modified(_, let object), .deleted(let object): object
        }
    }
}

/// Objects by namespace and name.
package struct ObjectIndex: Sendable {
    private var objects: [ObjectKey: JSON] = [:]
    private var names: [String: Set<ObjectKey>] = [:]

    /// An empty index.
    package init() {}

    /// How many objects there are.
    package var count: Int { objects.count }

    /// The object, nil where there is none.
    package subscript(key: ObjectKey) -> JSON? { objects[key] }

    /// All objects, or those of one namespace, in the order of their keys.
    package func list(namespace: String? = nil) -> [JSON] {
        let keys = namespace.map { names[$0] ?? [] } ?? Set(objects.keys)
        return keys.sorted().compactMap { objects[$0] }
    }

    /// Applies a change.
    ///
    /// - Returns: what is different now, in the order of keys for a replacement.
    package mutating func apply(_ change: Reflector.Change) -> [ObjectChange] {
        switch change {
        case .upsert(let object):
            return upsert(object)
        case .delete(let object):
            guard let old = remove(object.objectKey) else { return [] }
            // The event's object is the last state; it is newer than the copy.
            return [.deleted(object.meta.uid == old.meta.uid ? object : old)]
        case .replace(let items):
            let present = Set(items.map(\.objectKey))
            let gone = objects.keys.filter { !present.contains($0) }.sorted()
            return gone.compactMap { remove($0).map(ObjectChange.deleted) } + items.flatMap { upsert($0) }
        }
    }

    private mutating func upsert(_ object: JSON) -> [ObjectChange] {
        let key = object.objectKey
        let old = objects.updateValue(object, forKey: key)
        names[key.namespace, default: []].insert(key)
        guard let old else { return [.added(object)] }
        guard old.meta.uid == object.meta.uid else { return [.deleted(old), .added(object)] }
        guard old.meta.resourceVersion != object.meta.resourceVersion || old != object else { return [] }
        return [.modified(old: old, new: object)]
    }

    private mutating func remove(_ key: ObjectKey) -> JSON? {
        names[key.namespace]?.remove(key)
        if names[key.namespace]?.isEmpty == true { names[key.namespace] = nil }
        return objects.removeValue(forKey: key)
    }
}
