// What the server itself throws away when it is asked to: events that are old, objects whose owners are gone.

internal import APIMachinery
internal import CEL
internal import JSON
internal import KubernetesAPI

extension APIServer {
    /// --event-ttl of the real server, in seconds.
    static let eventAge: Int64 = 3_600
    /// Events kept at most.
    static let maximumEvents = 5_000

    /// Throws away what grows old, again and again until the task is cancelled.
    package func maintain(every interval: Duration = .seconds(20)) async {
        while !Task.isCancelled {
            expireEvents(olderThan: Self.eventAge, keeping: Self.maximumEvents)
            collectOrphans()
            try? await Task.sleep(for: interval)
        }
    }

    /// Removes events that were last seen long ago, and the oldest of too many.
    func expireEvents(olderThan age: Int64, keeping maximum: Int) {
        let resource = GroupResource("", "events")
        let now = Timestamp.now
        func lastSeen(_ event: JSON) -> Timestamp {
            let times = [
                event.series?.lastObservedTime, event.lastTimestamp, event.eventTime,
                event.metadata?.creationTimestamp,
            ]
            return times.compactMap { $0?.string.flatMap { Timestamp($0) } }.max() ?? now
        }
        var all = state.list(resource).map { ($0.0, lastSeen($0.1.json)) }.sorted { $0.1 < $1.1 }
        while let first = all.first, all.count > maximum || now.seconds - first.1.seconds > age {
            all.removeFirst()
            state.remove(resource, first.0)
        }
    }

    /// Deletes objects all of whose owners are gone, or never were.
    func collectOrphans() {
        for (resource, name) in state.orphans {
            guard let object = state[resource, name], let type = catalog.types(storedAs: resource).first,
                object.json.metadata?.deletionTimestamp?.string == nil
            else { continue }
            let references = object.json.metadata?.ownerReferences?.array ?? []
            if references.contains(where: { state.isAlive($0.uid?.string ?? "") }) { continue }
            _ = try? remove(object, type, name, Deletion())
        }
    }
}
