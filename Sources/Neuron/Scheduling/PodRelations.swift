// What a pod asks about the other pods of a place: required affinity and anti-affinity, and how evenly it must be spread. What
// is only preferred is not looked at.

package import KubernetesAPI

/// Other pods, and what "near" means, with everything taken into it that the pod's own labels say.
package struct PodTerm: Hashable, Sendable {
    /// nil means no pods.
    var selector: LabelSelector?
    /// Namespaces by name.
    var namespaces: Set<String>
    /// Namespaces by label, besides.
    var namespaceSelector: LabelSelector?
    /// The label of nodes whose values are places.
    var topologyKey: String

    init(_ term: PodAffinityTerm, of pod: Pod) {
        selector = term.labelSelector?.taking(
            term.matchLabelKeys, of: pod.metadata.labels, leaving: term.mismatchLabelKeys)
        namespaceSelector = term.namespaceSelector
        namespaces =
            term.namespaces.isEmpty && term.namespaceSelector == nil
            ? [pod.metadata.namespace] : Set(term.namespaces)
        topologyKey = term.topologyKey
    }

    /// Whether a pod is one of those that are meant (framework AffinityTerm.Matches).
    ///
    /// - Parameter namespaceLabels: by namespace.
    func matches(_ pod: Pod, namespaceLabels: [String: [String: String]]) -> Bool {
        let namespace = pod.metadata.namespace
        guard
            namespaces.contains(namespace)
                || namespaceSelector?.matches(namespaceLabels[namespace] ?? [:]) == true
        else { return false }
        return selector?.matches(pod.metadata.labels) ?? false
    }
}

/// How evenly a pod must be spread; what `ScheduleAnyway` says is only preferred.
package struct SpreadRule: Hashable, Sendable {
    var maxSkew: Int
    var topologyKey: String
    /// nil means no pods.
    var selector: LabelSelector?
    var minDomains: Int
    /// Whether only nodes count that the pod selects.
    var honorsAffinity: Bool
    /// Whether only nodes count whose taints the pod tolerates.
    var honorsTaints: Bool

    init(_ constraint: TopologySpreadConstraint, of pod: Pod) {
        maxSkew = constraint.maxSkew
        topologyKey = constraint.topologyKey
        selector = constraint.labelSelector?.taking(
            constraint.matchLabelKeys, of: pod.metadata.labels, leaving: [])
        minDomains = constraint.minDomains ?? 1
        honorsAffinity = constraint.nodeAffinityPolicy != "Ignore"
        honorsTaints = constraint.nodeTaintsPolicy == "Honor"
    }
}

/// All that a pod asks about other pods.
package struct PodRelations: Hashable, Sendable {
    var affinity: [PodTerm]
    var antiAffinity: [PodTerm]
    var spread: [SpreadRule]

    /// What a pod asks for; nil where it asks for nothing.
    package init?(_ pod: Pod) {
        let affinity = pod.spec.affinity
        self.affinity =
            affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution.map {
                PodTerm($0, of: pod)
            } ?? []
        antiAffinity =
            affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution.map {
                PodTerm($0, of: pod)
            } ?? []
        spread = pod.spec.topologySpreadConstraints.filter { $0.whenUnsatisfiable != "ScheduleAnyway" }
            .map { SpreadRule($0, of: pod) }
        if self.affinity.isEmpty && antiAffinity.isEmpty && spread.isEmpty { return nil }
    }
}

extension LabelSelector {
    /// The selector with the pod's own values of some keys: `In` for the first, `NotIn` for the others. The API server does so
    /// when it takes a pod, where it knows the fields; twice is as once.
    fileprivate func taking(
        _ keys: [String], of labels: [String: String], leaving others: [String]
    ) -> LabelSelector {
        var selector = self
        for key in keys {
            if let value = labels[key] { selector.matchExpressions.append(.init(key, .in, [value])) }
        }
        for key in others {
            if let value = labels[key] { selector.matchExpressions.append(.init(key, .notIn, [value])) }
        }
        return selector
    }

    /// Whether it has no requirement at all.
    var isEmpty: Bool { matchLabels.isEmpty && matchExpressions.isEmpty }
}
