// Where pending pods go: pure, so that every case can be written down as a test.

internal import KubernetesAPI
internal import Placement

/// What becomes of a pending pod.
enum Decision: Equatable, Sendable {
    /// POST the binding with these cores.
    case bind(PodInfo, node: String, cores: CoreSet)
    /// No node can take it now; the sentence goes into its events.
    case unschedulable(PodInfo, message: String)
}

/// Everything that placement depends on, at one moment.
struct SchedulingState: Sendable {
    var pods: [PodInfo]
    var nodes: [CandidateNode]
    var assumed: [AssumedBinding]
    /// Pods, by uid, that wait although nothing is decided about them now.
    var postponed: Set<String> = []

    /// Decides about every pod that waits: higher priority first, then older, then by name. What one decision takes, the next
    /// one does not find.
    func decisions() -> [Decision] {
        let assumedPods = Set(assumed.map(\.pod.uid))
        let pending = pods.filter {
            $0.needsPlacement && !assumedPods.contains($0.uid) && !postponed.contains($0.uid)
        }
        guard !pending.isEmpty else { return [] }
        let seen = Set(pods.filter { !$0.node.isEmpty }.map(\.uid))
        let bound = Dictionary(grouping: pods.filter(\.isBound), by: \.node)
        let stopped = Dictionary(grouping: pods.filter(\.hasStopped), by: \.node)
        let unseen = Dictionary(grouping: assumed.filter { !seen.contains($0.pod.uid) }, by: \.node)
        var usages = nodes.sorted { $0.name < $1.name }.map {
            NodeUsage(
                node: $0, pods: bound[$0.name] ?? [], stopped: stopped[$0.name] ?? [],
                assumed: unseen[$0.name] ?? [])
        }
        return pending.sorted(by: Self.comesFirst).map { Self.place($0, in: &usages) }
    }

    private static func comesFirst(_ left: PodInfo, _ right: PodInfo) -> Bool {
        let (first, second) = (left.pod.spec.priority ?? 0, right.pod.spec.priority ?? 0)
        if first != second { return first > second }
        let (older, newer) = (left.pod.metadata.creationTimestamp, right.pod.metadata.creationTimestamp)
        return (older?.microseconds ?? 0, left.key) < (newer?.microseconds ?? 0, right.key)
    }

    private static func place(_ pod: PodInfo, in usages: inout [NodeUsage]) -> Decision {
        if let fault = UnsupportedPlacement(pod.pod.spec, annotations: pod.pod.metadata.annotations) {
            return .unschedulable(pod, message: "spec.\(fault.field) \(fault.words)")
        }
        var candidates: [NodeCandidate] = []
        var refusals: [(node: String, reason: String)] = []
        for usage in usages {
            if let reason = refusal(of: pod.pod, on: usage.node) ?? usage.shortage(for: pod) {
                refusals.append((usage.node.name, reason))
            } else {
                candidates.append(
                    NodeCandidate(
                        name: usage.node.name,
                        topology: usage.node.topology ?? CoreTopology(chipCount: 0, coresPerChip: 1),
                        free: usage.free))
            }
        }
        guard pod.cores > 0 else {
            // It takes nothing from groups where most cores are free.
            guard let node = candidates.max(by: { $0.free.count < $1.free.count }) else {
                return .unschedulable(
                    pod, message: "0/\(usages.count) nodes can take the pod: \(grouped(byReason: refusals))")
            }
            return take(pod, node: node.name, cores: [], in: &usages)
        }
        do throws(NoPlacement) {
            let choice = try chooseNode(among: candidates, size: pod.cores)
            return take(pod, node: choice.node, cores: CoreSet(choice.cores), in: &usages)
        } catch {
            return .unschedulable(pod, message: sentence(error, refusals: refusals))
        }
    }

    private static func take(
        _ pod: PodInfo, node: String, cores: CoreSet, in usages: inout [NodeUsage]
    ) -> Decision {
        if let index = usages.firstIndex(where: { $0.node.name == node }) {
            usages[index].add(pod, cores: cores)
        }
        return .bind(pod, node: node, cores: cores)
    }

    /// Why no node will do: the nodes that could not hold the group, and those that were not asked.
    private static func sentence(_ error: NoPlacement, refusals: [(node: String, reason: String)]) -> String {
        guard !refusals.isEmpty else { return error.description }
        guard !error.refusals.isEmpty else {
            return
                "0/\(refusals.count) nodes can hold a group of \(error.size) NeuronCores: \(grouped(byReason: refusals))"
        }
        return "\(error.description); not asked: \(grouped(byReason: refusals))"
    }
}
