// A taint with the effect NoExecute takes pods off a node: at once those that do not tolerate it, after the shortest
// tolerationSeconds those that tolerate it for a time (pkg/controller/tainteviction).

internal import Controller
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import SystemIO

/// Deletes pods that a node no longer bears.
actor TaintEviction: LoopActor {
    nonisolated let loop: EventLoop
    private let cluster: any ClusterAPI
    private let events: CoreEventRecorder
    /// Since when each pod has been borne for a time only, by its uid.
    private var since: [String: Timestamp] = [:]

    init(cluster: any ClusterAPI, events: CoreEventRecorder, loop: EventLoop) {
        self.cluster = cluster
        self.events = events
        self.loop = loop
    }

    /// Looks at everything when a node or a pod changes, and when a time is over.
    nonisolated func controller(log: Logger = .silent) -> Controller<Everything> {
        Controller(named: "taint-eviction", log: log, loop: loop) { _ in
            let next = try await self.reconcile()
            return next.map { .requeue(after: $0) } ?? .done
        }
        .looks(at: Node.self, of: cluster)
        .looks(at: Pod.self, of: cluster)
    }

    /// One pass over all pods.
    ///
    /// - Returns: when the next time is over; nil where none runs.
    @discardableResult
    func reconcile(now: Timestamp = .now) async throws(ClusterError) -> Duration? {
        var taints: [String: [Taint]] = [:]
        for node in try await cluster.list(Node.self) {
            taints[node.metadata.name] = node.spec.taints.filter { $0.effect == .noExecute }
        }
        var waiting: [String: Timestamp] = [:]
        var next: Duration?
        for pod in try await cluster.list(Pod.self) where !pod.isTerminal && !pod.metadata.isTerminating {
            guard let node = pod.spec.nodeName, let taints = taints[node], !taints.isEmpty,
                let limit = pod.spec.tolerations.limit(for: taints)
            else { continue }
            let uid = pod.metadata.uid
            let begin = since[uid] ?? now
            let left = Duration.seconds(Int64(limit)) - .microseconds(now.microseconds - begin.microseconds)
            if left > .zero {
                waiting[uid] = begin
                next = min(next ?? left, left)
            } else {
                try await evict(pod)
            }
        }
        since = waiting
        return next
    }

    private func evict(_ pod: Pod) async throws(ClusterError) {
        events.record(
            EventNote(
                .normal, about: pod.reference, reason: "TaintManagerEviction", action: "Evicting",
                note: "Marking for deletion Pod \(pod.key)"))
        let target = Condition(
            type: "DisruptionTarget", status: .true, reason: "DeletionByTaintManager",
            message: "Taint manager: deleting due to NoExecute taint", lastTransitionTime: .now)
        do throws(ClusterError) {
            try await cluster.setConditions(Pod.self, pod.key, [target])
            try await cluster.delete(Pod.self, pod.key, DeleteOptions(uid: pod.metadata.uid))
        } catch {
            if error.isWorthRetrying { throw error }  // else it is gone
        }
    }
}

extension [Toleration] {
    /// How long a pod stays in spite of taints, in seconds; nil for ever. 0 where one is not tolerated.
    fileprivate func limit(for taints: [Taint]) -> Int? {
        var shortest: Int?
        for taint in taints {
            let matching = filter { $0.tolerates(taint) }
            if matching.isEmpty { return 0 }
            // Of several tolerations of a taint the shortest counts (GetMinTolerationTime).
            for seconds in matching.compactMap(\.tolerationSeconds) {
                shortest = Swift.min(shortest ?? seconds, Swift.max(0, seconds))
            }
        }
        return shortest
    }
}
