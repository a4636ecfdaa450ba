// Everything the cluster knows, in memory, under one version counter, as etcd has it: a version names a state of all
// resources together.

internal import APIMachinery
internal import JSON

/// The cluster's objects.
struct Store {
    private var tables: [GroupResource: ResourceTable] = [:]
    private(set) var revision: Int64 = 1
    let limits: APIStateLimits

    init(limits: APIStateLimits) { self.limits = limits }

    /// Starts to keep a resource. Versions before now cannot be watched.
    mutating func register(_ resource: GroupResource) {
        if tables[resource] == nil {
            tables[resource] = ResourceTable(oldestRevision: revision, limits: limits)
        }
    }

    /// Forgets a resource and its objects.
    mutating func unregister(_ resource: GroupResource) { tables[resource] = nil }

    var resources: [GroupResource] { Array(tables.keys) }

    subscript(resource: GroupResource, name: ObjectName) -> StoredObject? { tables[resource]?[name] }

    func count(_ resource: GroupResource) -> Int { tables[resource]?.count ?? 0 }

    /// The objects of a namespace, or of all when nil, in key order.
    mutating func list(_ resource: GroupResource, namespace: String? = nil) -> [(ObjectName, StoredObject)] {
        guard let names = tables[resource]?.names(), let table = tables[resource] else { return [] }
        return names.compactMap { name in
            guard namespace == nil || name.namespace == namespace, let object = table[name] else {
                return nil
            }
            return (name, object)
        }
    }

    /// The objects as they were, in key order; nil where history no longer reaches the version.
    func list(
        _ resource: GroupResource, namespace: String?, at revision: Int64
    ) -> [(ObjectName, StoredObject)]? {
        guard let objects = tables[resource]?.objects(at: revision) else { return nil }
        return objects.filter { namespace == nil || $0.key.namespace == namespace }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    func changes(_ resource: GroupResource, after revision: Int64) -> ArraySlice<StoreEvent>? {
        tables[resource]?.changes(after: revision)
    }

    func oldestRevision(_ resource: GroupResource) -> Int64 { tables[resource]?.oldestRevision ?? revision }

    /// Writes an object under the next version.
    mutating func put(_ resource: GroupResource, _ name: ObjectName, _ json: JSON) -> StoreEvent {
        revision += 1
        var json = json
        json.metadata?.resourceVersion = .string(String(revision))
        let object = StoredObject(json, revision: revision)
        let previous = tables[resource]?[name]
        let event = StoreEvent(
            revision: revision, kind: previous == nil ? .added : .modified, name: name, object: object,
            previous: previous)
        tables[resource]?.apply(event)
        return event
    }

    /// Removes an object; its last state carries the version of the removal.
    mutating func remove(_ resource: GroupResource, _ name: ObjectName) -> StoreEvent? {
        guard let previous = tables[resource]?[name] else { return nil }
        revision += 1
        var json = previous.json
        json.metadata?.resourceVersion = .string(String(revision))
        let object = StoredObject(json, revision: revision)
        let event = StoreEvent(
            revision: revision, kind: .deleted, name: name, object: object, previous: previous)
        tables[resource]?.apply(event)
        return event
    }
}
