// Pods that a kubelet did not take in though a scheduler had placed them: somebody was faster, or the kubelet gave a core twice
// (kubernetes #137534). They never start, and some controllers leave them lying. Where an administrator asks for it they are
// deleted, so that whoever controls them makes others.

internal import GanglionAPI
internal import KubernetesAPI
internal import KubernetesClient
internal import Scheduling
internal import SystemIO

extension Pod {
    /// Whether the kubelet refused it (lifecycle.UnexpectedAdmissionError).
    var wasRejected: Bool { status.phase == .failed && status.reason == "UnexpectedAdmissionError" }
}

/// Deletes pods that kubelets have rejected.
struct RejectedPods: Sendable {
    /// A pod stays at least so long after it was made: what is rejected again and again must not be made without a pause.
    static let pause = Duration.seconds(10)

    let client: KubernetesClient
    let cluster: ObservedCluster
    let events: EventRecorder

    /// Whether a pod is to go: one that asked for NeuronCores or chips, and that a controller makes anew. ModelServers have
    /// their own way.
    func isDue(_ pod: Pod) -> Bool {
        guard pod.wasRejected, !pod.metadata.isTerminating, let owner = pod.metadata.controller,
            owner.kind != ModelServer.resource.kind
        else { return false }
        let info = PodInfo(pod, names: cluster.names)
        return info.cores > 0 || info.chips > 0
    }

    /// Deletes a pod if it is due.
    ///
    /// - Returns: how long to wait before that; nil where there is nothing more to do.
    func remove(_ key: ObjectKey, now: Timestamp = .now) async throws(KubernetesError) -> Duration? {
        guard let pod = cluster.pods.store[key], isDue(pod) else { return nil }
        let made = pod.metadata.creationTimestamp?.microseconds ?? 0
        let left = Self.pause - .microseconds(now.microseconds - made)
        guard left <= .zero else { return left }
        do throws(KubernetesError) {
            try await client.delete(.pods, key, uid: pod.metadata.uid)
        } catch {
            guard error.isNotFound || error.isConflict else { throw error }
            return nil
        }
        events.record(
            EventNote(
                .normal, about: pod.reference, reason: "DeletedRejectedPod", action: "Deleting",
                note:
                    "deleted pod \(key.name), which the kubelet of \(pod.spec.nodeName ?? "") had rejected: its controller makes another"
            ))
        return nil
    }
}
