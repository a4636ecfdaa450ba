// The operator as a whole: follows ModelServers, pods, nodes, NeuronNodes and Services, and brings in order whatever a change
// may have touched. All decisions are made by pure functions on what the copies hold; this carries them out.

internal import Controller
internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
package import KubernetesClient
internal import Neuron
package import Observability
internal import Placement
package import SystemIO

/// Runs ModelServers on NeuronCores.
package actor Operator: LoopActor {
    /// The operator's loop.
    package nonisolated let loop: EventLoop

    private let client: KubernetesClient
    private let settings: OperatorSettings
    private let log: Logger
    private let servers: Informer<ModelServer>
    private let pods: Informer<Pod>
    private let nodes: Informer<Node>
    private let neuronNodes: Informer<NeuronNode>
    private let services: Informer<Service>
    private let queue: WorkQueue<WorkKey>
    private let queueMetrics: ControllerMetrics?
    private let events: EventRecorder
    private let binder: Binder
    private let infos = Lock(Infos())
    private var failures: [String: FailureMemory] = [:]
    private var tasks: [Task<Void, Never>] = []

    private struct Infos {
        var pods = InfoCache<PodInfo>()
        var nodes = InfoCache<NodeInfo>()
    }

    /// An operator; nothing happens before `start`.
    package init(
        _ client: KubernetesClient, settings: OperatorSettings = OperatorSettings(), log: Logger = .silent,
        loop: EventLoop = .shared
    ) {
        self.client = client
        self.settings = settings
        self.log = log
        self.loop = loop
        servers = Informer(client, log: log, loop: loop)
        pods = Informer(client, log: log, loop: loop)
        nodes = Informer(client, log: log, loop: loop)
        neuronNodes = Informer(client, log: log, loop: loop)
        services = Informer(
            client, labelSelector: "\(WellKnown.managedByLabel)=\(WellKnown.operatorManager)", log: log,
            loop: loop)
        queueMetrics = settings.registry.map { ControllerMetrics($0, name: "modelserver") }
        queue = WorkQueue(loop: loop, metrics: queueMetrics)
        events = EventRecorder(
            client, controller: WellKnown.operatorController, instance: settings.instance, log: log,
            loop: loop)
        binder = Binder(client, events: events, registry: settings.registry, log: log, loop: loop)
    }

    private nonisolated var informers: [any Following] { [servers, pods, nodes, neuronNodes, services] }

    /// Whether everything that decisions rest on has been read.
    package nonisolated var isSynced: Bool { informers.allSatisfy(\.isSynced) }

    /// Why nothing can be decided, or only on what was true before, in one sentence; nil while everything is followed.
    package nonisolated var problem: String? {
        // One sentence is enough: most troubles are those of the API server as a whole.
        if let informer = informers.first(where: { $0.problem != nil }), let problem = informer.problem {
            return "cannot follow \(informer.resource.plural): \(problem)"
        }
        return isSynced ? nil : "the cluster has not been read yet"
    }

    /// Begins to work; returns when everything has been read once.
    package func start() async {
        guard tasks.isEmpty else { return }
        await events.start()
        for informer in informers { await informer.start() }
        // Nothing is decided before all is known: a pod that was not read yet holds cores that would seem free.
        for informer in informers { await informer.synced() }
        guard isSynced else { return }  // stopped before
        tasks = [
            Task { for await changes in servers.store.changes() { serversChanged(changes) } },
            Task { for await changes in pods.store.changes() { podsChanged(changes) } },
            Task { for await _ in nodes.store.changes() { queue.add(.placement) } },
            Task { for await changes in neuronNodes.store.changes() { neuronNodesChanged(changes) } },
            Task { for await changes in services.store.changes() { servicesChanged(changes) } },
        ]
        for _ in 0..<max(1, settings.workers) { tasks.append(Task { await work() }) }
        log.info("operating", ["servers": servers.store.list().count, "nodes": nodes.store.list().count])
    }

    /// Ends: work that has begun comes to its end, what runs in the cluster goes on.
    package func stop() async {
        queue.shutDown()
        for informer in informers { await informer.stop() }
        for task in tasks {
            task.cancel()
            await task.value
        }
        tasks = []
        await events.stop()
    }

    // MARK: What changes touch

    private func serversChanged(_ changes: [ObjectChange<ModelServer>]) {
        for change in changes {
            queue.add(.server(change.key))
            if case .deleted(let server) = change { failures[server.metadata.uid] = nil }
        }
    }

    private func podsChanged(_ changes: [ObjectChange<Pod>]) {
        for change in changes {
            if let key = Self.server(of: change.object) { queue.add(.server(key)) }
            switch change {
            case .deleted: queue.add(.placement)
            case .added, .modified:
                let info = PodInfo(change.object, resource: settings.serving.resource)
                if info.needsPlacement || info.isTerminal { queue.add(.placement) }
            }
        }
    }

    private func neuronNodesChanged(_ changes: [ObjectChange<NeuronNode>]) {
        queue.add(.placement)
        let names = Set(changes.map(\.key.name))
        for pod in podInfos() where names.contains(pod.node) {
            if let key = Self.server(of: pod.pod) { queue.add(.server(key)) }
        }
    }

    private func servicesChanged(_ changes: [ObjectChange<Service>]) {
        for change in changes { if let key = Self.server(of: change.object) { queue.add(.server(key)) } }
    }

    /// The ModelServer that controls an object.
    private static func server(of object: some Resource) -> ObjectKey? {
        guard let owner = object.metadata.controller, owner.kind == ModelServer.resource.kind,
            owner.apiVersion.hasPrefix("\(ModelServer.resource.group)/")
        else { return nil }
        return ObjectKey(namespace: object.metadata.namespace, name: owner.name)
    }

    private nonisolated func podInfos() -> [PodInfo] {
        let objects = pods.store.list()
        return infos.withLock { infos in
            infos.pods.update(objects, version: { "\($0.metadata.uid) \($0.metadata.resourceVersion)" }) {
                PodInfo($0, resource: settings.serving.resource)
            }
        }
    }

    private nonisolated func nodeInfos() -> [NodeInfo] {
        let objects = nodes.store.list()
        let reports = Dictionary(
            neuronNodes.store.list().map { ($0.metadata.name, $0) }, uniquingKeysWith: { first, _ in first })
        func version(_ node: Node) -> String {
            let report = reports[node.metadata.name]?.metadata.resourceVersion ?? ""
            return "\(node.metadata.resourceVersion) \(report)"
        }
        return infos.withLock { infos in
            infos.nodes.update(objects, version: version) {
                NodeInfo($0, neuronNode: reports[$0.metadata.name], resource: settings.serving.resource)
            }
        }
    }

    // MARK: Work

    private func work() async {
        while let key = await queue.next() {
            let start = MonotonicClock.time
            queueMetrics?.began()
            do throws(KubernetesError) {
                var later: Duration?
                switch key {
                case .placement: later = try await place()
                case .server(let key): later = try await reconcile(key)
                }
                queue.forget(key)
                queueMetrics?.ended(
                    later == nil ? "success" : "requeue_after", took: MonotonicClock.time - start)
                if let later { queue.add(key, after: later) }
            } catch {
                queueMetrics?.ended("error", took: MonotonicClock.time - start)
                let pause = queue.addAfterFailure(key)
                log.warning(
                    "not in order yet", ["what": "\(key)", "error": error.description, "again": pause])
            }
            queue.done(key)
        }
    }

    /// - Returns: when to try again although nothing has changed.
    private func place() async throws(KubernetesError) -> Duration? {
        let outcome = await binder.pass(pods: { self.podInfos() }, nodes: { self.nodeInfos() })
        for pod in outcome.changed { if let key = Self.server(of: pod.pod) { queue.add(.server(key)) } }
        if let failure = outcome.failure { throw failure }
        return outcome.leavesPods ? .seconds(30) : nil
    }

    /// - Returns: when to look again although nothing has changed.
    private func reconcile(_ key: ObjectKey) async throws(KubernetesError) -> Duration? {
        let server = servers.store[key]
        try await removeOrphans(of: key, server: server)
        guard let server, !server.metadata.isTerminating else { return nil }
        let uid = server.metadata.uid
        let owned = podInfos().filter {
            $0.key.namespace == key.namespace && $0.pod.metadata.controller?.uid == uid
        }
        let nodes = nodeInfos()
        let byName = Dictionary(nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var state = ModelServerState(
            server: server, pods: owned, service: try await service(key),
            cores: owned.reduce(into: [:]) { cores, pod in
                cores[pod.uid] = NodeUsage.cores(of: pod, on: byName[pod.node])
            },
            unschedulable: binder.unschedulable, coresPerChip: Self.coresPerChip(server, nodes: nodes),
            defaults: settings.serving)
        var memory = failures[uid] ?? FailureMemory()
        let plan = state.plan(failures: &memory, now: MonotonicClock.time, time: .now)
        failures[uid] = memory
        var later = plan.lookAgainAfter
        for action in plan.actions {
            do throws(KubernetesError) {
                if try await perform(action, for: server) { later = min(.seconds(5), later ?? .seconds(5)) }
            } catch {
                // What is refused now will be refused again until somebody changes the template or a quota: they have to
                // see why.
                guard error.code == 422 || error.code == 403 else { throw error }
                state.refusal = "\("\(error)".prefix(900)): correct spec.template, or what forbids it"
                try await write(
                    state.plan(failures: &memory, now: MonotonicClock.time, time: .now).status, to: server)
                throw error
            }
        }
        try await write(plan.status, to: server)
        return later
    }

    /// - Returns: whether to look again soon.
    private func perform(_ action: Action, for server: ModelServer) async throws(KubernetesError) -> Bool {
        switch action {
        case .createPod(let pod):
            do throws(KubernetesError) { try await client.create(.pods, pod) } catch {
                // The copy lags, or an earlier pod of this name has not gone yet.
                guard error.isAlreadyExists else { throw error }
                return true
            }
            note(server, .normal, "CreatedPod", "Creating", "created pod \(pod.meta.name)")
        case .deletePod(let pod, let why):
            do throws(KubernetesError) {
                // A pod that has ended has nothing left to end gracefully, and its name is needed again.
                try await client.delete(.pods, pod.key, uid: pod.uid, gracePeriod: pod.isTerminal ? 0 : nil)
            } catch {
                guard error.isNotFound || error.isConflict else { throw error }
            }
            note(
                server, pod.isTerminal ? .warning : .normal, "DeletedPod", "Deleting",
                "deleted pod \(pod.key.name): \(why)")
        case .applyService(let service):
            try await client.apply(service, manager: WellKnown.operatorManager)
        }
        return false
    }

    /// The Service of a server's name, whoever made it.
    private func service(_ key: ObjectKey) async throws(KubernetesError) -> Service? {
        if let service = services.store[key] { return service }
        do throws(KubernetesError) { return try await client.get(Service.self, key) } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// The garbage collector removes what belonged to a server that is gone; where there is none, or it has not come yet, this
    /// does, so that cores are free at once.
    private func removeOrphans(of key: ObjectKey, server: ModelServer?) async throws(KubernetesError) {
        func isOrphan(_ object: some Resource) -> Bool {
            Self.server(of: object) == key && object.metadata.controller?.uid != server?.metadata.uid
                && !object.metadata.isTerminating
        }
        for pod in podInfos() where isOrphan(pod.pod) { try await remove(.pods, pod.key, uid: pod.uid) }
        if let service = services.store[key], isOrphan(service) {
            try await remove(.services, key, uid: service.metadata.uid)
        }
    }

    private func remove(
        _ resource: APIResource, _ key: ObjectKey, uid: String
    ) async throws(KubernetesError) {
        do throws(KubernetesError) { try await client.delete(resource, key, uid: uid) } catch {
            guard error.isNotFound || error.isConflict else { throw error }
        }
    }

    private func write(_ status: ModelServerStatus, to server: ModelServer) async throws(KubernetesError) {
        guard server.status != status else { return }
        let metadata = ObjectMetadata(name: server.key.name, namespace: server.key.namespace)
        do throws(KubernetesError) {
            try await client.apply(
                ModelServer(metadata: metadata, status: status), manager: WellKnown.operatorManager,
                subresource: "status")
        } catch {
            guard error.isNotFound else { throw error }
            return
        }
        for condition in status.conditions { noteTransition(condition, of: server) }
    }

    private func noteTransition(_ condition: Condition, of server: ModelServer) {
        let before = server.status?.conditions[condition.type]
        guard before?.reason != condition.reason || before?.status != condition.status,
            let reason = condition.reason
        else { return }
        let message = condition.message ?? ""
        switch (ServerCondition(rawValue: condition.type), condition.status) {
        case (.ready, .true): note(server, .normal, "Ready", "Reconciling", message)
        case (.degraded, .true): note(server, .warning, reason, "Reconciling", message)
        case (.placed, .false) where reason == "Unschedulable":
            note(server, .warning, reason, "Placing", message)
        default: break
        }
    }

    private func note(
        _ server: ModelServer, _ type: EventType, _ reason: String, _ action: String, _ text: String
    ) {
        events.record(EventNote(type, about: server.reference, reason: reason, action: action, note: text))
        log.info(text, ["server": server.key.description, "reason": reason])
    }

    /// Cores of a chip on the nodes that a server may run on: of its instance types, else of the nodes there are.
    private static func coresPerChip(_ server: ModelServer, nodes: [NodeInfo]) -> Set<Int> {
        let types = (server.spec?.neuron.instanceTypes ?? []).compactMap { try? InstanceType.named($0) }
        if !types.isEmpty { return Set(types.map { $0.coresPerChip() }) }
        return Set(nodes.compactMap { $0.topology?.coresPerChip })
    }
}
