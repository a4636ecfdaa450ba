// What grows old goes: events after an hour, objects whose owners are gone, pods of nodes that no longer exist.

import JSON
import SystemIO

/// Removes what nobody needs any more.
struct Housekeeping: Sendable {
    /// --event-ttl of the real server, in seconds.
    static let eventAge: Int64 = 3_600
    /// Events kept at most.
    static let maximumEvents = 5_000
    let server: APIServer

    func reconcile() async {
        await server.expireEvents(olderThan: Self.eventAge, keeping: Self.maximumEvents)
        await server.collectOrphans()
        await deletePodsOfLostNodes()
    }

    /// Pods on a node that was deleted are beyond every kubelet (pkg/controller/podgc).
    private func deletePodsOfLostNodes() async {
        let nodes = Set(
            await server.objects(GroupResource("", "nodes")).compactMap { $0.metadata?.name?.string })
        for pod in await server.objects(GroupResource("", "pods")) {
            guard let node = pod.spec?.nodeName?.string, !node.isEmpty, !nodes.contains(node) else {
                continue
            }
            _ = await server.perform(
                "DELETE", pod.podPath + "?gracePeriodSeconds=0", user: "pod-garbage-collector")
        }
    }
}

extension APIServer {
    /// Removes events that were last seen long ago, and the oldest of too many.
    func expireEvents(olderThan age: Int64, keeping maximum: Int) {
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
    func collectOrphans() {
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
