// Where pending pods go: pure, so that every case can be written down as a test.

internal import KubernetesAPI
internal import KubernetesClient
internal import Placement

/// What becomes of a pending pod.
enum Decision: Equatable, Sendable {
    /// POST the binding with these cores.
    case bind(PodView, node: String, cores: [Int])
    /// No node can take it now; the sentence goes into its events.
    case unschedulable(PodView, message: String)
}

/// Everything that placement depends on, at one moment.
struct SchedulingState: Sendable {
    var pods: [PodView]
    var nodes: [NodeView]
    var assumed: [AssumedBinding]

    /// Decides about every pod that waits: higher priority first, then older, then by name. What one decision takes, the next
    /// one does not find.
    func decisions() -> [Decision] {
        let assumedPods = Set(assumed.map(\.pod.uid))
        let pending = pods.filter { $0.wantsPlace && !assumedPods.contains($0.uid) }
        guard !pending.isEmpty else { return [] }
        let seen = Set(pods.filter { !$0.node.isEmpty }.map(\.uid))
        let bound = Dictionary(grouping: pods.filter(\.isBound), by: \.node)
        let unseen = Dictionary(grouping: assumed.filter { !seen.contains($0.pod.uid) }, by: \.node)
        var ledgers = nodes.sorted { $0.name < $1.name }.map {
            CoreLedger(node: $0, pods: bound[$0.name] ?? [], assumed: unseen[$0.name] ?? [])
        }
        return pending.sorted(by: Self.comesFirst).map { Self.place($0, in: &ledgers) }
    }

    private static func comesFirst(_ left: PodView, _ right: PodView) -> Bool {
        if left.priority != right.priority { return left.priority > right.priority }
        return (left.json.meta.creationTimestamp, left.key) < (right.json.meta.creationTimestamp, right.key)
    }

    private static func place(_ pod: PodView, in ledgers: inout [CoreLedger]) -> Decision {
        var candidates: [NodeCandidate] = []
        var refusals: [(node: String, reason: String)] = []
        for ledger in ledgers {
            if let reason = refusal(of: pod, on: ledger.node) ?? ledger.shortage(for: pod) {
                refusals.append((ledger.node.name, reason))
            } else {
                candidates.append(
                    NodeCandidate(
                        name: ledger.node.name,
                        topology: ledger.node.topology ?? CoreTopology(chipCount: 0, coresPerChip: 1),
                        free: ledger.free))
            }
        }
        guard pod.cores > 0 else {
            // It takes nothing from groups where most cores are free.
            guard let node = candidates.max(by: { $0.free.count < $1.free.count }) else {
                return .unschedulable(
                    pod, message: "0/\(ledgers.count) nodes can take the pod: \(summary(refusals))")
            }
            return take(pod, node: node.name, cores: [], in: &ledgers)
        }
        do throws(NoPlacement) {
            let choice = try chooseNode(among: candidates, size: pod.cores)
            return take(pod, node: choice.node, cores: choice.cores, in: &ledgers)
        } catch {
            return .unschedulable(pod, message: sentence(error, refusals: refusals))
        }
    }

    private static func take(
        _ pod: PodView, node: String, cores: [Int], in ledgers: inout [CoreLedger]
    ) -> Decision {
        if let index = ledgers.firstIndex(where: { $0.node.name == node }) {
            ledgers[index].add(pod, cores: CoreSet(cores))
        }
        return .bind(pod, node: node, cores: cores)
    }

    /// Why no node will do: the nodes that could not hold the group, and those that were not asked.
    private static func sentence(_ error: NoPlacement, refusals: [(node: String, reason: String)]) -> String {
        guard !refusals.isEmpty else { return error.description }
        guard !error.refusals.isEmpty else {
            return
                "0/\(refusals.count) nodes can hold a group of \(error.size) NeuronCores: \(summary(refusals))"
        }
        return "\(error.description); not asked: \(summary(refusals))"
    }

    /// Nodes with one reason are drawn together.
    private static func summary(_ refusals: [(node: String, reason: String)]) -> String {
        var reasons: [(text: String, nodes: [String])] = []
        for refusal in refusals {
            if let index = reasons.firstIndex(where: { $0.text == refusal.reason }) {
                reasons[index].nodes.append(refusal.node)
            } else {
                reasons.append((refusal.reason, [refusal.node]))
            }
        }
        return reasons.map {
            $0.nodes.count == 1 ? "\($0.nodes[0]) \($0.text)" : "\($0.nodes.count) nodes: each \($0.text)"
        }.joined(separator: "; ")
    }
}
