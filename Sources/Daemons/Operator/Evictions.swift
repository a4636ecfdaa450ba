// Pods that go so that one of higher priority can be placed: each is told so in its conditions, as kube-scheduler tells it, and
// deleted with the time that it asks for.

internal import GanglionAPI
internal import KubernetesAPI
internal import KubernetesClient
internal import Scheduling
internal import SystemIO

/// Deletes pods for others.
final class Evictions: Sendable {
    /// Pods at a time.
    static let workers = 4

    /// Pods that are to go, by uid: call `carryOut`. For one reader.
    let due: AsyncStream<String>
    /// Pods that stay, since the API server does not delete them, by uid. For one reader.
    let refused: AsyncStream<String>

    private let dueUIDs: AsyncStream<String>.Continuation
    private let refusedUIDs: AsyncStream<String>.Continuation
    private let client: KubernetesClient
    private let events: EventRecorder
    private let orders = Lock<[String: Order]>([:])

    private struct Order {
        let victim: PodInfo
        let message: String
    }

    init(_ client: KubernetesClient, events: EventRecorder) {
        self.client = client
        self.events = events
        (due, dueUIDs) = AsyncStream.makeStream()
        (refused, refusedUIDs) = AsyncStream.makeStream()
    }

    /// A pod is to go for another.
    func order(_ victim: PodInfo, for pod: PodInfo, node: String) {
        let message = "Preempted by pod \(pod.uid) on node \(node)"
        let isNew = orders.withLock {
            $0.updateValue(Order(victim: victim, message: message), forKey: victim.uid) == nil
        }
        if isNew { dueUIDs.yield(victim.uid) }
    }

    /// Has a pod go.
    ///
    /// - Throws: where it has to be tried again.
    func carryOut(_ uid: String) async throws {
        guard let order = orders.withLock({ $0[uid] }) else { return }
        if let error = await failure(of: order) {
            guard error.isNotFound || error.isConflict || error.isRefusal else { throw error }
            if error.isRefusal, !error.isNotFound { refusedUIDs.yield(uid) }
        }
        orders.withLock { $0[uid] = nil }
    }

    /// - Returns: why it does not go; nil where it does.
    private func failure(of order: Order) async -> KubernetesError? {
        let (key, uid) = (order.victim.key, order.victim.uid)
        var status = PodStatus()
        status.conditions = [
            Condition(
                type: "DisruptionTarget", status: .true, reason: "PreemptionByScheduler",
                message: "\(WellKnown.scheduler): preempting to accommodate a higher priority pod",
                lastTransitionTime: .now)
        ]
        var metadata = ObjectMetadata(name: key.name, namespace: key.namespace)
        metadata.uid = uid
        do throws(KubernetesError) {
            try await client.apply(
                Pod(metadata, status: status), manager: "\(WellKnown.operatorManager)-preemption",
                subresource: "status")
            try await client.delete(Pod.self, key, uid: uid)
        } catch {
            return error
        }
        events.record(
            EventNote(
                .normal, about: order.victim.pod.reference, reason: "Preempted", action: "Preempting",
                note: order.message))
        return nil
    }
}
