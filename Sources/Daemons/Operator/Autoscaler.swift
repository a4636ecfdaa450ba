// Lets the number of a ModelServer's replicas follow its load: asks its pods, lets a pure decision say how many there shall be,
// and writes spec.replicas through the scale subresource, as kubectl scale does. What it has seen goes into the status with
// everything else that the operator says of a server.
//
//     measure ─ targets ─▶ LoadReader ─ loads ─▶ ScalingHistory ─ decision ─▶ scale ─▶ status
//        ▲                                                                               │
//        └────────────────────────────── after the interval ─────────────────────────────┘

internal import Controller
internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import SystemIO

/// The operator's own autoscaler.
actor Autoscaler: LoopActor {
    nonisolated let loop: EventLoop

    /// Servers at a time.
    static let workers = 8
    /// While the copy does not show what was written last, and after somebody else was faster.
    private static let lag = Duration.milliseconds(200)

    /// Servers of which there is something new to say. For one reader.
    nonisolated let news: AsyncStream<ObjectKey>

    private nonisolated let continuation: AsyncStream<ObjectKey>.Continuation
    private let client: KubernetesClient
    private let cluster: ObservedCluster
    private let events: EventRecorder
    private let reader: LoadReader
    private let metrics: AutoscalerMetrics?
    private let log: Logger
    private var servers: [ObjectKey: Record] = [:]
    private let statuses = Lock<[ObjectKey: (uid: String, status: ModelServerStatus.AutoscalingStatus)]>([:])

    /// What is kept of a server; another of the same name begins anew.
    private struct Record {
        let uid: String
        var history: ScalingHistory
        /// What pods had served when they were asked last, by uid.
        var served: [String: Double] = [:]
        /// The server's generation before the last change of its replicas, and the replicas that were written.
        var written: (generation: Int, replicas: Int)?
        var measured: Duration?
        var rules: Autoscaling
        var lastScale: Timestamp?
    }

    init(
        _ client: KubernetesClient, cluster: ObservedCluster, events: EventRecorder,
        registry: MetricsRegistry?, log: Logger, loop: EventLoop
    ) {
        self.client = client
        self.cluster = cluster
        self.events = events
        self.log = log
        self.loop = loop
        reader = LoadReader(loop: loop)
        metrics = registry.map { AutoscalerMetrics($0) }
        (news, continuation) = AsyncStream.makeStream()
    }

    /// What the autoscaler says of a server; nil before it has looked at it.
    nonisolated func status(of server: ModelServer) -> ModelServerStatus.AutoscalingStatus? {
        statuses.withLock { statuses in
            statuses[server.key].flatMap { $0.uid == server.metadata.uid ? $0.status : nil }
        }
    }

    /// Whether a change of a server is one that is not waited for until the next measurement.
    static func isNews(_ change: ObjectChange<ModelServer>) -> Bool {
        guard case .modified(let old, let new) = change else { return true }
        let key = WellKnown.wakeAnnotation
        return old.metadata.uid != new.metadata.uid || old.spec?.autoscaling != new.spec?.autoscaling
            || old.metadata.annotations[key] != new.metadata.annotations[key]
    }

    /// Looks at one server, and does what is to be done.
    func measure(_ key: ObjectKey) async throws(KubernetesError) -> ReconcileResult {
        let task: Measurement
        switch prepare(key) {
        case .nothing: return .done
        case .later(let pause): return .requeue(after: pause)
        case .measure(let found): task = found
        }
        let loads = await reader.read(task.pods.map(\.address), task.source)
        guard let decision = decide(task, loads) else { return .done }
        if decision.desired != decision.replicas {
            guard try await write(decision.desired, to: task.server) else { return .requeue(after: Self.lag) }
            noteScaling(decision, of: task)
        }
        return .requeue(after: .seconds(task.rules.intervalSeconds))
    }

    // MARK: Before

    private struct Measurement {
        let server: ModelServer
        let rules: Autoscaling
        let source: LoadSource
        let pods: [(uid: String, name: String, address: String, isReady: Bool)]
    }

    private enum Step {
        case nothing
        case later(Duration)
        case measure(Measurement)
    }

    private func prepare(_ key: ObjectKey, now: Duration = MonotonicClock.time) -> Step {
        guard let server = cluster.servers.store[key], !server.metadata.isTerminating,
            let spec = try? server.validSpec(), let rules = spec.autoscaling,
            rules.minReplicas <= rules.maxReplicas, let source = LoadSource(of: spec)
        else {
            forget(key)
            return .nothing
        }
        let known = server.status?.autoscaling
        if servers[key]?.uid != server.metadata.uid {
            servers[key] = Record(
                uid: server.metadata.uid, history: ScalingHistory(wake: known?.wake), rules: rules,
                lastScale: known?.lastScaleTime)
        }
        guard let record = servers[key] else { return .nothing }
        if let written = record.written, server.metadata.generation <= written.generation,
            spec.replicas != written.replicas
        {
            return .later(Self.lag)
        }
        servers[key]?.rules = rules
        let annotation = server.metadata.annotations[WellKnown.wakeAnnotation]
        let interval = Duration.seconds(rules.intervalSeconds)
        if let measured = record.measured, record.rules == rules, annotation == record.history.obeyedWake {
            // The timer of a controller is as exact as it is: what is almost due is due.
            let rest = measured + interval - now
            if rest > interval / 10 { return .later(rest) }
        }
        let pods = spec.replicas == 0 ? [] : cluster.pods(of: server).filter { $0.canBeAsked }
        return .measure(
            Measurement(
                server: server, rules: rules, source: source,
                pods: pods.map { ($0.metadata.uid, $0.key.name, $0.status.podIP ?? "", $0.isReady) }))
    }

    private func forget(_ key: ObjectKey) {
        guard servers.removeValue(forKey: key) != nil else { return }
        statuses.withLock { $0[key] = nil }
        metrics?.forget(key)
        continuation.yield(key)
    }

    // MARK: After

    private func decide(
        _ task: Measurement, _ loads: [Result<PodLoad, LoadFault>], now: Duration = MonotonicClock.time
    ) -> ScalingDecision? {
        let key = task.server.key
        guard var record = servers[key], record.uid == task.server.metadata.uid,
            let replicas = task.server.spec?.replicas
        else { return nil }
        let load = add(up: task, loads, &record.served)
        record.measured = now
        let decision = record.history.decide(
            load, replicas: replicas, wake: task.server.metadata.annotations[WellKnown.wakeAnnotation],
            task.rules, now: now)
        servers[key] = record
        publish(decision, load, task, record)
        return decision
    }

    private func add(
        up task: Measurement, _ loads: [Result<PodLoad, LoadFault>], _ served: inout [String: Double]
    ) -> ServerLoad {
        var load = ServerLoad()
        var counts: [String: Double] = [:]
        for (pod, result) in zip(task.pods, loads) {
            switch result {
            case .success(let one):
                metrics?.read("success")
                load.inFlight += one.inFlight
                load.measured += 1
                if !pod.isReady { load.starting += 1 }
                guard let requests = one.requests else { continue }
                // A pod that was started again counts from nothing, and has served whatever it has counted since.
                if let before = served[pod.uid] {
                    if requests != before, requests > 0 { load.hasServed = true }
                } else if requests > 0 {
                    load.hasServed = true
                }
                counts[pod.uid] = requests
            case .failure(let fault):
                metrics?.read("error")
                // One that is not ready gets no requests.
                guard pod.isReady else { continue }
                load.silent += 1
                load.fault = load.fault ?? "\(pod.name) \(fault)"
                counts[pod.uid] = served[pod.uid]
            }
        }
        served = counts
        return load
    }

    /// - Returns: whether it was written; not where somebody else has changed the server meanwhile, or it is gone.
    private func write(_ replicas: Int, to server: ModelServer) async throws(KubernetesError) -> Bool {
        let failure = await send(replicas, to: server)
        guard let failure else {
            servers[server.key]?.written = (server.metadata.generation, replicas)
            servers[server.key]?.history.wrote(replicas)
            return true
        }
        guard failure.isConflict || failure.isNotFound else { throw failure }
        return false
    }

    private func send(_ replicas: Int, to server: ModelServer) async -> KubernetesError? {
        let path = APIResource.modelServers.path(
            namespace: server.key.namespace, name: server.key.name, subresource: "scale")
        let scale: JSON = [
            // The decision is about this version.
            "metadata": ["resourceVersion": .string(server.metadata.resourceVersion)],
            "spec": ["replicas": JSON(replicas)],
        ]
        do throws(KubernetesError) {
            _ = try await client.request(
                "PATCH", path, query: ["fieldManager": WellKnown.autoscalerManager], body: scale,
                contentType: KubernetesClient.PatchType.merge.rawValue)
            return nil
        } catch {
            return error
        }
    }

    // MARK: What is said of it

    private func noteScaling(_ decision: ScalingDecision, of task: Measurement) {
        let isUp = decision.desired > decision.replicas
        let server = task.server
        servers[server.key]?.lastScale = .now
        statuses.withLock { $0[server.key]?.status.lastScaleTime = servers[server.key]?.lastScale }
        metrics?.scaled(up: isUp)
        let why = status(of: server)?.message ?? ""
        let text = "scaled from \(decision.replicas) to \(decision.desired) replicas: \(why)"
        events.record(
            EventNote(
                .normal, about: server.reference, reason: isUp ? "ScaledUp" : "ScaledDown", action: "Scaling",
                note: text))
        log.info(text, ["server": server.key.description])
        continuation.yield(server.key)
    }

    private func publish(
        _ decision: ScalingDecision, _ load: ServerLoad, _ task: Measurement, _ record: Record
    ) {
        let key = task.server.key
        metrics?.observe(key, inFlight: decision.inFlight, desired: decision.desired)
        let before = status(of: task.server) ?? task.server.status?.autoscaling
        let status = ModelServerStatus.AutoscalingStatus(
            decision, load, rules: task.rules, wake: record.history.obeyedWake, lastScale: record.lastScale,
            before: before)
        let isNew = statuses.withLock { statuses -> Bool in
            defer { statuses[key] = (record.uid, status) }
            return statuses[key]?.status != status
        }
        if isNew { continuation.yield(key) }
    }
}

