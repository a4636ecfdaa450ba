// The API server is told of a pod's status only when it has changed, in order, and only the newest: what was not yet sent when
// something newer comes is never sent. A pod that has ended is deleted after its last status.

internal import Controller
internal import KubernetesAPI
internal import SystemIO

/// Keeps the statuses of this node's pods in the API server true.
actor PodStatusWriter: LoopActor {
    nonisolated let loop: EventLoop

    private struct Entry {
        var pod: Pod
        /// What the API server is to have; nil where nothing is to be sent.
        var wanted: PodStatus?
        /// What it has, as far as is known.
        var sent: PodStatus?
        /// Delete the object once the status has been sent.
        var isFinal = false
    }

    /// A strategic merge patch of a pod's status. The uid makes sure that no later pod of the same name gets it.
    private struct StatusPatch: Encodable, Sendable {
        struct Metadata: Encodable, Sendable { var uid: String }
        var metadata: Metadata
        var status: PodStatus
    }

    private let cluster: any ClusterAPI
    private let retry: Duration
    private var entries: [String: Entry] = [:]
    private nonisolated let changed: AsyncStream<String>
    private let change: AsyncStream<String>.Continuation

    /// - Parameter retry: the pause before a failed request is made again.
    init(cluster: any ClusterAPI, retry: Duration, loop: EventLoop) {
        self.cluster = cluster
        self.retry = retry
        self.loop = loop
        (changed, change) = AsyncStream.makeStream()
    }

    /// What writes: a key is a pod's uid. There is one of it.
    nonisolated func controller() -> Controller<String> {
        var pace = ReconcilePace()
        pace.backoff = Backoff(base: retry, limit: retry)
        pace.waitsOutBackoff = true
        return Controller<String>(named: "pod-status", pace: pace, loop: loop) { uid in
            try await self.write(uid)
            return .done
        }
        .watches(changed) { [$0] }
    }

    /// A pod's newest status.
    func set(_ pod: Pod, _ status: PodStatus) {
        var entry = entries[pod.uid] ?? Entry(pod: pod, wanted: nil, sent: Self.comparable(pod.status))
        guard !entry.isFinal else { return }
        entry.pod = pod
        entry.wanted = Self.comparable(status) == entry.sent ? nil : status
        entries[pod.uid] = entry
        change.yield(pod.uid)
    }

    /// Deletes the object once its last status is out.
    func finish(_ pod: Pod) {
        entries[pod.uid, default: Entry(pod: pod)].isFinal = true
        change.yield(pod.uid)
    }

    /// The object is gone: nothing more is to be said of it.
    func forget(_ uid: String) { entries[uid] = nil }

    /// Sends what is wanted of a pod until nothing is.
    ///
    /// - Throws: `ClusterError` where a later attempt may succeed.
    private func write(_ uid: String) async throws(ClusterError) {
        while let entry = entries[uid], entry.wanted != nil || entry.isFinal {
            do throws(ClusterError) {
                if let wanted = entry.wanted {
                    try await send(wanted, of: entry.pod)
                } else {
                    try await cluster.delete(
                        Pod.self, entry.pod.key, DeleteOptions(gracePeriodSeconds: 0, uid: uid))
                    forget(uid)
                }
            } catch {
                if error.isWorthRetrying { throw error }
                if error.status == 404 || error.status == 409 || entry.isFinal {
                    forget(uid)  // another pod of that name by now, or none
                } else if entries[uid]?.wanted == entry.wanted {
                    entries[uid]?.wanted = nil
                }
            }
        }
    }

    private func send(_ status: PodStatus, of pod: Pod) async throws(ClusterError) {
        try await cluster.patch(
            Pod.self, pod.key, StatusPatch(metadata: .init(uid: pod.uid), status: status), kind: .strategic,
            subresource: "status")
        entries[pod.uid]?.sent = Self.comparable(status)
        if entries[pod.uid]?.wanted == status { entries[pod.uid]?.wanted = nil }
    }

    /// The status without what the API server adds, so that the kubelet's own is recognised in it.
    private static func comparable(_ status: PodStatus) -> PodStatus {
        var status = status
        status.conditions.sort { $0.type < $1.type }
        for index in status.containerStatuses.indices { status.containerStatuses[index].resources = nil }
        for index in status.initContainerStatuses.indices {
            status.initContainerStatuses[index].resources = nil
        }
        return status
    }
}
