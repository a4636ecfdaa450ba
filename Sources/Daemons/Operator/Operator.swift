// The operator as a whole: follows ModelServers, pods, nodes, NeuronNodes and Services, and brings in order whatever a change
// may have touched. All decisions are made by pure functions on what the copies hold; this carries them out.

internal import Controller
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
    private let servers: Informer
    private let pods: Informer
    private let nodes: Informer
    private let neuronNodes: Informer
    private let services: Informer
    private let queue: WorkQueue<WorkKey>
    private let queueMetrics: ControllerMetrics?
    private let events: EventRecorder
    private let binder: Binder
    private let views = Lock(Views())
    private var failures: [String: FailureMemory] = [:]
    private var tasks: [Task<Void, Never>] = []

    private struct Views {
        var pods = ViewCache<PodView>()
        var nodes = ViewCache<NodeView>()
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
        func informer(_ resource: APIResource, labelSelector: String = "") -> Informer {
            Informer(client, resource, labelSelector: labelSelector, log: log, loop: loop)
        }
        servers = informer(.modelServers)
        pods = informer(.pods)
        nodes = informer(.nodes)
        neuronNodes = informer(.neuronNodes)
        services = informer(.services, labelSelector: "\(Names.managedByLabel)=\(Names.fieldManager)")
        queueMetrics = settings.registry.map { ControllerMetrics($0, name: "modelserver") }
        queue = WorkQueue(loop: loop, metrics: queueMetrics)
        events = EventRecorder(
            client, controller: "ganglion.dev/operator", instance: settings.instance, log: log, loop: loop)
        binder = Binder(client, events: events, registry: settings.registry, log: log, loop: loop)
    }

    private nonisolated var informers: [Informer] { [servers, pods, nodes, neuronNodes, services] }

    /// Whether everything that decisions rest on has been read.
    package nonisolated var isSynced: Bool { informers.allSatisfy(\.store.isSynced) }

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
        for informer in informers { await informer.store.synced() }
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

    private func serversChanged(_ changes: [ObjectChange]) {
        for change in changes {
            queue.add(.server(change.key))
            if case .deleted(let server) = change { failures[server.meta.uid] = nil }
        }
    }

    private func podsChanged(_ changes: [ObjectChange]) {
        for change in changes {
            let pod = PodView(change.object, resource: settings.resource)
            if let key = Self.server(of: change.object) { queue.add(.server(key)) }
            switch change {
            case .deleted: queue.add(.placement)
            case .added, .modified:
                if pod.wantsPlace || pod.isTerminal { queue.add(.placement) }
            }
        }
    }

    private func neuronNodesChanged(_ changes: [ObjectChange]) {
        queue.add(.placement)
        let names = Set(changes.map(\.key.name))
        for pod in podViews() where names.contains(pod.node) {
            if let key = Self.server(of: pod.json) { queue.add(.server(key)) }
        }
    }

    private func servicesChanged(_ changes: [ObjectChange]) {
        for change in changes { if let key = Self.server(of: change.object) { queue.add(.server(key)) } }
    }

    /// The ModelServer that controls an object.
    private static func server(of object: JSON) -> ObjectKey? {
        guard let owner = object.meta.controller, owner.kind == APIResource.modelServers.kind,
            owner.apiVersion.hasPrefix("\(APIResource.modelServers.group)/")
        else { return nil }
        return ObjectKey(namespace: object.meta.namespace, name: owner.name)
    }

    private nonisolated func podViews() -> [PodView] {
        let objects = pods.store.list()
        return views.withLock { views in
            views.pods.update(objects, version: { "\($0.meta.uid) \($0.meta.resourceVersion)" }) {
                PodView($0, resource: settings.resource)
            }
        }
    }

    private nonisolated func nodeViews() -> [NodeView] {
        let objects = nodes.store.list()
        let reports = Dictionary(
            neuronNodes.store.list().map { ($0.meta.name, $0) }, uniquingKeysWith: { first, _ in first })
        return views.withLock { views in
            views.nodes.update(
                objects,
                version: { "\($0.meta.resourceVersion) \(reports[$0.meta.name]?.meta.resourceVersion ?? "")" }
            ) { NodeView($0, neuronNode: reports[$0.meta.name], resource: settings.resource) }
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
        let outcome = await binder.pass(pods: { self.podViews() }, nodes: { self.nodeViews() })
        for pod in outcome.changed { if let key = Self.server(of: pod.json) { queue.add(.server(key)) } }
        if let failure = outcome.failure { throw failure }
        return outcome.leavesPods ? .seconds(30) : nil
    }

    /// - Returns: when to look again although nothing has changed.
    private func reconcile(_ key: ObjectKey) async throws(KubernetesError) -> Duration? {
        let server = servers.store[key]
        try await removeOrphans(of: key, server: server)
        guard let server, !server.meta.isTerminating else { return nil }
        let uid = server.meta.uid
        let owned = podViews().filter {
            $0.key.namespace == key.namespace && $0.json.meta.controller?.uid == uid
        }
        let nodes = nodeViews()
        let byName = Dictionary(nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var state = ModelServerState(
            server: server, pods: owned, service: try await service(key),
            cores: owned.reduce(into: [:]) { cores, pod in
                cores[pod.uid] = CoreLedger.cores(of: pod, on: byName[pod.node])
            },
            verdicts: binder.verdicts, coresPerChip: Self.coresPerChip(server, nodes: nodes),
            image: settings.modelServerImage, command: settings.modelServerCommand,
            resource: settings.resource)
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
    private func perform(_ action: Action, for server: JSON) async throws(KubernetesError) -> Bool {
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
            try await client.apply(.services, service, manager: Names.fieldManager)
        }
        return false
    }

    /// The Service of a server's name, whoever made it.
    private func service(_ key: ObjectKey) async throws(KubernetesError) -> JSON? {
        if let service = services.store[key] { return service }
        do throws(KubernetesError) { return try await client.get(.services, key) } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// The garbage collector removes what belonged to a server that is gone; where there is none, or it has not come yet, this
    /// does, so that cores are free at once.
    private func removeOrphans(of key: ObjectKey, server: JSON?) async throws(KubernetesError) {
        func isOrphan(_ object: JSON) -> Bool {
            Self.server(of: object) == key && object.meta.controller?.uid != server?.meta.uid
                && !object.meta.isTerminating
        }
        for pod in podViews() where isOrphan(pod.json) { try await remove(.pods, pod.key, uid: pod.uid) }
        if let service = services.store[key], isOrphan(service) {
            try await remove(.services, key, uid: service.meta.uid)
        }
    }

    private func remove(
        _ resource: APIResource, _ key: ObjectKey, uid: String
    ) async throws(KubernetesError) {
        do throws(KubernetesError) { try await client.delete(resource, key, uid: uid) } catch {
            guard error.isNotFound || error.isConflict else { throw error }
        }
    }

    private func write(_ status: JSON, to server: JSON) async throws(KubernetesError) {
        guard server["status"] != status else { return }
        let meta = server.meta
        let object: JSON = [
            "apiVersion": .string(APIResource.modelServers.apiVersion),
            "kind": .string(APIResource.modelServers.kind),
            "metadata": ["name": .string(meta.name), "namespace": .string(meta.namespace)], "status": status,
        ]
        do throws(KubernetesError) {
            try await client.apply(.modelServers, object, manager: Names.fieldManager, subresource: "status")
        } catch {
            guard error.isNotFound else { throw error }
            return
        }
        for condition in status["conditions"]?.array ?? [] { noteTransition(condition, of: server) }
    }

    private func noteTransition(_ condition: JSON, of server: JSON) {
        guard let type = condition["type"]?.string, let reason = condition["reason"]?.string else { return }
        let before = server["status"]?["conditions"]?.array?.first { $0["type"]?.string == type }
        let message = condition["message"]?.string ?? ""
        guard before?["reason"]?.string != reason || before?["status"] != condition["status"] else { return }
        switch (type, condition["status"]?.string) {
        case ("Ready", "True"): note(server, .normal, "Ready", "Reconciling", message)
        case ("Degraded", "True"): note(server, .warning, reason, "Reconciling", message)
        case ("Placed", "False") where reason == "Unschedulable":
            note(server, .warning, reason, "Placing", message)
        default: break
        }
    }

    private func note(
        _ server: JSON, _ kind: EventNote.Kind, _ reason: String, _ action: String, _ text: String
    ) {
        events.record(EventNote(kind, about: server, reason: reason, action: action, note: text))
        log.info(text, ["server": server.objectKey.description, "reason": reason])
    }

    /// Cores of a chip on the nodes that a server may run on: of its instance types, else of the nodes there are.
    private static func coresPerChip(_ server: JSON, nodes: [NodeView]) -> Set<Int> {
        let named = (server["spec"]?["neuron"]?["instanceTypes"]?.array ?? []).compactMap(\.string)
        let types = named.compactMap { try? InstanceType.named($0) }
        if !types.isEmpty { return Set(types.map { $0.coresPerChip() }) }
        return Set(nodes.compactMap { $0.topology?.coresPerChip })
    }
}
