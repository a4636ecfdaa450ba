// What the nodes have left, and whether a pod fits: kube-scheduler's filters NodeUnschedulable, TaintToleration, NodeAffinity
// and NodeResourcesFit, with its words for what does not fit, which people and tools know.

internal import KubernetesAPI

/// One node, as the scheduler sees it.
struct NodeInfo: Sendable {
    /// The node's name.
    var name: String { node.metadata.name }

    let node: Node
    private var free: [String: Quantity]
    private var freePods: Int64

    /// Pods that a node takes where it does not say.
    private static let usualPods: Int64 = 110

    /// A node without pods.
    init(_ node: Node) {
        self.node = node
        free = node.status.allocatable
        freePods = free["pods"]?.value ?? Self.usualPods
    }

    /// What of a resource is not asked for by a pod.
    func free(_ resource: String) -> Quantity { free[resource] ?? .zero }

    /// Takes a pod's share.
    mutating func place(_ pod: Pod) {
        freePods -= 1
        for (resource, amount) in PodRequirements(pod).requests { free[resource] = free(resource) - amount }
    }

    /// Why a pod cannot be placed here; empty where it can.
    func faults(for pod: Pod, requests: [String: Quantity]) -> [String] {
        if let taint = pod.spec.tolerations.untolerated(of: node.spec) {
            guard taint != .unschedulable else { return ["node(s) were unschedulable"] }
            return ["node(s) had untolerated taint(s) {\(taint.key): \(taint.value ?? "")}"]
        }
        guard pod.spec.selects(node) else { return ["node(s) didn't match Pod's node affinity/selector"] }
        let missing = requests.filter { $0.value > .zero && free($0.key) < $0.value }.keys.sorted()
        return (freePods < 1 ? ["Too many pods"] : []) + missing.map { "Insufficient \($0)" }
    }
}

/// All nodes at one moment. Made once for a pass over many pods, and kept up to date as they are placed.
struct SchedulerSnapshot: Sendable {
    private var nodes: [NodeInfo]

    /// How many there are.
    var count: Int { nodes.count }

    /// A node by its name.
    func node(_ name: String) -> Node? { nodes.first { $0.name == name }?.node }

    /// - Parameter pods: all pods, to know what is taken.
    init(nodes: [Node], pods: [Pod]) {
        self.nodes = nodes.map { NodeInfo($0) }
        for pod in pods where !pod.isTerminal {
            if let node = pod.spec.nodeName { place(pod, on: node) }
        }
    }

    /// Takes a pod's share of a node; of one that is not there, nothing.
    mutating func place(_ pod: Pod, on node: String) {
        guard let index = nodes.firstIndex(where: { $0.name == node }) else { return }
        nodes[index].place(pod)
    }

    /// Where a pod goes, by what a filter has against each node besides: among the nodes that it fits the one with the most free CPU, as the default scheduler spreads.
    func decide(_ pod: Pod, besides refusal: (Node) -> String? = { _ in nil }) -> SchedulerDecision {
        guard !nodes.isEmpty else { return .unschedulable("no nodes available to schedule pods") }
        let requests = PodRequirements(pod).requests
        var reasons: [String: Int] = [:]
        var candidates: [NodeInfo] = []
        for node in nodes {
            var faults = node.faults(for: pod, requests: requests)
            if faults.isEmpty, let fault = refusal(node.node) { faults = [fault] }
            if faults.isEmpty { candidates.append(node) }
            for fault in faults { reasons[fault, default: 0] += 1 }
        }
        let best = candidates.max { ($0.free("cpu"), $1.name) < ($1.free("cpu"), $0.name) }
        if let best { return .node(best.name) }
        let list = reasons.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", ")
        return .unschedulable("0/\(nodes.count) nodes are available: \(list).")
    }
}

/// What the scheduler has decided about a pod.
enum SchedulerDecision: Equatable, Sendable {
    /// It goes to this node.
    case node(String)
    /// It fits nowhere; why, for the condition and the event.
    case unschedulable(String)
}
