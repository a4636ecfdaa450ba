// The copy of a collection, and what changed in it. Changes are found by comparison, so that a relist yields only what
// really differs and an object that was replaced by another of the same name is seen to have gone.

public import KubernetesAPI

/// A difference between two states of the copy.
public enum ObjectChange<Object: APIObject>: Equatable, Sendable {
    case added(Object)
    case modified(old: Object, new: Object)
    case deleted(Object)

    /// The object's key.
    public var key: ObjectKey { object.objectKey }

    /// The newest state known.
    public var object: Object {
        switch self {
        case .added(let object), .modified(_, let object), .deleted(let object): object
        }
    }
}

/// Under which values objects are found, such as the node that a pod is on.
public struct StoreIndex<Object: APIObject>: Sendable {
    /// The index's name, unique in a store.
    public let name: String
    /// An object's values; none for an object that is not to be found.
    public let values: @Sendable (Object) -> [String]

    /// An index.
    public init(_ name: String, _ values: @escaping @Sendable (Object) -> [String]) {
        self.name = name
        self.values = values
    }
}

/// Objects by namespace and name, and by the values of indexes.
public struct ObjectIndex<Object: APIObject>: Sendable {
    /// Where an object is found besides its key.
    private struct Place: Hashable {
        var index: String
        var value: String
    }

    private let indexes: [StoreIndex<Object>]
    private var objects: [ObjectKey: Object] = [:]
    private var namespaces: [String: Set<ObjectKey>] = [:]
    private var places: [Place: Set<ObjectKey>] = [:]

    /// An empty index; objects are found by namespace too.
    public init(_ indexes: [StoreIndex<Object>] = []) {
        self.indexes = indexes
    }

    /// How many objects there are.
    public var count: Int { objects.count }

    /// The object, nil where there is none.
    public subscript(key: ObjectKey) -> Object? { objects[key] }

    /// All objects, or those of one namespace, in the order of their keys.
    public func list(namespace: String? = nil) -> [Object] {
        guard let namespace else { return objects.keys.sorted().compactMap { objects[$0] } }
        return (namespaces[namespace] ?? []).sorted().compactMap { objects[$0] }
    }

    /// The objects that an index has under a value, in the order of their keys.
    public func list(index: String, value: String) -> [Object] {
        (places[Place(index: index, value: value)] ?? []).sorted().compactMap { objects[$0] }
    }

    /// Applies a change.
    ///
    /// - Returns: what is different now, in the order of keys for a replacement.
    public mutating func apply(_ change: Reflector<Object>.Change) -> [ObjectChange<Object>] {
        switch change {
        case .upsert(let object):
            return upsert(object)
        case .delete(let object):
            guard let old = remove(object.objectKey) else { return [] }
            // The event's object is the last state; it is newer than the copy.
            return [.deleted(object.objectUID == old.objectUID ? object : old)]
        case .remove(let key):
            return remove(key).map { [.deleted($0)] } ?? []
        case .replace(let items, let unreadable):
            guard !objects.isEmpty else {
                objects.reserveCapacity(items.count)
                return items.flatMap { upsert($0) }
            }
            let present = Set(items.map(\.objectKey)).union(unreadable)
            let gone = objects.keys.filter { !present.contains($0) }.sorted()
            return gone.compactMap { remove($0).map(ObjectChange.deleted) } + items.flatMap { upsert($0) }
        }
    }

    private mutating func upsert(_ object: Object) -> [ObjectChange<Object>] {
        let key = object.objectKey
        guard let old = objects.updateValue(object, forKey: key) else {
            move(key, from: nil, to: object)
            return [.added(object)]
        }
        move(key, from: old, to: object)
        guard old.objectUID == object.objectUID else { return [.deleted(old), .added(object)] }
        guard old.objectVersion != object.objectVersion || old != object else { return [] }
        return [.modified(old: old, new: object)]
    }

    private mutating func remove(_ key: ObjectKey) -> Object? {
        guard let old = objects.removeValue(forKey: key) else { return nil }
        move(key, from: old, to: nil)
        return old
    }

    private mutating func move(_ key: ObjectKey, from old: Object?, to new: Object?) {
        // A namespace is part of the key: it never changes.
        if old == nil, new != nil {
            namespaces[key.namespace, default: []].insert(key)
        } else if old != nil, new == nil {
            namespaces[key.namespace]?.remove(key)
            if namespaces[key.namespace]?.isEmpty == true { namespaces[key.namespace] = nil }
        }
        for index in indexes {
            let before = old.map(index.values) ?? []
            let after = new.map(index.values) ?? []
            guard before != after else { continue }
            for value in before {
                let place = Place(index: index.name, value: value)
                places[place]?.remove(key)
                if places[place]?.isEmpty == true { places[place] = nil }
            }
            for value in after { places[Place(index: index.name, value: value), default: []].insert(key) }
        }
    }
}
