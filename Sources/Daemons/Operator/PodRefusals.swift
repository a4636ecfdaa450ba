// Says in a pod's events and its condition PodScheduled why it waits, as kube-scheduler does. An API server that is slow to
// take these must not hold up a binding: each pod's is written for itself, and only the newest.

internal import GanglionAPI
internal import KubernetesAPI
internal import KubernetesClient
internal import Scheduling
internal import SystemIO

/// What pods are told that no node can take.
final class PodRefusals: Sendable {
    /// Pods at a time.
    static let workers = 4

    /// Pods to be told, by uid: call `write`. For one reader.
    let due: AsyncStream<String>

    private let continuation: AsyncStream<String>.Continuation
    private let client: KubernetesClient
    private let cluster: ObservedCluster
    private let events: EventRecorder
    /// What is not written yet.
    private let messages = Lock<[String: (key: ObjectKey, message: String)]>([:])
    /// The nodes on which room is kept for pods until others have gone, by uid.
    private let nominated = Lock<[String: String]>([:])

    init(_ client: KubernetesClient, cluster: ObservedCluster, events: EventRecorder) {
        self.client = client
        self.cluster = cluster
        self.events = events
        (due, continuation) = AsyncStream.makeStream()
    }

    /// A pod is told this; what it was to be told before does not matter any more.
    func tell(_ pod: PodInfo, _ message: String) {
        events.record(
            EventNote(
                .warning, about: pod.pod.reference, reason: "FailedScheduling", action: "Scheduling",
                note: message))
        messages.withLock { $0[pod.uid] = (pod.key, message) }
        continuation.yield(pod.uid)
    }

    /// Room is kept for a pod on a node: that is told with what it is told.
    func nominate(_ pod: PodInfo, _ node: String) { nominated.withLock { $0[pod.uid] = node } }

    /// A pod has got a node, or needs none any more.
    func withdraw(_ uid: String) {
        messages.withLock { $0[uid] = nil }
        nominated.withLock { $0[uid] = nil }
    }

    /// Writes what a pod is to be told.
    ///
    /// - Throws: where it has to be tried again.
    func write(_ uid: String) async throws(KubernetesError) {
        guard let (key, message) = messages.withLock({ $0[uid] }) else { return }
        guard let pod = cluster.pods.store[key], pod.metadata.uid == uid, !pod.isBound else {
            return withdraw(uid)
        }
        var status = PodStatus()
        status.conditions = [
            Condition(
                type: "PodScheduled", status: .false, reason: "Unschedulable", message: message,
                lastTransitionTime: .now)
        ]
        status.nominatedNodeName = nominated.withLock { $0[uid] }
        var metadata = ObjectMetadata(name: key.name, namespace: key.namespace)
        // A binding that comes before this says that the pod is scheduled; that must not be taken back.
        metadata.resourceVersion = pod.metadata.resourceVersion
        do throws(KubernetesError) {
            try await client.apply(
                Pod(metadata, status: status), manager: WellKnown.operatorManager, subresource: "status")
        } catch {
            guard !error.isNotFound else { return withdraw(uid) }
            throw error
        }
        messages.withLock { messages in
            if messages[uid]?.message == message { messages[uid] = nil }
        }
    }
}
