// Whether a pod may go to a node, by what both say: the rules of kube-scheduler's NodeUnschedulable, TaintToleration and
// NodeAffinity (component-helpers scheduling/corev1).

extension Toleration {
    /// Whether the pod stands the taint (core/v1 ToleratesTaint).
    public func tolerates(_ taint: Taint) -> Bool {
        if let effect, !effect.rawValue.isEmpty, effect != taint.effect { return false }
        if let key, !key.isEmpty, key != taint.key { return false }
        switch `operator` ?? "" {
        case "", .equal: return (value ?? "") == (taint.value ?? "")
        case .exists: return true
        case .lessThan: return compare(taint) { $0 < $1 }
        case .greaterThan: return compare(taint) { $0 > $1 }
        default: return false
        }
    }

    /// Compares the taint's value with the toleration's; false unless both are whole numbers.
    private func compare(_ taint: Taint, _ holds: (Int64, Int64) -> Bool) -> Bool {
        guard let limit = Int64(value ?? ""), let number = Int64(taint.value ?? "") else { return false }
        return holds(number, limit)
    }
}

extension [Toleration] {
    /// Whether one of them stands the taint.
    public func tolerate(_ taint: Taint) -> Bool { contains { $0.tolerates(taint) } }

    /// The first taint that keeps a pod with these tolerations off a node; nil where none does. A cordoned node has the taint
    /// `unschedulable` before all others, whether it is written down or not.
    public func untolerated(of node: NodeSpec) -> Taint? {
        if node.unschedulable == true, !tolerate(.unschedulable) { return .unschedulable }
        return node.taints.first { $0.preventsScheduling && !tolerate($0) }
    }
}

extension NodeSelectorTerm {
    /// Whether a node fulfils all requirements. A term without any, or with one that cannot be understood, means no node.
    public func matches(labels: [String: String], name: String) -> Bool {
        guard !(matchExpressions.isEmpty && matchFields.isEmpty) else { return false }
        return matchExpressions.allSatisfy { $0.matches(labels[$0.key]) && $0.fault == nil }
            && matchFields.allSatisfy { requirement in
                guard requirement.values.count == 1,
                    requirement.operator == .in || requirement.operator == .notIn
                else { return false }
                // A field that there is not is empty.
                return requirement.matches(requirement.key == "metadata.name" ? name : "")
            }
    }
}

extension NodeSelector {
    /// Whether a node is one of those that are meant.
    public func matches(labels: [String: String], name: String) -> Bool {
        nodeSelectorTerms.contains { $0.matches(labels: labels, name: name) }
    }
}

extension NodeAffinity {
    /// The sum of the weights of the preferred terms that a node fulfils.
    public func score(labels: [String: String], name: String) -> Int {
        preferredDuringSchedulingIgnoredDuringExecution.reduce(0) { sum, term in
            term.preference.matches(labels: labels, name: name) ? sum &+ term.weight : sum
        }
    }
}

extension PodSpec {
    /// Whether a node fulfils the node selector and the required node affinity.
    public func selects(nodeLabels labels: [String: String], name: String) -> Bool {
        guard nodeSelector.allSatisfy({ labels[$0.key] == $0.value }) else { return false }
        let required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
        return required?.matches(labels: labels, name: name) ?? true
    }

    /// Whether a node fulfils the node selector and the required node affinity.
    public func selects(_ node: Node) -> Bool {
        selects(nodeLabels: node.metadata.labels, name: node.metadata.name)
    }
}
