// Whether a pod may go to a node at all, by the rules of kube-scheduler's plugins that matter for pods of this operator:
// NodeReady, NodeUnschedulable, TaintToleration, NodeAffinity. Resources and ports are NodeUsage's, and a pod with what is
// left out (volumes, pod affinity, spread) is not placed at all (UnsupportedPlacement).

internal import KubernetesAPI

/// Why a pod may not go to a node: what follows "NODE ", nil where it may.
func refusal(of pod: Pod, on node: CandidateNode) -> String? {
    guard node.node.isReady else { return "is not ready" }
    if let taint = pod.spec.tolerations.untolerated(of: node.node.spec) {
        return taint == .unschedulable
            ? "is cordoned" : "has the taint \(taint.key) that the pod does not tolerate"
    }
    for (key, value) in pod.spec.nodeSelector where node.labels[key] != value {
        return "does not have the label \(key)=\(value)"
    }
    let required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    if let required, !required.matches(labels: node.labels, name: node.name) {
        return "does not match the pod's node affinity"
    }
    return nil
}
