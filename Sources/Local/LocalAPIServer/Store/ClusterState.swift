// All that the server holds, and all that hangs on a change of it: who depends on whom, and who is told. Whoever writes does it
// here, so that a change reaches all of them or none.

internal import APIMachinery
internal import JSON

/// The objects of the cluster.
struct ClusterState {
    private var store: Store
    private var owners = OwnerIndex()
    private var observers: [Int: Observer] = [:]
    private var nextObserver = 0
    /// The watches of clients, which are told of changes here and nowhere else.
    var watches: Watches

    private struct Observer {
        var resource: GroupResource
        var receive: @Sendable (StoreEvent) -> Void
    }

    /// Nothing yet.
    init(limits: APIStateLimits) {
        store = Store(limits: limits)
        watches = Watches(backlog: limits.watcherBacklog)
    }

    // MARK: Resources

    /// Starts to keep a resource. Versions before now cannot be watched.
    mutating func register(_ resource: GroupResource) { store.register(resource) }

    /// Forgets a resource and its objects; its watches end.
    mutating func unregister(_ resource: GroupResource) {
        watches.finish(of: resource)
        store.unregister(resource)
    }

    // MARK: Reading

    /// The version of everything.
    var revision: Int64 { store.revision }

    /// The object, nil where there is none.
    subscript(resource: GroupResource, name: ObjectName) -> StoredObject? { store[resource, name] }

    /// How many objects of a resource there are.
    func count(_ resource: GroupResource) -> Int { store.count(resource) }

    /// The objects of a namespace, or of all when nil, in key order.
    mutating func list(_ resource: GroupResource, namespace: String? = nil) -> [(ObjectName, StoredObject)] {
        store.list(resource, namespace: namespace)
    }

    /// The objects as they were, in key order; nil where history no longer reaches the version.
    func list(
        _ resource: GroupResource, namespace: String?, at revision: Int64
    ) -> [(ObjectName, StoredObject)]? {
        store.list(resource, namespace: namespace, at: revision)
    }

    /// The changes after a version, nil where history no longer reaches it.
    func changes(_ resource: GroupResource, after revision: Int64) -> ArraySlice<StoreEvent>? {
        store.changes(resource, after: revision)
    }

    /// The oldest version that a watch of a resource may start from.
    func oldestRevision(_ resource: GroupResource) -> Int64 { store.oldestRevision(resource) }

    // MARK: Writing

    /// Writes an object under the next version.
    @discardableResult
    mutating func put(_ resource: GroupResource, _ name: ObjectName, _ json: JSON) -> StoredObject {
        let event = store.put(resource, name, json)
        publish(resource, event)
        return event.object
    }

    /// Removes an object.
    ///
    /// - Returns: its last state, with the version of the removal; nil where there is none.
    @discardableResult
    mutating func remove(_ resource: GroupResource, _ name: ObjectName) -> StoredObject? {
        guard let event = store.remove(resource, name) else { return nil }
        publish(resource, event)
        return event.object
    }

    private mutating func publish(_ resource: GroupResource, _ event: StoreEvent) {
        owners.note(resource, event)
        watches.deliver(resource, event)
        for observer in observers.values where observer.resource == resource { observer.receive(event) }
    }

    // MARK: Observers

    /// Calls a closure after every change of a resource, on the server's loop.
    ///
    /// - Returns: what `stopObserving` takes.
    mutating func observe(
        _ resource: GroupResource, _ receive: @escaping @Sendable (StoreEvent) -> Void
    ) -> Int {
        nextObserver += 1
        observers[nextObserver] = Observer(resource: resource, receive: receive)
        return nextObserver
    }

    /// Ends what `observe` began.
    mutating func stopObserving(_ observer: Int) { observers[observer] = nil }

    // MARK: Owners

    /// What names an owner in its metadata.
    func dependents(of uid: String) -> [(GroupResource, ObjectName)] { owners.dependents(of: uid) }

    /// Objects in foreground deletion.
    var waitingOwners: [(GroupResource, ObjectName)] { owners.waitingOwners }

    /// Whether an object of this uid exists.
    func isAlive(_ uid: String) -> Bool { owners.isAlive(uid) }

    /// Dependents none of whose owners exist.
    var orphans: [(GroupResource, ObjectName)] { owners.orphans }
}
