// Nodes that do not answer. A pod on one of them neither ends nor starts again: its deletion waits for the kubelet.

internal import GanglionAPI
internal import KubernetesAPI
internal import Scheduling

/// Why and since when a node does not answer.
struct LostNode: Equatable, Sendable {
    /// Since when; nil where there is no such node any more: then the garbage collector of pods removes its pods.
    var since: Timestamp?
    /// What follows "node NAME ".
    var words: String

    /// What is wrong with a node, nil where it is ready.
    ///
    /// - Parameter node: nil where there is none of the name.
    init?(_ node: Node?) {
        guard let node else {
            words = "is gone"
            return
        }
        guard !node.isReady else { return nil }
        let ready = node.status.conditions["Ready"]
        since = ready?.lastTransitionTime ?? node.metadata.creationTimestamp
        let why = ready?.message ?? ready?.reason ?? "its kubelet has never been ready"
        words = "has not been ready since \(since?.text ?? "its start") (\(why))"
    }
}

extension ModelServerState {
    /// The first pod that is on a node that does not answer, in one sentence with what can be done; nil where there is none.
    var loss: String? {
        for pod in pods.sorted(by: { ($0.replica ?? .max, $0.key) < ($1.replica ?? .max, $1.key) })
        where !pod.isTerminal {
            guard let node = lostNodes[pod.node] else { continue }
            let state = pod.isTerminating ? "cannot end" : "is lost"
            let limit = server.spec?.rollout.replaceLostAfterSeconds
            guard let since = node.since, let limit else {
                return
                    "node \(pod.node) \(node.words), pod \(pod.key.name) \(state) there: bring the node back, or "
                    + "kubectl delete pod -n \(pod.key.namespace) \(pod.key.name) --force, or set "
                    + "spec.rollout.replaceLostAfterSeconds"
            }
            return "node \(pod.node) \(node.words), pod \(pod.key.name) \(state) there: it is replaced at "
                + since.adding(seconds: Int64(limit)).text
        }
        return nil
    }
}
