// One resource: its socket in the kubelet's directory, its registration, its answers. The state machine decides, this
// actor does: it binds, dials, watches the directory and keeps the one timer.

internal import GRPC
package import KubeletAPI
package import Observability
internal import Placement
package import SystemIO

/// Serves one extended resource to the kubelet and stays registered with it.
package actor ResourcePlugin {
    /// What is served where.
    package struct Settings: Equatable, Sendable {
        /// `aws.amazon.com/neuroncore`
        package var resource: String
        /// The kubelet's directory; its device-plugins directory is below.
        package var kubeletRoot: String
        /// The name of our socket in that directory.
        package var endpoint: String
        /// Between two looks at the sockets where no event came.
        package var pollInterval = Duration.seconds(5)
        /// The registration's times.
        package var registration = RegistrationMachine<Files.Identity>.Settings()

        /// Settings with the defaults for the rest.
        package init(resource: String, kubeletRoot: String, endpoint: String) {
            self.resource = resource
            self.kubeletRoot = kubeletRoot
            self.endpoint = endpoint
        }

        /// Why the sockets cannot be, however long one waits for the kubelet; nil where they can.
        package var socketFault: SystemError? {
            for path in [kubeletSocket, ownSocket] where path.utf8.count > 107 {
                return SystemError(
                    "use socket path", path, code: 0,
                    hint: "it has \(path.utf8.count) octets, at most 107 are possible: "
                        + "shorten --kubelet-root or --endpoint")
            }
            return nil
        }

        var directory: String { kubeletRoot + "/" + DevicePluginAPI.directory }
        var kubeletSocket: String { directory + "/" + DevicePluginAPI.kubeletSocketName }
        var ownSocket: String { directory + "/" + endpoint }
    }

    /// What may change while the kubelet holds its stream.
    package struct Behaviour: Equatable, Sendable {
        /// Refuse sets that the runtime cannot use.
        package var isStrict = false

        /// The defaults.
        package init() {}
    }

    typealias Machine = RegistrationMachine<Files.Identity>

    /// The loop that everything of the plugin runs on.
    package nonisolated let loop: EventLoop
    /// The loop as executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    /// What is served where.
    package nonisolated let settings: Settings

    private let log: Logger
    private let metrics: PluginMetrics
    private let lists = Broadcast<DevicePluginAPI.ListAndWatchResponse>()
    private let onRegistration: @Sendable (Bool) -> Void
    private var behaviour: Behaviour
    private var machine: Machine
    private var allocator: Allocator?
    private var assigned: [NodePluginAPI.Assignment] = []
    private var server: GRPCServer?
    private var ownSocket: Files.Identity?
    private var registeredWith: Files.Identity?
    private var timer: ScheduledTimer?
    private var registering: Task<Void, Never>?
    private var attempt = 0
    private var streams = 0
    private var started = ContinuousClock.now
    private var poll: ScheduledTimer?
    private var watcher: FileWatcher?
    private var watchFailed = false
    private var isStopped = false
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []

    /// A plugin that does nothing yet.
    ///
    /// - Parameter onRegistration: told, on the loop, when the kubelet opens ListAndWatch and when that ends.
    package init(
        settings: Settings, behaviour: Behaviour = Behaviour(), loop: EventLoop = .shared, log: Logger,
        metrics: PluginMetrics,
        onRegistration: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        self.settings = settings
        self.behaviour = behaviour
        self.loop = loop
        self.log = log.with(["resource": settings.resource])
        self.metrics = metrics
        self.onRegistration = onRegistration
        machine = Machine(settings: settings.registration)
    }

    /// Whether the kubelet holds an open ListAndWatch.
    package var isRegistered: Bool { machine.phase == .registered }

    /// Where registration stands.
    package var phase: RegistrationMachine<Files.Identity>.Phase { machine.phase }

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
        self.allocator = allocator
        _ = applyAssignments()
        lists.send(catalog.list)
        let counts = counts
        metrics.devices.set(Double(counts.healthy), [settings.resource, "healthy"])
        metrics.devices.set(Double(counts.devices - counts.healthy), [settings.resource, "unhealthy"])
        guard isFirst, !isStopped else { return }
        look()
        receive(.start)
        watch()
    }

    /// Goes on in another way, at once; the kubelet sees nothing of it.
    package func use(_ behaviour: Behaviour) {
        self.behaviour = behaviour
        allocator?.isStrict = behaviour.isStrict
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
        return applyAssignments()
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
        receive(.stop)
        while machine.phase != .idle {
            await withCheckedContinuation { stopWaiters.append($0) }
        }
    }

    // MARK: The machine

    private func receive(_ event: Machine.Event) {
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
        case .wait(let time):
            timer?.cancel()
            timer = loop.schedule(after: time) { [weak self] in self?.assumeIsolated { $0.receive(.timer) } }
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
            registeredWith = Files.socketIdentity(settings.kubeletSocket)
            metrics.registered.set(1, [settings.resource])
            onRegistration(true)
        } else if before == .registered {
            var reason = "the plugin stops"
            if case .streamEnded = event { reason = "the kubelet ended the stream" }
            if case .observed(let kubelet, _) = event {
                reason = kubelet == registeredWith ? "our socket was removed" : "a new kubelet is there"
            }
            log.info("registration ended", ["reason": reason])
            metrics.registered.set(0, [settings.resource])
            onRegistration(false)
        }
        if phase == .waiting { log.info("waiting for the kubelet", ["socket": settings.kubeletSocket]) }
    }

    private func serve() {
        started = .now
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
        let request = DevicePluginAPI.RegisterRequest(
            version: DevicePluginAPI.version, endpoint: settings.endpoint, resourceName: settings.resource,
            options: Self.options)
        registering = Task {
            do {
                try await RegistrationClient.register(request, socket: settings.kubeletSocket, loop: loop)
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
            await server?.shutdown(grace: .seconds(2))
            receive(.closed)
        }
    }

    // MARK: The sockets

    /// Looks at both sockets, whatever the occasion.
    private func look() {
        let own = ownSocket != nil && Files.socketIdentity(settings.ownSocket) == ownSocket
        receive(.observed(kubelet: Files.socketIdentity(settings.kubeletSocket), ownInPlace: own))
    }

    /// Watches the directory; where that is not possible, or the directory is not there yet, the poll does.
    private func watch() {
        guard !isStopped else { return }
        poll?.cancel()
        poll = loop.schedule(after: settings.pollInterval) { [weak self] in
            self?.assumeIsolated { plugin in
                plugin.look()
                plugin.watch()
            }
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

    // MARK: The service

    private static let options = DevicePluginAPI.DevicePluginOptions(getPreferredAllocationAvailable: true)

    private func router() -> GRPCRouter {
        var router = GRPCRouter()
        router.unary(DevicePluginAPI.Method.getDevicePluginOptions) { (_: DevicePluginAPI.Empty, _) in
            Self.options
        }
        router.serverStreaming(DevicePluginAPI.Method.listAndWatch) {
            [weak self, lists]
            (_: DevicePluginAPI.Empty, _, writer: GRPCResponseWriter<DevicePluginAPI.ListAndWatchResponse>) in
            let values = lists.values()
            guard let stream = await self?.openStream() else { return }
            do {
                for await list in values { try await writer.write(list) }
            } catch {
                await self?.endStream(stream)
                throw error
            }
            await self?.endStream(stream)
        }
        router.unary(DevicePluginAPI.Method.getPreferredAllocation) {
            [weak self] (request: DevicePluginAPI.PreferredAllocationRequest, _) in
            await self?.preferred(request) ?? DevicePluginAPI.PreferredAllocationResponse()
        }
        router.unary(DevicePluginAPI.Method.allocate) {
            [weak self] (request: DevicePluginAPI.AllocateRequest, _) in
            guard let self else { throw GRPCStatus(.unavailable, "the plugin is stopping") }
            return try await self.allocate(request)
        }
        router.unary(DevicePluginAPI.Method.preStartContainer) {
            (_: DevicePluginAPI.PreStartContainerRequest, _) in
            DevicePluginAPI.PreStartContainerResponse()
        }
        return router
    }

    private func openStream() -> Int {
        streams += 1
        receive(.streamOpened(streams))
        return streams
    }

    private func endStream(_ stream: Int) { receive(.streamEnded(stream)) }

    private func preferred(
        _ request: DevicePluginAPI.PreferredAllocationRequest
    ) -> DevicePluginAPI.PreferredAllocationResponse {
        let start = ContinuousClock.now
        let responses = request.containerRequests.prefix(64).map { request in
            let preference = allocator?.preferred(request) ?? .init(ids: [], assignedTo: nil)
            let chosenBy =
                preference.ids.isEmpty ? "none" : preference.assignedTo == nil ? "placement" : "assigned"
            metrics.preferences.increment([settings.resource, chosenBy])
            log.debug(
                "preferred",
                [
                    "size": request.allocationSize, "available": request.availableDeviceIDs.count,
                    "devices": preference.ids, "assigned_to": preference.assignedTo,
                ])
            return DevicePluginAPI.ContainerPreferredAllocationResponse(deviceIDs: preference.ids)
        }
        metrics.allocationTime.observe(ContinuousClock.now - start, ["GetPreferredAllocation"])
        return DevicePluginAPI.PreferredAllocationResponse(containerResponses: responses)
    }

    private func allocate(
        _ request: DevicePluginAPI.AllocateRequest
    ) throws -> DevicePluginAPI.AllocateResponse {
        let start = ContinuousClock.now
        defer { metrics.allocationTime.observe(ContinuousClock.now - start, ["Allocate"]) }
        guard let allocator else { throw GRPCStatus(.unavailable, "no devices are known yet") }
        var responses: [DevicePluginAPI.ContainerAllocateResponse] = []
        for container in request.containerRequests {
            do throws(AllocationError) {
                let allocation = try allocator.allocate(container.deviceIDs)
                responses.append(allocation.response)
                metrics.allocations.increment(
                    [settings.resource, allocation.unusable == nil ? "ok" : "unusable"])
                log.info("allocated", ["cores": allocation.cores.description, "chips": allocation.chips])
                if let reason = allocation.unusable {
                    log.warning(
                        "the runtime cannot use what the kubelet chose",
                        ["cores": allocation.cores.description, "reason": "\(reason)"])
                }
            } catch {
                metrics.allocations.increment([settings.resource, "refused"])
                log.error("refused", ["devices": container.deviceIDs, "error": "\(error)"])
                throw GRPCStatus(.invalidArgument, error.description)
            }
        }
        return DevicePluginAPI.AllocateResponse(containerResponses: responses)
    }
}
