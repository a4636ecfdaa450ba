// What the pods that are placed mean for one pod that waits: kube-scheduler's filters InterPodAffinity and PodTopologySpread.

internal import KubernetesAPI

/// Where a pod may be beside the pods that are placed already.
struct RelationRules {
    private let pod: PodInfo
    private let keptAway: [(topologyKey: String, counts: PlacedPods.Counts)]
    private let affinity: [(term: PodTerm, counts: PlacedPods.Counts)]
    /// Whether it may be the first of pods that want to be near each other.
    private let mayBeFirst: Bool
    private let antiAffinity: [(term: PodTerm, counts: PlacedPods.Counts)]
    private let spread: [Spread]

    private struct Spread {
        var rule: SpreadRule
        var counts: [String: Int]
        var least: Int
        var matchesItself: Bool
    }

    /// The rules for a pod; nil where none applies.
    ///
    /// - Parameters:
    ///   - placed: counts what the pod asks about.
    ///   - nodes: all, by number.
    init?(
        _ pod: PodInfo, placed: PlacedPods, nodes: some Collection<CandidateNode>,
        namespaces: [String: [String: String]]
    ) {
        keptAway = placed.hasAntiAffinity ? placed.keepingAway(pod, namespaces: namespaces) : []
        guard let relations = pod.relations else {
            guard !keptAway.isEmpty else { return nil }
            self.pod = pod
            (affinity, mayBeFirst, antiAffinity, spread) = ([], false, [], [])
            return
        }
        self.pod = pod
        let near = placed.fulfilling(relations.affinity) ?? relations.affinity.map { _ in [:] }
        affinity = zip(relations.affinity, near).map { ($0, $1) }
        mayBeFirst =
            near.allSatisfy(\.isEmpty)
            && relations.affinity.allSatisfy { $0.matches(pod.pod, namespaceLabels: namespaces) }
        antiAffinity = relations.antiAffinity.map { ($0, placed.matching($0) ?? [:]) }
        let keys = relations.spread.map(\.topologyKey)
        let requirements = NodeRequirements(pod.pod.spec)
        spread = relations.spread.map { rule in
            let query = rule.selector.map {
                PlacedPods.SpreadQuery(namespace: pod.key.namespace, selector: $0)
            }
            // An empty selector counts nothing (countPodsMatchSelector).
            let pods = query.flatMap { $0.selector.isEmpty ? nil : placed.matching($0) } ?? [:]
            var counts: [String: Int] = [:]
            for (number, node) in nodes.enumerated() {
                guard let value = node.labels[rule.topologyKey],
                    keys.allSatisfy({ node.labels[$0] != nil }),
                    !rule.honorsAffinity || requirements.selects(node),
                    !rule.honorsTaints || requirements.tolerates(node)
                else { continue }
                counts[value, default: 0] += pods[number] ?? 0
            }
            let least = counts.count < rule.minDomains ? 0 : counts.values.min() ?? .max
            return Spread(
                rule: rule, counts: counts, least: least,
                matchesItself: rule.selector?.matches(pod.pod.metadata.labels) ?? false)
        }
    }

    /// Why the pod may not go to a node: what follows "NODE ", nil where it may.
    func refusal(by node: CandidateNode) -> String? {
        for spread in spread {
            let rule = spread.rule
            guard let value = node.labels[rule.topologyKey] else {
                return "does not have the label \(rule.topologyKey) that the pod is spread by"
            }
            let count = (spread.counts[value] ?? 0) + (spread.matchesItself ? 1 : 0)
            // Where no node counts, the least is the largest number there is.
            if count.subtractingReportingOverflow(spread.least).partialValue > rule.maxSkew {
                return
                    "would have more than \(rule.maxSkew) pods above the least of any \(rule.topologyKey)"
            }
        }
        var isNear = true
        for (term, counts) in affinity {
            guard let value = node.labels[term.topologyKey] else {
                return "does not have the label \(term.topologyKey) of the pod's affinity"
            }
            if (counts[value] ?? 0) <= 0 { isNear = false }
        }
        if !isNear, !mayBeFirst { return "is not near the pods that the pod's affinity asks for" }
        for (term, counts) in antiAffinity {
            if let value = node.labels[term.topologyKey], (counts[value] ?? 0) > 0 {
                return "is near pods that the pod's anti-affinity keeps away from"
            }
        }
        for (key, counts) in keptAway {
            if let value = node.labels[key], (counts[value] ?? 0) > 0 {
                return "is near pods whose anti-affinity keeps the pod away"
            }
        }
        return nil
    }

    /// Whether a node could do if other pods went: what its labels lack, nothing mends.
    func isHopeless(on node: CandidateNode) -> Bool {
        spread.contains { node.labels[$0.rule.topologyKey] == nil }
            || affinity.contains { node.labels[$0.term.topologyKey] == nil }
    }
}
