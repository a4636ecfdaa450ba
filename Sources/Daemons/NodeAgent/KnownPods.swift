// What is known of the node's pods at the moment at which the kubelet is asked. Its list has names only; which pod of a name
// it means can be said of what was there before the question.

internal import KubernetesAPI

/// The pods of the node, as far as the kubelet's list needs them.
struct KnownPods: Equatable, Sendable {
    /// By name, the uid of pods that the kubelet has taken in: an entry of the name is theirs, and no earlier pod's.
    private(set) var admitted: [ObjectKey: String] = [:]
    /// Pods that hold nothing any more.
    private(set) var stopped: Set<ObjectKey> = []

    /// Nothing is known.
    init() {}

    /// What is known of pods.
    init(_ pods: some Sequence<Pod>) {
        for pod in pods {
            if pod.hasStopped {
                stopped.insert(pod.key)
            } else if pod.status.startTime != nil {
                admitted[pod.key] = pod.metadata.uid
            }
        }
    }
}
