// A node whose kubelet has not renewed its lease for 40 s is not known to be alive: its conditions turn Unknown, it is
// tainted, and its pods are no longer ready (pkg/controller/nodelifecycle).

internal import Controller
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import SystemIO

/// Watches over the nodes' leases.
struct NodeLifecycle: Sendable {
    /// node-monitor-grace-period, in seconds.
    static let grace: Int64 = 40
    /// Taints of nodes that are not known to be alive, or say that they are not ready.
    static let unreachable = "node.kubernetes.io/unreachable"
    static let notReady = "node.kubernetes.io/not-ready"

    let cluster: any ClusterAPI
    let events: CoreEventRecorder

    /// Looks at a node when it changes, and at all of them every five seconds.
    func controller(log: Logger = .silent, loop: EventLoop) -> Controller<ObjectKey> {
        Controller(named: "node-lifecycle", log: log, loop: loop) { key in
            try await reconcile(key)
            return .done
        }
        .watches(cluster.updates(of: Node.self)) { $0.objects.map(\.key) }
        .every(.seconds(5)) { ((try? await cluster.list(Node.self)) ?? []).map(\.key) }
    }

    /// Looks at a node as at a moment.
    func reconcile(_ key: ObjectKey, now: Timestamp = .now) async throws(ClusterError) {
        let node: Node
        do throws(ClusterError) { node = try await cluster.get(Node.self, key) } catch {
            guard error.isNotFound else { throw error }
            return
        }
        let lease = try? await cluster.get(
            Lease.self, ObjectKey(namespace: "kube-node-lease", name: key.name))
        let ready = node.status.conditions["Ready"]
        let signs = [
            lease?.spec.renewTime, ready?.lastHeartbeatTime, node.metadata.creationTimestamp,
        ].compactMap { $0 }
        let isLost = now.seconds - (signs.max() ?? now).seconds > Self.grace
        if isLost, ready?.status != .unknown { try await lose(node, now) }
        try await setTaints(node, isLost: isLost, ready: ready?.status, now)
    }

    private func lose(_ node: Node, _ now: Timestamp) async throws(ClusterError) {
        let conditions = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"].map { type -> Condition in
            let old = node.status.conditions[type]
            var condition = Condition(
                type: type, status: .unknown,
                reason: old == nil ? "NodeStatusNeverUpdated" : "NodeStatusUnknown",
                message: old == nil
                    ? "Kubelet never posted node status." : "Kubelet stopped posting node status.",
                lastTransitionTime: now)
            condition.lastHeartbeatTime = old?.lastHeartbeatTime ?? node.metadata.creationTimestamp
            return condition
        }
        try await cluster.setConditions(Node.self, node.key, conditions)
        let name = node.metadata.name
        events.record(
            EventNote(
                .normal, about: node.reference, reason: "NodeNotReady", action: "Monitoring",
                note: "Node \(name) status is now: NodeNotReady"))
        for pod in try await cluster.list(Pod.self) where pod.spec.nodeName == name && pod.isReady {
            let unready = Condition(type: "Ready", status: .false, lastTransitionTime: now)
            _ = try? await cluster.setConditions(Pod.self, pod.key, [unready])  // it may be gone by now
        }
    }

    /// The taints that keep pods away from nodes that are not ready.
    private func setTaints(
        _ node: Node, isLost: Bool, ready: ConditionStatus?, _ now: Timestamp
    ) async throws(ClusterError) {
        let key =
            isLost || ready == .unknown ? Self.unreachable : ready == .true ? nil : Self.notReady
        let old = node.spec.taints
        var taints = old.filter { $0.key != Self.unreachable && $0.key != Self.notReady }
        if let key {
            for effect in [TaintEffect.noSchedule, .noExecute] {
                var taint = Taint(key: key, effect: effect)
                taint.timeAdded = now
                taints.append(old.first { $0.key == key && $0.effect == effect } ?? taint)
            }
        }
        guard Set(taints) != Set(old) else { return }
        try await cluster.patch(
            Node.self, node.key, TaintsPatch(spec: .init(taints: taints)), kind: .merge, subresource: nil)
    }
}

/// A merge patch of a node's taints: all of them, or null where there are none.
private struct TaintsPatch: Encodable, Sendable {
    struct Spec: Encodable, Sendable {
        var taints: [Taint]

        private enum Key: CodingKey { case taints }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            if taints.isEmpty { try container.encodeNil(forKey: .taints) }
            try container.encode(taints, forKey: .taints)
        }
    }

    var spec: Spec
}
