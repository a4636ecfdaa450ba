// What grows old goes: events after an hour, objects whose owners are gone, pods of nodes that no longer exist.

internal import APIMachinery
internal import CEL
internal import JSON
internal import LocalAPIServer
internal import SystemIO

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
