// Brings one ModelServer in order: reads what there is, lets a pure function say what has to be done, does it, and writes
// the status.

internal import Controller
internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Neuron
internal import Observability
internal import Placement
internal import Scheduling
internal import SystemIO

/// Carries out the plans for ModelServers.
actor ServerReconciler: LoopActor {
    nonisolated let loop: EventLoop

    private let client: KubernetesClient
    private let cluster: ObservedCluster
    private let binder: Binder
    private let autoscaler: Autoscaler
    private let models: ModelWatch
    private let events: EventRecorder
    private let settings: OperatorSettings
    private let log: Logger
    /// By server; another of the same name begins anew.
    private var failures: [ObjectKey: (uid: String, memory: FailureMemory)] = [:]

    /// - Parameters:
    ///   - binder: says why pods have no node.
    ///   - autoscaler: says what it sees.
    ///   - models: says what pods say of their models.
    init(
        _ client: KubernetesClient, cluster: ObservedCluster, binder: Binder, autoscaler: Autoscaler,
        models: ModelWatch, events: EventRecorder, settings: OperatorSettings, log: Logger, loop: EventLoop
    ) {
        self.client = client
        self.cluster = cluster
        self.binder = binder
        self.autoscaler = autoscaler
        self.models = models
        self.events = events
        self.settings = settings
        self.log = log
        self.loop = loop
    }

    /// Brings one server in order.
    func reconcile(_ key: ObjectKey) async throws(KubernetesError) -> ReconcileResult {
        let server = cluster.servers.store[key]
        var orphansRefusal: KubernetesError?
        do throws(KubernetesError) { try await removeOrphans(of: key, server: server) } catch {
            // What stays of an earlier server of the name does not keep this one from being brought in order.
            guard error.isRefusal, server != nil else { throw error }
            orphansRefusal = error
        }
        guard let server else {
            failures[key] = nil
            return .done
        }
        guard !server.metadata.isTerminating else { return .done }
        // Its watch event is where it goes on.
        if try await rollBack(server) { return .done }
        let uid = server.metadata.uid
        let owned = cluster.pods(of: server).map { PodInfo($0, names: cluster.names) }
        let nodes = cluster.nodeInfos()
        let byName = Dictionary(nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var state = ModelServerState(
            server: server, pods: owned, service: try await service(key),
            cores: owned.reduce(into: [:]) { cores, pod in
                cores[pod.uid] = NodeUsage.cores(of: pod, on: byName[pod.node])
            },
            unschedulable: binder.unschedulable, coresPerChip: Self.coresPerChip(server, nodes: nodes),
            lostNodes: owned.reduce(into: [:]) { lost, pod in
                if !pod.node.isEmpty { lost[pod.node] = LostNode(byName[pod.node]?.node) }
            },
            defaults: settings.serving)
        state.budget = try await budget(key, isWanted: server.spec?.disruptionBudget != nil)
        state.autoscaling = autoscaler.status(of: server)
        state.reports = models.reports(of: owned.map(\.pod))
        state.refusal = orphansRefusal?.refusalSentence
        var memory = failures[key].flatMap { $0.uid == uid ? $0.memory : nil } ?? FailureMemory()
        let plan = state.plan(failures: &memory, now: MonotonicClock.time, time: .now)
        failures[key] = (uid, memory)
        var later = plan.lookAgainAfter
        for action in plan.actions {
            do throws(KubernetesError) {
                if try await perform(action, for: server) { later = min(.seconds(5), later ?? .seconds(5)) }
            } catch {
                // What is refused now will be refused again until somebody changes the template or a quota: they have to
                // see why.
                guard error.isRefusal else { throw error }
                state.refusal = error.refusalSentence
                try await write(
                    state.plan(failures: &memory, now: MonotonicClock.time, time: .now).status, to: server)
                throw error
            }
        }
        try await write(plan.status, to: server)
        if let orphansRefusal { throw orphansRefusal }
        return .requeue(afterIfAny: later)
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
        case .tryPod(let pod, let old):
            let path = APIResource.pods.path(namespace: server.key.namespace)
            do throws(KubernetesError) {
                _ = try await client.request("POST", path, query: ["dryRun": "All"], body: pod)
            } catch {
                guard error.isHarmless(replacing: old) else { throw error }
            }
        case .deletePod(let pod, let why, let byForce):
            do throws(KubernetesError) {
                // A pod that has ended has nothing left to end gracefully, and its name is needed again.
                let now = pod.isTerminal || byForce
                try await client.delete(.pods, pod.key, uid: pod.uid, gracePeriod: now ? 0 : nil)
            } catch {
                guard !error.isRefusal && error.isConflict || error.isNotFound else { throw error }
            }
            note(
                server, pod.isTerminal || byForce ? .warning : .normal, "DeletedPod", "Deleting",
                "deleted pod \(pod.key.name): \(why)")
        case .applyService(let service):
            try await client.apply(service, manager: WellKnown.operatorManager)
        case .applyBudget(let budget):
            try await client.apply(PodDisruptionBudget.resource, budget, manager: WellKnown.operatorManager)
        case .deleteBudget(let key, let uid): try await remove(PodDisruptionBudget.resource, key, uid: uid)
        }
        return false
    }

    /// Does what the annotation for it asks for.
    ///
    /// - Returns: whether the server is another now, so that its next version is to be brought in order.
    private func rollBack(_ server: ModelServer) async throws(KubernetesError) -> Bool {
        guard let rollback = Rollback(server) else { return false }
        let action = "RollingBack"
        var (type, reason, sentence) = (
            EventType.warning, "RollbackRevisionNotFound", rollback.sentence
        )
        if let patch = rollback.patch {
            let failure = await send(patch, .json, to: server)
            if let failure {
                guard !failure.isConflict, !failure.isNotFound else { return true }
                guard failure.isRefusal else { throw failure }
                (reason, sentence) = ("RollbackRefused", failure.refusalSentence)
            } else {
                (type, reason) = (.normal, "RolledBack")
            }
        }
        if reason != "RolledBack", let failure = await send(Rollback.withdrawal, .merge, to: server) {
            throw failure
        }
        note(server, type, reason, action, sentence)
        return true
    }

    private func send(
        _ patch: JSON, _ type: KubernetesClient.PatchType, to server: ModelServer
    ) async -> KubernetesError? {
        do throws(KubernetesError) {
            try await client.patch(.modelServers, server.key, patch, type: type)
            return nil
        } catch {
            return error
        }
    }

    /// The Service of a server's name, whoever made it.
    private func service(_ key: ObjectKey) async throws(KubernetesError) -> Service? {
        if let service = cluster.services.store[key] { return service }
        do throws(KubernetesError) { return try await client.get(Service.self, key) } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// The PodDisruptionBudget of a server's name, whoever made it.
    private func budget(_ key: ObjectKey, isWanted: Bool) async throws(KubernetesError) -> JSON? {
        if let budget = cluster.ownBudgets.store[key] { return budget }
        guard isWanted else { return nil }
        do throws(KubernetesError) { return try await client.get(PodDisruptionBudget.resource, key) } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// The garbage collector removes what belonged to a server that is gone; where there is none, or it has not come yet, this
    /// does, so that cores are free at once.
    private func removeOrphans(of key: ObjectKey, server: ModelServer?) async throws(KubernetesError) {
        func isOrphan(_ object: some Resource) -> Bool {
            object.owner(of: ModelServer.resource) == key
                && object.metadata.controller?.uid != server?.metadata.uid
                && !object.metadata.isTerminating
        }
        for pod in cluster.pods(ofServer: key) where isOrphan(pod) {
            try await remove(.pods, pod.key, uid: pod.metadata.uid)
        }
        if let service = cluster.services.store[key], isOrphan(service) {
            try await remove(.services, key, uid: service.metadata.uid)
        }
        if let budget = cluster.ownBudgets.store[key],
            budget.objectController?.kind == ModelServer.resource.kind,
            budget.objectController?.uid != server?.metadata.uid, !budget.meta.isTerminating
        {
            try await remove(PodDisruptionBudget.resource, key, uid: budget.objectUID)
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
    private static func coresPerChip(_ server: ModelServer, nodes: [CandidateNode]) -> Set<Int> {
        let types = (server.spec?.neuron.instanceTypes ?? []).compactMap { try? InstanceType.named($0) }
        if !types.isEmpty { return Set(types.map { $0.coresPerChip() }) }
        return Set(nodes.compactMap { $0.topology?.coresPerChip })
    }
}
