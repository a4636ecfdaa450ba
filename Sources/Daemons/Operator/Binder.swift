// Gives pending pods a node and their NeuronCores. One request does both, so there is no moment at which a pod is bound and
// has no cores. Deciding waits for nobody: bindings are carried out beside it, each for itself, and so is telling pods why
// they wait. Until a watch shows a binding, it is assumed; until it is known whether one that failed was carried out, too.
//
// A pod whose claims are not bound is assumed, too, and its binding goes out when VolumeBinder has had them bound.
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
internal import Scheduling
internal import SystemIO

/// Decides about pending pods and carries the decisions out.
actor Binder: LoopActor {
    /// What pods that fit nowhere were told is brought up to date after this time, where no node has changed before.
    static let tellingInterval = Duration.seconds(30)
    /// Decisions of one pass: bindings begin while those that come later are still to be decided.
    static let passLimit = 256

    nonisolated let loop: EventLoop

    /// Pods whose binding has to be carried out, by uid: call `carryOut`. For one reader.
    nonisolated let decided: AsyncStream<String>
    /// Bindings that came to nothing: what they took is free again. For one reader.
    nonisolated let undone: AsyncStream<Void>

    private nonisolated let decidedPods: AsyncStream<String>.Continuation
    private nonisolated let undoings: AsyncStream<Void>.Continuation
    private let client: KubernetesClient
    private let cluster: ObservedCluster
    private let volumes: VolumeBinder
    private let refusals: PodRefusals
    private let evictions: Evictions
    private let groups: PodGroupConditions
    private let events: EventRecorder
    private let precedence: Precedence
    private let log: Logger
    private let bindings: Counter?
    private let unplaced: Gauge?
    private var scheduler = PodScheduler()
    private var feed: SchedulerFeed
    private var assumed: [String: AssumedBinding] = [:]
    /// Nobody knows what became of these.
    private var uncertain: Set<String> = []
    /// Bindings that others give way to: no answer and no failure has come yet.
    private var outstanding: Set<String> = []
    private var setbacks = BindingSetbacks()
    /// When pods that wait were last told why, all of them.
    private var toldAll: Duration?
    private let messages = Lock<[String: String]>([:])

    init(
        _ client: KubernetesClient, cluster: ObservedCluster, volumes: VolumeBinder, refusals: PodRefusals,
        evictions: Evictions, groups: PodGroupConditions, events: EventRecorder, precedence: Precedence,
        registry: MetricsRegistry?, log: Logger, loop: EventLoop
    ) {
        self.client = client
        self.cluster = cluster
        self.volumes = volumes
        feed = SchedulerFeed(cluster)
        self.refusals = refusals
        self.evictions = evictions
        self.groups = groups
        self.events = events
        self.precedence = precedence
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
        /// The pass came to its limit: another is due at once.
        var isUnfinished = false
        /// When a pod whose binding was refused may be tried again; nil where there is none.
        var triesAgainAfter: Duration?
    }

    /// A pass over the pods that wait and about which something new can be said.
    func pass(now: Duration = MonotonicClock.time) -> Outcome {
        var outcome = Outcome()
        var reasons: [String: String?] = [:]
        for news in feed.tell(&scheduler, now: now) { reasons.merge(take(news)) { _, new in new } }
        setbacks.keep { scheduler.pod($0)?.needsPlacement == true }
        scheduler.postponed = setbacks.postponed(now: now)
        if now - (toldAll ?? .zero) >= Self.tellingInterval {
            toldAll = now
            scheduler.tellAgain()
        }
        for decision in scheduler.decide(limit: Self.passLimit) {
            switch decision {
            case .bind(let pod, let node, let cores):
                assumed[pod.uid] = AssumedBinding(pod: pod, node: node, cores: cores)
                refusals.withdraw(pod.uid)
                if let plan = scheduler.volumePlan(of: pod.uid) {
                    volumes.begin(pod.uid, plan)
                } else {
                    send(pod.uid)
                }
                reasons[pod.uid] = .some(nil)
            case .unschedulable(let pod, let message): reasons[pod.uid] = .some(message)
            case .preempt(let pod, let node, let victims):
                log.info(
                    "preempting",
                    [
                        "pod": pod.key.description, "node": node,
                        "victims": victims.map(\.key.description).joined(separator: ","),
                    ])
                refusals.nominate(pod, node)
                for victim in victims { evictions.order(victim, for: pod, node: node) }
            }
        }
        for (key, news) in scheduler.takeGroupNews() { groups.tell(key, news) }
        for (uid, message) in setbacks.messages(now: now) { reasons[uid] = .some(message) }
        let (before, count) = messages.withLock { messages in
            var before: [String: String] = [:]
            for (uid, message) in reasons {
                before[uid] = messages[uid]
                messages[uid] = message
            }
            return (before, messages.count)
        }
        for (uid, message) in reasons where before[uid] != message {
            guard let pod = scheduler.pod(uid) else { continue }
            outcome.changed.append(pod)
            if let message { refusals.tell(pod, message) }
        }
        unplaced?.set(Double(count))
        outcome.leavesPods = count > 0
        outcome.isUnfinished = scheduler.isUnfinished
        outcome.triesAgainAfter = setbacks.next(now: now)
        return outcome
    }

    /// A pod's binding can go out.
    private func send(_ uid: String) {
        if outstanding.insert(uid).inserted { precedence.begin() }
        decidedPods.yield(uid)
    }

    /// The claims of a pod are bound.
    func volumesAreBound(_ uid: String) {
        guard assumed[uid] != nil else { return }
        send(uid)
    }

    /// The claims of a pod are not bound for the node that was chosen: the pod is decided about again, after a while.
    func volumesFailed(_ uid: String, _ why: String) {
        guard let binding = assumed[uid] else { return }
        log.warning(
            "cannot bind volumes",
            ["pod": binding.pod.key.description, "node": binding.node, "error": why])
        setbacks.add(uid, message: why)
        undo(uid)
    }

    /// A pod that was to go for another stays.
    func spare(_ uid: String) { scheduler.spare(uid) }

    /// Follows what a watch has shown of a pod.
    ///
    /// - Returns: the pod's uid with nil where it waits no longer, and needs no reason for that.
    private func take(_ news: SchedulerFeed.PodNews) -> [String: String?] {
        switch news {
        case .present(let pod):
            // What a watch has shown need not be assumed any more.
            if !pod.node.isEmpty { assumed[pod.uid] = nil }
            if pod.needsPlacement { return [:] }
            if volumes.cancel(pod.uid), pod.node.isEmpty { undo(pod.uid) }
            refusals.withdraw(pod.uid)
            return [pod.uid: nil]
        case .gone(let uid):
            volumes.cancel(uid)
            // Nor what it has shown to be gone, unless it may have been bound all the same.
            if !uncertain.contains(uid) {
                assumed[uid] = nil
                scheduler.unassume(uid)
            }
            refusals.withdraw(uid)
            return [uid: nil]
        }
    }

    /// Carries out what was decided about a pod; nothing where that is done.
    ///
    /// - Throws: where it is not known whether it was carried out: call again, then that is asked for.
    func carryOut(_ uid: String) async throws {
        defer { if outstanding.remove(uid) != nil { precedence.end() } }
        guard let order = order(uid) else {
            uncertain.remove(uid)
            return
        }
        if !uncertain.contains(uid) {
            try await bind(order)
        } else if try await isBound(order) {
            uncertain.remove(uid)
        } else {
            undo(uid)
        }
    }

    /// What a binding takes.
    private struct Order {
        let key: ObjectKey
        let uid: String
        let reference: ObjectReference
        let node: String
        let cores: CoreSet
    }

    private func order(_ uid: String) -> Order? {
        assumed[uid].map {
            Order(
                key: $0.pod.key, uid: uid, reference: $0.pod.pod.reference, node: $0.node, cores: $0.cores)
        }
    }

    // In two steps, of which one waits and the other works: in one function the optimiser of Swift 6.3 reckons the frame
    // that is kept over the pause too small, and writes over what lies behind it (seen with the address sanitizer).
    private func bind(_ order: Order) async throws {
        let failure = await post(order)
        try settle(order, failure)
    }

    /// - Returns: why the API server has not bound it; nil where it has.
    private func post(_ order: Order) async -> KubernetesError? {
        do throws(KubernetesError) {
            try await client.bind(
                pod: order.key, uid: order.uid, node: order.node,
                annotations: order.cores.isEmpty ? [:] : [WellKnown.coresAnnotation: order.cores.list])
            return nil
        } catch {
            return error
        }
    }

    private func settle(_ order: Order, _ failure: KubernetesError?) throws {
        let (key, uid, node, cores) = (order.key, order.uid, order.node, order.cores)
        guard let error = failure else {
            bindings?.increment(["bound"])
            log.info("bound", ["pod": key.description, "node": node, "cores": cores.list])
            let note =
                cores.isEmpty
                ? "Successfully assigned \(key) to \(node)"
                : "Successfully assigned \(key) to \(node), NeuronCores \(cores.list)"
            events.record(
                EventNote(
                    .normal, about: order.reference, reason: "Scheduled", action: "Binding", note: note))
            return
        }
        log.warning("cannot bind", ["pod": key.description, "node": node, "error": error.description])
        bindings?.increment(["failed"])
        guard case .some(400..<500) = error.code else {
            uncertain.insert(uid)
            throw error
        }
        // Nothing was done. Of a pod that is gone, or bound by another, a watch will tell.
        if !error.isNotFound, error.isRefusal || !error.isConflict {
            setbacks.add(uid, message: "the binding was refused: \(error)")
        }
        undo(uid)
    }

    private func undo(_ uid: String) {
        assumed[uid] = nil
        scheduler.unassume(uid)
        uncertain.remove(uid)
        undoings.yield()
    }

    /// Asks what became of a binding whose answer was lost.
    private func isBound(_ order: Order) async throws -> Bool {
        // A list, since that is a right which the operator has anyway.
        let found = try await client.list(
            Pod.self, namespace: order.key.namespace, fieldSelector: "metadata.name=\(order.key.name)")
        return found.items.contains { $0.metadata.uid == order.uid && $0.isBound }
    }
}
