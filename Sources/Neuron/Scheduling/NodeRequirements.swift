// What a pod asks of a node whatever runs there, by the rules of kube-scheduler's NodeUnschedulable, TaintToleration and
// NodeAffinity. Thousands of pods ask the same: each of these values is compared with each node once.

package import KubernetesAPI

/// What a pod asks of a node, whatever runs there.
package struct NodeRequirements: Hashable, Sendable {
    var nodeSelector: [String: String]
    var affinity: NodeSelector?
    var tolerations: [Toleration]

    /// What the node controller adds to a node that is not ready.
    private static let notReady = Taint(key: "node.kubernetes.io/not-ready", effect: .noSchedule)

    /// What a pod asks for.
    package init(_ spec: PodSpec) {
        nodeSelector = spec.nodeSelector
        affinity = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
        tolerations = spec.tolerations
    }

    /// Why a pod may not go to a node: what follows "NODE ", nil where it may.
    package func refusal(by node: CandidateNode) -> String? {
        // kube-scheduler knows taints only: this one is there a while after the node is not ready.
        guard node.node.isReady || tolerations.tolerate(Self.notReady) else { return "is not ready" }
        if let taint = tolerations.untolerated(of: node.node.spec) {
            return taint == .unschedulable
                ? "is cordoned" : "has the taint \(taint.key) that the pod does not tolerate"
        }
        let missing = nodeSelector.filter { node.labels[$0.key] != $0.value }
        if let (key, value) = missing.min(by: { $0.key < $1.key }) {
            return "does not have the label \(key)=\(value)"
        }
        guard selects(node) else { return "does not match the pod's node affinity" }
        return nil
    }

    /// Whether a node fulfils the node selector and the required affinity, whatever its taints.
    func selects(_ node: CandidateNode) -> Bool {
        nodeSelector.allSatisfy { node.labels[$0.key] == $0.value }
            && affinity?.matches(labels: node.labels, name: node.name) ?? true
    }

    /// Whether a pod tolerates a node's taints.
    func tolerates(_ node: CandidateNode) -> Bool { tolerations.untolerated(of: node.node.spec) == nil }
}

/// Why a pod may not go to a node: what follows "NODE ", nil where it may.
package func refusal(of pod: Pod, on node: CandidateNode) -> String? {
    NodeRequirements(pod.spec).refusal(by: node)
}
