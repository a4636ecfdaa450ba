// Whether a pod may go to a node at all, by the rules of kube-scheduler's plugins that matter for pods of this operator:
// NodeUnschedulable, TaintToleration, NodeAffinity, NodeReady. What is left out (volumes, pod affinity, ports) the kubelet
// still refuses at admission.

internal import JSON

/// Why a pod may not go to a node: what follows "NODE ", nil where it may.
func refusal(of pod: PodView, on node: NodeView) -> String? {
    let spec = pod.json["spec"] ?? .null
    let isReady = (node.json["status"]?["conditions"]?.array ?? []).contains {
        $0["type"]?.string == "Ready" && $0["status"]?.string == "True"
    }
    guard isReady else { return "is not ready" }
    let tolerations = spec["tolerations"]?.array ?? []
    if node.json["spec"]?["unschedulable"]?.bool == true { return "is cordoned" }
    for taint in node.json["spec"]?["taints"]?.array ?? [] {
        let effect = taint["effect"]?.string ?? ""
        guard effect == "NoSchedule" || effect == "NoExecute" else { continue }
        guard tolerations.contains(where: { tolerates($0, taint) }) else {
            return "has the taint \(taint["key"]?.string ?? "") that the pod does not tolerate"
        }
    }
    for (key, value) in spec["nodeSelector"]?.strings ?? [:] where node.labels[key] != value {
        return "does not have the label \(key)=\(value)"
    }
    let required = spec["affinity"]?["nodeAffinity"]?["requiredDuringSchedulingIgnoredDuringExecution"]
    if let terms = required?["nodeSelectorTerms"]?.array, !terms.contains(where: { matches($0, node) }) {
        return "does not match the pod's node affinity"
    }
    return nil
}

/// Toleration.ToleratesTaint of core/v1.
private func tolerates(_ toleration: JSON, _ taint: JSON) -> Bool {
    let effect = toleration["effect"]?.string ?? ""
    if !effect.isEmpty, effect != taint["effect"]?.string { return false }
    let key = toleration["key"]?.string ?? ""
    if !key.isEmpty, key != taint["key"]?.string { return false }
    switch toleration["operator"]?.string ?? "Equal" {
    case "Exists": return true
    case "Equal": return !key.isEmpty && (toleration["value"]?.string ?? "") == (taint["value"]?.string ?? "")
    default: return false
    }
}

/// A node selector term: all of its requirements; a term without any matches nothing.
private func matches(_ term: JSON, _ node: NodeView) -> Bool {
    let expressions = term["matchExpressions"]?.array ?? []
    let fields = term["matchFields"]?.array ?? []
    guard !(expressions.isEmpty && fields.isEmpty) else { return false }
    return expressions.allSatisfy { satisfies($0, node.labels[$0["key"]?.string ?? ""]) }
        && fields.allSatisfy { $0["key"]?.string == "metadata.name" && satisfies($0, node.name) }
}

private func satisfies(_ requirement: JSON, _ value: String?) -> Bool {
    let values = (requirement["values"]?.array ?? []).compactMap(\.string)
    switch requirement["operator"]?.string {
    case "In": return value.map(values.contains) ?? false
    case "NotIn": return !(value.map(values.contains) ?? false)
    case "Exists": return value != nil
    case "DoesNotExist": return value == nil
    case "Gt":
        guard let value = value.flatMap({ Int($0) }), let limit = values.first.flatMap({ Int($0) }) else {
            return false
        }
        return value > limit
    case "Lt":
        guard let value = value.flatMap({ Int($0) }), let limit = values.first.flatMap({ Int($0) }) else {
            return false
        }
        return value < limit
    default: return false
    }
}
