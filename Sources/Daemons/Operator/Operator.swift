// The operator as a whole. All decisions are made by pure functions on what the copies hold; here is what makes them be
// made anew:
//
//     ModelServers, their pods and Services, NeuronNodes ──▶ modelserver, one key each ──▶ ServerReconciler
//                                                               ▲ why a pod has no node has changed
//                                                               ▲ what the autoscaler sees has changed
//                                                               ▲ a pod says something new of its models
//     pods, time ──────────────────────────────────────────▶ models, one key a pod ────▶ ModelWatch asks
//     ModelServers, time ──────────────────────────────────▶ autoscaler, one key each ──▶ Autoscaler measures
//     pods, nodes, NeuronNodes, claims, volumes ───────────▶ placement, one key ────────▶ Binder decides
//                                    a binding came to nothing ▲                            │       │
//     claims, volumes ─▶ volumebinding, one key a pod ◀── pods with claims to be bound ─────┤       │
//                                    └─ all are bound ────────▶ binding, one key a pod ◀────┘       │
//                                                              podstatus, one key a pod ◀───────────┤
//                                                              preemption, one key a victim ◀───────┘

package import Controller
internal import GanglionAPI
internal import KubernetesAPI
package import KubernetesClient
package import Observability
internal import Scheduling
package import SystemIO

/// The key of the binder's controller: every placement changes what is left for others.
enum PlacementKey: Hashable, Comparable, Sendable { case placement }