extension ModelServerStatus.AutoscalingStatus {
    /// What is said of a decision.
    ///
    /// - Parameter before: what was said last. A load that has hardly changed is said as it was: each write costs the API
    ///   server and everybody who watches.
    init(
        _ decision: ScalingDecision, _ load: ServerLoad, rules: Autoscaling, wake: String?,
        lastScale: Timestamp?, before: ModelServerStatus.AutoscalingStatus?
    ) {
        var inFlight = decision.inFlight.map { Int(min($0.rounded(.up), 1_000_000_000)) }
        if let new = inFlight, let old = before?.inFlight, before?.reason == decision.reason.rawValue,
            before?.desiredReplicas == decision.desired, (old == 0) == (new == 0),
            abs(new - old) <= max(1, old / 10)
        {
            inFlight = old
        }
        self.init(
            measuredPods: load.measured, desiredReplicas: decision.desired, reason: decision.reason.rawValue,
            message: decision.sentence(rules, load: load, inFlight: inFlight))
        self.inFlight = inFlight
        recommendedReplicas = decision.recommended
        lastScaleTime = lastScale
        self.wake = wake
    }
}

extension LoadSource {
    /// Where the load of a server's pods is read; nil where that is not known, or the spec cannot be carried out.
    init?(of spec: ModelServerSpec) {
        guard let runtime = try? RuntimeSettings(spec) else { return nil }
        self.init(runtime, spec.autoscaling?.metrics)
    }
}
