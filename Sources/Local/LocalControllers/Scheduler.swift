// The default scheduler: places pods with schedulerName default-scheduler by resources, node selector, taints and
// readiness, and says why it cannot, in kube-scheduler's words, which people and tools know.

internal import APIMachinery
internal import CEL
internal import JSON
internal import LocalAPIServer
internal import SystemIO

/// Where a pod goes, or why it cannot.
struct SchedulerDecision: Equatable, Sendable {
    /// The node, nil when none fits.
    var node: String?
    /// Why not, for the condition and the event.
    var message: String
}

/// What the nodes have left; decides without I/O. Made once for a pass over many pods, and kept up to date as they are placed.
struct SchedulerRooms: Sendable {
    /// What a node has left.
    private struct Room {
        var name: String
        var labels: [String: String]
        var taints: [JSON]
        var free: [String: ResourceQuantity]
        var pods: Int
        var isUnschedulable: Bool
    }

    private var rooms: [Room] = []
    private var places: [String: Int] = [:]

    /// - Parameter pods: all pods, to know what is taken.
    init(nodes: [JSON], pods: [JSON]) {
        for node in nodes {
            let name = node.metadata?.name?.string ?? ""
            var free: [String: ResourceQuantity] = [:]
            for (key, value) in node.status?.allocatable?.object ?? [:] {
                free[key] = ResourceQuantity(value.string ?? value.text())
            }
            places[name] = rooms.count
            rooms.append(
                Room(
                    name: name, labels: node.metadata?.labels?.strings ?? [:],
                    taints: node.spec?.taints?.array ?? [], free: free,
                    pods: free["pods"].map { Int($0.roundedUp) } ?? 110,
                    isUnschedulable: node.spec?.unschedulable?.bool == true))
        }
        for pod in pods {
            guard let node = pod.spec?.nodeName?.string, !node.isEmpty,
                !["Succeeded", "Failed"].contains(pod.status?.phase?.string ?? "")
            else { continue }
            place(pod, on: node)
        }
    }

    /// Takes a pod's share of a node.
    mutating func place(_ pod: JSON, on node: String) {
        guard let index = places[node] else { return }
        rooms[index].pods -= 1
        for (key, amount) in Self.requests(of: pod) {
            rooms[index].free[key] = (rooms[index].free[key] ?? ResourceQuantity(milli: 0)) - amount
        }
    }

    /// Where a pod goes.
    func decide(_ pod: JSON) -> SchedulerDecision {
        guard !rooms.isEmpty else {
            return SchedulerDecision(node: nil, message: "no nodes available to schedule pods")
        }
        let requests = Self.requests(of: pod)
        var reasons: [String: Int] = [:]
        var candidates: [(Room, ResourceQuantity)] = []
        for room in rooms {
            let faults = Self.faults(pod, requests, room)
            if faults.isEmpty {
                // Most free cpu first, as the default scheduler spreads.
                candidates.append((room, room.free["cpu"] ?? ResourceQuantity(milli: 0)))
            } else {
                for fault in faults { reasons[fault, default: 0] += 1 }
            }
        }
        if let best = candidates.max(by: { ($0.1, $1.0.name) < ($1.1, $0.0.name) }) {
            return SchedulerDecision(node: best.0.name, message: "")
        }
        let list = reasons.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", ")
        return SchedulerDecision(node: nil, message: "0/\(rooms.count) nodes are available: \(list).")
    }

    /// What a pod needs: the sum of its containers, or an init container that needs more.
    static func requests(of pod: JSON) -> [String: ResourceQuantity] {
        func amounts(_ container: JSON) -> [String: ResourceQuantity] {
            (container.resources?.requests?.object ?? [:]).compactMapValues {
                ResourceQuantity($0.string ?? $0.text())
            }
        }
        var total: [String: ResourceQuantity] = [:]
        for container in pod.spec?.containers?.array ?? [] {
            total.merge(amounts(container)) { $0 + $1 }
        }
        for container in pod.spec?.initContainers?.array ?? [] {
            if container.restartPolicy?.string == "Always" {
                total.merge(amounts(container)) { $0 + $1 }
            } else {
                total.merge(amounts(container)) { max($0, $1) }
            }
        }
        return total
    }

    private static func faults(_ pod: JSON, _ requests: [String: ResourceQuantity], _ room: Room) -> [String]
    {
        let tolerations = pod.spec?.tolerations?.array ?? []
        let unschedulable: JSON = ["key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"]
        if room.isUnschedulable, !tolerations.contains(where: { tolerates($0, unschedulable) }) {
            return ["node(s) were unschedulable"]
        }
        for taint in room.taints where ["NoSchedule", "NoExecute"].contains(taint.effect?.string ?? "") {
            if tolerations.contains(where: { tolerates($0, taint) }) { continue }
            let value = taint.value?.string ?? ""
            return ["node(s) had untolerated taint(s) {\(taint.key?.string ?? ""): \(value)}"]
        }
        let selector = pod.spec?.nodeSelector?.strings ?? [:]
        if !selector.allSatisfy({ room.labels[$0.key] == $0.value }) || !affinityMatches(pod, room) {
            return ["node(s) didn't match Pod's node affinity/selector"]
        }
        var faults: [String] = []
        if room.pods < 1 { faults.append("Too many pods") }
        for (key, amount) in requests.sorted(by: { $0.key < $1.key }) where amount.milli > 0 {
            if (room.free[key] ?? ResourceQuantity(milli: 0)) < amount {
                faults.append("Insufficient \(key)")
            }
        }
        return faults
    }

    /// Required node affinity, by labels and by name.
    private static func affinityMatches(_ pod: JSON, _ room: Room) -> Bool {
        guard
            let terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?
                .nodeSelectorTerms?.array
        else { return true }
        return terms.contains { term in
            let labels = (term.matchExpressions?.array ?? []).map { ($0, room.labels) }
            let fields = (term.matchFields?.array ?? []).map { ($0, ["metadata.name": room.name]) }
            let all = labels + fields
            return !all.isEmpty && all.allSatisfy { matches($0.0, $0.1) }
        }
    }

    private static func matches(_ expression: JSON, _ labels: [String: String]) -> Bool {
        let value = labels[expression.key?.string ?? ""]
        let values = (expression.values?.array ?? []).compactMap(\.string)
        switch expression["operator"]?.string {
        case "In": return value.map(values.contains) ?? false
        case "NotIn": return !(value.map(values.contains) ?? false)
        case "Exists": return value != nil
        case "DoesNotExist": return value == nil
        case "Gt", "Lt":
            guard let number = value.flatMap({ Int($0) }), let bound = values.first.flatMap({ Int($0) })
            else {
                return false
            }
            return expression["operator"]?.string == "Gt" ? number > bound : number < bound
        default: return false
        }
    }

    static func tolerates(_ toleration: JSON, _ taint: JSON) -> Bool {
        let effect = toleration.effect?.string ?? ""
        guard effect.isEmpty || effect == taint.effect?.string else { return false }
        let key = toleration.key?.string ?? ""
        if key.isEmpty { return toleration["operator"]?.string == "Exists" }
        guard key == taint.key?.string else { return false }
        if toleration["operator"]?.string == "Exists" { return true }
        return (toleration.value?.string ?? "") == (taint.value?.string ?? "")
    }
}

