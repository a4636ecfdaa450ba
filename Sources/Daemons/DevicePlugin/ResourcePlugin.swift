// One resource: its socket in the kubelet's directory, its registration, its answers. The state machine decides, this
// actor does: it binds, dials, watches the directory and keeps the one timer.

internal import GRPC
package import KubeletAPI
package import Observability
package import Placement
package import SystemIO

/// Serves one extended resource to the kubelet and stays registered with it.
package actor ResourcePlugin: LoopActor {
    typealias Machine = RegistrationMachine<KubeletSign>

    /// The loop that everything of the plugin runs on.
    package nonisolated let loop: EventLoop
    /// What is served where.
    package nonisolated let settings: Settings

    let log: Logger
    let metrics: PluginMetrics
    let lists = Broadcast<DevicePluginAPI.ListAndWatchResponse>()
    private let onRegistration: @Sendable (Bool) -> Void
    let claim: Claim
    var handouts = Handouts()
    /// Pods that hold nothing though the kubelet may list them, by namespace and name.
    private(set) var stoppedPods: Set<[String]> = []
    private(set) var behaviour: Behaviour
    private var machine: Machine
    private(set) var allocator: Allocator?
    private var assigned: [NodePluginAPI.Assignment] = []
    private(set) var agentIsThere = false
    var assignmentWaiters: [CheckedContinuation<Void, Never>] = []
    private var server: GRPCServer?
    private var ownSocket: Files.Identity?
    private var registeredWith: KubeletSign?
    private var timer: ScheduledTimer?
    private var registering: Task<Void, Never>?
    private var looks = 0
    /// Why another plugin is believed to have the resource.
    private var evidence: String?
    private var attempt = 0
    var streams = 0
    private var started = ContinuousClock.now
    private var poll: ScheduledTimer?
    private var watcher: FileWatcher?
    private var watchFailed = false
    private(set) var isStopped = false
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []

    /// Asks whether cores may be given to a container.
    package typealias Claim = @Sendable (CoreSet) async throws(AllocationError) -> Void

    /// A plugin that does nothing yet.
    ///
    /// - Parameters:
    ///   - claim: refuses cores that are given out otherwise; called on the loop.
    ///   - onRegistration: told, on the loop, when the kubelet opens ListAndWatch and when that ends.
    package init(
        settings: Settings, behaviour: Behaviour = Behaviour(), loop: EventLoop = .shared, log: Logger,
        metrics: PluginMetrics, claim: @escaping Claim = { _ in },
        onRegistration: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        self.settings = settings
        self.behaviour = behaviour
        self.loop = loop
        self.log = log.with(["resource": settings.resource])
        self.metrics = metrics
        self.onRegistration = onRegistration
        self.claim = claim
        machine = Machine(settings: settings.registration)
    }

    /// Whether the kubelet holds an open ListAndWatch.
    package var isRegistered: Bool { machine.phase == .registered }

    /// Where registration stands.
    package var phase: RegistrationMachine<KubeletSign>.Phase { machine.phase }

    /// What keeps us from being registered, while another plugin has the resource; nil while none has.
    package var rivalry: String? {
        guard machine.phase == .yielding else { return nil }
        let neighbours = RivalWatch(settings: settings, loop: loop).neighbours()
        return "another device plugin has \(settings.resource) on this node (\(evidence ?? "")"
            + (neighbours.isEmpty ? "" : "; sockets beside ours: " + neighbours.joined(separator: ", "))
            + "): remove one of the two from this node"
    }

    /// Devices and healthy devices.
    package var counts: (devices: Int, healthy: Int) {
        let devices = allocator?.catalog.devices ?? []
        return (devices.count, devices.count { $0.isHealthy })
    }

    /// Takes the devices. The first time, it begins to serve and register; later, it sends the kubelet a changed list.
    package func update(_ catalog: DeviceCatalog) {
        let isFirst = allocator == nil
        var allocator = allocator ?? Allocator(catalog: catalog)
        allocator.catalog = catalog
        allocator.isStrict = behaviour.isStrict
        allocator.usesCDI = behaviour.usesCDI
        self.allocator = allocator
        _ = applyAssignments()
        sendList()
        let counts = counts
        metrics.devices.set(Double(counts.healthy), [settings.resource, "healthy"])
        metrics.devices.set(Double(counts.devices - counts.healthy), [settings.resource, "unhealthy"])
        guard isFirst, !isStopped else { return }
        look()
        receive(.start(afterPredecessor: Files.kind(settings.ownSocket) == .socket))
        watch()
    }

    /// Where another plugin has the resource, the kubelet would ask it for what our list has.
    private func sendList() {
        guard machine.phase != .yielding, let allocator else { return }
        lists.send(allocator.catalog.list)
    }

    /// Goes on in another way, at once; the kubelet sees nothing of it.
    package func use(_ behaviour: Behaviour) {
        self.behaviour = behaviour
        allocator?.isStrict = behaviour.isStrict
        allocator?.usesCDI = behaviour.usesCDI
    }

    /// Calls our own socket as the kubelet does.
    ///
    /// - Returns: what is wrong; nil when it answers, and while there is no kubelet to serve.
    package func selfTest(timeout: Duration = .seconds(1)) async -> String? {
        guard ownSocket != nil else { return nil }
        do {
            let client = try await GRPCClient.connect(
                to: .unix(settings.ownSocket), loop: loop, timeout: timeout)
            defer { Task { await client.close() } }
            _ = try await DevicePluginClient(client).options(timeout: timeout)
            return nil
        } catch {
            // It may have been closed on purpose while it was asked.
            return ownSocket == nil ? nil : "\(error)"
        }
    }

    /// Takes all groups that are assigned to pods of this node; gives those that can never be honoured.
    package func setAssignments(
        _ assignments: [NodePluginAPI.Assignment]
    ) -> [NodePluginAPI.RejectedAssignment] {
        assigned = assignments.filter { $0.resource == settings.resource }
        let rejected = applyAssignments()
        wakeAssignmentWaiters()
        return rejected
    }

    /// Takes all pods of this node of which nothing runs any more, by namespace and name.
    package func setStoppedPods(_ pods: Set<[String]>) { stoppedPods = pods }

    /// Is there an agent that hands over groups? Without one nobody waits for any.
    package func setAgentPresence(_ isThere: Bool) {
        agentIsThere = isThere
        if !isThere { wakeAssignmentWaiters() }
    }

    /// Calls of the kubelet that wait for a group.
    var waitingCount: Int { assignmentWaiters.count }

    func wakeAssignmentWaiters() {
        for waiter in assignmentWaiters { waiter.resume() }
        assignmentWaiters = []
    }

    private func applyAssignments() -> [NodePluginAPI.RejectedAssignment] {
        guard let catalog = allocator?.catalog else { return [] }
        var rejected: [NodePluginAPI.RejectedAssignment] = []
        allocator?.assignments = Assignments(
            assigned, resource: settings.resource, catalog: catalog, rejected: &rejected)
        return rejected
    }

    /// Leaves the kubelet: ends the stream, lets calls finish, removes the socket. Returns when that is done.
    package func stop() async {
        isStopped = true
        poll?.cancel()
        watcher?.close()
        wakeAssignmentWaiters()
        let wasKnown = ![.idle, .waiting, .pausing].contains(machine.phase)
        receive(.stop)
        while machine.phase != .idle {
            await withCheckedContinuation { waiter in
                // Looked at again inside: the executor may have let others run in between.
                if machine.phase == .idle { waiter.resume() } else { stopWaiters.append(waiter) }
            }
        }
        // A successor that starts at once must not register before the kubelet has worked through our end.
        if wasKnown { try? await Task.sleep(for: settings.registration.pause) }
    }

    // MARK: The machine

    func receive(_ event: Machine.Event) {
        let before = machine.phase
        let actions = machine.receive(event)
        note(event, before)
        for action in actions { perform(action) }
        if machine.phase == .idle {
            for waiter in stopWaiters { waiter.resume() }
            stopWaiters = []
        }
    }

    private func perform(_ action: Machine.Action) {
        switch action {
        case .serve: serve()
        case .register: register()
        case .close: close()
        case .ask: ask()
        case .wait(let time):
            timer?.cancel()
            timer = loop.schedule(after: time, on: self) { $0.receive(.timer) }
        case .cancelWait:
            timer?.cancel()
            timer = nil
        }
    }

    /// Logs what a reader of the log wants to know, once.
    private func note(_ event: Machine.Event, _ before: Machine.Phase) {
        let phase = machine.phase
        guard phase != before else { return }
        log.debug("registration", ["phase": phase.rawValue, "was": before.rawValue])
        if phase == .registered {
            log.info("registered", ["devices": counts.devices, "took": ContinuousClock.now - started])
            registeredWith = settings.kubelet
            metrics.registered.set(1, [settings.resource])
            onRegistration(true)
        } else if before == .registered {
            var reason = "the plugin stops"
            if case .streamEnded = event { reason = "the kubelet ended the stream" }
            if case .observed(let kubelet, _) = event {
                reason = kubelet == registeredWith ? "our socket was removed" : "a new kubelet is there"
            }
            if case .answered = event {
                reason =
                    phase == .yielding ? "another plugin has the resource" : "the kubelet lists no device"
            }
            log.info("registration ended", ["reason": reason])
            metrics.registered.set(0, [settings.resource])
            onRegistration(false)
        }
        metrics.rivals.set(phase == .yielding ? 1 : 0, [settings.resource])
        if before == .yielding, !isStopped {
            log.info("the other device plugin is gone, or another kubelet is there")
        }
        if let rivalry { log.warning("waiting for another device plugin to go", ["reason": rivalry]) }
        if phase == .waiting { log.info("waiting for the kubelet", ["directory": settings.directory]) }
    }

    private func ask() {
        looks += 1
        let look = looks
        let devices = allocator?.catalog.list.devices ?? []
        let watch = RivalWatch(settings: settings, loop: loop)
        let isServing = server != nil
        Task {
            let finding = await watch.look(
                ids: Set(devices.map(\.id)),
                hasHealthy: devices.contains { $0.health == DevicePluginAPI.healthy },
                isServing: isServing)
            guard look == looks else { return }
            // While nobody can tell, what was seen last still keeps us waiting.
            if finding.claimant != .unknown { evidence = finding.evidence }
            receive(.answered(finding.claimant))
        }
    }

    private func serve() {
        started = .now
        sendList()
        let server = GRPCServer(router: router(), loop: loop)
        self.server = server
        Task {
            do {
                try await server.listen(on: .unix(settings.ownSocket))
                ownSocket = Files.socketIdentity(settings.ownSocket)
                receive(.served)
            } catch {
                log.warning("cannot serve", ["error": "\(error)"])
                self.server = nil
                receive(.serveFailed)
            }
        }
    }

    private func register() {
        attempt += 1
        let attempt = attempt
        guard settings.flow == .kubeletSocket else {
            // The kubelet watches the directory and comes by itself.
            registering = Task { if attempt == self.attempt { receive(.registerAccepted) } }
            return
        }
        let request = DevicePluginAPI.RegisterRequest(
            version: DevicePluginAPI.version, endpoint: settings.endpoint, resourceName: settings.resource,
            options: Self.options)
        registering = Task {
            do {
                try await RegistrationClient.register(
                    request, socket: settings.kubeletSocket, timeout: settings.registerTimeout, loop: loop)
                metrics.registrations.increment([settings.resource, "ok"])
                if attempt == self.attempt { receive(.registerAccepted) }
            } catch {
                // Given up by ourselves.
                guard attempt == self.attempt else { return }
                metrics.registrations.increment([settings.resource, "failed"])
                receive(.registerFailed)
                log.warning("the kubelet does not take the registration", ["error": "\(error)"])
            }
        }
    }

    private func close() {
        attempt += 1
        registering?.cancel()
        registering = nil
        ownSocket = nil
        lists.finish()
        let server = server
        self.server = nil
        Task {
            await server?.shutdown(grace: settings.drainTimeout)
            receive(.closed)
        }
    }

    // MARK: The sockets

    /// Looks at both sockets, whatever the occasion.
    private func look() {
        let own = ownSocket != nil && Files.socketIdentity(settings.ownSocket) == ownSocket
        receive(.observed(kubelet: settings.kubelet, ownInPlace: own))
    }

    /// Watches the directory; where that is not possible, or the directory is not there yet, the poll does.
    private func watch() {
        guard !isStopped else { return }
        poll?.cancel()
        poll = loop.schedule(after: settings.pollInterval, on: self) { plugin in
            plugin.look()
            plugin.watch()
        }
        guard watcher == nil else { return }
        do throws(SystemError) {
            let watcher = try FileWatcher(directory: settings.directory, loop: loop)
            self.watcher = watcher
            watchFailed = false
            Task { [weak self] in
                for await event in watcher.events {
                    guard await self?.take(event) == true else { break }
                }
                await self?.forget(watcher)
            }
            look()
        } catch {
            if !watchFailed { log.warning("polling instead of watching", ["error": error.description]) }
            watchFailed = true
        }
    }

    /// Sees nothing more of the sockets; for tests of what else notices.
    func stopWatching() {
        poll?.cancel()
        let watcher = watcher
        self.watcher = nil
        watcher?.close()
    }

    /// False when the watch is over.
    private func take(_ event: FileWatcher.Event) -> Bool {
        switch event {
        case .created(let name), .removed(let name):
            if name == DevicePluginAPI.kubeletSocketName || name == settings.endpoint { look() }
            // It may be that of another plugin for our resource; a look says so while we are registered.
            if name.hasSuffix(".sock") { receive(.othersChanged) }
        case .overflow: look()
        case .written: break
        case .directoryRemoved: return false
        }
        return true
    }

    private func forget(_ watcher: FileWatcher) {
        watcher.close()
        guard self.watcher === watcher else { return }
        self.watcher = nil
        if !isStopped { look() }
    }
}
