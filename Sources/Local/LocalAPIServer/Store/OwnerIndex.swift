// Who depends on whom (metadata.ownerReferences), kept as objects change, so that a deletion finds dependents at once.

internal import APIMachinery
internal import JSON

/// The owners' dependents.
struct OwnerIndex {
    struct Place: Hashable {
        var resource: GroupResource
        var name: ObjectName
    }

    private var dependents: [String: Set<Place>] = [:]
    private var alive: Set<String> = []
    private var waiting: Set<Place> = []

    /// Follows a change.
    mutating func note(_ resource: GroupResource, _ event: StoreEvent) {
        let place = Place(resource: resource, name: event.name)
        let before = Self.owners(event.previous?.json)
        let after = event.kind == .deleted ? [] : Self.owners(event.object.json)
        for uid in before.subtracting(after) {
            dependents[uid]?.remove(place)
            if dependents[uid]?.isEmpty == true { dependents[uid] = nil }
        }
        for uid in after.subtracting(before) { dependents[uid, default: []].insert(place) }
        if event.kind != .modified, let uid = event.object.json.metadata?.uid?.string {
            if event.kind == .deleted { alive.remove(uid) } else { alive.insert(uid) }
        }
        let waits =
            event.kind != .deleted
            && event.object.json.metadata?.finalizers?.array?.contains("foregroundDeletion") == true
            && event.object.json.metadata?.deletionTimestamp?.string != nil
        if waits { waiting.insert(place) } else { waiting.remove(place) }
    }

    private static func owners(_ object: JSON?) -> Set<String> {
        Set((object?.metadata?.ownerReferences?.array ?? []).compactMap { $0.uid?.string })
    }

    func dependents(of uid: String) -> [(GroupResource, ObjectName)] {
        (dependents[uid] ?? []).sorted { $0.name < $1.name }.map { ($0.resource, $0.name) }
    }

    /// Objects in foreground deletion.
    var waitingOwners: [(GroupResource, ObjectName)] { waiting.map { ($0.resource, $0.name) } }

    func isAlive(_ uid: String) -> Bool { alive.contains(uid) }

    /// Dependents none of whose owners exist.
    var orphans: [(GroupResource, ObjectName)] {
        dependents.filter { !alive.contains($0.key) }.values.flatMap { $0.map { ($0.resource, $0.name) } }
    }
}
