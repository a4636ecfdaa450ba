// A node whose kubelet has not renewed its lease for 40 s is not known to be alive: its conditions turn Unknown, it is
// tainted, and its pods are no longer ready (pkg/controller/nodelifecycle).

internal import APIMachinery
internal import CEL
internal import JSON
internal import LocalAPIServer
internal import SystemIO

/// Watches the nodes' leases.
struct NodeLifecycle: Sendable {
    /// node-monitor-grace-period, in seconds.
    static let grace: Int64 = 40
    let server: APIServer

    static let resources: Set<GroupResource> = [GroupResource("", "nodes")]

    private static let unreachable = "node.kubernetes.io/unreachable"
    private static let notReady = "node.kubernetes.io/not-ready"

    /// Looks at all nodes as at a moment.
    func reconcile(now: APITime = .now) async {
        let leases = await server.objects(
            GroupResource("coordination.k8s.io", "leases"), namespace: "kube-node-lease")
        for node in await server.objects(GroupResource("", "nodes")) {
            let name = node.metadata?.name?.string ?? ""
            let lease = leases.first { $0.metadata?.name?.string == name }
            let ready = node.status?.conditions?.array?.first { $0.type?.string == "Ready" }
            let signs = [
                lease?.spec?.renewTime?.string, ready?.lastHeartbeatTime?.string,
                node.metadata?.creationTimestamp?.string,
            ].compactMap { $0.flatMap { APITime($0) } }
            let last = signs.max() ?? now
            if now.seconds - last.seconds > Self.grace, ready?.status?.string != "Unknown" {
                await loseNode(node, name, now)
            }
            await setTaints(node, name, lost: now.seconds - last.seconds > Self.grace, ready: ready)
        }
    }

    private func loseNode(_ node: JSON, _ name: String, _ now: APITime) async {
        let types = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]
        let conditions = types.map { type -> JSON in
            let old = node.status?.conditions?.array?.first { $0.type?.string == type }
            return [
                "type": .string(type), "status": "Unknown",
                "reason": .string(old == nil ? "NodeStatusNeverUpdated" : "NodeStatusUnknown"),
                "message": .string(
                    old == nil ? "Kubelet never posted node status." : "Kubelet stopped posting node status."),
                "lastTransitionTime": .string(now.text),
                "lastHeartbeatTime": old?.lastHeartbeatTime ?? node.metadata?.creationTimestamp ?? .null,
            ]
        }
        _ = await server.perform(
            "PATCH", "/api/v1/nodes/\(name)/status", ["status": ["conditions": .array(conditions)]],
            type: APIServer.strategicType, user: "node-controller")
        await server.record(
            "NodeNotReady", "Node \(name) status is now: NodeNotReady", about: node, type: "Normal",
            action: "Monitoring", source: "node-controller")
        for pod in await server.objects(GroupResource("", "pods"))
        where pod.spec?.nodeName?.string == name && pod.isReadyPod {
            _ = await server.perform(
                "PATCH", pod.podPath + "/status",
                [
                    "status": [
                        "conditions": [
                            ["type": "Ready", "status": "False", "lastTransitionTime": .string(now.text)]
                        ]
                    ]
                ], type: APIServer.strategicType, user: "node-controller")
        }
    }

    /// The taints that keep pods away from nodes that are not ready.
    private func setTaints(_ node: JSON, _ name: String, lost: Bool, ready: JSON?) async {
        let own: Set<String> = [Self.unreachable, Self.notReady]
        let old = node.spec?.taints?.array ?? []
        var taints = old.filter { !own.contains($0.key?.string ?? "") }
        let key =
            lost || ready?.status?.string == "Unknown"
            ? Self.unreachable : ready?.status?.string == "True" ? nil : Self.notReady
        if let key {
            for effect in ["NoSchedule", "NoExecute"] {
                let known = old.first { $0.key?.string == key && $0.effect?.string == effect }
                taints.append(
                    known ?? [
                        "key": .string(key), "effect": .string(effect),
                        "timeAdded": .string(APITime.now.text),
                    ])
            }
        }
        guard Set(taints) != Set(old) else { return }
        _ = await server.perform(
            "PATCH", "/api/v1/nodes/\(name)", ["spec": ["taints": taints.isEmpty ? .null : .array(taints)]],
            type: APIServer.mergeType, user: "node-controller")
    }
}
