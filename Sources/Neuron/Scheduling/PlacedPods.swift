// Which pods are where, as far as other pods ask for it: counts that follow each pod that comes to a node or goes, so that a
// question about all pods of a cluster is a look-up (kube-scheduler's InterPodAffinity and PodTopologySpread).

internal import KubernetesAPI

/// Counts of placed pods, by the terms that somebody has asked about.
struct PlacedPods: Sendable {
    /// By the value of the topology label, how many pods there are.
    typealias Counts = [String: Int]

    /// A term of pods that are placed, with where those pods are.
    private var antiAffinity: [PodTerm: Counts] = [:]
    /// Pods that fulfil all terms of a list, for each of its terms.
    private var affinity: [[PodTerm]: [Counts]] = [:]
    /// Pods that a waiting pod must not be near.
    private var opposed: [PodTerm: Counts] = [:]
    /// Pods of a namespace by node, which do not end.
    private var spread: [SpreadQuery: [Int: Int]] = [:]

    struct SpreadQuery: Hashable {
        var namespace: String
        var selector: LabelSelector
    }

    /// Whether a placed pod keeps others away.
    var hasAntiAffinity: Bool { !antiAffinity.isEmpty }

    /// A pod has come to a node, or gone from it.
    ///
    /// - Parameters:
    ///   - node: the node's number.
    ///   - change: 1 or -1.
    mutating func count(
        _ pod: PodInfo, on node: CandidateNode, number: Int, change: Int,
        namespaces: [String: [String: String]]
    ) {
        for term in pod.relations?.antiAffinity ?? [] {
            Self.add(change, to: &antiAffinity[term, default: [:]], node.labels[term.topologyKey])
            if antiAffinity[term]?.isEmpty == true { antiAffinity[term] = nil }
        }
        for terms in affinity.keys
        where terms.allSatisfy({ $0.matches(pod.pod, namespaceLabels: namespaces) }) {
            for (index, term) in terms.enumerated() {
                Self.add(change, to: &affinity[terms, default: []][index], node.labels[term.topologyKey])
            }
        }
        for term in opposed.keys where term.matches(pod.pod, namespaceLabels: namespaces) {
            Self.add(change, to: &opposed[term, default: [:]], node.labels[term.topologyKey])
        }
        guard !pod.isTerminating else { return }
        for query in spread.keys
        where query.namespace == pod.key.namespace && query.selector.matches(pod.pod.metadata.labels) {
            let count = (spread[query]?[number] ?? 0) + change
            spread[query]?[number] = count == 0 ? nil : count
        }
    }

    private static func add(_ change: Int, to counts: inout Counts, _ value: String?) {
        guard let value else { return }
        let count = (counts[value] ?? 0) + change
        counts[value] = count == 0 ? nil : count
    }

    /// Where the pods are that keep a pod away, by the label of nodes.
    func keepingAway(
        _ pod: PodInfo, namespaces: [String: [String: String]]
    ) -> [(topologyKey: String, counts: Counts)] {
        antiAffinity.filter { $0.key.matches(pod.pod, namespaceLabels: namespaces) }
            .map { ($0.key.topologyKey, $0.value) }
    }

    /// Where the pods are that fulfil all of these terms, by term; nil where that is not counted yet.
    func fulfilling(_ terms: [PodTerm]) -> [Counts]? { affinity[terms] }
    /// Where the pods of a term are; nil where that is not counted yet.
    func matching(_ term: PodTerm) -> Counts? { opposed[term] }
    /// How many pods there are by node; nil where that is not counted yet.
    func matching(_ query: SpreadQuery) -> [Int: Int]? { spread[query] }

    /// Begins to count what a pod asks about.
    ///
    /// - Returns: whether anything of it was not counted yet: then every placed pod has to be counted once by `recount`.
    mutating func follow(_ relations: PodRelations, namespace: String) -> Bool {
        var isNew = false
        if !relations.affinity.isEmpty, affinity[relations.affinity] == nil {
            affinity[relations.affinity] = relations.affinity.map { _ in [:] }
            isNew = true
        }
        for term in relations.antiAffinity where opposed[term] == nil {
            opposed[term] = [:]
            isNew = true
        }
        for rule in relations.spread {
            guard let selector = rule.selector else { continue }
            let query = SpreadQuery(namespace: namespace, selector: selector)
            guard spread[query] == nil else { continue }
            spread[query] = [:]
            isNew = true
        }
        return isNew
    }

    /// The questions that are followed, with nothing counted.
    func emptied() -> PlacedPods {
        var empty = PlacedPods()
        empty.affinity = affinity.mapValues { $0.map { _ in [:] } }
        empty.opposed = opposed.mapValues { _ in [:] }
        empty.spread = spread.mapValues { _ in [:] }
        return empty
    }

    /// How many questions are followed.
    var questions: Int { affinity.count + opposed.count + spread.count }
}
