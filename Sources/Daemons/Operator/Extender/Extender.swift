// Groups of NeuronCores for pods that kube-scheduler places: it asks which of its nodes have one, how good each is, and has the
// pod bound here, so that the binding brings the cores. Nothing is stored: what is free follows from pods, bindings and what
// the node agents report, as it does for the operator's own pods. Any number of extenders may run.
//
//     kube-scheduler ── filter ─────▶ Offer of each node
//                    ── prioritize ─▶ their ranks, as scores
//                    ── preempt ────▶ the nodes that have a group once the victims have gone
//                    ── bind ───────▶ assumed ── POST pods/NAME/binding ──▶ shown by a watch

internal import Controller
internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
package import KubernetesClient
package import Observability
internal import Placement
internal import Scheduling
package import SystemIO

/// Answers kube-scheduler.
package actor Extender: LoopActor {
    /// What an extender can be told.
    package struct Settings: Sendable {
        /// The extended resource of NeuronCores.
        package var resource = WellKnown.neuronCore
        /// The extended resource of whole chips.
        package var chipResource = WellKnown.neuronChip
        /// The `schedulerName`s of pods that get their cores here.
        package var schedulers: Set<String> = ["default-scheduler"]
        /// Where metrics go.
        package var registry: MetricsRegistry?

        /// The standard settings.
        package init() {}
    }

    /// Why nothing can be said to a question.
    struct Refusal: Error, Equatable {
        /// One sentence.
        var words: String
    }

    /// The extender's loop.
    package nonisolated let loop: EventLoop

    private nonisolated let manager: ControllerManager
    private let client: KubernetesClient
    private let settings: Settings
    private let log: Logger
    private let answers: Counter?
    private let copies: ObjectStore<Pod>
    private var scheduler = PodScheduler()
    private var feed: SchedulerFeed

    /// An extender; nothing happens before `start`.
    package init(
        _ client: KubernetesClient, settings: Settings = Settings(), log: Logger = .silent,
        loop: EventLoop = .shared
    ) {
        self.client = client
        self.settings = settings
        self.log = log
        self.loop = loop
        let registry = settings.registry
        let pods = Informer<Pod>(
            client, transform: { $0.reducedToPlacement() }, registry: registry, log: log, loop: loop)
        let nodes = Informer<Node>(client, registry: registry, log: log, loop: loop)
        let reports = Informer<NeuronNode>(client, registry: registry, log: log, loop: loop)
        copies = pods.store
        feed = SchedulerFeed(
            pods: pods.store.changes(), nodes: nodes.store.changes(), reports: reports.store.changes(),
            names: PlacementNames(
                resource: settings.resource, chipResource: settings.chipResource,
                assigners: settings.schedulers))
        answers = registry?.counter(
            "ganglion_extender_requests_total", "Questions of kube-scheduler.", labels: ["verb", "result"])
        manager = ControllerManager(log: log, loop: loop)
        // It reads, and nothing else is to be done.
        manager.add(
            Controller<PlacementKey>(named: "extender", log: log, loop: loop) { _ in .done }
                .reads(pods).reads(nodes).reads(reports))
    }

    /// Begins to read; returns when everything has been read once, or when it was stopped before.
    package nonisolated func start() async { await manager.start() }

    /// Ends.
    package nonisolated func stop() async { await manager.stop() }

    /// Why nothing can be said, or only of what was true before; nil while everything is followed.
    package nonisolated var problem: String? { manager.problem }

    /// What a readiness probe asks, by name, with what is wrong.
    package nonisolated var checks: [(name: String, problem: String?)] { manager.checks }

    // MARK: Verbs

    func filter(_ arguments: ExtenderArguments) throws(Refusal) -> ExtenderFilterResult {
        let pod = try prepare(arguments.pod)
        var result = ExtenderFilterResult()
        /// Whether a node is left.
        func take(_ name: String) -> Bool {
            switch scheduler.offer(for: pod, on: name) {
            case .cores: return true
            case .nothing(let reason, true): result.failedAndUnresolvableNodes[name] = reason
            case .nothing(let reason, false): result.failedNodes[name] = reason
            }
            return false
        }
        if let names = arguments.nodeNames {
            result.nodeNames = names.filter(take)
        } else {
            var list = arguments.nodes ?? [:]
            list["items"] = .array((list["items"]?.array ?? []).filter { take($0.meta.name) })
            result.nodes = list
        }
        count("filter")
        return result
    }

    func prioritize(_ arguments: ExtenderArguments) throws(Refusal) -> [HostPriority] {
        let pod = try prepare(arguments.pod)
        let names = arguments.nodeNames ?? (arguments.nodes?["items"]?.array ?? []).map(\.meta.name)
        let ranks = names.map { name -> GroupRank? in
            if case .cores(_, let rank) = scheduler.offer(for: pod, on: name) { rank } else { nil }
        }
        let order = Set(ranks.compactMap { $0 }).sorted()
        var scores: [GroupRank: Int] = [:]
        for (place, rank) in order.enumerated() {
            scores[rank] =
                HostPriority.maximum * (order.count - 1 - place) / max(1, order.count - 1)
        }
        if order.count == 1 { scores[order[0]] = HostPriority.maximum }
        count("prioritize")
        return zip(names, ranks).map { name, rank in
            HostPriority(host: name, score: rank.flatMap { scores[$0] } ?? 0)
        }
    }

    func preempt(_ arguments: ExtenderPreemptionArguments) throws(Refusal) -> ExtenderPreemptionResult {
        let pod = try prepare(arguments.pod)
        let candidates =
            arguments.metaVictims
            ?? (arguments.victims ?? [:]).mapValues { victims in
                MetaVictims(
                    pods: (victims.pods ?? []).map { .init(uid: $0.objectUID) },
                    violations: victims.violations)
            }
        var result = ExtenderPreemptionResult()
        for (node, victims) in candidates {
            let gone = Set((victims.pods ?? []).map(\.uid))
            if case .cores = scheduler.offer(for: pod, on: node, without: gone) {
                result.metaVictims[node] = MetaVictims(
                    pods: victims.pods ?? [], violations: victims.violations)
            }
        }
        count("preempt")
        return result
    }

    /// Binds a pod.
    ///
    /// - Returns: why it is not bound, as far as is known; nil where it is.
    // What waits on the way throws nothing and stays a function of its own: Swift 6.3, where it optimises them into one, frees
    // their memory in a wrong order, which ends the process.
    @inline(never)
    @_optimize(none)
    func bind(_ arguments: ExtenderBindingArguments) async -> Refusal? {
        let key = ObjectKey(namespace: arguments.podNamespace, name: arguments.podName)
        let found = await pod(key, uid: arguments.podUID)
        let pod: PodInfo
        let cores: CoreSet
        do throws(Refusal) {
            pod = try found.get()
            guard let chosen = try choose(for: pod, on: arguments.node) else {
                count("bind")
                return nil
            }
            cores = chosen
        } catch {
            return error
        }
        let failure = await post(pod, node: arguments.node, cores: cores)
        return settle(pod, node: arguments.node, cores: cores, failure)
    }

    // MARK: Parts

    private func count(_ verb: String, _ result: String = "answered") { answers?.increment([verb, result]) }

    /// Takes in what has changed.
    private func catchUp() {
        for news in feed.tell(&scheduler, now: MonotonicClock.time) {
            // What was sent for a pod that is gone takes nothing any more.
            if case .gone(let uid) = news { scheduler.unassume(uid) }
        }
        scheduler.prepareOffers()
    }

    /// What is asked about, with everything brought up to now.
    private func prepare(_ object: JSON) throws(Refusal) -> PodInfo {
        let pod: Pod
        do { pod = try object.decode(Pod.self) } catch {
            throw Refusal(words: "the pod cannot be read: \(JSONError(decoding: error))")
        }
        let info = feed.info(pod)
        try check(info)
        catchUp()
        return info
    }

    private func check(_ pod: PodInfo) throws(Refusal) {
        guard manager.isSynced else { throw Refusal(words: "ganglion extender has not read the cluster yet") }
        guard pod.cores > 0 || pod.chips > 0 else { return }
        let name = pod.pod.spec.schedulerName ?? ""
        guard settings.schedulers.contains(name) else {
            throw Refusal(
                words:
                    "no node would believe the cores of a pod with schedulerName \(name): name it in --extender-schedulers of ganglion's extender and agents"
            )
        }
    }

    /// The pod that is to be bound. One that no watch has shown yet is asked for.
    @inline(never)
    private func pod(_ key: ObjectKey, uid: String) async -> Result<PodInfo, Refusal> {
        if let known = copies[key], known.metadata.uid == uid { return .success(feed.info(known)) }
        // A list, since that is a right which there is anyway.
        let found: ObjectList<Pod>
        do throws(KubernetesError) {
            found = try await client.list(
                Pod.self, namespace: key.namespace, fieldSelector: "metadata.name=\(key.name)")
        } catch {
            return .failure(Refusal(words: error.description))
        }
        guard let pod = found.items.first(where: { $0.metadata.uid == uid }) else {
            return .failure(Refusal(words: "pod \(key) with uid \(uid) does not exist"))
        }
        return .success(feed.info(pod))
    }

    /// The cores of a pod, assumed from now on; nil where it has them already.
    private func choose(for pod: PodInfo, on node: String) throws(Refusal) -> CoreSet? {
        try check(pod)
        guard pod.node.isEmpty else {
            guard pod.node == node else {
                throw Refusal(words: "pod \(pod.key) is on node \(pod.node) already")
            }
            return nil
        }
        catchUp()
        switch scheduler.offer(for: pod, on: node) {
        case .nothing(let reason, _):
            count("bind", "refused")
            throw Refusal(words: "node \(node) \(reason)")
        case .cores(let cores, _):
            scheduler.assume(AssumedBinding(pod: pod, node: node, cores: cores))
            return cores
        }
    }

    // One waits and the other works, as in `Binder.bind`.
    @inline(never)
    private func post(_ pod: PodInfo, node: String, cores: CoreSet) async -> KubernetesError? {
        do throws(KubernetesError) {
            try await client.bind(
                pod: pod.key, uid: pod.uid, node: node,
                annotations: cores.isEmpty ? [:] : [WellKnown.coresAnnotation: cores.list])
            return nil
        } catch {
            return error
        }
    }

    private func settle(
        _ pod: PodInfo, node: String, cores: CoreSet, _ failure: KubernetesError?
    ) -> Refusal? {
        guard let failure else {
            log.info("bound", ["pod": pod.key.description, "node": node, "cores": cores.list])
            count("bind")
            return nil
        }
        log.warning("cannot bind", ["pod": pod.key.description, "node": node, "error": failure.description])
        count("bind", "failed")
        // Of an answer that was lost nobody knows what became: until a watch shows the pod, or kube-scheduler asks again, its
        // cores are given to nobody else.
        if case .some(400..<500) = failure.code { scheduler.unassume(pod.uid) }
        return Refusal(words: failure.description)
    }
}
