// The columns of pods; the STATUS column follows pkg/printers/internalversion printPod: the most telling of phase, reason
// and container states.

internal import JSON

/// Columns of pods.
enum PodColumns {
    static let columns: [TableColumn] = [
        .name,
        TableColumn("Ready", "The aggregate readiness state of this pod for accepting traffic.") {
            .string(ready($0))
        },
        TableColumn("Status", "The aggregate status of the containers in this pod.") { .string(status($0)) },
        TableColumn(
            "Restarts",
            "The number of times the containers in this pod have been restarted and when the last container in this pod"
                + " has restarted."
        ) { .string(restarts($0)) },
        .age,
        TableColumn(
            "IP",
            "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.",
            priority: 1
        ) { none($0.status?.podIP) },
        TableColumn("Node", "NodeName indicates in which node this pod is scheduled.", priority: 1) {
            none($0.spec?.nodeName)
        },
        TableColumn(
            "Nominated Node", "nominatedNodeName is set only when this pod preempts other pods on the node.",
            priority: 1
        ) { none($0.status?.nominatedNodeName) },
        TableColumn(
            "Readiness Gates", "If specified, all readiness gates will be evaluated for pod readiness.",
            priority: 1
        ) { .string(gates($0)) },
    ]

    private static func none(_ value: JSON?) -> JSON {
        guard let text = value?.string, !text.isEmpty else { return "<none>" }
        return .string(text)
    }

    private static func gates(_ pod: JSON) -> String {
        let gates = pod.spec?.readinessGates?.array ?? []
        if gates.isEmpty { return "<none>" }
        let met = gates.count { gate in
            (pod.status?.conditions?.array ?? []).contains {
                $0.type == gate.conditionType && $0.status?.string == "True"
            }
        }
        return "\(met)/\(gates.count)"
    }

    private static func ready(_ pod: JSON) -> String {
        let statuses = pod.status?.containerStatuses?.array ?? []
        let total = pod.spec?.containers?.array?.count ?? 0
        return "\(statuses.count { $0.ready?.bool == true && $0.state?.running != nil })/\(total)"
    }

    /// While the pod is initialized, the restarts of init containers up to the one that is not through; afterwards those of
    /// sidecars and of the other containers.
    private static func restarts(_ pod: JSON) -> String {
        let isStarting = initStatus(pod) != nil && !initialized(pod)
        let sidecars = (pod.spec?.initContainers?.array ?? []).filter { $0.restartPolicy?.string == "Always" }
            .compactMap { $0.name?.string }
        let initial = pod.status?.initContainerStatuses?.array ?? []
        let statuses =
            isStarting
            ? Array(initial.prefix((initial.firstIndex { !isThrough($0) } ?? initial.count) + 1))
            : initial.filter { sidecars.contains($0.name?.string ?? "") }
                + (pod.status?.containerStatuses?.array ?? [])
        let count = statuses.reduce(0) { $0 &+ ($1.restartCount?.int ?? 0) }
        let last = statuses.compactMap { $0.lastState?.terminated?.finishedAt?.string }.max()
        guard count > 0, let last else { return "\(count)" }
        return "\(count) (\(TableColumn.age(of: .string(last))) ago)"
    }

    /// Whether an init container has ended well, or runs as a sidecar.
    private static func isThrough(_ status: JSON) -> Bool {
        if let terminated = status.state?.terminated { return terminated.exitCode?.int == 0 }
        return status.started?.bool == true && status.ready?.bool == true
    }

    static func status(_ pod: JSON) -> String {
        var reason = pod.status?.phase?.string ?? ""
        if let own = pod.status?.reason?.string, !own.isEmpty { reason = own }
        for condition in pod.status?.conditions?.array ?? []
        where condition.type?.string == "PodScheduled" && condition.reason?.string == "SchedulingGated" {
            reason = "SchedulingGated"
        }
        let initializing = initStatus(pod)
        if let initializing { reason = initializing }
        if initializing == nil || initialized(pod) {
            var running = false
            for status in (pod.status?.containerStatuses?.array ?? []).reversed() {
                if let waiting = status.state?.waiting?.reason?.string, !waiting.isEmpty {
                    reason = waiting
                } else if let terminated = status.state?.terminated {
                    reason = ended(terminated)
                } else if status.ready?.bool == true, status.state?.running != nil {
                    running = true
                }
            }
            if reason == "Completed", running {
                let ready = (pod.status?.conditions?.array ?? []).contains {
                    $0.type?.string == "Ready" && $0.status?.string == "True"
                }
                reason = ready ? "Running" : "NotReady"
            }
        }
        if pod.metadata?.deletionTimestamp?.string != nil {
            if pod.status?.reason?.string == "NodeLost" { return "Unknown" }
            if !["Succeeded", "Failed"].contains(pod.status?.phase?.string ?? "") { return "Terminating" }
        }
        return reason
    }

    private static func ended(_ state: JSON) -> String {
        if let reason = state.reason?.string, !reason.isEmpty { return reason }
        if let signal = state.signal?.int, signal != 0 { return "Signal:\(signal)" }
        return "ExitCode:\(state.exitCode?.int ?? 0)"
    }

    private static func initialized(_ pod: JSON) -> Bool {
        (pod.status?.conditions?.array ?? []).contains {
            $0.type?.string == "Initialized" && $0.status?.string == "True"
        }
    }

    private static func initStatus(_ pod: JSON) -> String? {
        let total = pod.spec?.initContainers?.array?.count ?? 0
        for (index, status) in (pod.status?.initContainerStatuses?.array ?? []).enumerated() {
            if isThrough(status) { continue }
            if let terminated = status.state?.terminated { return "Init:" + ended(terminated) }
            if let waiting = status.state?.waiting?.reason?.string, !waiting.isEmpty,
                waiting != "PodInitializing"
            {
                return "Init:" + waiting
            }
            return "Init:\(index)/\(total)"
        }
        return nil
    }
}
