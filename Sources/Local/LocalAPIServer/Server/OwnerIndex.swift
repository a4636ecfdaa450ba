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

/// Cluster addresses of services: 127.96.0.0/16, loopback addresses nobody else uses.
struct ServiceAddresses {
    private var next = 2

    /// Sets spec.clusterIP where the service wants one.
    mutating func assign(_ service: inout JSON, taken: Set<String>) throws(APIError) {
        guard ["ClusterIP", "NodePort", "LoadBalancer"].contains(service.spec?.type?.string ?? "") else {
            return
        }
        if let wanted = service.spec?.clusterIP?.string, !wanted.isEmpty {
            if wanted != "None", taken.contains(wanted) || !wanted.hasPrefix("127.96.") {
                throw .invalid(
                    group: "", kind: "Service", name: service.metadata?.name?.string ?? "",
                    [
                        .invalid(
                            "spec.clusterIPs", .array([.string(wanted)]),
                            taken.contains(wanted)
                                ? "failed to allocate IP \(wanted): provided IP is already allocated"
                                : "failed to allocate IP \(wanted): the provided network does not match the current"
                                    + " range 127.96.0.0/16")
                    ])
            }
            service.spec?.clusterIPs = .array([.string(wanted)])
            return
        }
        for _ in 0..<65_000 {
            next = next % 65_000 + 1
            let address = "127.96.\(next / 256).\(next % 256)"
            if next % 256 == 0 || next % 256 == 255 || taken.contains(address) { continue }
            service.spec?.clusterIP = .string(address)
            service.spec?.clusterIPs = .array([.string(address)])
            return
        }
        throw .internalError("no cluster IP is left in 127.96.0.0/16")
    }
}
