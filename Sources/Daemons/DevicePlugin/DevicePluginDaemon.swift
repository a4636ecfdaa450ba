// The parts put together: the monitor finds chips, a plugin for each resource serves the kubelet, the agent's service says
// what all know.

package import KubeletAPI
package import Neuron
package import Observability
internal import Placement
package import StatusEndpoints
package import SystemIO

/// A device plugin for the chips of one node.
package actor DevicePluginDaemon: LoopActor {
    /// A resource and what one device of it is.
    package struct Served: Equatable, Sendable {
        /// Where it is served.
        package var plugin: ResourcePlugin.Settings
        /// What one device is.
        package var granularity: Granularity

        /// A resource.
        package init(_ plugin: ResourcePlugin.Settings, _ granularity: Granularity) {
            self.plugin = plugin
            self.granularity = granularity
        }
    }

    /// What it does where.
    package struct Settings: Sendable {
        /// The kubelet's side: one resource, or one of cores and one of chips.
        package var served: [Served]
        /// The chips' side.
        package var monitor: NodeMonitor.Settings
        /// How devices are given.
        package var behaviour = ResourcePlugin.Behaviour()
        /// Whether devices carry their NUMA node.
        package var tellsNUMA = false
        /// Where the CDI specification is written; nil where CDI is off.
        package var cdiDirectory: String?
        /// The file for node-feature-discovery; nil for none.
        package var featureFile: String?
        /// The kubelet's account of who holds what, read where cores may be held otherwise than by the ids that are advertised:
        /// where there are two resources, and where cores can be cut in several ways.
        package var podResourcesSocket = "/var/lib/kubelet/pod-resources/kubelet.sock"
        /// Between two readings of it.
        package var podResourcesInterval = Duration.seconds(5)
        /// The path of the socket for the node agent; nil for none.
        package var agentSocket: String?
        /// Where metrics and probes are served; nil for nowhere.
        package var statusAddress: SocketAddress?

        /// Settings with the defaults for the rest.
        package init(served: [Served], discovery: DiscoverySettings) {
            self.served = served
            monitor = NodeMonitor.Settings(discovery: discovery)
        }

        /// Why a socket cannot be, however long one waits for the kubelet; nil where all can.
        package var socketFault: SystemError? { served.lazy.compactMap(\.plugin.socketFault).first }
    }

    /// The loop that serves.
    package nonisolated let loop: EventLoop
    /// What it counts.
    package nonisolated let metrics: PluginMetrics

    private var settings: Settings
    private let log: Logger
    private let registry: MetricsRegistry
    private let states = Broadcast<NodePluginAPI.NodeState>()
    private var coreGuard = CoreGuard()
    /// Whether the kubelet has been asked who holds what, with whatever success.
    private var hasAsked = false
    private var registeredAt: [String: Duration] = [:]
    private var otherLayouts: [String: CoreSet] = [:]
    private var isStopped = false
    private var ledger = NodeLedger()
    private var files: PublishedFiles
    private var filesTimer: ScheduledTimer?
    private var monitor: NodeMonitor?
    /// One for each of `settings.served`.
    private(set) var plugins: [ResourcePlugin] = []
    private var holdings: HoldingsReader?
    /// Namespace and name of pods that hold nothing, whatever the kubelet lists.
    private var stoppedPods: Set<[String]> = []
    private var agent: AgentService?
    private var status: StatusServer?

    /// A daemon that does nothing before `start`.
    package init(
        settings: Settings, loop: EventLoop = .shared, log: Logger,
        metrics: MetricsRegistry = MetricsRegistry()
    ) {
        self.settings = settings
        self.loop = loop
        self.log = log
        registry = metrics
        self.metrics = PluginMetrics(metrics)
        files = PublishedFiles(cdiDirectory: settings.cdiDirectory, featureFile: settings.featureFile)
    }

    /// Begins: scans, serves, registers, and goes on until `stop`.
    ///
    /// - Throws: `SystemError` when not even a thread can be had.
    package func start() async throws(SystemError) {
        plugins = settings.served.map { makePlugin($0.plugin) }
        if let path = settings.agentSocket {
            let agent = AgentService(
                path: path, loop: loop, log: log, states: states,
                setAssignments: { [plugins] assignments in
                    var rejected: [NodePluginAPI.RejectedAssignment] = []
                    for plugin in plugins { rejected += await plugin.setAssignments(assignments) }
                    return rejected
                },
                setPresence: { [plugins] isThere in
                    for plugin in plugins { await plugin.setAgentPresence(isThere) }
                },
                setStopped: { [weak self] in await self?.setStopped($0) })
            self.agent = agent
            await agent.start()
        }
        if let address = settings.statusAddress {
            let status = StatusServer(
                address: address, loop: loop, log: log, metrics: registry,
                check: { [weak self] in await self?.checks($0) ?? [] })
            self.status = status
            await status.start()
        }
        let monitor = NodeMonitor(
            settings: settings.monitor, loop: try EventLoop(name: "monitor"), log: log, metrics: metrics,
            onChange: { [weak self] in await self?.update($0) })
        self.monitor = monitor
        await monitor.start()
        if plugins.count > 1 { await followHoldings()?.start() }
        keepFilesAgain()
    }

    private func makePlugin(_ served: ResourcePlugin.Settings) -> ResourcePlugin {
        let resource = served.resource
        var served = served
        served.podResourcesSocket = settings.podResourcesSocket
        return ResourcePlugin(
            settings: served, behaviour: behaviour, loop: loop, log: log, metrics: metrics,
            claim: { [weak self] (cores) throws(AllocationError) in
                try await self?.claim(cores, for: resource)
            },
            onRegistration: { [weak self] isRegistered in
                // Called by the plugin in the middle of a change: look at it when that is through.
                guard let self else { return }
                self.loop.execute(on: self) { daemon in
                    daemon.registeredAt[resource] = isRegistered ? MonotonicClock.time : Duration?.none
                    daemon.publishSoon()
                }
            })
    }

    /// Refuses cores that are held otherwise than by the resource's own ids.
    private func claim(_ cores: CoreSet, for resource: String) async throws(AllocationError) {
        guard let holdings else { return }
        // A kubelet that has just started admits the pods that it remembers and new ones in one go: what the last account
        // lacks may be held.
        if let since = registeredAt[resource], MonotonicClock.time - since < CoreGuard.settling {
            await holdings.readNow()
        }
        try coreGuard.claim(cores, for: resource)
        // The other resource's list changes when this answer is out.
        if plugins.count > 1 { loop.execute(on: self) { $0.refreshSoon() } }
    }

    /// Begins to follow the kubelet's account, if that has not begun.
    private func followHoldings() -> HoldingsReader? {
        guard holdings == nil, !isStopped else { return nil }
        let reader = HoldingsReader(
            socket: settings.podResourcesSocket, interval: settings.podResourcesInterval, loop: loop, log: log
        ) { [weak self] in await self?.receive($0) }
        holdings = reader
        return reader
    }

    /// How devices are given now: by CDI only while its specification is in place.
    private var behaviour: ResourcePlugin.Behaviour {
        var behaviour = settings.behaviour
        behaviour.usesCDI = files.isCDIInPlace
        return behaviour
    }

    /// Takes what of the settings may change while the plugin runs; the kubelet's stream stays open.
    package func use(_ new: Settings) async {
        if (new.cdiDirectory, new.featureFile) != (settings.cdiDirectory, settings.featureFile) {
            files = PublishedFiles(cdiDirectory: new.cdiDirectory, featureFile: new.featureFile)
        }
        // Where the chips are does not change under a running plugin.
        var monitor = new.monitor
        monitor.discovery = settings.monitor.discovery
        monitor.discovery.health = new.monitor.discovery.health
        settings.monitor = monitor
        settings.behaviour = new.behaviour
        settings.tellsNUMA = new.tellsNUMA
        settings.cdiDirectory = new.cdiDirectory
        settings.featureFile = new.featureFile
        await self.monitor?.use(monitor)
        await refresh()
    }

    /// Where metrics and probes are served; nil while they are not.
    package var statusAddress: SocketAddress? { get async { await status?.bound } }

    /// What a probe finds.
    package func checks(_ probe: StatusProbe) async -> [StatusCheck] {
        var checks: [StatusCheck] = []
        for plugin in plugins {
            let resource = plugin.settings.resource
            checks.append(StatusCheck(name: "socket of \(resource)", fault: await plugin.selfTest()))
            guard probe == .ready else { continue }
            let phase = await plugin.phase
            let rivalry = await plugin.rivalry
            let fault = rivalry ?? "the kubelet holds no open ListAndWatch (\(phase.rawValue))"
            checks.append(
                StatusCheck(
                    name: "registration of \(resource)", fault: phase == .registered ? nil : fault))
        }
        if probe == .ready {
            let fault = ledger.entries.isEmpty ? "none have been found yet" : scanFault()
            checks.append(StatusCheck(name: "chips", fault: fault))
        }
        return checks
    }

    /// A read of a chip's file may never come back.
    private func scanFault() -> String? {
        guard let last = monitor?.lastScan.withLock({ $0 }) else { return nil }
        let age = ContinuousClock.now - last
        let limit = max(Duration.seconds(60), settings.monitor.interval * 5)
        return age > limit ? "the driver's files were last read \(age.components.seconds) s ago" : nil
    }

    /// Looks at the chips now.
    package func rescan() async { await monitor?.scan() }

    /// Ends everything: the kubelet sees the stream end, calls that are under way finish, sockets are removed.
    package func stop() async {
        isStopped = true
        filesTimer?.cancel()
        await holdings?.stop()
        for plugin in plugins { await plugin.stop() }
        await agent?.stop()
        await status?.stop()
        // Last: it may be waiting for a file that never answers.
        if let monitor {
            self.monitor = nil
            await monitor.stop()
            monitor.loop.stop()
        }
    }

    /// What the node agent is told now.
    package var state: NodePluginAPI.NodeState { states.latest ?? NodePluginAPI.NodeState() }

    private func update(_ ledger: NodeLedger) async {
        self.ledger = ledger
        // Their cores may have been cut otherwise when running pods got theirs.
        if isCutInSeveralWays, let reader = followHoldings() { Task { await reader.start() } }
        await refresh()
    }

    private func setStopped(_ pods: [NodePluginAPI.PodName]) async {
        stoppedPods = Set(pods.map { [$0.namespace, $0.name] })
        for plugin in plugins { await plugin.setStoppedPods(stoppedPods) }
    }

    private var isCutInSeveralWays: Bool { (ledger.inventory?.family?.logicalCoreSizes.count ?? 1) > 1 }

    /// The kubelet's account of who holds what, in cores.
    private func receive(_ account: PodResourcesReader.Account?) async {
        let isFirst = !hasAsked
        hasAsked = true
        guard let account else {
            if isFirst { await refresh() }
            return
        }
        let pods = account.pods.filter { !stoppedPods.contains([$0.namespace, $0.name]) }
        var listed: [String: CoreSet] = [:]
        for (served, catalog) in zip(settings.served, catalogs()) {
            let resource = served.plugin.resource
            let ids = pods.lazy.flatMap(\.containers).flatMap(\.devices)
                .filter { $0.resourceName == resource }.flatMap(\.deviceIDs)
            listed[resource] = catalog?.cores(ids) ?? []
            listed[CoreGuard.otherLayout(of: resource)] = catalog?.coresOfOtherLayouts(ids) ?? []
        }
        let before = coreGuard
        coreGuard.receive(listed, isFirst: account.isFirst, now: MonotonicClock.time)
        noteOtherLayouts()
        if isFirst || coreGuard != before { await refresh() }
    }

    /// Says which cores cannot be given since a pod holds them as devices of another layout.
    private func noteOtherLayouts() {
        for served in settings.served {
            let resource = served.plugin.resource
            let cores = coreGuard.held(as: CoreGuard.otherLayout(of: resource))
            guard cores != otherLayouts[resource] ?? [] else { continue }
            otherLayouts[resource] = cores
            metrics.otherLayouts.set(Double(cores.count), [resource])
            if cores.isEmpty {
                log.info("no pod holds devices of another logical core size any more", ["resource": resource])
            } else {
                log.warning(
                    "pods hold devices of another logical core size: these cores are given when the pods have ended",
                    ["resource": resource, "cores": cores.description])
            }
        }
    }

    private func catalogs() -> [DeviceCatalog?] {
        settings.served.map { served in
            DeviceCatalog(
                ledger, granularity: served.granularity, tellsNUMA: settings.tellsNUMA,
                masked: coreGuard.heldByOthers(than: served.plugin.resource))
        }
    }

    private func refreshSoon() { Task { await refresh() } }

    /// Brings everything in line with what is known.
    private func refresh() async {
        let catalogs = catalogs()
        files.keep(ledger, catalogs.lazy.compactMap { $0 }.first, log: log)
        let behaviour = behaviour
        for (plugin, catalog) in zip(plugins, catalogs) {
            await plugin.use(behaviour)
            if let catalog, mayGive { await plugin.update(catalog) }
        }
        await publish()
    }

    /// With two resources nothing is given before it is known what is taken. Cores that can be cut in several ways are given
    /// when the kubelet has been asked: it may be one that does not say.
    private var mayGive: Bool { plugins.count > 1 ? coreGuard.isKnown : !isCutInSeveralWays || hasAsked }

    private func keepFilesAgain() {
        filesTimer = loop.schedule(after: PublishedFiles.interval, on: self) { daemon in
            if !daemon.files.areInPlace { daemon.refreshSoon() }
            daemon.keepFilesAgain()
        }
    }

    private func publishSoon() { Task { await publish() } }

    private func publish() async {
        var resources: [NodePluginAPI.Resource] = []
        for plugin in plugins {
            let counts = await plugin.counts
            resources.append(
                NodePluginAPI.Resource(
                    name: plugin.settings.resource, devices: Int32(truncatingIfNeeded: counts.devices),
                    healthy: Int32(truncatingIfNeeded: counts.healthy), registered: await plugin.isRegistered)
            )
        }
        states.send(NodePluginAPI.NodeState(ledger, resources: resources))
    }
}
