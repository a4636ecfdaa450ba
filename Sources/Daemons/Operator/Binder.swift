// Gives pending pods a node and their NeuronCores. One request does both, so there is no moment at which a pod is bound and
// has no cores. Until a watch shows a binding, it is assumed; until it is known whether one that failed was carried out, too.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import Placement
internal import SystemIO

/// Decides about pending pods and carries the decisions out.
actor Binder: LoopActor {
    nonisolated let loop: EventLoop

    private let client: KubernetesClient
    private let cluster: ObservedCluster
    private let events: EventRecorder
    private let log: Logger
    private let bindings: Counter?
    private let unplaced: Gauge?
    private var assumed: [String: AssumedBinding] = [:]
    private var uncertain: Set<String> = []
    private let messages = Lock<[String: String]>([:])

    init(
        _ client: KubernetesClient, cluster: ObservedCluster, events: EventRecorder,
        registry: MetricsRegistry?, log: Logger, loop: EventLoop
    ) {
        self.client = client
        self.cluster = cluster
        self.events = events
        self.log = log
        self.loop = loop
        bindings = registry?.counter("ganglion_bindings_total", "Pods bound to a node.", labels: ["result"])
        unplaced = registry?.gauge("ganglion_unschedulable_pods", "Pods that no node can take now.")
    }

    /// Why pods have no node yet, by uid.
    nonisolated var unschedulable: [String: String] { messages.withLock { $0 } }

    /// What a pass came to.
    struct Outcome: Sendable {
        /// Pods for which it has changed why they have no node.
        var changed: [PodInfo] = []
        /// Some pods fit nowhere.
        var leavesPods = false
        /// A request failed: another pass is needed although nothing changes.
        var failure: KubernetesError?
    }

    /// A pass over all pods that wait.
    func pass() async -> Outcome {
        var outcome = Outcome()
        // The pods are read when it is settled what became of earlier bindings.
        outcome.failure = await settle()
        let present = cluster.podInfos()
        let seen = Dictionary(present.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
        // What a watch has shown, or has shown to be gone, need not be assumed any more.
        assumed = assumed.filter { uid, _ in
            guard let pod = seen[uid] else { return uncertain.contains(uid) }
            return !pod.pod.isBound
        }
        let decisions = SchedulingState(
            pods: present, nodes: cluster.nodeInfos(), assumed: Array(assumed.values)
        )
        .decisions()
        var refused: [String: String] = [:]
        for decision in decisions {
            switch decision {
            case .bind(let pod, let node, let cores):
                if let failure = await bind(pod, to: node, cores: cores) { outcome.failure = failure }
            case .unschedulable(let pod, let message):
                refused[pod.uid] = message
                if messages.withLock({ $0[pod.uid] }) != message {
                    outcome.changed.append(pod)
                    await refuse(pod, message)
                }
            }
        }
        let placed = messages.withLock { messages -> Set<String> in
            let placed = Set(messages.keys).subtracting(refused.keys)
            messages = refused
            return placed
        }
        outcome.changed += placed.compactMap { seen[$0] }
        unplaced?.set(Double(refused.count))
        outcome.leavesPods = !refused.isEmpty
        return outcome
    }

    /// - Returns: why it may have to be tried again.
    private func bind(_ pod: PodInfo, to node: String, cores: CoreSet) async -> KubernetesError? {
        assumed[pod.uid] = AssumedBinding(pod: pod, node: node, cores: cores)
        do throws(KubernetesError) {
            try await client.bind(
                pod: pod.key, uid: pod.uid, node: node,
                annotations: cores.isEmpty ? [:] : [WellKnown.coresAnnotation: cores.list])
            bindings?.increment(["bound"])
            log.info("bound", ["pod": pod.key.description, "node": node, "cores": cores.list])
            let note =
                cores.isEmpty
                ? "Successfully assigned \(pod.key) to \(node)"
                : "Successfully assigned \(pod.key) to \(node), NeuronCores \(cores.list)"
            events.record(
                EventNote(
                    .normal, about: pod.pod.reference, reason: "Scheduled", action: "Binding", note: note))
            return nil
        } catch {
            log.warning(
                "cannot bind", ["pod": pod.key.description, "node": node, "error": error.description])
            bindings?.increment(["failed"])
            switch error.code {
            case .some(400..<500): assumed[pod.uid] = nil  // refused: nothing was done
            default: uncertain.insert(pod.uid)
            }
            // Gone, or bound by another: a watch will show it.
            return error.isNotFound || error.isConflict ? nil : error
        }
    }

    /// Asks what became of bindings whose answer was lost.
    private func settle() async -> KubernetesError? {
        var failure: KubernetesError?
        for uid in uncertain {
            guard let binding = assumed[uid] else {
                uncertain.remove(uid)
                continue
            }
            do throws(KubernetesError) {
                // A list, since that is a right which the operator has anyway.
                let key = binding.pod.key
                let found = try await client.list(
                    Pod.self, namespace: key.namespace, fieldSelector: "metadata.name=\(key.name)")
                let isBound = found.items.contains { $0.metadata.uid == uid && $0.isBound }
                if !isBound { assumed[uid] = nil }
                uncertain.remove(uid)
            } catch {
                failure = error
            }
        }
        return failure
    }

    /// Says in the pod's events and condition why it waits, as kube-scheduler does.
    private func refuse(_ pod: PodInfo, _ message: String) async {
        events.record(
            EventNote(
                .warning, about: pod.pod.reference, reason: "FailedScheduling", action: "Scheduling",
                note: message))
        var status = PodStatus()
        status.conditions = [
            Condition(
                type: "PodScheduled", status: .false, reason: "Unschedulable", message: message,
                lastTransitionTime: .now)
        ]
        let metadata = ObjectMetadata(name: pod.key.name, namespace: pod.key.namespace)
        do throws(KubernetesError) {
            try await client.apply(
                Pod(metadata, status: status), manager: WellKnown.operatorManager, subresource: "status")
        } catch {
            log.debug("cannot set PodScheduled", ["pod": pod.key.description, "error": error.description])
        }
    }
}
