// What the server itself throws away when it is asked to: events that are old, objects whose owners are gone.

internal import APIMachinery
internal import CEL
internal import JSON

extension APIServer {
    /// Removes events that were last seen long ago, and the oldest of too many.
    package func expireEvents(olderThan age: Int64, keeping maximum: Int) {
        let resource = GroupResource("", "events")
        let now = APITime.now
        func lastSeen(_ event: JSON) -> APITime {
            let times = [
                event.series?.lastObservedTime, event.lastTimestamp, event.eventTime,
                event.metadata?.creationTimestamp,
            ]
            return times.compactMap { $0?.string.flatMap { APITime($0) } }.max() ?? now
        }
        var all = store.list(resource).map { ($0.0, lastSeen($0.1.json)) }.sorted { $0.1 < $1.1 }
        while let first = all.first, all.count > maximum || now.seconds - first.1.seconds > age {
            all.removeFirst()
            if let event = store.remove(resource, first.0) { publish(resource, event) }
        }
    }

    /// Deletes objects all of whose owners are gone, or never were.
    package func collectOrphans() {
        for (resource, name) in owners.orphans {
            guard let object = store[resource, name], let type = catalog.types(storedAs: resource).first,
                object.json.metadata?.deletionTimestamp?.string == nil
            else { continue }
            let references = object.json.metadata?.ownerReferences?.array ?? []
            if references.contains(where: { owners.isAlive($0.uid?.string ?? "") }) { continue }
            _ = try? remove(object, type, name, DeleteOptions())
        }
    }
}