/// Runs ModelServers on NeuronCores.
package final class Operator: Sendable {
    /// What the API server refuses is tried again at least this often: a quota or a policy may have changed, of which no watch
    /// tells.
    private static let refusalInterval = Duration.seconds(60)
    /// Bindings that are carried out at a time: one that hangs holds up none of the others, and the API server's storage
    /// writes many of them in one go.
    private static let bindingWorkers = 64

    private let cluster: ObservedCluster
    private let binder: Binder
    private let manager: ControllerManager
    private let log: Logger

    /// An operator; nothing happens before `start` or `run`.
    ///
    /// - Parameter leadership: nil where this operator is the only one.
    package init(
        _ client: KubernetesClient, settings: OperatorSettings = OperatorSettings(),
        leadership: (any Leadership)? = nil, log: Logger = .silent, loop: EventLoop = .shared
    ) {
        self.log = log
        // Whatever a task is doing: what another leader may do by now is left to it.
        let client = leadership.map { leader in client.writing(until: { leader.leadsUntil }) } ?? client
        let cluster = ObservedCluster(
            client, names: settings.names, registry: settings.registry, log: log, loop: loop)
        let precedence = Precedence()
        let events = EventRecorder(
            client, controller: WellKnown.operatorController, instance: settings.instance,
            givingWayTo: precedence, log: log, loop: loop)
        let refusals = PodRefusals(client, cluster: cluster, events: events)
        let evictions = Evictions(client, events: events)
        let groups = PodGroupConditions(client, groups: cluster.podGroups)
        let volumes = VolumeBinder(client, cluster: cluster, timeLimit: settings.volumeTimeLimit)
        let binder = Binder(
            client, cluster: cluster, volumes: volumes, refusals: refusals, evictions: evictions,
            groups: groups, events: events, precedence: precedence, registry: settings.registry, log: log,
            loop: loop)
        let autoscaler = Autoscaler(
            client, cluster: cluster, events: events, registry: settings.registry, log: log, loop: loop)
        let models = ModelWatch(cluster, pace: settings.modelPace, loop: loop)
        let reconciler = ServerReconciler(
            client, cluster: cluster, binder: binder, autoscaler: autoscaler, models: models, events: events,
            settings: settings, log: log, loop: loop)
        var pace = ReconcilePace()
        pace.backoff = Backoff(base: .milliseconds(5), limit: Self.refusalInterval)
        let servers = Controller<ObjectKey>(
            named: "modelserver", workers: settings.workers, pace: pace, log: log,
            registry: settings.registry, loop: loop
        ) { key in try await reconciler.reconcile(key) }
        .for(cluster.servers)
        .owns(cluster.pods, by: ModelServer.resource)
        .owns(cluster.services, by: ModelServer.resource)
        .owns(cluster.ownBudgets, by: ModelServer.resource)
        .watches(cluster.neuronNodes) { change in
            ObservedCluster.isNews(change) ? cluster.servers(onNode: change.key.name) : []
        }
        .watches(cluster.nodes) { change in
            ObservedCluster.changesReadiness(change) ? cluster.servers(onNode: change.key.name) : []
        }
        .watches(autoscaler.news) { [$0] }
        .watches(models.news) { [$0] }
        let scaling = Controller<ObjectKey>(
            named: "autoscaler", workers: Autoscaler.workers, pace: pace, log: log,
            registry: settings.registry, loop: loop
        ) { key in try await autoscaler.measure(key) }
        .for(cluster.servers, where: Autoscaler.isNews)
        .reads(cluster.pods)
        let modelWatch = Controller<ObjectKey>(
            named: "models", workers: ModelWatch.workers, log: log, registry: settings.registry, loop: loop
        ) { key in await models.ask(key) }
        .watches(cluster.pods) { change in
            change.object.owner(of: ModelServer.resource) != nil && ModelWatch.isNews(change)
                ? [change.key] : []
        }
        .reads(cluster.servers)
        let placement = Controller<PlacementKey>(
            named: "placement", log: log, registry: settings.registry, loop: loop
        ) { _ in
            let outcome = await binder.pass()
            // A server's status says why its pods have no node.
            for pod in outcome.changed {
                if let key = pod.pod.owner(of: ModelServer.resource) { servers.queue.add(key) }
            }
            guard !outcome.isUnfinished else { return .requeue(after: .zero) }
            guard outcome.leavesPods else { return .done }
            return .requeue(
                after: min(Binder.tellingInterval, outcome.triesAgainAfter ?? Binder.tellingInterval))
        }
        .watches(cluster.pods) { ObservedCluster.changesPlacement($0) ? [.placement] : [] }
        .watches(cluster.nodes) { _ in [.placement] }
        .watches(cluster.neuronNodes) { ObservedCluster.isNews($0) ? [.placement] : [] }
        .watches(cluster.namespaces) { _ in [.placement] }
        .watches(cluster.claims) { _ in [.placement] }
        .watches(cluster.volumes) { _ in [.placement] }
        .watches(cluster.storageClasses) { _ in [.placement] }
        .watches(cluster.csiNodes) { _ in [.placement] }
        .watches(binder.undone) { [.placement] }
        .watches(evictions.refused) { uid in
            await binder.spare(uid)
            return [.placement]
        }
        .watches(cluster.podGroups.informer.store.changes()) { _ in [.placement] }
        .reads(cluster.podGroups)
        .reads(cluster.budgets)
        let bindings = Controller<String>(
            named: "binding", workers: Self.bindingWorkers, log: log, registry: settings.registry, loop: loop
        ) { uid in
            try await binder.carryOut(uid)
            return .done
        }
        .watches(binder.decided) { [$0] }
        let volumeBindings = Controller<String>(
            named: "volumebinding", workers: VolumeBinder.workers, log: log, registry: settings.registry,
            loop: loop
        ) { uid in
            switch try await volumes.advance(uid) {
            case .idle: return .done
            case .waiting(let left): return .requeue(after: left)
            case .bound: await binder.volumesAreBound(uid)
            case .failed(let why): await binder.volumesFailed(uid, why)
            }
            return .done
        }
        .watches(volumes.due) { [$0] }
        .watches(cluster.claims) { volumes.pods(waitingFor: $0.key) }
        .watches(cluster.volumes) { volumes.pods(waitingFor: $0.object) }
        let podStatus = Controller<String>(
            named: "podstatus", workers: PodRefusals.workers, log: log, registry: settings.registry,
            loop: loop
        ) { uid in
            try await refusals.write(uid)
            return .done
        }
        .watches(refusals.due) { [$0] }
        let groupConditions = Controller<ObjectKey>(
            named: "podgroups", workers: PodGroupConditions.workers, log: log, registry: settings.registry,
            loop: loop
        ) { key in
            try await groups.write(key)
            return .done
        }
        .watches(groups.due) { [$0] }
        let preemption = Controller<String>(
            named: "preemption", workers: Evictions.workers, log: log, registry: settings.registry, loop: loop
        ) { uid in
            try await evictions.carryOut(uid)
            return .done
        }
        .watches(evictions.due) { [$0] }
        let rejected = RejectedPods(client: client, cluster: cluster, events: events)
        let rejections = Controller<ObjectKey>(
            named: "rejectedpods", log: log, registry: settings.registry, loop: loop
        ) { key in .requeue(afterIfAny: try await rejected.remove(key)) }
        .watches(cluster.pods) { rejected.isDue($0.object) ? [$0.key] : [] }
        self.cluster = cluster
        self.binder = binder
        manager = ControllerManager(leadership: leadership, log: log, loop: loop)
        manager.add(events)
        manager.add(servers)
        manager.add(scaling)
        manager.add(modelWatch)
        manager.add(bindings)
        manager.add(volumeBindings)
        manager.add(podStatus)
        manager.add(preemption)
        manager.add(groupConditions)
        if settings.deletesRejectedPods { manager.add(rejections) }
        manager.add(placement)
    }

    /// Whether everything that decisions rest on has been read.
    package var isSynced: Bool { manager.isSynced }

    /// Why nothing can be decided, or only on what was true before, in one sentence; nil while everything is followed.
    package var problem: String? { manager.problem }

    /// What a readiness probe asks, by name, with what is wrong.
    package var checks: [(name: String, problem: String?)] { manager.checks }

    /// What a debugger asks: texts by their paths.
    package var debugPages: [String: @Sendable () async -> String] {
        let (manager, cluster, binder) = (manager, cluster, binder)
        return [
            "/debug/queues": { manager.dump },
            "/debug/cluster": { cluster.dump(unschedulable: binder.unschedulable) },
        ]
    }

    /// Begins to work; returns when this operator leads and everything has been read once, or when it was stopped before.
    package func start() async {
        await manager.start()
        guard isSynced else { return }
        log.info(
            "operating",
            ["servers": cluster.servers.store.list().count, "nodes": cluster.nodes.store.list().count])
    }

    /// Works until `stop` is called or another leads.
    package func run() async -> ControllerManager.Ending {
        await start()
        return await manager.run()
    }

    /// Ends: work that has begun comes to its end, what runs in the cluster goes on.
    package func stop() async { await manager.stop() }
}