/// Binds pending pods.
struct Scheduler: Sendable {
    static let name = "default-scheduler"
    let server: APIServer

    static let resources: Set<GroupResource> = [GroupResource("", "pods"), GroupResource("", "nodes")]

    /// One pass over all pending pods, oldest first.
    func reconcile() async {
        let nodes = await server.objects(GroupResource("", "nodes"))
        let pods = await server.objects(GroupResource("", "pods"))
        let pending = pods.filter {
            $0.spec?.schedulerName?.string == Self.name && ($0.spec?.nodeName?.string ?? "").isEmpty
                && $0.metadata?.deletionTimestamp?.string == nil
                && ($0.spec?.schedulingGates?.array ?? []).isEmpty
                && !["Succeeded", "Failed"].contains($0.status?.phase?.string ?? "")
        }.sorted {
            ($0.metadata?.creationTimestamp?.string ?? "", $0.metadata?.name?.string ?? "")
                < ($1.metadata?.creationTimestamp?.string ?? "", $1.metadata?.name?.string ?? "")
        }
        guard !pending.isEmpty else { return }
        var rooms = SchedulerRooms(nodes: nodes, pods: pods)
        for pod in pending {
            let decision = rooms.decide(pod)
            if let node = decision.node {
                rooms.place(pod, on: node)
                await bind(pod, to: node)
            } else {
                await refuse(pod, decision.message)
            }
        }
    }

    private func bind(_ pod: JSON, to node: String) async {
        let binding: JSON = [
            "kind": "Binding", "apiVersion": "v1",
            "metadata": [
                "name": pod.metadata?.name ?? "", "namespace": pod.metadata?.namespace ?? "",
                "uid": pod.metadata?.uid ?? "",
            ],
            "target": ["kind": "Node", "apiVersion": "v1", "name": .string(node)],
        ]
        let answer = await server.perform("POST", pod.podPath + "/binding", binding, user: "kube-scheduler")
        guard answer.status == 201 else { return }
        await server.record(
            "Scheduled", "Successfully assigned \(pod.shortName) to \(node)", about: pod, type: "Normal",
            action: "Binding", source: Self.name)
    }

    private func refuse(_ pod: JSON, _ message: String) async {
        let known = pod.status?.conditions?.array?.first { $0.type?.string == "PodScheduled" }
        if known?.message?.string == message { return }
        let condition: JSON = [
            "type": "PodScheduled", "status": "False", "lastProbeTime": .null,
            "lastTransitionTime": .string(APITime.now.text), "reason": "Unschedulable",
            "message": .string(message),
        ]
        _ = await server.perform(
            "PATCH", pod.podPath + "/status", ["status": ["conditions": [condition]]],
            type: APIServer.strategicType, user: "kube-scheduler")
        await server.record(
            "FailedScheduling", message, about: pod, type: "Warning", action: "Scheduling", source: Self.name)
    }
}

extension JSON {
    /// The REST path of a pod.
    var podPath: String {
        "/api/v1/namespaces/\(self.metadata?.namespace?.string ?? "")/pods/\(self.metadata?.name?.string ?? "")"
    }

    /// `namespace/name`.
    fileprivate var shortName: String {
        "\(self.metadata?.namespace?.string ?? "")/\(self.metadata?.name?.string ?? "")"
    }
}
