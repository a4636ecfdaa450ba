// Gives pending pods a node and their NeuronCores. One request does both, so there is no moment at which a pod is bound and
// has no cores. Deciding waits for nobody: bindings are carried out beside it, each for itself, and so is telling pods why
// they wait. Until a watch shows a binding, it is assumed; until it is known whether one that failed was carried out, too.
//
//     pass ── decides ──▶ bind   ─▶ assumed ── POST ──▶ shown by a watch
//       ▲               │               ├─ refused ─────▶ forgotten; the pod waits a while and is told why
//       │               │               └─ no answer ───▶ asked for until it is known what became of it
//       │               └▶ refuse ─▶ PodRefusals
//       └── whatever frees cores: a pod, a node, a binding that came to nothing

internal import GanglionAPI
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import Placement
internal import SystemIO

/// Decides about pending pods and carries the decisions out.
actor Binder: LoopActor {
    nonisolated let loop: EventLoop

    /// Pods whose binding has to be carried out, by uid: call `carryOut`. For one reader.
    nonisolated let decided: AsyncStream<String>
    /// Bindings that came to nothing: what they took is free again. For one reader.
    nonisolated let undone: AsyncStream<Void>

    private nonisolated let decidedPods: AsyncStream<String>.Continuation
    private nonisolated let undoings: AsyncStream<Void>.Continuation
    private let client: KubernetesClient
    private let cluster: ObservedCluster
    private let refusals: PodRefusals
    private let events: EventRecorder
    private let log: Logger
    private let bindings: Counter?
    private let unplaced: Gauge?
    private var assumed: [String: AssumedBinding] = [:]
    /// Nobody knows what became of these.
    private var uncertain: Set<String> = []
    private var setbacks = BindingSetbacks()
    private let messages = Lock<[String: String]>([:])

    init(
        _ client: KubernetesClient, cluster: ObservedCluster, refusals: PodRefusals, events: EventRecorder,
        registry: MetricsRegistry?, log: Logger, loop: EventLoop
    ) {
        self.client = client
        self.cluster = cluster
        self.refusals = refusals
        self.events = events
        self.log = log
        self.loop = loop
        (decided, decidedPods) = AsyncStream.makeStream()
        (undone, undoings) = AsyncStream.makeStream()
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
        /// When a pod whose binding was refused may be tried again; nil where there is none.
        var triesAgainAfter: Duration?
    }

    /// A pass over all pods that wait.
    func pass(now: Duration = MonotonicClock.time) -> Outcome {
        var outcome = Outcome()
        let present = cluster.podInfos()
        let seen = Dictionary(present.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
        // What a watch has shown, or has shown to be gone, need not be assumed any more.
        assumed = assumed.filter { uid, _ in
            guard let pod = seen[uid] else { return uncertain.contains(uid) }
            return !pod.pod.isBound
        }
        setbacks.keep { seen[$0]?.needsPlacement == true }
        let decisions = SchedulingState(
            pods: present, nodes: cluster.nodeInfos(), assumed: Array(assumed.values),
            postponed: setbacks.postponed(now: now)
        )
        .decisions()
        var refused = setbacks.messages(now: now)
        for decision in decisions {
            switch decision {
            case .bind(let pod, let node, let cores):
                assumed[pod.uid] = AssumedBinding(pod: pod, node: node, cores: cores)
                refusals.withdraw(pod.uid)
                decidedPods.yield(pod.uid)
            case .unschedulable(let pod, let message): refused[pod.uid] = message
            }
        }
        let before = messages.withLock { messages -> [String: String] in
            defer { messages = refused }
            return messages
        }
        for (uid, message) in refused where before[uid] != message {
            guard let pod = seen[uid] else { continue }
            outcome.changed.append(pod)
            refusals.tell(pod, message)
        }
        outcome.changed += before.keys.filter { refused[$0] == nil }.compactMap { seen[$0] }
        unplaced?.set(Double(refused.count))
        outcome.leavesPods = !refused.isEmpty
        outcome.triesAgainAfter = setbacks.next(now: now)
        return outcome
    }

    /// Carries out what was decided about a pod; nothing where that is done.
    ///
    /// - Throws: where it is not known whether it was carried out: call again, then that is asked for.
    func carryOut(_ uid: String) async throws(KubernetesError) {
        guard let binding = assumed[uid] else {
            uncertain.remove(uid)
            return
        }
        guard uncertain.contains(uid) else { return try await bind(binding) }
        if try await isBound(binding.pod) {
            uncertain.remove(uid)
        } else {
            undo(uid)
        }
    }

    private func bind(_ binding: AssumedBinding) async throws(KubernetesError) {
        let (pod, node, cores) = (binding.pod, binding.node, binding.cores)
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
        } catch {
            log.warning(
                "cannot bind", ["pod": pod.key.description, "node": node, "error": error.description])
            bindings?.increment(["failed"])
            guard case .some(400..<500) = error.code else {
                uncertain.insert(pod.uid)
                throw error
            }
            // Nothing was done. Of a pod that is gone, or bound by another, a watch will tell.
            if !error.isNotFound, error.isRefusal || !error.isConflict {
                setbacks.add(pod.uid, message: "the binding was refused: \(error)")
            }
            undo(pod.uid)
        }
    }

    private func undo(_ uid: String) {
        assumed[uid] = nil
        uncertain.remove(uid)
        undoings.yield()
    }

    /// Asks what became of a binding whose answer was lost.
    private func isBound(_ pod: PodInfo) async throws(KubernetesError) -> Bool {
        // A list, since that is a right which the operator has anyway.
        let found = try await client.list(
            Pod.self, namespace: pod.key.namespace, fieldSelector: "metadata.name=\(pod.key.name)")
        return found.items.contains { $0.metadata.uid == pod.uid && $0.isBound }
    }
}
